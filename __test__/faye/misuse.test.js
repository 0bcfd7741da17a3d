'use strict'

// Unusual calls of programs: values that throw, calls in every handler, requests that are plain objects.

const assert = require('node:assert/strict')
const { Duplex } = require('node:stream')

const { openServer, roles } = require('../support/open')
const { accept, connectOpen, eventually, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { closePayload, frame, fromClient, KEY, upgradeResponse } = require('../support/wire')

const mine = new Error('mine')
const throwing = { toString () { throw mine } }

for (const [role, open] of Object.entries(roles)) {
  test(`${role}: send(), write() and end() throw what a toString() throws, and send nothing`, async (scope) => {
    const { peer, ws } = await open(scope)
    assert.throws(() => ws.send(throwing), mine)
    assert.throws(() => ws.write(throwing), mine)
    assert.throws(() => ws.end(throwing), mine)
    assert.equal(ws.readyState, 1)
    ws.send('next')
    assert.equal((await peer.frame()).payload.toString(), 'next')
  })

  test(`${role}: a connection closes once after close() with a reason whose toString() throws`, async (scope) => {
    const { peer, ws } = await open(scope)
    let closes = 0
    ws.on('close', () => closes++)
    assert.throws(() => ws.close(1000, throwing))
    ws.close(1000)
    peer.socket.end()
    await eventually(() => closes > 0, 'close')
    await scope.settle()
    assert.equal(closes, 1)
  })

  const REENTRY = {
    send: (ws) => ws.send('inner'),
    close: (ws) => ws.close(3000),
    end: (ws) => ws.end('inner'),
    ping: (ws) => ws.ping('inner'),
    pause: (ws) => ws.pause(),
    'stream.destroy': (ws) => ws._stream.destroy()
  }
  for (const [name, act] of Object.entries(REENTRY)) {
    test(`${role}: a toString() can call ${name}()`, async (scope) => {
      const { peer, ws } = await open(scope)
      let closes = 0
      ws.on('close', () => closes++)
      const value = { toString () { act(ws); return 'outer' } }
      ws.send(value)
      ws.resume()
      ws.close()
      peer.socket.end()
      await eventually(() => closes > 0, 'close')
      await scope.settle()
      assert.equal(closes, 1)
    })
  }

  test(`${role}: a change of a Buffer after send() does not change the message`, async (scope) => {
    const { peer, ws } = await open(scope)
    for (const size of [10, 200, 70000]) {
      const [first, second] = [Buffer.alloc(size, 'a'), Buffer.alloc(size, 'b')]
      ws.send(first)
      ws.send(second)
      ws.ping(second.subarray(0, 10))
      first.fill('x')
      second.fill('x')
    }
    const frames = await peer.frames(9)
    for (const { payload } of frames) assert.ok(!payload.includes('x'))
  })

  test(`${role}: a message is complete if its Buffer is detached after send()`, async (scope) => {
    const { peer, ws } = await open(scope)
    for (const size of [10, 200, 70000]) {
      const memory = new ArrayBuffer(size)
      const buffer = Buffer.from(memory)
      buffer.fill('a')
      ws.send('the next message is not written at once')
      ws.send(buffer)
      structuredClone(memory, { transfer: [memory] })
      assert.equal(buffer.length, 0)
    }
    const frames = await peer.frames(6)
    const sizes = frames.filter(({ type }) => type === 'binary').map(({ payload }) => payload.toString())
    assert.deepEqual(sizes, [10, 200, 70000].map((size) => 'a'.repeat(size)))
  })

  test(`${role}: send() accepts a detached Buffer and shared memory`, async (scope) => {
    const { peer, ws } = await open(scope)
    const memory = new ArrayBuffer(8)
    const detached = Buffer.from(memory)
    structuredClone(memory, { transfer: [memory] })
    ws.send(detached)
    ws.send(Buffer.from(new SharedArrayBuffer(4)))
    const frames = await peer.frames(2)
    assert.deepEqual(frames.map(({ payload }) => payload.length), [0, 4])
  })

  test(`${role}: received Buffers do not change, and do not share memory`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const received = []
    ws.on('message', ({ data }) => received.push(data))
    const expected = Array.from({ length: 300 }, (_, i) => Buffer.alloc(1 + i * 7, i))
    for (const payload of expected) peer.write(frame('binary', payload))
    await eventually(() => received.length === 300, 'all messages')
    received.forEach((data, index) => assert.ok(data.equals(expected[index])))
    received[0].fill(0xee)
    assert.ok(received[1].equals(expected[1]))
  })
}

