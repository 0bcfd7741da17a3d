'use strict'

// The end of a connection: one close event, which is the last event.

const assert = require('node:assert/strict')

const deflate = require('../../lib/permessage-deflate')
const { openServer, roles } = require('../support/open')
const { eventually, once } = require('../support/peer')
const { deviation, test } = require('../support/test')
const { closePayload, frame, fromClient } = require('../support/wire')

const BYE = closePayload(3001, 'bye')
const EXTENSION = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }

/** Frames that fail an open connection. `send` makes frames of the role's peer, `wrong` masks them wrongly. */
const VIOLATIONS = {
  'a reserved opcode': (send) => send(3),
  'a reserved control opcode': (send) => send(15),
  'a reserved bit': (send) => send('text', 'a', { rsv: 1 }),
  'RSV1 on a ping': (send) => send('ping', '', { rsv: 4 }),
  'a fragmented ping': (send) => send('ping', '', { fin: false }),
  'a ping of 126 bytes': (send) => send('ping', Buffer.alloc(126)),
  'a continuation without a message': (send) => send('continuation', 'a'),
  'a text inside a message': (send) => Buffer.concat([send('text', 'a', { fin: false }), send('text', 'b')]),
  'a length with the top bit set': (send) =>
    Buffer.concat([send('binary', '', { length: 65536 }).subarray(0, 2), Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0])]),
  'the wrong masking': (send, wrong) => wrong('text', 'a'),
  'text that is not UTF-8': (send) => send('text', Buffer.from([0xff])),
  'a frame above maxLength': (send) => send('binary', Buffer.alloc(101))
}

const COMPRESSED = {
  'a message that cannot be inflated': (send) => send('text', Buffer.from([0x06]), { rsv: 4 }),
  'RSV1 on a continuation': (send) =>
    Buffer.concat([send('text', 'a', { fin: false }), send('continuation', 'b', { rsv: 4 })])
}

async function assertEndsAtOnce (role, scope, bytes, { headers, options } = {}) {
  for (const behind of [[], [BYE]]) {
    const { ws, peer, frame: send } = await roles[role](scope, { headers, options: { maxLength: 100, ...options } })
    const wrong = role === 'server' ? frame : fromClient
    const errors = []
    ws.on('error', ({ message }) => errors.push(message))
    const closed = once(ws, 'close')
    ws.close(3001, 'bye')
    const { payload } = await peer.frame()
    assert.deepEqual(payload, BYE)
    peer.write(Buffer.concat([bytes(send, wrong), ...behind.map((payload) => send('close', payload))]))
    const { code, reason } = await closed
    assert.deepEqual([code, reason, errors], [3001, 'bye', []])
    await peer.ended()
  }
}

for (const role of Object.keys(roles)) {
  for (const [name, bytes] of Object.entries(VIOLATIONS)) {
    deviation(`${role}: ${name} after our close frame ends the connection at once`, (scope) =>
      assertEndsAtOnce(role, scope, bytes))
  }

  for (const [name, bytes] of Object.entries(COMPRESSED)) {
    deviation(`${role}: ${name} after our close frame ends the connection at once, with permessage-deflate`, (scope) =>
      assertEndsAtOnce(role, scope, bytes, { headers: EXTENSION, options: { extensions: [deflate] } }))
  }

  deviation(`${role}: the connection ends when the peer ends after our close frame`, async (scope) => {
    const endings = {
      end: (peer) => peer.socket.end(),
      'end within a frame': (peer) => peer.socket.end(Buffer.from([0x81])),
      reset: (peer) => peer.socket.resetAndDestroy?.() ?? peer.socket.destroy()
    }
    for (const [name, end] of Object.entries(endings)) {
      const { ws, peer } = await roles[role](scope)
      const closed = once(ws, 'close')
      ws.close(3001, 'bye')
      await peer.frame()
      end(peer)
      assert.equal((await closed).code, 1006, name)
    }
  })
}

const ENDINGS = {
  'a FIN': (peer) => peer.socket.end(),
  'a FIN after half a frame': (peer) => peer.socket.end(fromClient('text', 'abc').subarray(0, 5)),
  'the peer destroys its socket': (peer) => peer.socket.destroy(),
  'a close frame': (peer) => peer.write(fromClient('close', '')),
  'a close frame and a FIN': (peer) => peer.socket.end(fromClient('close', '')),
  'two close frames': (peer) => peer.write(Buffer.concat([fromClient('close', ''), fromClient('close', '')])),
  garbage: (peer) => peer.write(Buffer.alloc(500, 0xff)),
  'our close and a FIN': (peer, ws) => { ws.close(); peer.socket.end() },
  'our close and a close frame': (peer, ws) => { ws.close(); peer.write(fromClient('close', '')) },
  'our close, garbage and a FIN': (peer, ws) => { ws.close(); peer.socket.end(Buffer.alloc(9, 0xff)) },
  'the program destroys the stream': (peer, ws) => ws._stream.destroy(),
  'the program destroys the stream with an error': (peer, ws) => ws._stream.destroy(new Error('mine')),
  'the program ends the stream': (peer, ws) => { ws._stream.end(); peer.socket.end() },
  'the program calls close() and destroys the stream': (peer, ws) => { ws.close(); ws._stream.destroy() },
  'garbage and a reset': (peer) => { peer.write(Buffer.alloc(500, 0xff)); peer.socket.destroy() }
}
for (const [name, end] of Object.entries(ENDINGS)) {
  test(`close is emitted once, as the last event: ${name}`, async (scope) => {
    const events = []
    const { peer, ws } = await openServer(scope, {
      onSocket: (ws) => {
        for (const type of ['open', 'message', 'data', 'error', 'end', 'drain', 'close']) {
          ws.on(type, () => events.push(type))
        }
      }
    })
    end(peer, ws)
    await eventually(() => ws.readyState === 3, 'closed')
    await scope.settle(50)
    assert.equal(events.filter((type) => type === 'open').length, 1)
    assert.equal(events.filter((type) => type === 'close').length, 1)
    assert.deepEqual(events.slice(-2), ['end', 'close'])
    assert.ok(events.filter((type) => type === 'error').length <= 1)
  })
}
