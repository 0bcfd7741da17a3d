'use strict'

// The engine with the policies of interfaces that are not websocket-driver's: what their owners ask and hear.

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')

const { Callback } = require('../../lib/callback')
const { Connection } = require('../../lib/connection/connection')
const { PINGS } = require('../../lib/connection/seam')
const { once } = require('../support/peer')
const { test } = require('../support/test')
const { closePayload, fromClient } = require('../support/wire')

/** A server's connection whose handshake was made elsewhere, and what its observer hears. */
function established (policy, wants = 0) {
  const heard = []
  const connection = Connection.established(false, policy)
  connection.observer = { wants }
  for (const name of ['opened', 'received', 'framed', 'pinged', 'ponged', 'failed', 'drained', 'closed']) {
    connection.observer[name] = (...args) => heard.push([name, ...args])
  }
  return { connection, heard, receive: (...frames) => connection.delivery.receive(Buffer.concat(frames)) }
}

const written = (connection) => connection.outgoing.takeOutput()?.toString('hex') ?? ''
const FRAGMENTS = [fromClient('text', 'a', { fin: false }), fromClient('ping', 'p'), fromClient('continuation', 'b')]

test('a connection whose handshake was made elsewhere is open and says nothing of that', () => {
  for (const version of [13, 8]) {
    const { connection, heard, receive } = established({ interface: 'websocket-node', version })
    assert.deepEqual([connection.readyState, connection.isDraft, written(connection)], [1, false, ''])
    receive(fromClient('text', 'a'))
    assert.deepEqual(heard, [['received', 'a']])
  }
})

test('frames are told one by one, control frames among them, and no message is', () => {
  const { heard, receive } = established({ interface: 'websocket-node', delivery: 'frames' })
  receive(...FRAGMENTS)
  assert.deepEqual(heard.map(([name, { fin, rsv, opcode, isMasked, payload }]) =>
    [name, fin, rsv, opcode, isMasked, payload.toString()]), [
    ['framed', false, [false, false, false], 1, true, 'a'],
    ['framed', true, [false, false, false], 9, true, 'p'],
    ['framed', true, [false, false, false], 0, true, 'b']
  ])
})

test('a message may be told in its fragments', () => {
  const { heard, receive } = established({ interface: 'ws', requireMasking: false, delivery: 'fragments' })
  receive(...FRAGMENTS, fromClient('binary', 'c'))
  assert.deepEqual(heard, [
    ['received', [true, Buffer.from('a'), Buffer.from('b')]], ['received', [false, Buffer.from('c')]]
  ])
})

test('a ping that the owner answers is answered by the owner alone', () => {
  const { connection, heard, receive } = established({ interface: 'websocket-node' }, PINGS)
  receive(fromClient('ping', 'p'))
  assert.deepEqual(heard, [['pinged', Buffer.from('p')]])
  assert.equal(written(connection), '')
  connection.pong(Buffer.from('p'))
  assert.equal(written(connection), '8a0170')
})

const FAILURES = {
  'websocket-driver': ['Unrecognized frame opcode: 3', 1002],
  'websocket-node': ['Unrecognized Opcode: 0x3', 1002],
  // ws tells its close event that there was no close frame of the peer.
  ws: ['Invalid WebSocket frame: invalid opcode 3', 1006]
}
for (const [name, [message, code]] of Object.entries(FAILURES)) {
  test(`a violation has the same code and facts for every interface, and the words of ${name}`, () => {
    const { heard, receive } = established({ interface: name })
    receive(fromClient(3))
    assert.deepEqual(heard[0], ['failed', { message, code: 'unrecognized-opcode', facts: { opcode: 3 } }])
    assert.deepEqual(heard[1].slice(0, 2), ['closed', code])
  })
}

test('messages are sent in frames of the size that the policy sets', () => {
  const { connection } = established({ interface: 'websocket-node', fragmentAt: 2 })
  connection.outgoing.text('abcde')
  connection.outgoing.binary(Buffer.from('fg'))
  assert.equal(written(connection), '01026162' + '00026364' + '800165' + '82026667')
})

test('single frames are sent as they are, with receipts', async () => {
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
  // What the peer sends: what the interface answers and hears.
  'websocket-driver': ['880203e8', 1000, ''],
  'websocket-node': ['880203e8', null, null],
  ws: ['8800', 1005, '']
}
for (const [name, [answer, ...told]] of Object.entries(CLOSES)) {
  test(`an empty close frame is answered and told as ${name} does`, () => {
    const { connection, heard, receive } = established({ interface: name })
    receive(fromClient('close'))
    assert.deepEqual(heard, [['closed', ...told]])
    assert.equal(written(connection), answer)
  })
}

test('a close frame may have no code', () => {
  const { connection, heard, receive } = established({ interface: 'ws' })
  assert.equal(connection.close(undefined, ''), true)
  assert.equal(written(connection), '8800')
  receive(fromClient('close', closePayload(1000)))
  assert.deepEqual(heard, [['closed', 1000, '']])
})
