'use strict'

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const http = require('node:http')
const https = require('node:https')
const url = require('node:url')
const { inspect } = require('node:util')
const { runInNewContext } = require('node:vm')

const { client: WebSocketClient } = require('../../lib/websocket')
const { ask, connect, outcomesOf } = require('../support/asking')
const { Codec } = require('../support/deflate')
const { accept, eventually, once } = require('../support/peer')
const { test } = require('../support/test')
const { closePayload, frame, headerOf, upgradeResponse } = require('../support/wire')

const lines = (head) => head.split('\r\n').slice(0, -2)

for (const [name, urlFor, line, host] of [
  ['a WHATWG URL', (port) => new URL(`ws://127.0.0.1:${port}/a?b=c#d`), 'GET /a?b=c HTTP/1.1', '127.0.0.1:PORT'],
  ['a WHATWG URL without a path', (port) => new URL(`ws://127.0.0.1:${port}`), 'GET / HTTP/1.1', '127.0.0.1:PORT'],
  ['the result of url.parse()', (port) => url.parse(`ws://127.0.0.1:${port}/a?b=c#d`), 'GET /a?b=c HTTP/1.1',
    '127.0.0.1:PORT'],
  ['a frozen URL', (port) => Object.freeze(url.parse(`ws://127.0.0.1:${port}/a`)), 'GET /a HTTP/1.1', '127.0.0.1:PORT']
]) {
  test(`a client connects to ${name}`, async (scope) => {
    const server = await accept(scope)
    const client = new WebSocketClient()
    const target = urlFor(server.port)
    client.connect(target)
    const peer = await server.accepted()
    const head = await peer.head()
    assert.equal(lines(head)[0], line)
    assert.equal(headerOf(head, 'host'), host.replace('PORT', server.port))
    assert.equal(client.url, target)
    client.abort()
  })
}

for (const scheme of ['ws', 'wss']) {
  test(`a request for ${scheme} emits timeout while the server is silent`, async (scope) => {
    const server = await accept(scope)
    const client = new WebSocketClient()
    client.on('connectFailed', () => {})
    client.connect(`${scheme}://127.0.0.1:${server.port}/`, null, null, null, { timeout: 50 })
    await once(client._req, 'timeout')
    client.abort()
  })
}

/** Replaces `module.request` with a function that gets the options of requests. */
function replaceRequest (scope, module, request) {
  const { request: before } = module
  module.request = request
  scope.defer(() => { module.request = before })
}

for (const [target, host, hostname] of [
  ['ws://[::1]:8080/', '[::1]:8080', '::1'], ['ws://[::1]/', '[::1]', '::1'], ['wss://[::1]/', '[::1]', '::1'],
  [new URL('ws://[::1]:8080/'), '[::1]:8080', '::1'], [new URL('ws://localhost/'), 'localhost', 'localhost'],
  [new URL('wss://localhost/'), 'localhost', 'localhost'], ['wss://localhost:443/', 'localhost', 'localhost'],
  ['ws://localhost:443/', 'localhost:443', 'localhost'], ['wss://localhost:80/', 'localhost:80', 'localhost']
]) {
  test(`a request to ${inspect(target)} sends the Host ${host}`, (scope) => {
    const asked = []
    const request = (options) => {
      asked.push([options.headers.Host, options.hostname])
      return Object.assign(new EventEmitter(), { end () {} })
    }
    for (const module of [http, https]) replaceRequest(scope, module, request)
    new WebSocketClient().connect(target)
    assert.deepEqual(asked, [[host, hostname]])
  })
}

test('each request has a new key of 16 bytes', async (scope) => {
  const keys = new Set()
  for (let round = 0; round < 20; round++) {
    const { request } = await ask(scope)
    const key = headerOf(request, 'sec-websocket-key')
    assert.match(key, /^[A-Za-z0-9+/]{22}==$/)
    keys.add(key)
  }
  assert.equal(keys.size, 20)
})

test('a client copies tlsOptions and accepts a frozen configuration', () => {
  const tlsOptions = { ca: 'a' }
  const client = new WebSocketClient({ tlsOptions })
  client.config.tlsOptions.ca = 'b'
  assert.equal(tlsOptions.ca, 'a')
  const frozen = Object.freeze({ tlsOptions: Object.freeze({ ca: 'a' }), closeTimeout: 1 })
  const { config } = new WebSocketClient(frozen)
  config.tlsOptions.ca = 'b'
  assert.deepEqual([config.closeTimeout, frozen.tlsOptions.ca], [1, 'a'])
})

