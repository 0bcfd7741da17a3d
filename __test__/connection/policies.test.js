'use strict'

// The engine with the policies of interfaces other than websocket-driver: its commands, and the calls of its observer.

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')

const { Callback } = require('../../lib/callback')
const { Connection } = require('../../lib/connection/connection')
const { PINGS } = require('../../lib/connection/seam')
const { once } = require('../support/peer')
const { test } = require('../support/test')
const { closePayload, fromClient } = require('../support/wire')

/** Makes a server's connection without a handshake, and records the calls of its observer. */
function established (policy, wants = 0) {
  const calls = []
  const connection = Connection.established(false, policy)
  connection.observer = { wants }
  for (const name of ['opened', 'received', 'framed', 'pinged', 'ponged', 'failed', 'drained', 'closed']) {
    connection.observer[name] = (...args) => calls.push([name, ...args])
  }
  return { connection, calls, receive: (...frames) => connection.delivery.receive(Buffer.concat(frames)) }
}

const written = (connection) => connection.outgoing.takeOutput()?.toString('hex') ?? ''
const FRAGMENTS = [fromClient('text', 'a', { fin: false }), fromClient('ping', 'p'), fromClient('continuation', 'b')]

test('an established connection is open, and emits no event for the opening', () => {
  for (const version of [13, 8]) {
    const { connection, calls, receive } = established({ interface: 'websocket-node', version })
    assert.deepEqual([connection.readyState, connection.isDraft, written(connection)], [1, false, ''])
    receive(fromClient('text', 'a'))
    assert.deepEqual(calls, [['received', 'a']])
  }
})

test('delivery: frames reports each frame, including control frames, and no messages', () => {
  const { calls, receive } = established({ interface: 'websocket-node', delivery: 'frames' })
  receive(...FRAGMENTS)
  assert.deepEqual(calls.map(([name, { fin, rsv, opcode, isMasked, payload }]) =>
    [name, fin, rsv, opcode, isMasked, payload.toString()]), [
    ['framed', false, [false, false, false], 1, true, 'a'],
    ['framed', true, [false, false, false], 9, true, 'p'],
    ['framed', true, [false, false, false], 0, true, 'b']
  ])
})

test('delivery: fragments reports the fragments of each message', () => {
  const { calls, receive } = established({ interface: 'ws', requireMasking: false, delivery: 'fragments' })
  receive(...FRAGMENTS, fromClient('binary', 'c'))
  assert.deepEqual(calls, [
    ['received', [true, Buffer.from('a'), Buffer.from('b')]], ['received', [false, Buffer.from('c')]]
  ])
})

test('with the policy of websocket-node, the engine does not answer pings that the observer receives', () => {
  const { connection, calls, receive } = established({ interface: 'websocket-node' }, PINGS)
  receive(fromClient('ping', 'p'))
  assert.deepEqual(calls, [['pinged', Buffer.from('p')]])
  assert.equal(written(connection), '')
  connection.pong(Buffer.from('p'))
  assert.equal(written(connection), '8a0170')
})

const FAILURES = {
  'websocket-driver': ['Unrecognized frame opcode: 3', 1002],
  'websocket-node': ['Unrecognized Opcode: 0x3', 1002],
  // ws reports 1006 because the peer sent no close frame.
  ws: ['Invalid WebSocket frame: invalid opcode 3', 1006]
}
for (const [name, [message, code]] of Object.entries(FAILURES)) {
  test(`a violation has the same code and facts in every interface, and the text of ${name}`, () => {
    const { calls, receive } = established({ interface: name })
    receive(fromClient(3))
    assert.deepEqual(calls[0], ['failed', { message, code: 'unrecognized-opcode', facts: { opcode: 3 } }])
    assert.deepEqual(calls[1].slice(0, 2), ['closed', code])
  })
}

test('messages are sent in frames of the size in the policy', () => {
  const { connection } = established({ interface: 'websocket-node', fragmentAt: 2 })
  connection.outgoing.text('abcde')
  connection.outgoing.binary(Buffer.from('fg'))
  assert.equal(written(connection), '01026162' + '00026364' + '800165' + '82026667')
})

test('single frames are sent unchanged, with receipts', async () => {
  const { connection } = established({ interface: 'ws' })
  connection.outgoing.frame(false, 0, 1, Buffer.from('a'))
  const emitter = new EventEmitter()
  connection.outgoing.frame(true, 4, 0, Buffer.from('b'), {
    receipt: new Callback((error) => emitter.emit('sent', error))
  })
  const sent = once(emitter, 'sent')
  connection.outgoing.frame(true, 0, 9, Buffer.from('d'), { mask: Buffer.from([1, 2, 3, 4]) })
  assert.equal(written(connection), '010161' + 'c00162' + '89810102030465')
  connection.outgoing.passed()
  assert.equal(await sent, undefined)
  connection.abandon()
  const refused = once(emitter, 'sent')
  connection.outgoing.frame(true, 0, 1, Buffer.from('c'), {
    receipt: new Callback((error) => emitter.emit('sent', error))
  })
  assert.match((await refused).message, /not sent/)
})

const CLOSES = {
  // By interface: the bytes of its close frame, and the code and reason that it reports.
  'websocket-driver': ['880203e8', 1000, ''],
  'websocket-node': ['880203e8', null, null],
  ws: ['8800', 1005, '']
}
for (const [name, [answer, ...reported]] of Object.entries(CLOSES)) {
  test(`the engine answers and reports an empty close frame as ${name} does`, () => {
    const { connection, calls, receive } = established({ interface: name })
    receive(fromClient('close'))
    assert.deepEqual(calls, [['closed', ...reported]])
    assert.equal(written(connection), answer)
  })
}

test('a close frame may have no code', () => {
  const { connection, calls, receive } = established({ interface: 'ws' })
  assert.equal(connection.close(undefined, ''), true)
  assert.equal(written(connection), '8800')
  receive(fromClient('close', closePayload(1000)))
  assert.deepEqual(calls, [['closed', 1000, '']])
})
