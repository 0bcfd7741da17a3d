'use strict'

// The engine alone: what its observer hears, with bytes in the place of a socket.

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

/** A server's connection that is open, and what its observer has heard since. `act` may do something in a call. */
function openConnection ({ wants = 0, act = () => {} } = {}) {
  const heard = []
  const connection = Connection.server({ method: 'GET', httpVersion: '1.1', headers: HEADERS }, 'ws://localhost/', {})
  const hear = (name) => (...args) => {
    heard.push([name, ...args.map((arg) => Buffer.isBuffer(arg) ? arg.toString('hex') : arg)])
    act(name, connection, ...args)
  }
  connection.observer = { wants }
  for (const name of ['opened', 'received', 'pinged', 'ponged', 'failed', 'drained', 'closed']) {
    connection.observer[name] = hear(name)
  }
  connection.start()
  assert.deepEqual(heard.splice(0), [['opened']])
  connection.outgoing.takeOutput()
  return { connection, heard, receive: (...frames) => connection.delivery.receive(Buffer.concat(frames)) }
}

const written = (connection) => {
  const bytes = connection.outgoing.takeOutput()
  return bytes === null ? [] : readFrames(bytes).frames.map(({ type, payload }) => [type, payload.toString()])
}

const TEXTS = ['a', 'b', 'c'].map((text) => fromClient('text', text))

test('the observer hears messages in order, and the close behind them', () => {
  const { connection, heard, receive } = openConnection()
  receive(TEXTS[0], fromClient('binary', [1, 2]), TEXTS[1], fromClient('close', closePayload(1000, 'bye')))
  assert.deepEqual(heard, [['received', 'a'], ['received', '0102'], ['received', 'b'], ['closed', 1000, 'bye']])
  assert.equal(connection.readyState, 3)
})

const WANTS = { neither: 0, pings: PINGS, pongs: PONGS, both: PINGS | PONGS }
for (const [name, wants] of Object.entries(WANTS)) {
  test(`an observer that wants ${name} of pings and pongs hears those, and pings are answered`, () => {
    const { connection, heard, receive } = openConnection({ wants })
    receive(fromClient('ping', 'p'), fromClient('pong', 'q'))
    assert.deepEqual(heard.map(([each]) => each), [
      ...(wants & PINGS ? ['pinged'] : []), ...(wants & PONGS ? ['ponged'] : [])
    ])
    assert.deepEqual(written(connection), [['pong', 'p']])
  })
}

test('a violation is told before the close that it causes', () => {
  const { heard, receive } = openConnection()
  receive(fromClient(3, ''))
  assert.deepEqual(heard.map(([name]) => name), ['failed', 'closed'])
  assert.equal(heard[1][1], 1002)
})

test('an observer that throws loses nothing: the next delivery goes on behind its message', () => {
  const { connection, heard, receive } = openConnection({
    act (name, connection, data) { if (data === 'b') throw new Error('mine') }
  })
  assert.throws(() => receive(...TEXTS), { message: 'mine' })
  assert.deepEqual(heard, [['received', 'a'], ['received', 'b']])
  connection.delivery.deliver()
  assert.deepEqual(heard, [['received', 'a'], ['received', 'b'], ['received', 'c']])
})

test('a pause in the middle of a chunk holds the rest back, and a deliverRest brings it all the same', () => {
  const { connection, heard, receive } = openConnection({
    act (name, connection, data) { if (data === 'a') connection.delivery.pause() }
  })
  receive(...TEXTS)
  assert.deepEqual(heard, [['received', 'a']])
  assert.equal(connection.delivery.hasUndelivered(() => {}), true)
  connection.delivery.deliverRest()
  assert.deepEqual(heard, [['received', 'a'], ['received', 'b'], ['received', 'c']])
})

test('a close in a handler drops the messages behind it', () => {
  const { connection, heard, receive } = openConnection({
    act (name, connection, data) { if (data === 'a') connection.close(1001, '') }
  })
  receive(...TEXTS, fromClient('close', closePayload(1001)))
  assert.deepEqual(heard, [['received', 'a'], ['closed', 1001, '']])
  assert.deepEqual(written(connection).map(([type]) => type), ['close'])
})

test('nothing is said after abandon', () => {
  const { connection, heard, receive } = openConnection()
  connection.abandon()
  receive(...TEXTS)
  connection.delivery.deliver()
  assert.deepEqual(heard, [])
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
  test(`the extensions in use are known once they are negotiated: ${offered}`, () => {
    const headers = { ...HEADERS, 'sec-websocket-extensions': offered }
    const connection = Connection.server({ method: 'GET', httpVersion: '1.1', headers }, 'ws://localhost/', {})
    connection.observer = { wants: 0, opened () {} }
    assert.deepEqual(connection.extensions, [])
    connection.addExtension(require('../../lib/permessage-deflate'))
    connection.start()
    assert.deepEqual(connection.extensions, expected)
  })
}
