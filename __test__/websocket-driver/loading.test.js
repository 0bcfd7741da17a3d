'use strict'

// What a program meets before it has a driver: how the module is found and named.

const test = require('node:test')
const assert = require('node:assert/strict')

const { run, ROOT } = require('../package/process')

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
