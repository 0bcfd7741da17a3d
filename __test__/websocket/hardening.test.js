'use strict'

// Input of a hostile peer, and method calls in handlers, for servers and clients with WebSocket-Node's interface. Each
// connection is opened by a handshake with a raw peer.

const assert = require('node:assert/strict')

const { eventually, writeUntilStalled } = require('../support/peer')
const { randomOf } = require('../support/random')
const { deviation, eventsOf, roles, startServer } = require('../support/websocket')
const { closePayload, frame: plain, fromClient: masked, readFrames } = require('../support/wire')

const MiB = 1 << 20
const hex = (text) => Buffer.from(text, 'hex')
const filled = (length, byte = 0x78) => Buffer.alloc(length, byte)
const closed = (connection) => new Promise((resolve) => connection.once('close', (...given) => resolve(given)))
const settled = async (scope, connection, what) => {
  await eventually(() => connection.closeEventEmitted, what)
  await scope.settle()
}

/** `[name, frames of the peer, close code, description]`. The first violation counts. */
const VIOLATIONS = [
  ['RSV1', [['text', 'a', { rsv: 4 }]], 1002, 'Unsupported usage of rsv bits without negotiated extension.'],
  ['RSV1 on a ping', [['ping', 'a', { rsv: 4 }]], 1002, 'Unsupported usage of rsv bits without negotiated extension.'],
  ['a reserved opcode', [[3, 'a']], 1002, 'Unrecognized Opcode: 0x3'],
  ['a reserved control opcode', [[15, '']], 1002, 'Unrecognized Opcode: 0xf'],
  ['a fragmented ping', [['ping', '', { fin: false }]], 1002, 'Control frames must not be fragmented.'],
  ['a ping of 126 bytes', [['ping', filled(126)]], 1002, 'Illegal control frame longer than 125 bytes.'],
  ['a continuation without a message', [['continuation', 'a']], 1002, 'Unexpected Continuation Frame'],
  ['a message within a message', [['text', 'a', { fin: false }], ['binary', 'b']], 1002,
    'Illegal frame opcode 0x2 received in middle of fragmented message.'],
  ['a length of 2^63', [['binary', '', { length: 2 ** 63 }]], 1002, 'Unsupported 64-bit length frame received'],
  ['a length of 2^53', [['binary', '', { length: 2 ** 53 }]], 1002, 'Unsupported 64-bit length frame received'],
  ['a length of 2^32', [['binary', '', { length: 2 ** 32 }]], 1002, 'Unsupported 64-bit length frame received'],
  ['a frame above the limit', [['binary', '', { length: 2 ** 21 }]], 1009,
    'Frame size of 2097152 bytes exceeds maximum accepted frame size'],
  ['a text of invalid UTF-8', [['text', hex('ff')]], 1007, 'Invalid UTF-8 Data Received'],
  ['a surrogate', [['text', hex('eda080')]], 1007, 'Invalid UTF-8 Data Received'],
  ['half a character at the end', [['text', hex('e282'), { fin: false }], ['continuation', '']], 1007,
    'Invalid UTF-8 Data Received'],
  ['a close reason of invalid UTF-8', [['close', hex('03e8fffe')]], 1007, 'Invalid UTF-8 Data Received']
]