const METHODS = [
  (ws) => ws.send('text'), (ws) => ws.send(Buffer.from('bytes')), (ws) => ws.write('text'), (ws) => ws.ping(),
  (ws) => ws.ping('a', () => {}), (ws) => ws.pause(), (ws) => ws.resume(), (ws) => ws.close(),
  (ws) => ws.close(3000, 'r'), (ws) => ws.end(), (ws) => ws.end('last'), (ws) => ws.removeAllListeners('drain'),
  (ws) => ws.bufferedAmount, (ws) => ws.terminate?.(), (ws) => ws.send('text', () => ws.send('again')),
  (ws) => ws.send(new Blob(['blob'])), (ws) => ws.send(new Uint16Array(3), () => ws.close()),
  (ws) => { ws.binaryType = 'arraybuffer' }
]
const HANDLERS = ['open', 'data', 'message', 'error', 'end', 'close', 'drain']

test('every method can be called in every handler, any number of times', async (scope) => {
  const { port } = await serve(scope, WebSocket, {
    onSocket: (ws, { request }) => {
      const type = request.headers['x-handler']
      const method = METHODS[Number(request.headers['x-method'])]
      ws.on(type, () => { for (let i = 0; i < 3; i++) method(ws) })
      ws.on('close', () => {
        closes.set(request.headers['x-name'], (closes.get(request.headers['x-name']) || 0) + 1)
      })
    }
  })
  const closes = new Map()
  const names = []
  for (const type of HANDLERS) {
    for (let i = 0; i < METHODS.length; i++) {
      const name = `${type} ${i}`
      names.push(name)
      const peer = await connectOpen(scope, port, { 'X-Handler': type, 'X-Method': String(i), 'X-Name': name })
      peer.write(Buffer.concat([
        fromClient('text', 'a'), fromClient('ping', 'b'), fromClient('binary', 'c'), fromClient('pong', 'a'),
        type === 'error' ? fromClient(3, '') : fromClient('close', closePayload(1000)), fromClient('text', 'after')
      ]))
      // After pause() in a handler, the connection does not read a FIN and notices only a reset.
      await Promise.race([peer.ended(), scope.settle(40)])
      peer.socket.destroy()
    }
  }
  const paused = (name) => /^(open|data|message) 5$/.test(name)
  await eventually(() => names.every((name) => closes.has(name) || paused(name)), 'all closed')
  await scope.settle()
  for (const [name, count] of closes) assert.equal(count, 1, name)
})

test('random calls in random handlers end in one close', async (scope) => {
  let seed = 20240501
  const random = (limit) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return Math.floor(seed / 0x100000000 * limit)
  }
  const closes = []
  const { port } = await serve(scope, WebSocket, {
    onSocket: (ws) => {
      const index = closes.push(0) - 1
      for (const type of HANDLERS) {
        ws.on(type, () => {
          for (let i = random(4); i > 0; i--) METHODS[random(METHODS.length)](ws)
        })
      }
      ws.on('close', () => closes[index]++)
      ws.on('message', () => setImmediate(() => ws.resume()))
    }
  })
  for (let round = 0; round < 60; round++) {
    const peer = await connectOpen(scope, port)
    for (let i = 0; i < 5; i++) {
      peer.write([
        fromClient('text', 'a'), fromClient('binary', Buffer.alloc(random(3000))), fromClient('ping', 'p'),
        fromClient('pong', 'a'), fromClient('text', 'cut').subarray(0, 4), Buffer.alloc(3, 0xff)
      ][random(6)])
    }
    await scope.settle(random(4))
    peer.socket[random(2) ? 'destroy' : 'end']()
    await scope.settle(1)
    peer.socket.destroy()
  }
  await scope.settle(100)
  assert.equal(closes.length, 60)
  assert.ok(closes.every((count) => count <= 1))
  assert.ok(closes.filter((count) => count === 1).length > 50)
})

