'use strict'

// The programs of docs/websocket.md, as printed: with each other, and with the package ws.

const assert = require('node:assert/strict')
const { once } = require('node:events')

const { WebSocket, WebSocketServer } = require('ws')
const { test } = require('../support/test')
const { projectFolder, runProgram, startProgram } = require('./program')

const SERVER = 'websocket-server.js'
const CLIENT = 'websocket-client.js'
const PRINTED = 8080

test('websocket-server.js echoes texts and bytes, and prints why a connection has closed', async (t) => {
  const { child, result, listening } = startProgram(t, projectFolder(), SERVER, { printedPort: PRINTED })
  const port = await listening()
  const ws = new WebSocket(`ws://127.0.0.1:${port}/`, { origin: `http://127.0.0.1:${port}` })
  t.defer(() => ws.terminate())
  await once(ws, 'open')

  for (const [message, isBinary] of [['Hello', false], [Buffer.from([1, 2]), true]]) {
    ws.send(message)
    assert.deepEqual(await once(ws, 'message'), [Buffer.from(message), isBinary])
  }
  ws.close(1000, 'Thank you')
  await Promise.all([once(ws, 'close'), once(child.stdout, 'data')])
  assert.match(result.stdout, /^echo on ws:\/\/127\.0\.0\.1:8080\/\nclose 1000 Thank you\n$/)
  assert.equal(result.stderr, '')
})

test('websocket-server.js rejects a page of another origin', async (t) => {
  const { listening } = startProgram(t, projectFolder(), SERVER, { printedPort: PRINTED })
  const ws = new WebSocket(`ws://127.0.0.1:${await listening()}/`, { origin: 'http://example.com' })
  const [, response] = await once(ws, 'unexpected-response')
  assert.equal(response.statusCode, 403)
  response.destroy()
})

test('websocket-client.js talks to a server of another package and prints what the page says', async (t) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  t.defer(() => server.close())
  server.on('connection', (ws) => ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary })))
  await once(server, 'listening')
  const connectTo = server.address().port
  const lines = await runProgram(t, projectFolder(), CLIENT, { printedPort: PRINTED, connectTo })
  assert.deepEqual(lines, ['connect', 'message Hello, world!', 'close 1000 Thank you'])
})
