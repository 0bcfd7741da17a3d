'use strict'

// Order, backpressure and end of connections with permessage-deflate. Large messages are compressed and inflated in
// several turns of the event loop. The peer is a raw socket with Node's zlib.

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { Socket } = require('node:net')
const { Duplex } = require('node:stream')

const npm = require('permessage-deflate')

const deflate = require('../../lib/permessage-deflate')
const { runChild } = require('../support/child')
const { Codec, compress, noise } = require('../support/deflate')
const { roles } = require('../support/open')
const { accept, connect, connectOpen, eventually, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { closePayload, frame, fromClient, headerOf, upgradeRequest } = require('../support/wire')

const MiB = 1 << 20
const SMALL = JSON.stringify({ id: 1, name: 'entry', ok: true })
// Larger than one slice of compression and of inflation.
const LARGE = Array.from({ length: 20000 }, (_, id) => JSON.stringify({ id, name: `entry ${id * id % 999}` })).join()
const MIXED = Buffer.concat([noise(300_000), Buffer.from(LARGE), noise(70_000)])

/** Opens our socket, with compression, and its raw peer. */
async function open (scope, role, { onSocket, options } = {}) {
  return new Pair(await roles[role](scope, {
    headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' },
    onSocket,
    options: { extensions: [deflate], ...options }
  }))
}

/** Our socket and its peer. */
class Pair {
  constructor (connection) {
    Object.assign(this, connection, { codec: new Codec() })
  }

  /** Returns the bytes of a compressed message from the peer. Messages must be written in the order of these calls. */
  message (data) {
    return this.frame(typeof data === 'string' ? 'text' : 'binary', this.codec.deflate(data), { rsv: 4 })
  }

  /** Resolves with the types and the inflated payloads of the next frames from our socket. */
  async receive (count) {
    const frames = await this.peer.frames(count)
    return frames.map(({ fin, rsv, type, payload }) => {
      assert.equal(fin, true)
      assert.equal(rsv, type === 'text' || type === 'binary' ? 4 : 0)
      const bytes = rsv === 0 ? payload : this.codec.inflate(payload)
      return [type, type === 'binary' || type === 'close' ? bytes : bytes.toString()]
    })
  }

  /** Records the messages, errors and close codes of our socket. */
  events () {
    const events = []
    this.ws.on('message', ({ data }) => events.push(data))
    this.ws.on('error', ({ message }) => events.push(message))
    this.ws.on('close', ({ code }) => events.push(code))
    return events
  }

  async closed (scope, events, count) {
    await eventually(() => events.length >= count, `${count} events`)
    await scope.settle()
  }
}

// Shortens long values, which would make a failure unreadable.
function assertSame (actual, expected) {
  const short = (value) => value?.length > 200 ? `${typeof value} ${value.length} ${hash(value)}` : value
  assert.deepEqual(actual.map((each) => [each].flat().map(short)), expected.map((each) => [each].flat().map(short)))
}

function hash (value) {
  return createHash('sha256').update(value).digest('hex').slice(0, 16)
}

const ENDS = {
  'our socket is destroyed': ({ socket }) => socket.destroy(),
  'the peer resets': ({ peer }) => peer.socket.resetAndDestroy(),
  'the peer ends': ({ peer }) => peer.socket.end()
}
const CANNOT_RESET = !('resetAndDestroy' in Socket.prototype) && 'this version of Node has no resetAndDestroy()'
const WAITS = [['at once', process.nextTick], ['between two slices', setImmediate], ['later', setTimeout]]

for (const role of Object.keys(roles)) {
  deviation(`${role}: messages, pings and the close frame are sent in the order of the calls`, async (scope) => {
    const pair = await open(scope, role)
    const { ws } = pair
    for (const message of [SMALL, LARGE, SMALL, MIXED, '']) ws.send(message)
    ws.ping('p')
    for (const message of [SMALL, MIXED]) ws.send(message)
    ws.ping('q')
    ws.close(3000, 'bye')
    assertSame(await pair.receive(10), [
      ['text', SMALL], ['text', LARGE], ['text', SMALL], ['binary', MIXED], ['text', ''], ['ping', 'p'],
      ['text', SMALL], ['binary', MIXED], ['ping', 'q'], ['close', closePayload(3000, 'bye')]
    ])
    pair.peer.write(pair.frame('close', closePayload(3000, 'bye')))
    assert.equal((await once(ws, 'close')).code, 3000)
  })

  deviation(`${role}: messages, pings and the close frame are handled in the order of arrival`, async (scope) => {
    const pair = await open(scope, role)
    const { ws, peer } = pair
    const events = pair.events()
    ws.on('message', ({ data }) => ws.send(`${data.length}`))
    peer.write(Buffer.concat([
      pair.message(SMALL), pair.message(LARGE), pair.frame('ping', 'p'), pair.frame('text', 'plain'),
      pair.message(MIXED), pair.message(''), pair.frame('ping', 'q'), pair.message(LARGE), pair.message(SMALL),
      pair.frame('close', closePayload(3000))
    ]))
    await pair.closed(scope, events, 8)
    assertSame(events, [SMALL, LARGE, 'plain', MIXED, '', LARGE, SMALL, 3000])
    assertSame(await pair.receive(10), [
      ['text', `${SMALL.length}`], ['text', `${LARGE.length}`], ['pong', 'p'], ['text', '5'],
      ['text', `${MIXED.length}`], ['text', '0'], ['pong', 'q'], ['text', `${LARGE.length}`],
      ['text', `${SMALL.length}`], ['close', closePayload(3000)]
    ])
  })

  test(`${role}: an echo by pipe() returns large messages in order`, async (scope) => {
    const pair = await open(scope, role)
    const { ws, peer } = pair
    ws.pipe(ws)
    const messages = [LARGE, SMALL, MIXED, SMALL, '', LARGE, MIXED]
    for (const message of messages) peer.write(pair.message(message))
    assertSame(await pair.receive(messages.length), messages.map((message) => (
      [typeof message === 'string' ? 'text' : 'binary', message]
    )))
  })

  test(`${role}: a compressed message may be cut into fragments anywhere, with pings between`, async (scope) => {
    const pair = await open(scope, role)
    const events = pair.events()
    const messages = [SMALL, LARGE, '', MIXED]
    for (const message of messages) {
      const payload = pair.codec.deflate(message)
      const type = typeof message === 'string' ? 'text' : 'binary'
      const cuts = [0, 1, 1, Math.floor(payload.length / 2), payload.length - 1].filter((at) => at >= 0)
      cuts.sort((one, other) => one - other).forEach((at, index) => {
        const part = payload.subarray(at, cuts[index + 1])
        const fin = index === cuts.length - 1
        pair.peer.write(pair.frame(index === 0 ? type : 'continuation', part, { fin, rsv: index === 0 ? 4 : 0 }))
        pair.peer.write(pair.frame('ping', `${index}`))
      })
    }
    await pair.closed(scope, events, messages.length)
    assertSame(events, messages)
  })

  deviation(`${role}: one drain follows when send() returns false during compression`, async (scope) => {
    const pair = await open(scope, role)
    const { ws } = pair
    let drains = 0
    ws.on('drain', () => drains++)
    for (let round = 1; round <= 3; round++) {
      const message = Buffer.alloc(MiB, SMALL)
      assert.equal(ws.send(message), true)
      assert.equal(ws.send(message), false)
      assert.equal(ws.send('behind'), false)
      assert.equal(ws.bufferedAmount, 2 * MiB + 6)
      assert.equal(drains, round - 1)
      assertSame(await pair.receive(3), [['binary', message], ['binary', message], ['text', 'behind']])
      await eventually(() => drains === round, 'drain')
      assert.equal(ws.bufferedAmount, 0)
      await scope.settle()
      assert.equal(drains, round)
    }
  })

  deviation(`${role}: a producer that waits for drain buffers little and delivers everything`, async (scope) => {
    const pair = await open(scope, role)
    const { ws } = pair
    const total = 24
    const messages = Array.from({ length: total }, (_, index) => Buffer.alloc(300_000 + index, `message ${index}`))
    let next = 0
    let most = 0
    let waits = 0
    const produce = () => {
      let mayGoOn = true
      while (mayGoOn && next < total) {
        mayGoOn = ws.send(messages[next++])
        most = Math.max(most, ws.bufferedAmount)
      }
      waits++
    }
    ws.on('drain', produce)
    produce()
    assertSame(await pair.receive(total), messages.map((message) => ['binary', message]))
    assert.ok(waits > 3, `${waits} times`)
    assert.ok(most < 2 * MiB, `${most} bytes`)
  })

  test(`${role}: close() after a large message delivers the message`, async (scope) => {
    const pair = await open(scope, role)
    const { ws } = pair
    ws.send(LARGE)
    ws.close()
    assert.equal(ws.readyState, 2)
    assert.equal(ws.send('late'), false)
    assertSame(await pair.receive(2), [['text', LARGE], ['close', closePayload(1000)]])
    pair.peer.write(pair.frame('close', closePayload(1000)))
    assert.equal((await once(ws, 'close')).code, 1000)
  })

  test(`${role}: end() with a large message delivers the message`, async (scope) => {
    const pair = await open(scope, role)
    pair.ws.end(MIXED)
    assertSame(await pair.receive(2), [['binary', MIXED], ['close', closePayload(1000)]])
  })

  test(`${role}: a large message is sent completely after the peer's close frame`, async (scope) => {
    const pair = await open(scope, role)
    const closed = once(pair.ws, 'close')
    pair.ws.send(LARGE)
    pair.peer.write(pair.frame('close', closePayload(3000)))
    assertSame(await pair.receive(2), [['text', LARGE], ['close', closePayload(3000)]])
    assert.equal((await closed).code, 3000)
  })

  for (const [how, end] of Object.entries(ENDS)) {
    const skip = how === 'the peer resets' && CANNOT_RESET
    for (const [when, wait] of WAITS) {
      test(`${role}: one close when ${how} ${when} while messages are compressed`, async (scope) => {
        const pair = await open(scope, role)
        const events = pair.events()
        pair.ws.on('drain', () => events.push('drain'))
        for (let index = 0; index < 8; index++) pair.ws.send(Buffer.alloc(4 * MiB, SMALL))
        wait(() => end(pair), 3)
        await eventually(() => events.includes(1006), 'close')
        await scope.settle(60)
        // A reset may emit a network error.
        assert.deepEqual(events.filter((event) => !/^Network error/.test(event)), [1006])
        assert.equal(pair.ws.bufferedAmount, 0)
        assert.equal(pair.ws.send('late'), false)
      }, { skip })

      if (how === 'the peer ends') continue
      test(`${role}: one close when ${how} ${when} while a message is inflated`, async (scope) => {
        const pair = await open(scope, role)
        const events = pair.events()
        const received = new Promise((resolve) => pair.socket.once('data', resolve))
        pair.peer.write(compressedZeros(pair, 60))
        await received
        wait(() => end(pair), 3)
        await eventually(() => events.includes(1006), 'close')
        await scope.settle(60)
        const rest = events.filter((event) => !(/^Network error/.test(event) || event.length === 60 * MiB))
        assert.deepEqual(rest, [1006])
      }, { skip })
    }
  }

  deviation(`${role}: messages before the end of the peer are delivered before close`, async (scope) => {
    const pair = await open(scope, role)
    const events = pair.events()
    pair.peer.socket.end(Buffer.concat([LARGE, SMALL, MIXED, SMALL].map((message) => pair.message(message))))
    await pair.closed(scope, events, 5)
    assertSame(events, [LARGE, SMALL, MIXED, SMALL, 1006])
  })

  deviation(`${role}: pause() delays a large message during inflation, and resume() delivers it`, async (scope) => {
    const pair = await open(scope, role)
    const events = pair.events()
    const data = new Promise((resolve) => pair.socket.once('data', resolve))
    pair.peer.write(Buffer.concat([pair.message(LARGE), pair.message(SMALL), pair.message(MIXED)]))
    await data
    pair.ws.pause()
    await scope.settle(60)
    const before = events.length
    assert.ok(before < 3, `${before} events of a paused socket`)
    await scope.settle(60)
    assert.equal(events.length, before)
    pair.ws.resume()
    await pair.closed(scope, events, 3)
    assertSame(events, [LARGE, SMALL, MIXED])
  })

  deviation(`${role}: a handler that pauses at every message receives all of them, in order`, async (scope) => {
    const pair = await open(scope, role)
    const events = pair.events()
    pair.ws.on('message', () => {
      pair.ws.pause()
      setTimeout(() => pair.ws.resume(), 1)
    })
    const messages = [SMALL, LARGE, SMALL, MIXED, LARGE, '', SMALL]
    const bytes = Buffer.concat(messages.map((message) => pair.message(message)))
    pair.peer.socket.end(Buffer.concat([bytes, pair.frame('close', closePayload(1000))]))
    await pair.closed(scope, events, messages.length + 1)
    assertSame(events, [...messages, 1000])
  })

  test(`${role}: a paused connection sends`, async (scope) => {
    const pair = await open(scope, role)
    pair.ws.pause()
    for (const message of [SMALL, LARGE, MIXED]) pair.ws.send(message)
    assertSame(await pair.receive(3), [['text', SMALL], ['text', LARGE], ['binary', MIXED]])
  })

  for (const [name, data, code, message] of [
    ['data of an invalid block', [0xff, 0xff, 0xff], 1010, 'permessage-deflate: invalid block type'],
    // A stored block of 256 bytes that contains one.
    ['data that ends too early', [0x00, 0x00, 0x01, 0xff, 0xfe, 0x61], 1010,
      'permessage-deflate: unexpected end of file'],
    ['text that is not UTF-8', compress([0xff, 0xfe]), 1007, 'Could not decode a text frame as UTF-8'],
    ['large text whose end is not UTF-8', compress(Buffer.concat([Buffer.alloc(MiB, 'x'), Buffer.from([0xff])])), 1007,
      'Could not decode a text frame as UTF-8'],
    ['a message that inflates too large', compress(Buffer.alloc(5 * MiB)), 1009, 'WebSocket frame length too large']
  ]) {
    deviation(`${role}: ${name} fails the connection with ${code}, and later frames are ignored`, async (scope) => {
      const pair = await open(scope, role, { options: { maxLength: 4 * MiB } })
      const events = pair.events()
      pair.peer.write(Buffer.concat([
        pair.frame('text', compress('good'), { rsv: 4 }), pair.frame('text', data, { rsv: 4 }),
        pair.frame('text', compress('behind'), { rsv: 4 }), pair.frame('ping', 'behind')
      ]))
      await pair.closed(scope, events, 3)
      assert.deepEqual(events, ['good', message, code])
      const [{ type, payload }] = await pair.peer.frames(1)
      assert.deepEqual([type, payload], ['close', closePayload(code, message)])
      assert.notEqual(await pair.peer.ended(), null)
      assert.equal(pair.peer.bytes.length, 0)
    })
  }

  test(`${role}: messages sent before a failure are delivered before the close frame`, async (scope) => {
    const pair = await open(scope, role)
    const events = pair.events()
    pair.ws.on('message', () => [SMALL, LARGE, 'behind'].forEach((message) => pair.ws.send(message)))
    pair.peer.write(Buffer.concat([pair.message('good'), pair.frame('text', [0xff, 0xff], { rsv: 4 })]))
    const message = 'permessage-deflate: invalid block type'
    assertSame(await pair.receive(4), [
      ['text', SMALL], ['text', LARGE], ['text', 'behind'], ['close', closePayload(1010, message)]
    ])
    await pair.closed(scope, events, 3)
    assert.deepEqual(events, ['good', message, 1010])
  })

  test(`${role}: messages sent before open are compressed and delivered in order`, async (scope) => {
    const messages = [SMALL, LARGE, '', MIXED, SMALL]
    const pair = await open(scope, role, { onSocket: (ws) => messages.forEach((message) => ws.send(message)) })
    assertSame(await pair.receive(messages.length), messages.map((message) => (
      [typeof message === 'string' ? 'text' : 'binary', message]
    )))
  })

  test(`${role}: a message sent before close() in the open handler is delivered`, async (scope) => {
    const pair = await open(scope, role, {
      onSocket: (ws) => ws.on('open', () => {
        ws.send(LARGE)
        ws.close(3000)
      })
    })
    assertSame(await pair.receive(2), [['text', LARGE], ['close', closePayload(3000)]])
  })
}

deviation('drain waits until little is left to compress, even if the socket drains earlier', async (scope) => {
  let ws
  let fills = 0
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => {
      const narrow = new Duplex({
        writableHighWaterMark: 1000,
        read () {},
        write: (chunk, encoding, callback) => socket.write(chunk, () => setImmediate(callback))
      })
      narrow.on('drain', () => fills++)
      socket.on('data', (chunk) => narrow.push(chunk))
      ws = new WebSocket(request, narrow, body, null, { extensions: [deflate] })
    }
  })
  const peer = await connectOpen(scope, port, { 'Sec-WebSocket-Extensions': 'permessage-deflate' })
  const drains = []
  ws.on('drain', () => drains.push(ws.bufferedAmount))
  const total = 8
  for (let index = 0; index < total; index++) assert.equal(ws.send(noise(600_000)), index === 0)
  await peer.frames(total)
  await scope.settle()
  assert.ok(fills >= total - 2, `the stream drained ${fills} times`)
  assert.deepEqual(drains.map((bytes) => bytes <= MiB), [true])
})

