'use strict'

// The construction of a server's WebSocket: after a delay, next to other listeners, and for an ended connection.

const assert = require('node:assert/strict')

const { connect, connectOpen, eventually, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { fromClient, upgradeRequest } = require('../support/wire')

const LATE = {
  'one message': [['text', 'one']],
  'many messages': Array.from({ length: 200 }, (_, i) => ['text', `message ${i}`]),
  'more than the socket buffers': Array.from({ length: 40 }, (_, i) => ['binary', Buffer.alloc(50000, i + 1)])
}
for (const [name, frames] of Object.entries(LATE)) {
  deviation(`a WebSocket constructed long after the upgrade loses nothing: ${name}`, async (scope) => {
    const received = []
    const { port } = await serve(scope, WebSocket, {
      onUpgrade: (request, socket, body) => setTimeout(() => {
        const ws = new WebSocket(request, socket, body)
        ws.on('message', ({ data }) => received.push(Buffer.from(data)))
      }, 80)
    })
    const peer = await connect(scope, port)
    const [first, ...others] = frames.map((given) => fromClient(...given))
    peer.write(Buffer.concat([Buffer.from(upgradeRequest()), first.subarray(0, 4)]))
    await scope.settle(15)
    peer.write(first.subarray(4))
    for (const each of others) peer.write(each)
    await eventually(() => received.length === frames.length, 'all messages')
    assert.deepEqual(received, frames.map(([, payload]) => Buffer.from(payload)))
  })
}

test('a WebSocket constructed after the end of the peer ends the socket', async (scope) => {
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => setTimeout(() => {
      assert.equal(socket.readable, false)
      new WebSocket(request, socket, body)
    }, 60)
  })
  const peer = await connect(scope, port)
  peer.write(upgradeRequest())
  peer.socket.end()
  assert.equal(await peer.ended(), 'fin')
  assert.equal(peer.bytes.length, 0)
})

test('a WebSocket works next to data listeners of the program', async (scope) => {
  const counted = { bytes: 0 }
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => {
      const ws = new WebSocket(request, socket, body)
      socket.on('data', (chunk) => { counted.bytes += chunk.length })
      ws.on('message', ({ data }) => ws.send(data))
    }
  })
  const peer = await connectOpen(scope, port)
  const bytes = fromClient('text', 'observed')
  peer.write(bytes)
  assert.equal((await peer.frame()).payload.toString(), 'observed')
  assert.equal(counted.bytes, bytes.length)
})

test('handlers added in the tick of the construction receive open', async (scope) => {
  const seen = []
  const { port } = await serve(scope, WebSocket, {
    onSocket: (ws) => {
      Promise.resolve().then(() => seen.push('microtask'))
      ws.on('open', () => seen.push('open'))
    }
  })
  await connectOpen(scope, port)
  assert.ok(seen.includes('open'))
  assert.equal(seen.filter((each) => each === 'open').length, 1)
})
