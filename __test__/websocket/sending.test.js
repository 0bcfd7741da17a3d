'use strict'

// Differences from websocket 1.0.35 in sending. __test__/parity tests the shared behaviour.

const assert = require('node:assert/strict')

const { eventually } = require('../support/peer')
const { loadInRealm } = require('../support/realm')
const { test } = require('../support/test')
const { deviation, eventsOf, openConnection, roles, subject } = require('../support/websocket')

const allSent = async (peer, count) => {
  const frames = await peer.frames(count)
  return frames.map(({ type, payload }) => [type, payload.toString()])
}
const sent = async (peer) => (await allSent(peer, 1))[0]
const bytes = new TextEncoder().encode('bytes')
const BINARY = {
  'a Uint8Array': bytes,
  'a view of part of an ArrayBuffer': new TextEncoder().encode('<bytes>').subarray(1, 6),
  'an ArrayBuffer': bytes.buffer,
  'a DataView': new DataView(bytes.buffer),
  'a SharedArrayBuffer': (() => {
    const shared = new SharedArrayBuffer(5)
    new Uint8Array(shared).set(bytes)
    return shared
  })(),
  'a Blob': new Blob([bytes])
}

function frameOf ({ maskBytes, frameHeader, config }, text) {
  const frame = new subject.Frame(maskBytes, frameHeader, config)
  return Object.assign(frame, { opcode: 1, fin: true, binaryPayload: Buffer.from(text) })
}

