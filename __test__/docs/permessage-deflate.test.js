'use strict'

// The program for small windows of docs/permessage-deflate.md, with a client of ws. package.test.js runs the other one.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const WebSocket = require('ws')

const { test } = require('../support/test')
const { projectFolder, startProgram } = require('./program')

test('small-windows.js asks a client for small windows and leaves short messages uncompressed', async (t) => {
  const server = startProgram(t, projectFolder(), 'small-windows.js', { printedPort: 8000 })
  const ws = new WebSocket(`ws://127.0.0.1:${await server.listening()}/`, { perMessageDeflate: { threshold: 0 } })
  t.defer(() => ws.terminate())
  const [[response]] = await Promise.all([once(ws, 'upgrade'), once(ws, 'open')])
  assert.equal(response.headers['sec-websocket-extensions'],
    'permessage-deflate; client_max_window_bits=11')
  const received = []
  const lengths = []
  response.socket.on('data', (chunk) => lengths.push(chunk.length))
  ws.on('message', (data) => received.push(data.toString()))
  for (const message of ['a'.repeat(63), 'b'.repeat(64 * 1024)]) {
    const count = received.length
    ws.send(message)
    while (received.length === count) await once(ws, 'message')
    assert.equal(received.at(-1), message)
  }
  const total = lengths.reduce((sum, length) => sum + length, 0)
  assert.ok(lengths[0] === 65 && total < 1024, `${lengths}`)
})