const zeros = []

/** Returns a frame that inflates to `size` MiB of zeros. */
function compressedZeros (pair, size) {
  zeros[size] ??= compress(Buffer.alloc(size * MiB))
  return pair.frame('binary', zeros[size], { rsv: 4 })
}

test('a bomb on one connection neither ends nor blocks another', async (scope) => {
  const open = []
  const { port } = await serve(scope, WebSocket, {
    options: { extensions: [npm], maxLength: MiB },
    onSocket: (ws) => {
      open.push(ws)
      ws.on('message', ({ data }) => ws.send(data))
    }
  })
  const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
  const good = await connectOpen(scope, port, headers)
  const codec = new Codec()
  const bomb = fromClient('binary', compress(Buffer.alloc(64 * MiB)), { rsv: 4 })
  for (let round = 0; round < 10; round++) {
    const bad = await connectOpen(scope, port, headers)
    bad.write(bomb)
    good.write(fromClient('text', codec.deflate(SMALL), { rsv: 4 }))
    const [{ payload }] = await good.frames(1)
    assert.equal(codec.inflate(payload).toString(), SMALL)
    const [{ type, payload: reason }] = await bad.frames(1)
    assert.deepEqual([type, reason.readUInt16BE()], ['close', 1009])
  }
  assert.equal(open[0].readyState, 1)
})

