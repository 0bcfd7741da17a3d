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

test('without an addon, and with WebAssembly forbidden, the error says what to do and keeps its causes', async () => {
  const folder = path.join(temporaryFolder(), 'faye-websocket-rs')
  fs.cpSync(path.join(ROOT, 'lib'), path.join(folder, 'lib'), { recursive: true })
  for (const file of ['index.js', 'package.json']) {
    fs.copyFileSync(path.join(ROOT, file), path.join(folder, file))
  }

  for (const entry of ['./index.js', './lib/websocket-driver/index.js']) {
    const script = `try { require(${JSON.stringify(entry)}) } catch (error) {
      console.log(JSON.stringify([error.message, error.code, error.cause.errors.map(({ code }) => code)]))
    }`
    const env = { ...process.env, FAYE_WEBSOCKET_RUNTIME: 'native' }
    const { stdout, stderr } = await start(process.execPath, ['-e', script], { cwd: folder, env }).finished
    assert.equal(stderr, '')
    const [message, code, causes] = JSON.parse(stdout)
    assert.match(message, /^faye-websocket-rs: The addon for [-\w]+ is not installed\. .*npm run build/)
    assert.equal(code, 'ERR_FAYE_WEBSOCKET_NO_BINARY')
    assert.deepEqual(causes, ['MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])
  }
})
