'use strict'

// The end of a socket whose peer reads slowly.

const assert = require('node:assert/strict')
const net = require('node:net')
const { Duplex } = require('node:stream')

const { recordLines } = require('../support/client')
const { openServer } = require('../support/open')
const { accept, connect, eventually, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')
const { fakeOwnTimers } = require('../support/timers')
const { closePayload, fromClient } = require('../support/wire')

/** Ends of a connection by a peer that has not read all of our messages. */
const ENDS = {
  'breaks the protocol': (peer) => peer.write(Buffer.from([0xff, 0xff])),
  'closes': (peer) => peer.write(fromClient('close', closePayload(1000))),
  'ends its half': (peer) => peer.socket.end()
}

function unsent (socket) {
  return socket.writableLength + (socket._handle?.writeQueueSize ?? 0)
}

/** Lets a peer read until the number of waiting bytes in our socket has fallen by `bytes`. */
async function takeSome (peer, socket, bytes) {
  const before = unsent(socket)
  for (let round = 0; unsent(socket) > before - bytes; round++) {
    assert.ok(round < 1000 && !socket.destroyed, `${unsent(socket)} of ${before} bytes wait`)
    peer.socket.resume()
    await once(peer.socket, 'data')
    peer.socket.pause()
    await new Promise(setImmediate)
  }
}

for (const [what, end] of Object.entries(ENDS)) {
  deviation(`a peer that ${what} has 30 seconds to read the rest`, async (scope) => {
    const { peer, socket, ws } = await openServer(scope)
    peer.socket.pause()
    for (let i = 0; i < 250; i++) ws.send(Buffer.alloc(1 << 16))
    const timers = fakeOwnTimers(scope)
    const closed = once(ws, 'close')
    end(peer)
    await closed
    assert.equal(socket.destroyed, false)
    await takeSome(peer, socket, 1 << 18)
    const running = timers.filter(({ active }) => active)
    assert.ok(running.length > 0 && running.every(({ delay }) => delay === 30000))
    for (const timer of running) timer.fire()
    assert.equal(socket.destroyed, true)
    await eventually(() => !timers.some(({ active }) => active), 'no timer')
  })
}

deviation('the client of a closed EventSource has 30 seconds, and one more per waiting 64 KiB', async (scope) => {
  const timers = fakeOwnTimers(scope)
  let es
  const { port } = await serve(scope, WebSocket, {
    onRequest: (request, response) => { es = new WebSocket.EventSource(request, response) }
  })
  const peer = await connect(scope, port)
  peer.write('GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
  await peer.head()
  peer.socket.pause()
  const socket = es._stream
  for (let i = 0; i < 15; i++) es.send('x'.repeat(1 << 20))
  const waiting = socket.writableLength
  assert.ok(waiting > 1 << 20)
  es.close()
  assert.equal(socket.destroyed, false)
  await takeSome(peer, socket, 1 << 18)
  const running = timers.filter(({ active }) => active)
  assert.deepEqual(running.map(({ delay }) => Math.round(delay)), [Math.round(30000 + waiting / 65.536)])
  for (const timer of running) timer.fire()
  assert.equal(socket.destroyed, true)
})

deviation('aborting the signal destroys a custom stream', async () => {
  const request = { method: 'GET', url: '/', headers: { host: 'x', upgrade: 'websocket', connection: 'upgrade',
    'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' } }
  const socket = new Duplex({ read () {}, write (chunk, encoding, callback) { callback() } })
  const controller = new AbortController()
  const ws = new WebSocket(request, socket, Buffer.alloc(0), [], { signal: controller.signal })
  const events = recordLines(ws)
  await once(ws, 'open')
  controller.abort()
  assert.deepEqual(events, ['open', 'end', 'close 1006 '])
  assert.ok(socket.destroyed)
})

deviation('a connection ends even if its stream throws at terminate()', async (scope) => {
  const server = await accept(scope)
  const socket = net.connect({ port: server.port, host: '127.0.0.1' })
  const ws = new WebSocket.Client(server.url, null, { createConnection: () => socket, transport: 'stream' })
  const events = recordLines(ws)
  await server.acceptedOpen()
  await once(ws, 'open')
  await new Promise(setImmediate)
  socket.write = () => { throw new Error('mine') }
  assert.throws(() => ws.send('a'), /mine/)
  const sent = new Promise((resolve) => ws.send('b', (error) => resolve(error?.message)))
  assert.throws(() => ws.terminate(), /mine/)
  assert.equal(ws.readyState, 3)
  assert.ok(socket.destroyed)
  await sent
  assert.equal(events.filter((line) => line.startsWith('close')).length, 1)
})
