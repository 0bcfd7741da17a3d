'use strict'

// The engine alone, without a socket: the calls of its observer.

const assert = require('node:assert/strict')

const { Connection } = require('../../lib/connection/connection')
const { PINGS, PONGS } = require('../../lib/connection/seam')
const { test } = require('../support/test')
const { closePayload, fromClient, readFrames } = require('../support/wire')

const HEADERS = {
  host: 'localhost',
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'JFBCWHksyIpXV+6Wlq/9pw==',
  'sec-websocket-version': '13'
}

/** Opens a server's connection and records the calls of its observer. `act` runs in each call. */
function openConnection ({ wants = 0, act = () => {} } = {}) {
  const calls = []
  const connection = Connection.server({ method: 'GET', httpVersion: '1.1', headers: HEADERS }, 'ws://localhost/', {})
  const record = (name) => (...args) => {
    calls.push([name, ...args.map((arg) => Buffer.isBuffer(arg) ? arg.toString('hex') : arg)])
    act(name, connection, ...args)
  }
  connection.observer = { wants }
  for (const name of ['opened', 'received', 'pinged', 'ponged', 'failed', 'drained', 'closed']) {
    connection.observer[name] = record(name)
  }
  connection.start()
  assert.deepEqual(calls.splice(0), [['opened']])
  connection.outgoing.takeOutput()
  return { connection, calls, receive: (...frames) => connection.delivery.receive(Buffer.concat(frames)) }
}

const written = (connection) => {
  const bytes = connection.outgoing.takeOutput()
  return bytes === null ? [] : readFrames(bytes).frames.map(({ type, payload }) => [type, payload.toString()])
}

const TEXTS = ['a', 'b', 'c'].map((text) => fromClient('text', text))

test('the observer receives messages in order, and then the close', () => {
  const { connection, calls, receive } = openConnection()
  receive(TEXTS[0], fromClient('binary', [1, 2]), TEXTS[1], fromClient('close', closePayload(1000, 'bye')))
  assert.deepEqual(calls, [['received', 'a'], ['received', '0102'], ['received', 'b'], ['closed', 1000, 'bye']])
  assert.equal(connection.readyState, 3)
})

const WANTS = { neither: 0, pings: PINGS, pongs: PONGS, both: PINGS | PONGS }
for (const [name, wants] of Object.entries(WANTS)) {
  test(`an observer that wants ${name} of pings and pongs receives only those, and the engine answers pings`, () => {
    const { connection, calls, receive } = openConnection({ wants })
    receive(fromClient('ping', 'p'), fromClient('pong', 'q'))
    assert.deepEqual(calls.map(([each]) => each), [
      ...(wants & PINGS ? ['pinged'] : []), ...(wants & PONGS ? ['ponged'] : [])
    ])
    assert.deepEqual(written(connection), [['pong', 'p']])
  })
}

test('a violation is reported before the close that it causes', () => {
  const { calls, receive } = openConnection()
  receive(fromClient(3, ''))
  assert.deepEqual(calls.map(([name]) => name), ['failed', 'closed'])
  assert.equal(calls[1][1], 1002)
})

test('an observer that throws loses no message: the next delivery continues after it', () => {
  const { connection, calls, receive } = openConnection({
    act (name, connection, data) { if (data === 'b') throw new Error('mine') }
  })
  assert.throws(() => receive(...TEXTS), { message: 'mine' })
  assert.deepEqual(calls, [['received', 'a'], ['received', 'b']])
  connection.delivery.deliver()
  assert.deepEqual(calls, [['received', 'a'], ['received', 'b'], ['received', 'c']])
})

test('a pause during a chunk delays its other messages, and deliverRest() delivers them', () => {
  const { connection, calls, receive } = openConnection({
    act (name, connection, data) { if (data === 'a') connection.delivery.pause() }
  })
  receive(...TEXTS)
  assert.deepEqual(calls, [['received', 'a']])
  assert.equal(connection.delivery.hasUndelivered(() => {}), true)
  connection.delivery.deliverRest()
  assert.deepEqual(calls, [['received', 'a'], ['received', 'b'], ['received', 'c']])
})

test('a close in a handler discards later messages', () => {
  const { connection, calls, receive } = openConnection({
    act (name, connection, data) { if (data === 'a') connection.close(1001, '') }
  })
  receive(...TEXTS, fromClient('close', closePayload(1001)))
  assert.deepEqual(calls, [['received', 'a'], ['closed', 1001, '']])
  assert.deepEqual(written(connection).map(([type]) => type), ['close'])
})

test('no event follows abandon', () => {
  const { connection, calls, receive } = openConnection()
  connection.abandon()
  receive(...TEXTS)
  connection.delivery.deliver()
  assert.deepEqual(calls, [])
  assert.equal(connection.readyState, 3)
  assert.equal(connection.outgoing.text('late'), false)
})

for (const [offered, expected] of [
  ['permessage-deflate', ['permessage-deflate']],
  ['other, permessage-deflate; client_max_window_bits', ['permessage-deflate']],
  ['permessage-deflate; unknown', []],
  ['other', []],
  [undefined, []]
]) {
  test(`the connection lists the negotiated extensions for the offer: ${offered}`, () => {
    const headers = { ...HEADERS, 'sec-websocket-extensions': offered }
    const connection = Connection.server({ method: 'GET', httpVersion: '1.1', headers }, 'ws://localhost/', {})
    connection.observer = { wants: 0, opened () {} }
    assert.deepEqual(connection.extensions, [])
    connection.addExtension(require('../../lib/permessage-deflate'))
    connection.start()
    assert.deepEqual(connection.extensions, expected)
  })
}