test('an array of protocols of another realm is accepted', async (scope) => {
  const protocols = runInNewContext("['a', 'b']")
  const { connection, request } = await connect(scope, {
    rest: [protocols], headers: { 'Sec-WebSocket-Protocol': 'b' }
  })
  assert.equal(headerOf(request, 'sec-websocket-protocol'), 'a, b')
  assert.equal(connection.protocol, 'b')
})

test('a second connection does not keep the protocol of the first', async (scope) => {
  const { client, server } = await connect(scope, { rest: ['a'], headers: { 'Sec-WebSocket-Protocol': 'a' } })
  client.connect(server.url)
  const connected = once(client, 'connect')
  await server.acceptedOpen()
  assert.equal((await connected).protocol, undefined)
})

test('a client that is aborted immediately emits connectFailed once', async (scope) => {
  const server = await accept(scope)
  const client = new WebSocketClient()
  const outcomes = outcomesOf(client)
  client.connect(server.url)
  client.abort()
  client.abort()
  const request = client._req
  await once(client, 'connectFailed')
  client.abort()
  await scope.settle()
  assert.deepEqual(outcomes, ['socket hang up'])
  for (const name of ['close', 'error', 'response', 'upgrade']) assert.equal(request.listenerCount(name), 0, name)
})

test('a signal aborts the request but not the open connection', async (scope) => {
  const controller = new AbortController()
  const rest = [null, null, null, { signal: controller.signal }]
  const { client, outcomes, peer, request, server } = await ask(scope, { rest })
  peer.write(upgradeResponse(request))
  const connection = await once(client, 'connect')
  client.connect(server.url, ...rest)
  await server.accepted()
  controller.abort()
  await once(client, 'connectFailed')
  assert.deepEqual(outcomes, ['connect', 'The operation was aborted'])
  const message = once(connection, 'message')
  peer.write(frame('text', 'still there'))
  assert.equal((await message).utf8Data, 'still there')
})

test('messages in the chunk of the response are delivered even if a connect handler throws', async (scope) => {
  const { client, peer, request } = await ask(scope)
  const { validateHandshake } = client
  let thrown
  client.validateHandshake = function () {
    try {
      validateHandshake.call(this)
    } catch (error) {
      thrown = error
    }
  }
  const messages = []
  client.on('connect', (connection) => {
    connection.on('message', ({ utf8Data }) => messages.push(utf8Data))
    throw new Error('mine')
  })
  peer.write(Buffer.concat([Buffer.from(upgradeResponse(request)), frame('text', 'a'), frame('text', 'b')]))
  await eventually(() => messages.length === 2, 'two messages')
  assert.deepEqual([thrown.message, messages], ['mine', ['a', 'b']])
})

for (const [event, end] of [
  ['connect', async ({ client, peer, request }) => {
    peer.write(upgradeResponse(request))
    const connection = await once(client, 'connect')
    peer.socket.end(frame('close', closePayload(1000)))
    await once(connection, 'close')
  }],
  ['connectFailed', async ({ client, peer, request }) => {
    peer.write(upgradeResponse(request, {}, '404 Not Found'))
    await once(client, 'connectFailed')
  }],
  ['connectFailed for an invalid response', async ({ client, peer, request }) => {
    peer.write(upgradeResponse(request, { 'Sec-WebSocket-Accept': 'x' }))
    await once(client, 'connectFailed')
  }],
  ['abort', async ({ client }) => {
    client.abort()
    await once(client, 'connectFailed')
  }]
]) {
  test(`no listener of the client remains after ${event}`, async (scope) => {
    const agent = new http.Agent()
    const { signal } = new AbortController()
    const left = new Map([[agent, listenersOf(agent)]])
    agent.createSocket = function (request, ...rest) {
      left.set(request, listenersOf(request))
      request.prependOnceListener('socket', (socket) => left.set(socket, listenersOf(socket)))
      return http.Agent.prototype.createSocket.call(this, request, ...rest)
    }
    const asked = await ask(scope, { rest: [null, null, null, { agent, signal }] })
    await end(asked)
    assert.equal(left.size, 3)
    await eventually(() => [...left.keys()].at(-1).destroyed, 'the end of the socket')
    await scope.settle(10)
    for (const [emitter, before] of left) {
      const now = Object.entries(listenersOf(emitter)).filter(([name]) => !OF_NODE.includes(name))
      assert.deepEqual(now.filter(([name, count]) => count > (before[name] ?? 0)), [])
    }
    assert.equal(asked.client._req, null)
  })
}

/** Listeners that Node and this test add. */
const OF_NODE = ['finish', 'socket', 'timeout']