for (const [role, open] of Object.entries(roles)) {
  for (const [name, frames, code, description] of VIOLATIONS) {
    for (const how of ['at once', 'byte by byte']) {
      deviation(`${role}: ${name}, sent ${how}, fails with ${code} and ends receiving`, async (scope) => {
        const { connection, frame, peer } = await open(scope)
        const events = eventsOf(connection)
        const bad = frames.map((given) => frame(...given))
        const bytes = Buffer.concat([frame('text', 'before'), ...bad, frame('text', 'behind')])
        if (how === 'at once') peer.write(bytes)
        else await writeSingly(peer, bytes)
        await peer.ended()
        await settled(scope, connection, 'close')
        assert.deepEqual(events, [
          ['message', { type: 'utf8', utf8Data: 'before' }], ['close', code, description]
        ])
        const sent = readFrames(peer.bytes).frames.map(({ type, payload }) => [type, payload.toString('hex')])
        assert.deepEqual(sent, [['close', closePayload(code, description).toString('hex')]])
        assert.equal(connection.socket.destroyed, true)
      })
    }
  }

  deviation(`${role}: a peer that masks or does not mask against its role is refused`, async (scope) => {
    const { connection, peer } = await open(scope)
    const events = eventsOf(connection)
    const wrong = role === 'server' ? plain : masked
    peer.write(Buffer.concat([wrong('text', 'a'), wrong('text', 'b')]))
    await closed(connection)
    assert.deepEqual(events.map(([type, code]) => [type, code]), [['close', 1002]])
  })

  deviation(`${role}: a message is limited while it is assembled`, async (scope) => {
    const { connection, frame, peer } = await open(scope, {
      config: { maxReceivedFrameSize: MiB, maxReceivedMessageSize: 2 * MiB }
    })
    const end = closed(connection)
    peer.write(frame('binary', filled(MiB), { fin: false }))
    peer.write(frame('continuation', filled(MiB), { fin: false }))
    peer.write(frame('continuation', 'x', { fin: false }))
    assert.deepEqual(await end, [1009, 'Maximum message size exceeded.'])
  })

  deviation(`${role}: the length in a header allocates no memory`, async (scope) => {
    const config = { maxReceivedFrameSize: 2 ** 32, maxReceivedMessageSize: 2 ** 32 }
    const before = process.memoryUsage()
    const all = []
    for (let count = 0; count < 20; count++) {
      const { connection, frame, peer } = await open(scope, { config })
      peer.write(frame('binary', 'a few bytes', { length: 2 ** 29 - 1000 }))
      all.push(connection)
    }
    await scope.settle(50)
    const { rss, external, arrayBuffers } = process.memoryUsage()
    assert.ok(rss - before.rss < 100 * MiB, `${(rss - before.rss) / MiB} MiB`)
    assert.ok(external - before.external < 100 * MiB && arrayBuffers - before.arrayBuffers < 100 * MiB)
    assert.ok(all.every(({ connected }) => connected))
  })

  for (const [name, size] of [['empty', 0], ['of one byte', 1]]) {
    deviation(`${role}: 200000 fragments ${name} use little memory and time, and form one message`, async (scope) => {
      const { connection, frame, peer } = await open(scope)
      const count = 200000
      const message = new Promise((resolve) => connection.once('message', resolve))
      const { rss } = process.memoryUsage()
      const begun = performance.now()
      peer.write(frame('binary', '', { fin: false }))
      const some = Buffer.concat(Array(1000).fill(frame('continuation', filled(size), { fin: false })))
      for (let sent = 0; sent < count; sent += 1000) peer.write(some)
      peer.write(frame('continuation', ''))
      assert.deepEqual((await message).binaryData, filled(count * size))
      assert.ok(process.memoryUsage().rss - rss < 100 * MiB)
      assert.ok(performance.now() - begun < 5000)
    })
  }

  deviation(`${role}: a connection stops reading from a peer that floods pings and reads nothing`, async (scope) => {
    const { connection, frame, peer } = await open(scope)
    const flood = Buffer.concat(Array(2000).fill(frame('ping', filled(125))))
    peer.socket.pause()
    const { rss } = process.memoryUsage()
    const written = await writeUntilStalled(scope, peer.socket, Array(200).fill(flood))
    assert.ok(written < 200, 'read 50 MB of pings for a peer that reads nothing')
    assert.ok(process.memoryUsage().rss - rss < 128 * MiB)
    const message = new Promise((resolve) => connection.once('message', resolve))
    peer.socket.removeAllListeners('data')
    peer.socket.resume()
    peer.write(frame('text', 'still here'))
    assert.equal((await message).utf8Data, 'still here')
  }, { timeout: 40000 })

  deviation(`${role}: a connection stops reading from a peer that does not read its replies`, async (scope) => {
    const { connection, frame, peer } = await open(scope)
    connection.on('message', ({ binaryData }) => connection.sendBytes(binaryData))
    peer.socket.pause()
    const written = await writeUntilStalled(scope, peer.socket, Array(100).fill(frame('binary', filled(60000))
      .toString('latin1').repeat(16)).map((text) => Buffer.from(text, 'latin1')))
    assert.ok(written < 100, 'read 96 MB of messages whose replies are not read')
  }, { timeout: 40000 })

  deviation(`${role}: a paused connection stops reading, and continues when it resumes`, async (scope) => {
    const { connection, frame, peer } = await open(scope)
    let received = 0
    connection.on('message', () => received++)
    connection.pause()
    const some = Buffer.concat(Array(16).fill(frame('binary', filled(60000))))
    const written = await writeUntilStalled(scope, peer.socket, Array(100).fill(some))
    assert.ok(written < 100, 'read 96 MB while paused')
    assert.equal(received, 0)
    connection.resume()
    await eventually(() => received === written * 16, 'all messages')
  }, { timeout: 40000 })

  deviation(`${role}: a handler that pauses and resumes gets every message in order`, async (scope) => {
    const { connection, frame, peer } = await open(scope)
    const received = []
    const count = 3000
    connection.on('message', ({ utf8Data }) => {
      received.push(Number(utf8Data))
      if (received.length % 400 !== 10) return
      connection.pause()
      setImmediate(() => connection.resume())
    })
    const numbers = Array.from({ length: count }, (_, index) => index)
    peer.write(Buffer.concat(numbers.map((number) => frame('text', String(number)))))
    await eventually(() => received.length >= count, 'all messages')
    assert.deepEqual(received, numbers)
  })

  deviation(`${role}: random bytes cause exactly one close event, as the last event`, async (scope) => {
    for (let seed = 0; seed < 40; seed++) {
      const random = randomOf(seed)
      const { connection, peer } = await open(scope)
      const events = eventsOf(connection)
      peer.write(Buffer.from(Array.from({ length: 200 }, () => Math.floor(random() * 256))))
      peer.socket.end()
      await settled(scope, connection, 'close')
      assert.equal(events.filter(([type]) => type === 'close').length, 1, `seed ${seed}`)
      assert.equal(events.at(-1)[0], 'close', `seed ${seed}`)
    }
  })
}

