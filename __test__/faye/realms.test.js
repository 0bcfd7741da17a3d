'use strict'

// Values of another realm, as in jest and node:vm, whose constructors differ from ours; the package in another realm;
// and two copies of the package.

const assert = require('node:assert/strict')
const http = require('node:http')
const vm = require('node:vm')

const driver = require('../../lib/websocket-driver')
const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { openServer } = require('../support/open')
const { accept, connect, eventually, listen, once, serve } = require('../support/peer')
const { loadInRealm } = require('../support/realm')
const { acceptOf, closePayload, fromClient, headerOf, readFrames, upgradeRequest } = require('../support/wire')

const realm = vm.createContext({})
const make = (code) => vm.runInContext(code, realm)

const PACKAGE = require.resolve('../../index.js')
const DRIVER = require.resolve('../../lib/websocket-driver')

const SENT = [
  ['a Uint8Array', 'Uint8Array.of(97, 98)', 'binary', 'ab'],
  ['a Uint16Array', 'Uint16Array.of(0x6261)', 'binary', 'ab'],
  ['an ArrayBuffer', 'Uint8Array.of(97, 98).buffer', 'binary', 'ab'],
  ['a DataView', 'new DataView(Uint8Array.of(97, 98).buffer)', 'binary', 'ab'],
  ['a SharedArrayBuffer', 'new SharedArrayBuffer(2)', 'binary', '\0\0'],
  ['a string', '"ab"', 'text', 'ab'],
  ['a String', 'new String("ab")', 'text', 'ab'],
  ['a Number', 'new Number(7)', 'text', '7'],
  ['an array', '[1, 2]', 'text', '1,2'],
  ['an error', 'new RangeError("nope")', 'text', 'RangeError: nope']
]
for (const [name, code, type, text] of SENT) {
  const run = type === 'binary' ? deviation : test
  run(`send() sends ${name} of another realm as ${type}`, async (scope) => {
    const { peer, ws } = await openServer(scope)
    ws.send(make(code))
    const frame = await peer.frame()
    assert.deepEqual([frame.type, frame.payload.toString()], [type, text])
  })
}

/** Returns an open driver of a client, and a function that returns its frames. */
function openDriver ({ client } = driver) {
  const end = client('ws://localhost/')
  const chunks = []
  end.io.on('data', (chunk) => chunks.push(chunk))
  end.start()
  const key = /Key: (.*)\r\n/.exec(Buffer.concat(chunks.splice(0)).toString())[1]
  end.io.write(Buffer.from('HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`))
  assert.equal(end.getState(), 'open')
  return { end, frames: () => readFrames(Buffer.concat(chunks)).frames }
}

const DRIVER_WAYS = {
  text: ['text', (end, bytes) => end.text(bytes)],
  binary: ['binary', (end, bytes) => end.binary(bytes)],
  ping: ['ping', (end, bytes) => end.ping(bytes)],
  pong: ['pong', (end, bytes) => end.pong(bytes)],
  'frame of bytes': ['binary', (end, bytes) => end.frame(bytes)],
  'frame of type text': ['text', (end, bytes) => end.frame(bytes, 'text')],
  'messages.write': ['binary', (end, bytes) => end.messages.write(bytes)]
}
for (const [name, [type, send]] of Object.entries(DRIVER_WAYS)) {
  deviation(`${name} of a driver accepts bytes of another realm`, () => {
    for (const code of ['Uint8Array.of(97, 98)', '[97, 98]', 'new Uint8Array(new SharedArrayBuffer(2)).fill(97)']) {
      const { end, frames } = openDriver()
      assert.equal(send(end, make(code)), true, code)
      const [frame] = frames()
      assert.deepEqual([frame.type, frame.payload.length], [type, 2], code)
    }
  })
}

deviation('the callback of a ping with bytes of another realm is called', () => {
  const { end } = openDriver()
  let isCalled = false
  end.ping(make('Uint8Array.of(97)'), make('(function (call) { return () => call() })')(() => { isCalled = true }))
  end.io.write(make('Uint8Array.of(0x8a, 1, 97)'))
  assert.ok(isCalled)
})

deviation('a driver, a server and a proxy can read bytes of another realm', () => {
  const bytes = (text) => make(`Uint8Array.from(${JSON.stringify([...Buffer.from(text)])})`)
  const server = driver.server(make('({ requireMasking: false })'))
  const received = []
  server.on('connect', () => server.start())
  server.on('message', ({ data }) => received.push(data))
  server.io.write(bytes(upgradeRequest()))
  server.parse(make('Uint8Array.of(0x81, 1, 97)'))
  server.parse(make('[0x81, 1, 98]'))
  assert.deepEqual(received, ['a', 'b'])

  const tunnel = driver.client('ws://localhost/').proxy(make('({ href: "http://127.0.0.1:1/" })'))
  let isConnected = false
  tunnel.on('connect', () => { isConnected = true })
  tunnel.write(bytes('HTTP/1.1 200 OK\r\n\r\n'))
  assert.ok(isConnected)
})

// Requests and options

deviation('a server accepts a request object of another realm', async (scope) => {
  const copy = make(`(method, url, httpVersion, pairs) => {
    const headers = {}
    for (let i = 0; i < pairs.length; i += 2) headers[pairs[i].toLowerCase()] = pairs[i + 1]
    return { method, url, httpVersion, headers }
  }`)
  const received = []
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: ({ method, url, httpVersion, rawHeaders }, socket, body) => {
      const request = copy(method, url, httpVersion, rawHeaders)
      request.headers['sec-websocket-protocol'] = make('["x", "b"]')
      assert.ok(WebSocket.isWebSocket(request))
      const ws = new WebSocket(request, socket, make(`Uint8Array.from(${JSON.stringify([...body])})`), make('["b"]'))
      ws.on('message', ({ data }) => received.push(data))
    }
  })
  const peer = await connect(scope, port)
  peer.write(Buffer.concat([Buffer.from(upgradeRequest()), fromClient('text', 'early')]))
  assert.match(await peer.head(), /^HTTP\/1\.1 101 .*\r\nSec-WebSocket-Protocol: b\r\n/s)
  await eventually(() => received.length === 1, 'the message')
  assert.deepEqual(received, ['early'])
})

