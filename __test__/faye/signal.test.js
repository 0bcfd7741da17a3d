'use strict'

// The option signal: an AbortSignal that aborts connections.

const assert = require('node:assert/strict')
const { getEventListeners } = require('node:events')

const { recordLines } = require('../support/client')
const { openServer, roles } = require('../support/open')
const { accept, connect, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')
const { upgradeRequest } = require('../support/wire')

const countListeners = (signal) => getEventListeners(signal, 'abort').length

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: aborting the signal terminates the connection`, async (scope) => {
    const controller = new AbortController()
    const { peer, ws } = await open(scope, { options: { signal: controller.signal } })
    const events = recordLines(ws)
    controller.abort()
    assert.deepEqual(events, ['end', 'close 1006 '])
    await peer.ended()
    assert.equal(peer.bytes.length, 0)
    assert.equal(countListeners(controller.signal), 0)
  })

  deviation(`${role}: connections share one listener of a signal, removed with the last one`, async (scope) => {
    const controller = new AbortController()
    const { signal } = controller
    const sockets = []
    for (let i = 0; i < 12; i++) sockets.push(await open(scope, { options: { signal } }))
    assert.equal(countListeners(signal), 1)
    for (const { ws } of sockets.slice(0, 11)) ws.terminate()
    assert.equal(countListeners(signal), 1)
    sockets[11].ws.close()
    sockets[11].peer.socket.end()
    await once(sockets[11].ws, 'close')
    assert.equal(countListeners(signal), 0)
    const { ws } = await open(scope, { options: { signal } })
    controller.abort()
    assert.equal(ws.readyState, 3)
  })
}

deviation('an abort ends the other connections when a handler throws', async (scope) => {
  const controller = new AbortController()
  const { signal } = controller
  const first = await openServer(scope, { options: { signal } })
  const second = await openServer(scope, { options: { signal } })
  const thrown = new Error('from a handler')
  first.ws.on('close', () => { throw thrown })
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve))
  scope.defer(() => listeners.forEach((each) => process.on('uncaughtException', each)))
  controller.abort()
  assert.equal(second.ws.readyState, 3)
  assert.equal(await uncaught, thrown)
})

deviation('a client does not connect when its signal has been aborted', async (scope) => {
  const server = await accept(scope)
  const signal = AbortSignal.abort()
  const ws = new WebSocket.Client(server.url, [], { signal, ping: 60, handshakeTimeout: 60 })
  const events = recordLines(ws)
  assert.equal(ws.readyState, 2)
  assert.equal(ws.send('x'), false)
  await once(ws, 'close')
  assert.deepEqual(events, ['end', 'close 1006 '])
  await scope.settle()
  assert.equal(server.arrived.length, 0)
  assert.equal(countListeners(signal), 0)
})

deviation('a server sends no response when its signal has been aborted', async (scope) => {
  let events
  const { port } = await serve(scope, WebSocket, {
    options: { signal: AbortSignal.abort() },
    onSocket: (ws) => { events = recordLines(ws) }
  })
  const peer = await connect(scope, port)
  peer.write(upgradeRequest())
  await peer.ended()
  await scope.settle()
  assert.equal(peer.bytes.length, 0)
  assert.deepEqual(events, ['end', 'close 1006 '])
})

deviation('the lookup function of a client can abort its signal', async () => {
  const controller = new AbortController()
  const lookup = () => controller.abort()
  const ws = new WebSocket.Client('ws://example.invalid/', [], { net: { lookup }, signal: controller.signal })
  const events = recordLines(ws)
  await once(ws, 'close')
  assert.deepEqual(events, ['end', 'close 1006 '])
  assert.equal(countListeners(controller.signal), 0)
})

deviation('aborting the signal ends a client at every stage of the opening handshake', async (scope) => {
  const server = await accept(scope)
  for (const stage of ['constructed', 'connected', 'requested']) {
    const controller = new AbortController()
    const ws = new WebSocket.Client(server.url, [], { signal: controller.signal })
    const events = recordLines(ws)
    if (stage !== 'constructed') {
      const peer = await server.accepted()
      if (stage === 'requested') await peer.head()
    }
    controller.abort()
    await scope.settle()
    assert.deepEqual(events, ['end', 'close 1006 '], stage)
  }
})