deviation('a violation of one peer does not affect another connection', async (scope) => {
  const { open } = await startServer(scope)
  const [good, bad] = [await open(), await open()]
  good.connection.on('message', ({ utf8Data }) => good.connection.sendUTF(utf8Data))
  bad.peer.write(bad.frame(3, ''))
  await closed(bad.connection)
  good.peer.write(good.frame('text', 'still here'))
  assert.equal(String((await good.peer.frame()).payload), 'still here')
})

/** All methods of a connection that a program can call. */
const METHODS = {
  send: (connection) => connection.send('x'),
  sendUTF: (connection) => connection.sendUTF('x'),
  sendBytes: (connection) => connection.sendBytes(Buffer.from('x')),
  ping: (connection) => connection.ping('x'),
  pong: (connection) => connection.pong(Buffer.from('x')),
  pause: (connection) => connection.pause(),
  resume: (connection) => connection.resume(),
  close: (connection) => connection.close(),
  drop: (connection) => connection.drop(),
  sendCloseFrame: (connection) => connection.sendCloseFrame(1000, 'x'),
  setKeepaliveTimer: (connection) => connection.setKeepaliveTimer(),
  clearKeepaliveTimer: (connection) => connection.clearKeepaliveTimer(),
  setGracePeriodTimer: (connection) => connection.setGracePeriodTimer(),
  clearGracePeriodTimer: (connection) => connection.clearGracePeriodTimer(),
  setCloseTimer: (connection) => connection.setCloseTimer(),
  clearCloseTimer: (connection) => connection.clearCloseTimer(),
  handleCloseTimer: (connection) => connection.handleCloseTimer(),
  handleSocketData: (connection) => connection.handleSocketData(Buffer.alloc(0)),
  'destroy the socket': (connection) => connection.socket.destroy(),
  'end the socket': (connection) => connection.socket.end()
}

/** Handlers, and the frame of the peer that calls them. */
const HANDLERS = {
  message: ({ frame }) => frame('text', 'a'),
  ping: ({ frame }) => frame('ping', 'a'),
  pong: ({ frame }) => frame('pong', 'a'),
  close: ({ frame }) => frame('close', closePayload(1000)),
  'close, after a violation': ({ frame }) => frame(3, '')
}

for (const [role, open] of Object.entries(roles)) {
  for (const [handler, bytesOf] of Object.entries(HANDLERS)) {
    deviation(`${role}: a handler of ${handler} can call every method, and close is emitted once`, async (scope) => {
      for (const [name, act] of Object.entries(METHODS)) {
        const config = { keepalive: true, keepaliveInterval: 9999, keepaliveGracePeriod: 9 }
        const opened = await open(scope, { config })
        const { connection, frame, peer } = opened
        const events = eventsOf(connection)
        let calls = 0
        connection.on(handler.split(',')[0], () => {
          calls++
          act(connection)
          act(connection)
        })
        peer.socket.on('end', () => peer.socket.end())
        peer.write(Buffer.concat([bytesOf(opened), frame('text', 'next')]))
        await eventually(() => calls > 0, `${handler}, for ${name}`)
        await new Promise((resolve) => setImmediate(resolve))
        connection.resume()
        connection.drop()
        await eventually(() => connection.socket.destroyed, `the end of the socket, after ${name}`)
        await new Promise((resolve) => setImmediate(resolve))
        assert.equal(events.filter(([type]) => type === 'close').length, 1, name)
        assert.equal(events.at(-1)[0], 'close', name)
      }
    })
  }

  const STATES = {
    open: () => {},
    ending: ({ connection }) => connection.close(),
    'peer_requested_close': async ({ connection, frame, peer }) => {
      peer.write(frame('close', closePayload(1000)))
      await eventually(() => connection.state !== 'open', 'the close frame')
    },
    closed: ({ connection }) => connection.drop()
  }
  for (const [state, reach] of Object.entries(STATES)) {
    deviation(`${role}: every method can be called twice in the state ${state}`, async (scope) => {
      for (const [name, act] of Object.entries(METHODS)) {
        const opened = await open(scope)
        const { connection } = opened
        const events = eventsOf(connection)
        await reach(opened)
        assert.equal(connection.state, state, name)
        act(connection)
        act(connection)
        await new Promise((resolve) => setImmediate(resolve))
        connection.drop()
        await eventually(() => connection.socket.destroyed, `the end of the socket, after ${name}`)
        assert.equal(events.filter(([type]) => type === 'close').length, 1, name)
      }
    })
  }
}

async function writeSingly (peer, bytes) {
  for (const byte of bytes) {
    peer.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
}