for (const [name, protocols] of Object.entries({ 'a number': 5, 'an object': { a: 1 }, true: true })) {
  deviation(`the constructor throws a TypeError for protocols of another type: ${name}`, async (scope) => {
    const server = await accept(scope)
    assert.throws(() => new WebSocket.Client(server.url, protocols), TypeError)
  })
}

test('the constructor throws what a getter of the options throws', async (scope) => {
  const server = await accept(scope)
  const getter = Object.defineProperty({}, 'headers', { enumerable: true, get () { throw mine } })
  const value = { headers: { 'X-A': throwing } }
  const proxy = new Proxy({}, { get () { throw mine }, ownKeys () { throw mine } })
  for (const options of [getter, value, proxy]) {
    assert.throws(() => new WebSocket.Client(server.url, null, options), mine)
  }
  await scope.settle()
})

for (const maxLength of ['10', Infinity, 1e300, Number.MAX_SAFE_INTEGER, 2 ** 53, 70000.5]) {
  test(`maxLength can be the ${typeof maxLength} ${maxLength}`, async (scope) => {
    const { peer, ws } = await openServer(scope, { options: { maxLength } })
    peer.write(fromClient('text', 'x'.repeat(10)))
    assert.equal((await once(ws, 'message')).data.length, 10)
    peer.write(fromClient('text', 'y'.repeat(11)))
    const event = await Promise.race([once(ws, 'message'), once(ws, 'close')])
    assert.deepEqual(maxLength === '10' ? event.code : event.data.length, maxLength === '10' ? 1009 : 11)
  })
}

for (const body of [undefined, null, Buffer.alloc(0)]) {
  test(`the body can be ${body && 'empty'}`, async (scope) => {
    const { port } = await serve(scope, WebSocket, {
      onUpgrade: (request, socket) => {
        const ws = new WebSocket(request, socket, body)
        ws.on('message', ({ data }) => ws.send(data))
      }
    })
    const peer = await connectOpen(scope, port)
    peer.write(fromClient('text', 'Hi'))
    assert.equal((await peer.frame()).payload.toString(), 'Hi')
  })
}

class Memory extends Duplex {
  constructor () {
    super()
    this.written = []
  }

  _read () {}

  _write (chunk, encoding, callback) {
    this.written.push(chunk)
    callback()
  }

  setTimeout () {}

  setNoDelay () {}
}

const request = (headers = {}) => ({
  method: 'GET',
  url: '/',
  headers: {
    host: 'a',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': KEY,
    'sec-websocket-version': '13',
    ...headers
  }
})

for (const [name, headers] of Object.entries({
  'a number as its key': { 'sec-websocket-key': 5 },
  'a number as its version': { 'sec-websocket-version': 12 },
  'a very long extension header': { 'sec-websocket-extensions': `${'a;'.repeat(100000)}=` },
  'header names of Object.prototype': { 'sec-websocket-key': undefined, constructor: 'x', toString: 'y' }
})) {
  test(`a request that is a plain object with ${name} is refused`, async () => {
    const socket = new Memory()
    const ws = new WebSocket(request(headers), socket, Buffer.alloc(0))
    const events = []
    ws.on('error', () => events.push('error'))
    ws.on('close', ({ code }) => events.push(code))
    await once(ws, 'close')
    assert.deepEqual(events, ['error', 1002])
    assert.match(Buffer.concat(socket.written).toString(), /^HTTP\/1\.1 400 /)
  })
}