for (const [role, open] of Object.entries(roles)) {
  for (const [name, data] of Object.entries(BINARY)) {
    for (const method of ['send', 'sendBytes']) {
      deviation(`${role}: ${method} of ${name} sends a binary message`, async (scope) => {
        const { connection, peer } = await open(scope)
        await new Promise((resolve, reject) => {
          connection[method](data, (error) => error ? reject(error) : resolve())
        })
        assert.deepEqual(await sent(peer), ['binary', 'bytes'])
      })
    }
  }

  deviation(`${role}: messages sent after a Blob wait for it`, async (scope) => {
    const { connection, peer } = await open(scope)
    connection.send(new Blob(['first']))
    connection.send('second')
    connection.sendBytes(Buffer.from('third'))
    assert.deepEqual(await allSent(peer, 3), [['binary', 'first'], ['text', 'second'], ['binary', 'third']])
  })

  deviation(`${role}: close after a Blob waits for it`, async (scope) => {
    const { connection, peer } = await open(scope)
    connection.send(new Blob(['first']))
    connection.close()
    const [message, close] = await allSent(peer, 2)
    assert.deepEqual([message, close[0]], [['binary', 'first'], 'close'])
  })

  deviation(`${role}: the callback of a close frame after a Blob is called even if the connection is dropped`,
    async (scope) => {
      const { connection } = await open(scope)
      connection.send({ [Symbol.toStringTag]: 'Blob', size: 1, arrayBuffer: () => new Promise(() => {}) })
      const called = new Promise((resolve) => connection.sendCloseFrame(1000, 'done', resolve))
      connection.drop(1000, '', true)
      assert.ok(await called instanceof Error)
    })

  deviation(`${role}: an unreadable Blob ends the connection, and the close reason names the error`, async (scope) => {
    const { connection } = await open(scope)
    const events = eventsOf(connection)
    connection.on('error', () => {})
    connection.send({ [Symbol.toStringTag]: 'Blob', size: 1, arrayBuffer: async () => { throw new Error('disk') } })
    await eventually(() => connection.closeEventEmitted, 'the end')
    assert.deepEqual(events.at(-1), ['close', 1006, 'Could not read a Blob: disk'])
  })

  deviation(`${role}: fragmentAndSend throws after config.fragmentationThreshold is set to 0`, async (scope) => {
    const { connection } = await open(scope)
    const frame = new subject.Frame(Buffer.alloc(4), Buffer.alloc(10), connection.config)
    Object.assign(frame, { opcode: 1, binaryPayload: Buffer.from('text') })
    connection.config.fragmentationThreshold = 0
    assert.throws(() => connection.fragmentAndSend(frame), { name: 'RangeError', message: /fragmentationThreshold: 0/ })
    connection.config.fragmentationThreshold = 16384
  })

  /** Other ways to send a message that waits for a Blob: `send(connection, text)`. */
  const BEHIND = {
    sendFrame: (connection, text) => connection.sendFrame(frameOf(connection, text)),
    fragmentAndSend: (connection, text) => connection.fragmentAndSend(frameOf(connection, text)),
    'sendUTF of a connection whose sendFrame is replaced': (connection, text) => {
      const { sendFrame } = connection
      connection.sendFrame = function (...given) { return sendFrame.apply(this, given) }
      connection.sendUTF(text)
    }
  }
  for (const [name, send] of Object.entries(BEHIND)) {
    deviation(`${role}: ${name} after a Blob waits for it`, async (scope) => {
      const { connection, peer } = await open(scope)
      connection.send(new Blob(['first']))
      send(connection, 'second')
      connection.send(new Blob(['third']))
      send(connection, 'fourth')
      connection.close()
      send(connection, 'late')
      const frames = await allSent(peer, 5)
      assert.deepEqual(frames.slice(0, 4).map((frame) => frame[1]), ['first', 'second', 'third', 'fourth'])
      assert.equal(frames[4][0], 'close')
    })
  }

  deviation(`${role}: the callback of a frame after a Blob is called once, sent or not`, async (scope) => {
    for (const [act, expected] of [[() => {}, null], [(connection) => connection.drop(), Error]]) {
      const { connection } = await open(scope)
      const answers = []
      connection.send(new Blob(['first']))
      connection.sendFrame(frameOf(connection, 'second'), (error) => answers.push(error))
      act(connection)
      await eventually(() => answers.length > 0, 'the callback')
      await scope.settle()
      assert.equal(answers.length, 1)
      assert.ok(expected === null ? !answers[0] : answers[0] instanceof expected)
    }
  })

  deviation(`${role}: pong accepts the same data as ping`, async (scope) => {
    const { connection, peer } = await open(scope)
    for (const data of ['text', 5, new Uint8Array([97, 98])]) {
      connection.ping(data)
      connection.pong(data)
      const [ping, pong] = await peer.frames(2)
      assert.deepEqual([ping.type, pong.type], ['ping', 'pong'])
      assert.deepEqual(ping.payload, pong.payload)
    }
  })

  test(`${role}: a change of a Buffer after send does not change the message`, async (scope) => {
    const { connection, peer } = await open(scope, { config: { fragmentationThreshold: 1000 } })
    for (const size of [0, 10, 200, 70000]) {
      const data = Buffer.alloc(size, 'a')
      connection.send(data)
      connection.ping(data.subarray(0, 10))
      data.fill('z')
      const frames = await peer.frames(Math.max(1, Math.ceil(size / 1000)) + 1)
      const messages = Buffer.concat(frames.filter(({ type }) => type !== 'ping').map(({ payload }) => payload))
      assert.deepEqual(messages, Buffer.alloc(size, 'a'))
      assert.deepEqual(frames.at(-1).payload, Buffer.alloc(Math.min(size, 10), 'a'))
    }
  })

  // For example a value of process.env.
  test(`${role}: fragmentAndSend accepts a threshold that is a numeric string`, async (scope) => {
    const { connection, peer } = await open(scope, { config: { fragmentationThreshold: '4' } })
    const frame = new subject.websocket.frame(connection.maskBytes, connection.frameHeader, connection.config)
    connection.fragmentAndSend(Object.assign(frame, { opcode: 1, binaryPayload: Buffer.from('fragmented') }))
    const frames = await peer.frames(3)
    assert.deepEqual(frames.map(({ payload }) => payload.toString()), ['frag', 'ment', 'ed'])
  })

  const mine = new Error('mine')
  test(`${role}: an exception of toString reaches the caller, and nothing is sent`, async (scope) => {
    const { connection, peer } = await open(scope)
    const throwing = { toString () { throw mine } }
    for (const method of ['send', 'sendUTF', 'ping']) assert.throws(() => connection[method](throwing), mine)
    connection.send('next')
    assert.deepEqual(await sent(peer), ['text', 'next'])
  })

  const REENTRY = {
    send: (connection) => connection.send('inner'),
    close: (connection) => connection.close(3000),
    drop: (connection) => connection.drop(),
    ping: (connection) => connection.ping('inner'),
    pause: (connection) => connection.pause(),
    'destroy the socket': (connection) => connection.socket.destroy()
  }
  for (const [name, act] of Object.entries(REENTRY)) {
    deviation(`${role}: toString of a message can ${name}`, async (scope) => {
      const { connection, peer } = await open(scope)
      let closes = 0
      connection.on('close', () => closes++)
      connection.send({ toString () { act(connection); return 'outer' } })
      connection.resume()
      connection.close()
      peer.socket.end()
      await eventually(() => closes > 0, 'close')
      await scope.settle()
      assert.equal(closes, 1)
    })
  }

  for (const [name, fields, message] of [
    ['a control frame above 125 bytes', { opcode: 9, fin: true, binaryPayload: Buffer.alloc(126) },
      /at most 125 bytes/],
    ['a fragmented control frame', { opcode: 9, fin: false }, 'Control frames must not be fragmented.'],
    ['a reserved opcode', { opcode: 3, fin: true }, 'Unrecognized Opcode: 0x3'],
    ['a reserved bit', { opcode: 1, fin: true, rsv1: true },
      'Unsupported usage of rsv bits without negotiated extension.'],
    ['a close frame with a code that must not be sent', { opcode: 8, fin: true, closeStatus: 1006 },
      'Close code 1006 is not valid.']
  ]) {
    deviation(`${role}: sendFrame refuses ${name}`, async (scope) => {
      const { connection, peer } = await open(scope)
      const frame = new subject.Frame(Buffer.alloc(4), Buffer.alloc(10), connection.config)
      assert.throws(() => connection.sendFrame(Object.assign(frame, fields)), { message })
      connection.send('next')
      assert.deepEqual(await sent(peer), ['text', 'next'])
    })
  }

  deviation(`${role}: callbacks of unsent messages get an error, once`, async (scope) => {
    const { connection, peer } = await open(scope)
    peer.socket.pause()
    const answers = []
    for (let count = 0; count < 40; count++) connection.send(Buffer.alloc(1 << 20), (error) => answers.push(error))
    connection.drop()
    await eventually(() => answers.length === 40, 'all callbacks')
    await scope.settle()
    assert.equal(answers.length, 40)
    assert.ok(answers.at(-1) instanceof Error)
  })

  test(`${role}: Strings and typed arrays of another realm are recognised`, async (scope) => {
    const { connection, peer } = await open(scope)
    const { runInNewContext } = require('node:vm')
    connection.send(runInNewContext('new String("text")'))
    assert.deepEqual(await sent(peer), ['text', 'text'])
    if (process.env.WEBSOCKET) return
    connection.send(runInNewContext('new Uint8Array([97, 98])'))
    assert.deepEqual(await sent(peer), ['binary', 'ab'])
  })
}

deviation('the package works in another realm', async (scope) => {
  const { connection: Connection } = loadInRealm(require.resolve('../../lib/websocket/index.js')).exports
  assert.notEqual(Connection ?? subject.Connection, subject.Connection)
  const { connection, frame, peer } = await openConnection(scope, { Connection })
  const message = new Promise((resolve) => connection.once('message', resolve))
  peer.write(frame('binary', 'ab'))
  const { type, binaryData } = await message
  assert.deepEqual([type, Buffer.isBuffer(binaryData)], ['binary', true])
  connection.send(binaryData)
  connection.send('text')
  connection.send(new Uint8Array([99]))
  assert.deepEqual(await allSent(peer, 3), [['binary', 'ab'], ['text', 'text'], ['binary', 'c']])
})