deviation('a client accepts options of another realm', async (scope) => {
  const { acceptedOpen, url } = await accept(scope)
  const controller = make(`(() => {
    const listeners = new Set()
    const signal = {
      aborted: false,
      addEventListener: (type, listener) => { listeners.add(listener) },
      removeEventListener: (type, listener) => { listeners.delete(listener) }
    }
    return { signal, abort () { signal.aborted = true; for (const listener of listeners) listener() } }
  })()`)
  const options = make('({ headers: { "X-A": "b" }, maxLength: 1000, ping: 10, extensions: [] })')
  options.signal = controller.signal
  const ws = new WebSocket.Client(make(`({ href: ${JSON.stringify(url)} })`), make('["a", "b"]'), options)
  const peer = await acceptedOpen({ 'Sec-WebSocket-Protocol': 'b' })
  await once(ws, 'open')
  assert.equal(headerOf(peer.request, 'sec-websocket-protocol'), 'a, b')
  assert.equal(headerOf(peer.request, 'x-a'), 'b')
  assert.equal(ws.protocol, 'b')
  const closed = once(ws, 'close')
  controller.abort()
  assert.equal((await closed).code, 1006)
})

deviation('close() accepts a reason of another realm', async (scope) => {
  const { peer, ws } = await openServer(scope)
  ws.close(3001, make('new String("bye")'))
  assert.deepEqual((await peer.frame()).payload, closePayload(3001, 'bye'))
})

// Blobs that are not Node's, such as those of jsdom

const FOREIGN_BLOB = `
  class File {
    constructor (text, fails) { this.bytes = Uint8Array.from(text, (each) => each.charCodeAt(0)); this.fails = fails }
    get [Symbol.toStringTag] () { return 'File' }
    get size () { return this.bytes.length }
    async arrayBuffer () { if (this.fails) throw new RangeError('nope'); return this.bytes.buffer }
  }
  File`

deviation('send() sends a Blob of another realm as binary and in order', async (scope) => {
  const File = make(FOREIGN_BLOB)
  const { peer, ws } = await openServer(scope)
  ws.send(new File('abc'))
  ws.send('behind')
  const frames = await peer.frames(2)
  assert.deepEqual(frames.map(({ type, payload }) => `${type} ${payload}`), ['binary abc', 'text behind'])
  assert.throws(() => WebSocket.prepare(new File('abc')), /A Blob cannot be prepared/)
  const failed = once(ws, 'error')
  ws.send(new File('abc', true))
  assert.equal((await failed).message, 'Could not read a Blob: nope')
})

