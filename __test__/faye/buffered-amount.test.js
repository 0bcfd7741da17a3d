'use strict'

const assert = require('node:assert/strict')

const { openServer } = require('../support/open')
const { connectOpen, eventually, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { readFrames } = require('../support/wire')

deviation('bufferedAmount is the number of bytes that the kernel has not accepted, and returns to 0', async (scope) => {
  const { peer, ws } = await openServer(scope)
  assert.equal(ws.bufferedAmount, 0)
  peer.socket.pause()
  const message = Buffer.alloc(1 << 20)
  let sent = 0
  while (ws.bufferedAmount === 0 && sent < 64) {
    ws.send(message)
    sent++
  }
  assert.ok(ws.bufferedAmount > 0)
  assert.ok(ws.bufferedAmount <= sent * (message.length + 10))
  const before = ws.bufferedAmount
  ws.send(message)
  assert.equal(ws.bufferedAmount, before + message.length + 10)
  peer.socket.resume()
  await eventually(() => ws.bufferedAmount === 0, 'an empty buffer')
  ws.close()
  await eventually(() => readFrames(peer.bytes).frames.length === sent + 2, 'all frames')
})

deviation('bufferedAmount of a closed socket is 0', async (scope) => {
  const { peer, ws } = await openServer(scope)
  peer.socket.pause()
  for (let i = 0; i < 32; i++) ws.send(Buffer.alloc(1 << 20))
  peer.socket.destroy()
  await once(ws, 'close')
  assert.equal(ws.bufferedAmount, 0)
})

test('bufferedAmount can be read in every state', async (scope) => {
  let early
  const { port, url } = await serve(scope, WebSocket, { onSocket: (ws) => { early = ws.bufferedAmount } })
  await connectOpen(scope, port)
  const ws = new WebSocket.Client(url)
  scope.defer(() => ws._stream.destroy())
  assert.equal(ws.bufferedAmount, 0)
  await once(ws, 'open')
  assert.equal(ws.bufferedAmount, 0)
  ws._stream.destroy()
  await once(ws, 'close')
  assert.equal(ws.bufferedAmount, 0)
  assert.equal(early, 0)
})

deviation('bufferedAmount can be read from the prototype and set, like any property', async (scope) => {
  assert.equal(WebSocket.prototype.bufferedAmount, 0)
  const { ws } = await openServer(scope)
  ws.bufferedAmount = 7
  assert.equal(ws.bufferedAmount, 7)
})
