'use strict'

// The programs of docs/websocket-driver.md, as printed.

const assert = require('node:assert/strict')
const { once } = require('node:events')

const WebSocket = require('ws')

const { test } = require('../support/test')
const { projectFolder, runProgram, startProgram } = require('./program')

const folder = projectFolder()

async function open (scope, port) {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/`)
  scope.defer(() => ws.terminate())
  await once(ws, 'open')
  return ws
}

async function answer (ws, text) {
  ws.send(text)
  const [data] = await once(ws, 'message')
  return String(data)
}

test('driver-server.js and driver-client.js: the server echoes the message', async (scope) => {
  const server = startProgram(scope, folder, 'driver-server.js', { printedPort: 3000 })
  const port = await server.listening()
  const lines = await runProgram(scope, folder, 'driver-client.js', { printedPort: 3000, connectTo: port })
  assert.deepEqual(lines, ['message Hello, world!', 'close 1000 Thank you'])
  assert.equal(await answer(await open(scope, port), 'Hello'), 'Hello')
})

test('driver-http.js: a client of ws gets an answer, and the server ends the socket', async (scope) => {
  const server = startProgram(scope, folder, 'driver-http.js', { printedPort: 8000 })
  const ws = await open(scope, await server.listening())
  assert.equal(await answer(ws, 'Hello'), 'you sent Hello')
  ws.close(1000, 'done')
  const [code, reason] = await once(ws, 'close')
  assert.deepEqual([code, String(reason)], [1000, 'done'])
})

test('driver-pair.js: two drivers talk in memory', async (scope) => {
  assert.deepEqual(await runProgram(scope, folder, 'driver-pair.js'), ['HELLO', 'close 1000'])
})
