'use strict'

const assert = require('node:assert/strict')

const deflate = require('../../lib/permessage-deflate')
const { deviation } = require('../support/test')
const { roles } = require('../support/open')
const { once } = require('../support/peer')
const { closePayload, frame, fromClient } = require('../support/wire')

const BYE = closePayload(3001, 'bye')
const EXTENSION = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }

/** Hardening of frames: what fails an open connection, by bytes of that role's peer. */
const VIOLATIONS = {
  'a reserved opcode': (send) => send(3),
  'a reserved control opcode': (send) => send(15),
  'a reserved bit': (send) => send('text', 'a', { rsv: 1 }),
  'RSV1 on a ping': (send) => send('ping', '', { rsv: 4 }),
  'a fragmented ping': (send) => send('ping', '', { fin: false }),
  'a ping of 126 bytes': (send) => send('ping', Buffer.alloc(126)),
  'a continuation of nothing': (send) => send('continuation', 'a'),
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

  deviation(`${role}: the peer's end after our close frame is the end of the connection`, async (scope) => {
    const endings = {
      end: (peer) => peer.socket.end(),
      'end amid a frame': (peer) => peer.socket.end(Buffer.from([0x81])),
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
