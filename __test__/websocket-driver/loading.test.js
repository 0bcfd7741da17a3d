'use strict'

// The module before a driver exists: its paths and its exports.

const test = require('node:test')
const assert = require('node:assert/strict')

const { run, ROOT } = require('../package/process')

const NAMES = ['client', 'http', 'isSecureRequest', 'isWebSocket', 'server', 'validateOptions']

/** With our own names, which compiled programs find only if they are enumerable. */
const OURS = [...NAMES, 'runtime', 'runtimeReason'].sort()

test('the package exports the names of websocket-driver, runtime and runtimeReason', () => {
  const ours = require('faye-websocket-rs/websocket-driver')
  assert.deepEqual(Object.keys(ours).sort(), OURS)
  assert.deepEqual(Object.keys(require('websocket-driver')).sort(), NAMES)
})

test('ES modules import the default export and the names', async () => {
  const script = `
    import websocket, * as names from 'faye-websocket-rs/websocket-driver'
    console.log(JSON.stringify(Object.keys(websocket).map((name) => [name, names[name] === websocket[name]])))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT })
  assert.deepEqual(JSON.parse(stdout).sort(), OURS.map((name) => [name, true]))
})