const NO_BLOBS = {
  'without arrayBuffer()': '({ [Symbol.toStringTag]: "Blob", size: 1 })',
  'without a size': '({ [Symbol.toStringTag]: "Blob", arrayBuffer () {} })',
  'with a string as its size': '({ [Symbol.toStringTag]: "Blob", arrayBuffer () {}, size: "7" })',
  'with an infinite size': '({ [Symbol.toStringTag]: "Blob", arrayBuffer () {}, size: Infinity })',
  'with a negative size': '({ [Symbol.toStringTag]: "Blob", arrayBuffer () {}, size: -1 })'
}
for (const [name, script] of Object.entries(NO_BLOBS)) {
  test(`send() sends an object named Blob as text: ${name}`, async (scope) => {
    const { peer, ws } = await openServer(scope)
    ws.send(make(script))
    const { type, payload } = await peer.frame()
    assert.deepEqual([type, payload.toString()], ['text', '[object Blob]'])
    assert.equal(ws.bufferedAmount, 0)
  })
}

// Extensions

const OFFER = { 'Sec-WebSocket-Extensions': 'x; a=1' }
const extensionOf = (members) => make(`(members) => ({
  name: 'x',
  type: 'permessage',
  rsv1: true,
  rsv2: false,
  rsv3: false,
  createServerSession: (offers) => ({
    generateResponse: () => ({ a: [1, 2] }),
    processIncomingMessage: (message, callback) =>
      callback(null, { ...message, data: Uint8Array.from(message.data, (byte) => byte ^ 1) }),
    processOutgoingMessage: (message, callback) =>
      callback(null, { ...message, rsv1: true, data: Uint8Array.from(message.data, (byte) => byte ^ 1) }),
    close () {}
  }),
  ...members
})`)(members)

deviation('the sessions of an extension can return bytes of another realm', async (scope) => {
  const { peer, ws } = await openServer(scope, {
    headers: OFFER, options: { extensions: make('(each) => [each]')(extensionOf({})) }
  })
  assert.match(peer.response, /\r\nSec-WebSocket-Extensions: x; a=1; a=2\r\n/)
  const message = once(ws, 'message')
  peer.write(fromClient('binary', 'abc', { rsv: 4 }))
  assert.deepEqual((await message).data, Buffer.from('`cb'))
  ws.send('abc')
  const { rsv, payload } = await peer.frame()
  assert.deepEqual([rsv, payload.toString()], [4, '`cb'])
})

const THROWN = [
  ['an error of another realm', () => make('new RangeError("nope")'), 'nope'],
  ['an error of a class of another realm', () => make('new (class Mine extends Error {})("nope")'), 'nope'],
  ['a DOMException', () => new DOMException('nope'), 'nope'],
  ['an error without a constructor', () => Object.assign(Object.create(Error.prototype), { message: 'nope' }), 'nope'],
  ['an object with a message', () => make('({ message: "nope" })'), 'nope'],
  ['a string', () => 'nope', 'nope']
]
for (const [name, thrown, expected] of THROWN) {
  deviation(`the message of what an extension throws is in error and close: ${name}`, async (scope) => {
    const events = []
    const { port } = await serve(scope, WebSocket, {
      options: { extensions: extensionOf({ createServerSession: () => { throw thrown() } }) },
      onSocket: (ws) => {
        ws.on('error', ({ message }) => events.push(`error ${message}`))
        ws.on('close', ({ code, reason }) => events.push(`close ${code} ${reason}`))
      }
    })
    const peer = await connect(scope, port)
    peer.write(upgradeRequest(OFFER))
    assert.match(await peer.head(), /^HTTP\/1\.1 400 /)
    await eventually(() => events.length === 2, 'error and close')
    assert.deepEqual(events, [`error ${expected}`, `close 1002 ${expected}`])
  })

  deviation(`the message of what a session throws or calls back with is in error: ${name}`, async (scope) => {
    const session = (processIncomingMessage) => ({
      ...extensionOf({}).createServerSession(), processIncomingMessage
    })
    const sessions = [
      session(() => { throw thrown() }),
      session((message, callback) => callback(thrown(), null))
    ]
    for (const each of sessions) {
      const { peer, ws } = await openServer(scope, {
        headers: OFFER, options: { extensions: extensionOf({ createServerSession: () => each }) }
      })
      const failed = once(ws, 'error')
      peer.write(fromClient('text', 'abc'))
      assert.equal((await failed).message, `x: ${expected}`)
    }
  })
}

// The package in another realm