for (const [name, headers, toFrame] of [
  ['hixie-75', { 'Sec-WebSocket-Key': null, 'Sec-WebSocket-Version': null }, (text) => `\0${text}\xff`],
  ['hixie-76', {
    'Sec-WebSocket-Key': null,
    'Sec-WebSocket-Version': null,
    'Sec-WebSocket-Key1': '1   38 wZ3f9 23O0 3l 0r',
    'Sec-WebSocket-Key2': '27   0E 6 2  1665:< ;U 1H'
  }, (text) => `\0${text}\xff`]
]) {
  deviation(`the server does not compress for a ${name} client, even if it offers an extension`, async (scope) => {
    const { port } = await serve(scope, WebSocket, {
      options: { extensions: [deflate] },
      onSocket: (ws) => ws.on('message', ({ data }) => ws.send(data))
    })
    const peer = await connect(scope, port)
    peer.write(upgradeRequest({ ...headers, 'Sec-WebSocket-Extensions': 'permessage-deflate' }))
    const body = name === 'hixie-76' ? '12345678' : ''
    peer.write(Buffer.from(body, 'latin1'))
    assert.equal(headerOf(await peer.head(), 'sec-websocket-extensions'), undefined)
    if (body) {
      await peer.until(() => peer.bytes.length >= 16)
      peer.bytes = peer.bytes.subarray(16)
    }
    for (const text of [SMALL, 'x'.repeat(200000)]) {
      const bytes = Buffer.from(toFrame(text), 'latin1')
      peer.write(bytes)
      await peer.until(() => peer.bytes.length >= bytes.length)
      assert.ok(peer.bytes.equals(bytes))
      peer.bytes = Buffer.alloc(0)
    }
  })
}

