'use strict'

// What a program meets before it has a driver: how the module is found and named.

const test = require('node:test')
const assert = require('node:assert/strict')

const { run, ROOT } = require('../package/process')

const NAMES = ['client', 'http', 'isSecureRequest', 'isWebSocket', 'server', 'validateOptions']

/** And what runs the protocol, which programs that are compiled find only if it can be enumerated. */
const OURS = [...NAMES, 'runtime', 'runtimeReason'].sort()

test('the package exports the names of websocket-driver, and what runs the protocol', () => {
  const ours = require('faye-websocket-rs/websocket-driver')
  assert.deepEqual(Object.keys(ours).sort(), OURS)
  assert.deepEqual(Object.keys(require('websocket-driver')).sort(), NAMES)
})

test('ES modules import it as a whole and by name', async () => {
  const script = `
    import websocket, * as names from 'faye-websocket-rs/websocket-driver'
    console.log(JSON.stringify(Object.keys(websocket).map((name) => [name, names[name] === websocket[name]])))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT })
  assert.deepEqual(JSON.parse(stdout).sort(), OURS.map((name) => [name, true]))
})