/** Returns the number of listeners of each event. */
function listenersOf (emitter) {
  return Object.fromEntries(emitter.eventNames().map((name) => [name, emitter.listenerCount(name)]))
}

// Compression.

const OFFERS = [
  [true, 'permessage-deflate; client_max_window_bits'], [{}, 'permessage-deflate; client_max_window_bits'],
  [{ maxWindowBits: 10, noContextTakeover: true },
    'permessage-deflate; client_no_context_takeover; client_max_window_bits=10'],
  [{ requestNoContextTakeover: true, requestMaxWindowBits: 9, level: 1, memLevel: 9, strategy: 0, threshold: 100 },
    'permessage-deflate; client_max_window_bits; server_no_context_takeover; server_max_window_bits=9'],
  [false, undefined], [undefined, undefined], [null, undefined]
]
for (const [perMessageDeflate, offer] of OFFERS) {
  test(`perMessageDeflate: ${inspect(perMessageDeflate)} offers ${offer}`, async (scope) => {
    const { request } = await ask(scope, { config: { perMessageDeflate }, rest: ['p', 'o', { 'X-A': '1' }] })
    assert.equal(headerOf(request, 'sec-websocket-extensions'), offer)
    assert.equal(lines(request).at(-1).startsWith('Sec-WebSocket-Extensions'), offer !== undefined)
  })
}

for (const [perMessageDeflate, message] of [
  ['yes', /Invalid perMessageDeflate: 'yes'; expected true, false or an object/], [1, /Invalid perMessageDeflate: 1/],
  [{ levle: 5 }, /Invalid perMessageDeflate\.levle; expected one of level, /],
  [{ zlib: {} }, /Invalid perMessageDeflate\.zlib/],
  [{ level: 10 }, /Invalid perMessageDeflate\.level: 10; expected an integer/],
  [{ maxWindowBits: 7 }, /maxWindowBits/], [{ threshold: -1 }, /Invalid perMessageDeflate\.threshold: -1/]
]) {
  test(`perMessageDeflate: ${inspect(perMessageDeflate)} throws`, () => {
    assert.throws(() => new WebSocketClient({ perMessageDeflate }), { message })
  })
}

test('messages are compressed in both directions when the server agrees', async (scope) => {
  const { connection, peer } = await connect(scope, {
    config: { perMessageDeflate: true, fragmentOutgoingMessages: false },
    headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
  })
  assert.deepEqual(connection.extensions, ['permessage-deflate'])
  const [theirs, ours] = [new Codec(), new Codec()]
  const text = 'compress me '.repeat(100)
  for (const round of ['first', 'second']) {
    const message = once(connection, 'message')
    peer.write(frame('text', theirs.deflate(text + round), { rsv: 4 }))
    assert.equal((await message).utf8Data, text + round)
    connection.sendUTF(text + round)
    const { mask, payload, rsv } = await peer.frame()
    assert.deepEqual([rsv, mask !== null, ours.inflate(payload).toString()], [4, true, text + round])
    assert.ok(payload.length < 100)
  }
})

test('messages below the threshold are not compressed', async (scope) => {
  const { connection, peer } = await connect(scope, {
    config: { perMessageDeflate: { threshold: 100 } }, headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
  })
  connection.sendUTF('a'.repeat(99))
  connection.sendUTF('a'.repeat(100))
  assert.deepEqual((await peer.frames(2)).map(({ rsv }) => rsv), [0, 4])
})

test('messages are not compressed when the server does not agree', async (scope) => {
  const { connection, peer } = await connect(scope, { config: { perMessageDeflate: true } })
  assert.deepEqual(connection.extensions, [])
  connection.sendUTF('a'.repeat(1000))
  const { payload, rsv } = await peer.frame()
  assert.deepEqual([rsv, payload.length], [0, 1000])
})

test('compressed messages in the chunk of the response are delivered', async (scope) => {
  const { client, peer, request } = await ask(scope, { config: { perMessageDeflate: true } })
  const message = new Promise((resolve) => client.on('connect', (connection) => connection.on('message', resolve)))
  const answer = upgradeResponse(request, { 'Sec-WebSocket-Extensions': 'permessage-deflate' })
  peer.write(Buffer.concat([Buffer.from(answer), frame('text', new Codec().deflate('early'), { rsv: 4 })]))
  assert.equal((await message).utf8Data, 'early')
})

test('each connection of a client makes its own offer', async (scope) => {
  const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
  const { client, server } = await connect(scope, { config: { perMessageDeflate: true }, headers })
  client.connect(server.url)
  const connected = once(client, 'connect')
  await server.acceptedOpen()
  assert.deepEqual((await connected).extensions, [])
})
