'use strict'

// The end of a socket, with either transport.

const assert = require('node:assert/strict')
const net = require('node:net')
const { Duplex } = require('node:stream')
const { test } = require('node:test')

const { Connection } = require('../../lib/connection/connection')
const { connect, disconnect } = require('../../lib/transport')
const { close, end, endSlowly } = require('../../lib/transport/ending')

/** A stream that counts calls of end() and timers. `waiting` bytes of it are unwritten. */
function stream (waiting = 0) {
  const counts = { ends: 0, timers: 0 }
  const socket = new Duplex({ read () {}, write () {} })
  socket.on('newListener', (name) => { if (name === 'close') counts.timers++ })
  const original = socket.end
  socket.end = (...args) => {
    counts.ends++
    return original.apply(socket, args)
  }
  if (waiting > 0) socket.write(Buffer.alloc(waiting))
  return { counts, socket }
}

for (const [name, first, second] of [
  ['ended twice', end, end],
  ['closed and ended', close, end],
  ['ended slowly and then closed', endSlowly, close]
]) {
  test(`a socket that is ${name} with unwritten bytes ends once and has one timer`, () => {
    const { counts, socket } = stream(100)
    first(socket)
    second(socket)
    assert.deepEqual(counts, { ends: 1, timers: 1 })
    assert.equal(socket.destroyed, false)
    socket.destroy()
  })
}

test('a socket without unwritten bytes closes at once, and is not ended afterwards', () => {
  const { counts, socket } = stream()
  close(socket)
  end(socket)
  assert.deepEqual(counts, { ends: 0, timers: 0 })
  assert.ok(socket.destroyed)
})

test('a socket that the program reconnects can end again', async () => {
  const server = net.createServer({ allowHalfOpen: true }, (peer) => peer.on('end', () => peer.end()).resume())
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const socket = new net.Socket()
  for (let round = 0; round < 3; round++) {
    socket.connect(server.address().port, '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.resume()
    end(socket)
    assert.ok(socket.writableEnded, `round ${round}`)
    await new Promise((resolve) => socket.once('close', resolve))
  }
  server.close()
})

for (const how of ['close', 'end', 'abort']) {
  test(`a transport that throws in ${how}() is aborted, and the exception propagates`, () => {
    const { socket } = stream()
    const done = []
    const record = (name) => () => done.push(name)
    const transport = { close: record('close'), end: record('end'), abort: record('abort') }
    const original = transport[how]
    transport[how] = () => {
      transport[how] = original
      throw new Error('mine')
    }
    assert.throws(() => disconnect(socket, transport, how), /mine/)
    assert.deepEqual(done, ['abort'])
  })
}

test('a stream without a transport that throws in end() is destroyed', () => {
  const { socket } = stream()
  socket.end = () => { throw new Error('mine') }
  assert.throws(() => disconnect(socket, null, 'end'), /mine/)
  assert.ok(socket.destroyed)
})

test('a socket that closes before the time limit stops its timer', async () => {
  const { socket } = stream(100)
  end(socket, 20)
  socket.destroy()
  await new Promise((resolve) => socket.on('close', resolve))
  let isDestroyedAgain = false
  socket.destroy = () => { isDestroyedAgain = true }
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.equal(isDestroyedAgain, false)
})

const REQUEST = {
  method: 'GET',
  httpVersion: '1.1',
  headers: {
    host: 'localhost',
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13'
  }
}

// The three methods by which a transport ends a socket may follow each other.
for (const [waiting, verbs, expected] of [
  [0, ['close', 'end'], { ends: 0, timers: 0, isDestroyed: true }],
  [100, ['close', 'end'], { ends: 1, timers: 1, isDestroyed: false }],
  [100, ['close', 'close', 'end', 'end'], { ends: 1, timers: 1, isDestroyed: false }],
  [100, ['end', 'close'], { ends: 1, timers: 1, isDestroyed: false }],
  [100, ['close', 'end', 'abort'], { ends: 1, timers: 1, isDestroyed: true }],
  [100, ['abort', 'abort', 'close', 'end'], { ends: 0, timers: 0, isDestroyed: true }]
]) {
  test(`${verbs.join(', ')} with ${waiting} unwritten bytes do each step once`, () => {
    const { counts, socket } = stream(waiting)
    const connection = Connection.server(REQUEST, 'ws://localhost/', {})
    connection.observer = { wants: 0, opened () {} }
    const transport = connect(socket, connection, true)
    if (waiting > 0) transport.start()
    for (const verb of verbs) transport[verb]()
    assert.deepEqual({ ...counts, isDestroyed: socket.destroyed }, expected)
    assert.equal(socket.listenerCount('data'), 0)
    socket.destroy()
  })
}
