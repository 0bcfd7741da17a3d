'use strict'

// terminate() aborts a connection.

const assert = require('node:assert/strict')

const { recordLines } = require('../support/client')
const { roles } = require('../support/open')
const { accept, connect, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')
const { closePayload, upgradeRequest } = require('../support/wire')

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: terminate() ends the connection at once, without a close frame`, async (scope) => {
    const { peer, ws } = await open(scope)
    const events = recordLines(ws)
    assert.equal(ws.terminate(), undefined)
    assert.deepEqual(events, ['end', 'close 1006 '])
    ws.terminate()
    ws.close()
    assert.equal(ws.send('x'), false)
    await peer.ended()
    assert.equal(peer.bytes.length, 0)
    assert.equal(events.length, 2)
  })

  deviation(`${role}: terminate() in a handler discards the later messages`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const events = recordLines(ws)
    ws.on('message', () => ws.terminate())
    peer.write(Buffer.concat([frame('text', 'a'), frame('text', 'b'), frame('close', closePayload(1000))]))
    await peer.ended()
    await scope.settle()
    assert.deepEqual(events, ['message a', 'end', 'close 1006 '])
  })

  deviation(`${role}: terminate() ends a closing handshake and a pause`, async (scope) => {
    for (const prepare of [(ws) => ws.close(3000), (ws) => ws.pause()]) {
      const { frame, peer, ws } = await open(scope)
      const events = recordLines(ws)
      prepare(ws)
      peer.write(frame('text', 'unread'))
      await scope.settle()
      ws.terminate()
      assert.deepEqual(events, ['end', 'close 1006 '])
    }
  })

  deviation(`${role}: messages sent before terminate() are offered to the kernel`, async (scope) => {
    const { peer, ws } = await open(scope)
    ws.send('first')
    ws.send('second')
    ws.terminate()
    const types = (await peer.frames(2)).map(({ payload }) => payload.toString())
    assert.deepEqual(types, ['first', 'second'])
  })
}

deviation('terminate() works in every state of a client', async (scope) => {
  const server = await accept(scope)
  const stages = {
    resolving: () => new WebSocket.Client('ws://example.invalid/', [], { net: { lookup: () => {} } }),
    connecting: () => new WebSocket.Client(server.url),
    'the handshake': async () => {
      const ws = new WebSocket.Client(server.url)
      await (await server.accepted()).head()
      return ws
    },
    TLS: async () => {
      const ws = new WebSocket.Client(server.url.replace('ws', 'wss'))
      await server.accepted()
      return ws
    },
    'the proxy': async () => {
      const ws = new WebSocket.Client('wss://x/', [], { proxy: { origin: server.url.replace('ws', 'http') } })
      await server.accepted()
      return ws
    }
  }
  for (const [stage, begin] of Object.entries(stages)) {
    const ws = await begin()
    const events = recordLines(ws)
    ws.terminate()
    await scope.settle()
    assert.deepEqual(events, ['end', 'close 1006 '], stage)
  }
})

deviation('terminate() works before the response of a server, and for an ended socket', async (scope) => {
  const all = []
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => {
      for (const each of [socket, undefined]) {
        const ws = new WebSocket(request, each, body)
        all.push(recordLines(ws))
        ws.terminate()
      }
    }
  })
  const peer = await connect(scope, port)
  peer.write(upgradeRequest())
  await peer.ended()
  await scope.settle()
  assert.deepEqual(all, [['end', 'close 1006 '], ['end', 'close 1006 ']])
})