for (const [where, script] of Object.entries({
  'outside a handler': (ws, sendAndExit) => ws.on('open', () => setTimeout(sendAndExit, 20)),
  'in an open handler': (ws, sendAndExit) => ws.on('open', sendAndExit),
  'in a message handler': (ws, sendAndExit) => ws.on('message', sendAndExit)
})) {
  deviation(`send() of large messages, close() and process.exit() ${where} deliver everything`, async (scope) => {
    const server = await accept(scope)
    const code = `(WebSocket, support, url) => {
      const { noise } = require('./deflate')
      const ws = new WebSocket.Client(url, null, { extensions: [require('permessage-deflate')] });
      (${script})(ws, () => {
        ws.send('small')
        ws.send('large '.repeat(200000))
        ws.send(noise(500000))
        ws.send('behind')
        ws.close(3000)
        process.exit(7)
      })
    }`
    const child = runChild(scope, code, { argument: server.url })
    const peer = await server.acceptedOpen({ 'Sec-WebSocket-Extensions': 'permessage-deflate' })
    const pair = new Pair({ peer, frame })
    peer.write(pair.message('go'))
    assertSame(await pair.receive(5), [
      ['text', 'small'], ['text', 'large '.repeat(200000)], ['binary', noise(500000)], ['text', 'behind'],
      ['close', closePayload(3000)]
    ])
    assert.equal((await child.finished).code, 7)
  })
}