test('subprotocols can have names of Object.prototype', async () => {
  const socket = new Memory()
  const names = ['__proto__', 'constructor', 'hasOwnProperty']
  const ws = new WebSocket(request({ 'sec-websocket-protocol': 'x, constructor' }), socket, Buffer.alloc(0), names)
  await once(ws, 'open')
  assert.equal(ws.protocol, 'constructor')
})

test('a socket that fails during a write emits one error and one close', async () => {
  const socket = new Memory()
  socket._write = (chunk, encoding, callback) => callback(new Error('disk full'))
  const ws = new WebSocket(request(), socket, Buffer.alloc(0))
  const events = []
  ws.on('error', ({ message }) => events.push(message))
  ws.on('close', ({ code }) => events.push(code))
  ws.send('x')
  await once(ws, 'close')
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual(events, ['Network error: ws://a/: disk full', 1006])
})

deviation('a WebSocket whose socket has already ended emits close once', async (scope) => {
  const { PassThrough } = require('node:stream')
  const dead = () => new PassThrough().destroy()
  const halfClosed = () => Object.assign(new PassThrough(), { readable: false })
  for (const socket of [undefined, null, { writable: false }, dead(), halfClosed()]) {
    const ws = new WebSocket(request(), socket, Buffer.alloc(0))
    assert.ok(ws instanceof WebSocket)
    const events = []
    for (const type of ['open', 'error', 'end']) ws.on(type, () => events.push(type))
    ws.on('close', ({ code, reason }) => events.push(['close', code, reason]))
    ws.onmessage = null
    assert.equal(ws.send('not sent'), false)
    await scope.settle()
    assert.deepEqual(events, ['end', ['close', 1006, '']])
    assert.equal(ws.readyState, 3)
  }
})

deviation('an EventSource whose socket has already ended emits close once and sends nothing', async (scope) => {
  const get = { method: 'GET', url: '/x', headers: { host: 'localhost', 'last-event-id': '9' } }
  for (const socket of [undefined, null, { writable: false }]) {
    const es = new WebSocket.EventSource(get, { socket })
    let closed = 0
    es.on('open', () => assert.fail('opened'))
    es.on('close', () => closed++)
    assert.equal(es.lastEventId, '9')
    assert.equal(es.send('not sent'), false)
    assert.equal(es.ping(), false)
    await scope.settle()
    assert.equal(closed, 1)
    assert.equal(es.readyState, 3)
  }
})

deviation('a connection stays open when the arguments of close() throw', async (scope) => {
  const { ws } = await openServer(scope)
  const mine = new Error('mine')
  assert.throws(() => ws.close(1000, { toString () { throw mine } }), mine)
  assert.throws(() => ws.close({ valueOf () { throw mine } }), mine)
  assert.equal(ws.readyState, 1)
  assert.equal(ws.send('still open'), true)
})

deviation('the constructor throws for a proxy that is not an object', () => {
  assert.throws(() => new WebSocket.Client('ws://127.0.0.1:1/', null, { proxy: 'http://127.0.0.1:1' }), TypeError)
})

test('adding a handler that is not a function throws a TypeError', async (scope) => {
  const { ws } = await openServer(scope)
  assert.throws(() => ws.on('message', 5), TypeError)
  assert.throws(() => ws.addEventListener('message', null), TypeError)
})

test('a client that is closed in the tick of the response never opens', async (scope) => {
  const server = await accept(scope)
  const ws = new WebSocket.Client(server.url)
  const events = []
  for (const type of ['open', 'message', 'error', 'close']) ws.on(type, () => events.push(type))
  const peer = await server.accepted()
  peer.write(Buffer.concat([Buffer.from(upgradeResponse(await peer.head())), frame('text', 'x')]))
  ws.close()
  await scope.settle(50)
  assert.deepEqual(events, ['close'])
})
