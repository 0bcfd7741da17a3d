'use strict'

// What a program meets before it has a driver: how the module is found, named and loaded.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { run, start, temporaryFolder, ROOT } = require('../package/process')

const NAMES = ['client', 'http', 'isSecureRequest', 'isWebSocket', 'server', 'validateOptions']

test('the package exports the names of websocket-driver, and nothing else', () => {
  const ours = require('faye-websocket-rs/websocket-driver')
  assert.deepEqual(Object.keys(ours).sort(), NAMES)
  assert.deepEqual(Object.keys(require('websocket-driver')).sort(), NAMES)
})

test('ES modules import it as a whole and by name', async () => {
  const script = `
    import websocket, * as names from 'faye-websocket-rs/websocket-driver'
    console.log(JSON.stringify(Object.keys(websocket).map((name) => [name, names[name] === websocket[name]])))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT })
  assert.deepEqual(JSON.parse(stdout).sort(), NAMES.map((name) => [name, true]))
})

test('without an addon for this machine, the error says what to do and keeps its cause', async () => {
  const folder = path.join(temporaryFolder(), 'faye-websocket-rs')
  fs.cpSync(path.join(ROOT, 'lib'), path.join(folder, 'lib'), { recursive: true })
  for (const file of ['index.js', 'binding.js', 'package.json']) {
    fs.copyFileSync(path.join(ROOT, file), path.join(folder, file))
  }

  for (const entry of ['./index.js', './lib/websocket-driver/index.js']) {
    const script = `try { require(${JSON.stringify(entry)}) } catch (error) {
      console.log(JSON.stringify([error.message, error.cause.message]))
    }`
    const { code, stdout, stderr } = await start(process.execPath, ['-e', script], { cwd: folder }).finished
    assert.equal(code, 0, stderr)
    const [message, cause] = JSON.parse(stdout)
    assert.ok(message.startsWith(`There is no native addon for ${process.platform}-${process.arch} here`), message)
    assert.match(message, /npm run build/)
    assert.match(cause, /native binding/)
  }
})