deviation('small and large messages are delivered after a handler has thrown', async (scope) => {
  const child = runChild(scope, (WebSocket, { serve }) => {
    process.on('uncaughtException', (error) => console.log('uncaught', error.message))
    serve({ defer: () => {} }, WebSocket, {
      options: { extensions: [require('permessage-deflate')] },
      onSocket: (ws) => {
        ws.on('message', ({ data }) => {
          console.log('message', data.length)
          ws.send(data)
          throw new Error(`for ${data.length}`)
        })
        ws.on('close', ({ code }) => {
          console.log('close', code)
          process.exit()
        })
      }
    }).then(({ port }) => console.log(port))
  })
  await once(child.child.stdout, 'data')
  const peer = await connectOpen(scope, Number(child.stdout), { 'Sec-WebSocket-Extensions': 'permessage-deflate' })
  const pair = new Pair({ peer, frame: fromClient })
  const messages = [SMALL, LARGE, SMALL, LARGE, LARGE]
  peer.write(Buffer.concat([...messages.map((each) => pair.message(each)), fromClient('close', closePayload(1000))]))
  assertSame(await pair.receive(6), [...messages.map((each) => ['text', each]), ['close', closePayload(1000)]])
  const { stdout } = await child.finished
  const expected = messages.flatMap(({ length }) => [`message ${length}`, `uncaught for ${length}`])
  assert.deepEqual(stdout.trim().split('\n').slice(1), [...expected, 'close 1000'])
})
