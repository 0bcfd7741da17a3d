'use strict'

// Messages to many connections: prepare() and broadcast().

const assert = require('node:assert/strict')
const { inspect } = require('node:util')

const deflate = require('../../lib/permessage-deflate')
const { Codec, noise } = require('../support/deflate')
const { startServer } = require('../support/open')
const { accept, connectOpen, eventually, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { closePayload, frame, fromClient } = require('../support/wire')

const TEXT = 'Grüße an alle, und noch einmal: Grüße an alle'
const LARGE = 'many words, again and again, '.repeat(20_000)
const ALONE = deflate.configure({ noContextTakeover: true })
const OFFER = 'permessage-deflate'
const HIXIE_75 = { 'Sec-WebSocket-Key': null, 'Sec-WebSocket-Version': null, Origin: 'http://localhost' }

/** Name, the argument of prepare(), and the type and payload that arrive. */
const MESSAGES = [
  ['a string', TEXT, 'text', TEXT],
  ['an empty string', '', 'text', ''],
  ['a Buffer', Buffer.from([0, 1, 254, 255]), 'binary', Buffer.from([0, 1, 254, 255])],
  ['an empty Buffer', Buffer.alloc(0), 'binary', ''],
  ['a number', 17, 'text', '17'],
  ['null', null, 'text', 'null'],
  ['undefined', undefined, 'text', 'undefined'],
  ['a Uint16Array', new Uint16Array([1, 2]), 'binary', Buffer.from([1, 0, 2, 0])],
  ['a DataView', new DataView(Uint8Array.of(1, 2, 3).buffer, 1), 'binary', Buffer.from([2, 3])],
  ['an ArrayBuffer', Uint8Array.of(1, 2).buffer, 'binary', Buffer.from([1, 2])],
  ['an array', [1, 2], 'text', '1,2'],
  ['an object', { toString: () => 'named' }, 'text', 'named'],
  ['half of a surrogate pair', '\ud800', 'text', '\ufffd'],
  ['a long string', LARGE, 'text', LARGE],
  ['a long Buffer', noise(100_000), 'binary', noise(100_000)]
]

/** Opens one socket for each set of headers. Resolves with the sockets and their peers. */
async function openMany (scope, options, ...headers) {
  const sockets = []
  const { open, port } = await startServer(scope, { options, onSocket: (ws) => sockets.push(ws) })
  const peers = []
  for (const each of headers) peers.push((await open({ headers: each })).peer)
  return { sockets, peers, port }
}

function check (found, type, payload) {
  assert.equal(found.type, type)
  assert.equal(found.rsv, 0)
  assert.ok(found.payload.equals(Buffer.from(payload)), `${found.payload.length} bytes`)
}

for (const [name, data, type, payload] of MESSAGES) {
  deviation(`${name} arrives the same when prepared and when sent`, async (scope) => {
    const { sockets, peers } = await openMany(scope, {}, {}, {})
    const message = WebSocket.prepare(data)
    for (const ws of sockets) {
      ws.send(message)
      ws.send(data)
      ws.send(message)
    }
    for (const peer of peers) for (const found of await peer.frames(3)) check(found, type, payload)
  })
}

for (const [name, data, type, payload] of MESSAGES.filter(([, data]) => typeof data === 'string')) {
  test(`${name} that is sent often in a row arrives as often, in order with other messages`, async (scope) => {
    const { sockets, peers } = await openMany(scope, {}, {}, {})
    for (const other of ['first', 'second']) {
      for (let count = 0; count < 10; count++) for (const ws of sockets) ws.send(data)
      for (const ws of sockets) ws.send(other)
    }
    for (const peer of peers) {
      for (const [index, found] of (await peer.frames(22)).entries()) {
        if (index % 11 < 10) check(found, type, payload)
        else check(found, 'text', index === 10 ? 'first' : 'second')
      }
    }
  })
}

test('every callback of a text that is sent often in a row is called', async (scope) => {
  const { sockets, peers } = await openMany(scope, {}, {}, {})
  let called = 0
  for (let count = 0; count < 20; count++) for (const ws of sockets) ws.send(TEXT, () => called++)
  for (const peer of peers) for (const found of await peer.frames(20)) check(found, 'text', TEXT)
  await eventually(() => called === 40, 'the callbacks')
})

test('a text that is sent often in a row is compressed as the connection requires', async (scope) => {
  const { sockets, peers } = await openMany(scope, { extensions: [deflate] }, { 'Sec-WebSocket-Extensions': OFFER }, {})
  for (let count = 0; count < 20; count++) for (const ws of sockets) ws.send(TEXT)
  const codec = new Codec()
  for (const { payload } of await peers[0].frames(20)) assert.equal(String(codec.inflate(payload)), TEXT)
  for (const found of await peers[1].frames(20)) check(found, 'text', TEXT)
})

deviation('a client masks every copy with a new key', async (scope) => {
  const { acceptedOpen, url } = await accept(scope)
  const ws = new WebSocket.Client(url)
  scope.defer(() => ws._stream.destroy())
  const peer = await acceptedOpen()
  await once(ws, 'open')
  const message = WebSocket.prepare(TEXT)
  for (let count = 0; count < 50; count++) ws.send(message)
  const frames = await peer.frames(50)
  for (const found of frames) check(found, 'text', TEXT)
  assert.equal(new Set(frames.map(({ mask }) => mask.toString('hex'))).size, 50)
})

deviation('a change of the Buffer after prepare() has no effect', async (scope) => {
  const { sockets: [ws], peers: [peer] } = await openMany(scope, {}, {})
  const data = Buffer.from('before')
  const message = WebSocket.prepare(data)
  data.write('after!')
  ws.send(message)
  check(await peer.frame(), 'binary', 'before')
})

deviation('a prepared message hides its content, is frozen, and cannot be converted to a string', async () => {
  const message = WebSocket.prepare('secret')
  assert.ok(Object.isFrozen(message))
  assert.deepEqual(Reflect.ownKeys(message), [])
  assert.doesNotMatch(inspect(message, { showHidden: true }), /secret/)
  assert.equal(WebSocket.prepare(message), message)
  const expected = { name: 'TypeError', message: /^A prepared message can only be sent with send\(\) of a WebSocket/ }
  assert.throws(() => String(message), expected)
  assert.throws(() => `${message}`, expected)
})

deviation('an object with the prototype of a prepared message is not a prepared message', async (scope) => {
  const { sockets: [ws], peers: [peer] } = await openMany(scope, {}, {})
  const prototype = Object.getPrototypeOf(WebSocket.prepare(''))
  // A prepared message of another copy of the package looks like this.
  assert.throws(() => ws.send(Object.create(prototype)), { name: 'TypeError' })
  assert.throws(() => WebSocket.prepare(Object.create(prototype)), { name: 'TypeError' })
  assert.throws(() => ws.ping(WebSocket.prepare('')), { name: 'TypeError', message: /^A message is a string/ })
  ws.send('next')
  check(await peer.frame(), 'text', 'next')
})

deviation('write() and end() accept a prepared message', async (scope) => {
  const { sockets: [ws], peers: [peer] } = await openMany(scope, {}, {})
  const message = WebSocket.prepare(TEXT)
  ws.write(message)
  ws.end(message)
  const [first, second, last] = await peer.frames(3)
  check(first, 'text', TEXT)
  check(second, 'text', TEXT)
  check(last, 'close', closePayload(1000))
})

for (const isAlone of [true, false]) {
  const manner = isAlone ? 'without' : 'with'
  deviation(`${manner} context takeover, broadcast() compresses, and every peer can read it`, async (scope) => {
    const options = { extensions: [isAlone ? ALONE : deflate] }
    const headers = ['', '; server_max_window_bits=9', ''].map((parameters) => ({
      'Sec-WebSocket-Extensions': OFFER + parameters
    }))
    const { sockets, peers } = await openMany(scope, options, ...headers)
    const codecs = [15, 9, 15].map((windowBits) => new Codec({ windowBits, context: !isAlone }))
    const all = [TEXT, '', LARGE, Buffer.from(LARGE), noise(1000), TEXT]
    for (const data of all) {
      assert.equal(WebSocket.broadcast(sockets, data), 3)
      for (const [index, peer] of peers.entries()) {
        const found = await peer.frame()
        assert.equal(found.rsv, 4)
        assert.equal(found.type, typeof data === 'string' ? 'text' : 'binary')
        assert.ok(codecs[index].inflate(found.payload).equals(Buffer.from(data)))
        assert.ok(data.length < 2000 || found.payload.length < data.length / 10)
      }
    }
  })
}

deviation('a prepared message stays in order after a large message that is being compressed', async (scope) => {
  const { url } = await serve(scope, WebSocket, { options: { extensions: [ALONE] }, onSocket: sendAll })
  const first = WebSocket.prepare(LARGE)
  const second = WebSocket.prepare(TEXT)
  function sendAll (ws) {
    ws.on('open', () => {
      ws.send(LARGE)
      ws.send(second)
      ws.send(first)
      ws.send('last')
      ws.close()
    })
  }
  const clients = [0, 1, 2].map(() => new WebSocket.Client(url, null, { extensions: [deflate] }))
  await Promise.all(clients.map(async (client) => {
    const received = []
    client.on('message', ({ data }) => received.push(data))
    assert.equal((await once(client, 'close')).code, 1000)
    assert.deepEqual(received, [LARGE, TEXT, LARGE, 'last'])
  }))
})

deviation('an extension in JavaScript receives its own copy of a prepared message', async (scope) => {
  const seen = []
  const session = {
    generateResponse: () => ({}),
    processIncomingMessage: (message, callback) => callback(null, message),
    processOutgoingMessage (message, callback) {
      seen.push(message.data.toString())
      message.data.reverse()
      setImmediate(callback, null, message)
    },
    close () {}
  }
  const bits = { rsv1: false, rsv2: false, rsv3: false }
  const reversing = { name: 'reversing', type: 'permessage', ...bits, createServerSession: () => session }
  const headers = { 'Sec-WebSocket-Extensions': 'reversing' }
  const { sockets, peers } = await openMany(scope, { extensions: [reversing] }, headers, headers)
  const message = WebSocket.prepare('abc')
  assert.equal(WebSocket.broadcast(sockets, message), 2)
  assert.equal(WebSocket.broadcast(sockets, Buffer.from('xyz')), 2)
  for (const peer of peers) {
    const [text, binary] = await peer.frames(2)
    check(text, 'text', 'cba')
    check(binary, 'binary', 'zyx')
  }
  assert.deepEqual(seen, ['abc', 'abc', 'xyz', 'xyz'])
})

deviation('a prepared message that is sent before open follows the handshake', async (scope) => {
  const message = WebSocket.prepare(TEXT)
  const results = []
  const { port } = await serve(scope, WebSocket, {
    onSocket (ws) {
      results.push(ws.readyState, ws.send(message), WebSocket.broadcast([ws], 'too early'), ws.bufferedAmount)
    }
  })
  const peer = await connectOpen(scope, port)
  check(await peer.frame(), 'text', TEXT)
  assert.deepEqual(results, [0, true, 0, Buffer.byteLength(TEXT)])
  await scope.settle()
  assert.equal(peer.bytes.length, 0)
})

deviation('broadcast() skips sockets that are closing or closed', async (scope) => {
  const { sockets, peers } = await openMany(scope, {}, {}, {}, {})
  const message = WebSocket.prepare(TEXT)
  const [closing, closed, other] = sockets
  closing.close()
  peers[1].write(fromClient('close', closePayload(1000)))
  await once(closed, 'close')
  assert.deepEqual([closing.readyState, closed.readyState], [2, 3])
  assert.deepEqual([closing.send(message), closed.send(message)], [false, false])
  assert.equal(WebSocket.broadcast(sockets, message), 1)
  assert.equal(WebSocket.broadcast([closing, closed], message), 0)
  assert.equal(other.readyState, 1)
  check(await peers[2].frame(), 'text', TEXT)
  check(await peers[0].frame(), 'close', closePayload(1000))
  assert.equal(peers[0].bytes.length, 0)
})

deviation('broadcast() sends text to a draft connection and skips it for binary messages', async (scope) => {
  const { sockets, peers } = await openMany(scope, {}, HIXIE_75, {})
  const [draft] = sockets
  assert.equal(draft.version, 'hixie-75')
  assert.equal(draft.send(WebSocket.prepare(Buffer.of(1))), false)
  assert.equal(WebSocket.broadcast(sockets, Buffer.of(1)), 1)
  assert.equal(WebSocket.broadcast(sockets, 'Hi'), 2)
  await peers[0].until(() => peers[0].bytes.length >= 4)
  assert.deepEqual([...peers[0].bytes], [0x00, 0x48, 0x69, 0xff])
  const [binary, text] = await peers[1].frames(2)
  check(binary, 'binary', Buffer.of(1))
  check(text, 'text', 'Hi')
})

/** Name, and a function that returns an iterable of sockets. */
const ITERABLES = [
  ['an array', (sockets) => sockets],
  ['a Set', (sockets) => new Set(sockets)],
  ['the values of a Map', (sockets) => new Map(sockets.entries()).values()],
  ['a generator', function * (sockets) { yield * sockets }]
]

for (const [name, iterable] of ITERABLES) {
  deviation(`broadcast() accepts ${name} of sockets, of servers and clients`, async (scope) => {
    const { sockets, peers, port } = await openMany(scope, {}, {}, {})
    const client = new WebSocket.Client(`ws://127.0.0.1:${port}/`)
    await once(client, 'open')
    const back = once(sockets[2], 'message')
    assert.equal(WebSocket.broadcast(iterable([...sockets.slice(0, 2), client]), TEXT), 3)
    for (const peer of peers) check(await peer.frame(), 'text', TEXT)
    assert.equal((await back).data, TEXT)
    client.close()
    await once(client, 'close')
  })
}

deviation('broadcast() to no socket returns 0', async () => {
  assert.equal(WebSocket.broadcast([], TEXT), 0)
})

/** Values that are not iterables of sockets, and the message of the error. */
const MISUSE = [
  [undefined, 'Invalid connections: undefined; expected an iterable of sockets'],
  [null, 'Invalid connections: null; expected an iterable of sockets'],
  [17, 'Invalid connections: 17; expected an iterable of sockets'],
  [new WeakSet(), 'Invalid connections: [WeakSet]; expected an iterable of sockets'],
  ['text', "Invalid connection: 't'; expected a socket of this package"],
  [[undefined], 'Invalid connection: undefined; expected a socket of this package'],
  [[{ readyState: 1, send () {} }], 'Invalid connection: [Object]; expected a socket of this package'],
  [new Map([['name', {}]]), 'Invalid connection: [Array]; expected a socket of this package']
]

for (const [connections, message] of MISUSE) {
  deviation(`broadcast() refuses ${inspect(connections)} and sends nothing`, async (scope) => {
    const { sockets: [ws], peers: [peer] } = await openMany(scope, {}, {})
    const given = Array.isArray(connections) ? [ws, ...connections] : connections
    assert.throws(() => WebSocket.broadcast(given, TEXT), { name: 'TypeError', message })
    ws.send('next')
    check(await peer.frame(), 'text', 'next')
  })
}

deviation('a socket whose send() throws does not stop the broadcast to the others', async (scope) => {
  const { sockets, peers } = await openMany(scope, {}, {}, {}, {}, {})
  const broken = new Error('broken')
  sockets[0].send = sockets[2].send = () => { throw broken }
  assert.throws(() => WebSocket.broadcast(sockets.slice(0, 2), 'one'), (error) => error === broken)
  assert.throws(() => WebSocket.broadcast(sockets, 'two'), (error) => {
    assert.ok(error instanceof AggregateError)
    assert.equal(error.message, '2 connections failed to send the message')
    assert.deepEqual(error.errors, [broken, broken])
    return true
  })
  const [one, two] = await peers[1].frames(2)
  check(one, 'text', 'one')
  check(two, 'text', 'two')
  check(await peers[3].frame(), 'text', 'two')
})

deviation('a replaced send() receives the prepared message and may change the set', async (scope) => {
  const { sockets, peers } = await openMany(scope, {}, {}, {})
  const all = new Set(sockets)
  const { send } = sockets[0]
  const given = []
  sockets[0].send = function (message) {
    all.clear()
    given.push(message)
    return send.call(this, message)
  }
  const message = WebSocket.prepare(TEXT)
  assert.equal(WebSocket.broadcast(all, message), 2)
  assert.deepEqual(given, [message])
  for (const peer of peers) check(await peer.frame(), 'text', TEXT)
})

deviation('bufferedAmount counts broadcasts to a peer that does not read, and drain follows', async (scope) => {
  const { sockets: [ws, other], peers } = await openMany(scope, {}, {}, {})
  peers[0].socket.pause()
  const message = WebSocket.prepare(noise(1 << 20))
  let count = 0
  // On Node 18, send() can return false although the kernel has accepted everything.
  for (let isTaken = true; isTaken || ws.bufferedAmount === 0; count++) {
    isTaken = ws.send(message)
    assert.ok(count < 100, 'the kernel accepts everything')
  }
  assert.equal(WebSocket.broadcast([ws, other], 'Hi'), 2)
  check(await peers[1].frame(), 'text', 'Hi')
  const drained = once(ws, 'drain')
  peers[0].socket.resume()
  await drained
  const frames = await peers[0].frames(count + 1)
  check(frames.pop(), 'text', 'Hi')
  for (const found of frames) assert.equal(found.payload.length, 1 << 20)
})

deviation('a broadcast in a message handler is written with the rest of the batch', async (scope) => {
  const { sockets, peers } = await openMany(scope, {}, {}, {})
  sockets[0].on('message', ({ data }) => {
    WebSocket.broadcast(sockets, data)
    sockets[0].send('then')
  })
  peers[0].write(Buffer.concat([fromClient('text', 'one'), fromClient('text', 'two')]))
  const texts = (await peers[0].frames(4)).map(({ payload }) => payload.toString())
  assert.deepEqual(texts, ['one', 'then', 'two', 'then'])
  await peers[1].until(() => peers[1].bytes.length >= 10)
  assert.deepEqual(peers[1].bytes, Buffer.concat([frame('text', 'one'), frame('text', 'two')]))
})