deviation('the package works in another realm, where a Buffer is not a Uint8Array', async (scope) => {
  const { context, exports: other } = loadInRealm(PACKAGE)
  context.buffer = Buffer.alloc(1)
  assert.equal(vm.runInContext('buffer instanceof Uint8Array', context), false)

  const session = () => ({
    generateResponse: () => ({}),
    processIncomingMessage: (message, callback) => callback(null, message),
    processOutgoingMessage: (message, callback) => callback(null, message),
    close () {}
  })
  const extensions = [extensionOf({ createServerSession: session })]
  const { peer, ws } = await openServer(scope, { headers: OFFER, options: { extensions }, Subject: other })
  const message = once(ws, 'message')
  peer.write(fromClient('binary', 'abc'))
  assert.deepEqual((await message).data, Buffer.from('abc'))
  for (const data of ['abc', Buffer.from('abc'), Uint8Array.of(97, 98, 99), new Blob(['abc'])]) {
    ws.send(data)
    const { payload } = await peer.frame()
    assert.equal(payload.toString(), 'abc')
  }
  ws.close(3001, 'bye')
  assert.deepEqual((await peer.frame()).payload, closePayload(3001, 'bye'))
})

deviation('a driver works in another realm, where a Buffer is not a Uint8Array', () => {
  const { end, frames } = openDriver(loadInRealm(DRIVER).exports)
  const received = []
  end.messages.on('data', (data) => received.push(data))
  end.io.write(Buffer.from([0x82, 1, 97]))
  end.parse(Buffer.from([0x81, 1, 98]))
  assert.deepEqual(received, [Buffer.from('a'), 'b'])
  for (const method of ['binary', 'text', 'ping', 'pong']) {
    for (const bytes of [Buffer.from('ab'), Uint8Array.of(97, 98)]) assert.equal(end[method](bytes), true, method)
  }
  assert.deepEqual(frames().map(({ payload }) => payload.toString()), Array(8).fill('ab'))
})

// Two copies of the package in one process

const COPIES = {
  'in another realm': () => loadInRealm(PACKAGE).exports,
  'in the same realm': () => {
    const cached = Object.keys(require.cache).filter((file) => file.endsWith('.js'))
    const saved = cached.map((file) => [file, require.cache[file]])
    for (const file of cached) delete require.cache[file]
    try {
      return require(PACKAGE)
    } finally {
      for (const [file, module] of saved) require.cache[file] = module
    }
  }
}
for (const [where, load] of Object.entries(COPIES)) {
  deviation(`this package and a copy ${where} accept each other's sockets and prepared messages`, async (scope) => {
    const other = load()
    assert.notEqual(other, WebSocket)
    const subjects = [WebSocket, other]
    const ends = []
    for (const Subject of subjects) ends.push(await openServer(scope, { Subject }))
    const sockets = ends.map(({ ws }) => ws)
    let sent = 0
    for (const { prepare, broadcast } of subjects) {
      for (const [data, type] of [['täxt', 'text'], [Buffer.from('bytes'), 'binary']]) {
        const message = prepare(data)
        for (const ws of sockets) assert.equal(ws.send(message), true)
        for (const each of [WebSocket, other]) {
          assert.equal(each.broadcast(sockets, message), 2)
          assert.equal(each.broadcast(new Set(sockets), data), 2)
          assert.equal(each.prepare(message), message)
        }
        sent += 5
        for (const { peer } of ends) {
          const frames = await peer.frames(5)
          assert.deepEqual(frames.map((frame) => `${frame.type} ${frame.payload}`), Array(5).fill(`${type} ${data}`))
        }
      }
      assert.throws(() => broadcast([{}], 'a'), /Invalid connection: .*; expected a socket of this package/)
      assert.throws(() => `${prepare('a')}`, /A prepared message can only be sent with send\(\)/)
    }
    assert.equal(sent, 20)
  })
}

deviation('a copy in another realm works with an http server of the main realm', async (scope) => {
  const { exports: other } = loadInRealm(PACKAGE)
  const server = http.createServer()
  server.on('upgrade', (request, socket, body) => {
    const ws = new other(request, socket, body)
    ws.on('message', ({ data }) => ws.send(data))
  })
  const port = await listen(scope, server)
  const client = new WebSocket.Client(`ws://127.0.0.1:${port}/`)
  await once(client, 'open')
  client.send(make('Uint8Array.of(1, 2)'))
  assert.deepEqual((await once(client, 'message')).data, Buffer.from([1, 2]))
  client.close()
  await once(client, 'close')
})
