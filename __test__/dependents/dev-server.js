'use strict'

// Runs webpack-dev-server on a small program in a temporary folder.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const { loadAll } = require('./load')

const HTML = '<!doctype html><title>page</title><main></main><script src="/main.js"></script>'
const MAIN = `
  const main = document.querySelector('main')
  const show = () => { main.textContent = require('./part') }
  show()
  if (module.hot) module.hot.accept('./part', show)`

/** Serves the program on a free port. `write` changes the text that it shows. */
async function serveProgram (scope, options) {
  const [webpack, DevServer] = loadAll(['webpack', 'webpack-dev-server'])
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'program-'))
  scope.defer(() => fs.rmSync(folder, { recursive: true }))
  const write = (text) => fs.writeFileSync(path.join(folder, 'part.js'), `module.exports = '${text}'`)
  fs.mkdirSync(path.join(folder, 'public'))
  fs.writeFileSync(path.join(folder, 'public', 'index.html'), HTML)
  fs.writeFileSync(path.join(folder, 'main.js'), MAIN)
  write('first')

  const compiler = webpack({
    mode: 'development',
    devtool: false,
    context: folder,
    entry: './main.js',
    output: { path: path.join(folder, 'dist') },
    // Files that were just written count as changed.
    watchOptions: { aggregateTimeout: 10 },
    infrastructureLogging: { level: 'none' },
    stats: 'none'
  })
  const server = new DevServer({
    host: '127.0.0.1',
    // Without a port, webpack-dev-server looks up the network interfaces of the machine.
    port: 0,
    static: { directory: path.join(folder, 'public') },
    webSocketServer: 'sockjs',
    client: { logging: 'none', progress: true },
    ...options
  }, compiler)
  scope.defer(() => server.stop())
  const compiled = new Promise((resolve) => compiler.hooks.done.tap('test', resolve))
  await server.start()
  await compiled
  return { folder, server, write, port: server.server.address().port }
}

module.exports = { serveProgram }
