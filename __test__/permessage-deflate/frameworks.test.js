'use strict'

// The extension in other packages: faye-websocket and websocket-driver from npm, unchanged.

const assert = require('node:assert/strict')

const FayeWebSocket = require('faye-websocket')
const npm = require('permessage-deflate')
const websocket = require('websocket-driver')

const deflate = require('../../lib/permessage-deflate')
const { runChild } = require('../support/child')
const { openPair, openServer } = require('../support/open')
const { connectOpen, eventually, once, serve } = require('../support/peer')
const { test } = require('../support/test')
const { closePayload, fromClient, headerOf, upgradeResponse } = require('../support/wire')
const { compress, foreignZlib, noise } = require('./codecs')

const MiB = 1024 * 1024
const TEXT = JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ id, name: `entry ${id}`, price: id * 1.5 })))
const MESSAGES = [
  'Hello', 'Hello', '', 'é€😀', TEXT, Buffer.from(TEXT), TEXT.repeat(20), noise(300), Buffer.alloc(0), 'Hello',
  noise(2 * MiB), Buffer.alloc(8 * MiB, TEXT), TEXT.repeat(500), 'bye'
]
const OFFER = 'permessage-deflate; client_max_window_bits'

const ENDS = [
  ['this package\'s at both ends', deflate, deflate],
  ['npm\'s at the client', deflate, npm],
  ['npm\'s at the server', npm, deflate]
]
const SETTINGS = [
  {}, { noContextTakeover: true }, { requestNoContextTakeover: true }, { maxWindowBits: 9, requestMaxWindowBits: 9 },
  { level: 1, memLevel: 9, strategy: 1 }
]

/** Connects a client of faye-websocket to a server of it. */
async function connected (scope, serverOptions, clientOptions) {
  const errors = []
  const onSocket = (ws) => ws.on('error', ({ message }) => errors.push(message))
  const ends = await openPair(scope, {
    client: { onSocket, options: clientOptions, Subject: FayeWebSocket },
    server: { onSocket, options: serverOptions, Subject: FayeWebSocket }
  })
  return { ...ends, errors }
}

const messagesOf = (ws) => {
  const messages = []
  ws.on('message', ({ data }) => messages.push(data))
  return messages
}

for (const [ends, atServer, atClient] of ENDS) {
  for (const settings of SETTINGS) {
    const name = `${ends}, ${JSON.stringify(settings)}`
    test(`faye-websocket, ${name}: all messages arrive in order in both directions`, async (scope) => {
      const { client, server, errors } = await connected(scope,
        { extensions: [atServer.configure({ ...settings })] },
        { extensions: [atClient.configure({ ...settings })] })
      assert.match(client.headers['sec-websocket-extensions'], /^permessage-deflate/)
      const received = [messagesOf(server), messagesOf(client)]
      for (const message of MESSAGES) {
        client.send(message)
        server.send(message)
      }
      await eventually(() => received.every(({ length }) => length >= MESSAGES.length), 'all messages', 15000)
      for (const messages of received) assert.deepEqual(messages, MESSAGES)

      // Earlier messages precede the close frame.
      server.send(TEXT)
      server.close(3001, 'bye')
      const { code, reason } = await once(client, 'close')
      assert.deepEqual([code, reason, received[1].at(-1)], [3001, 'bye', TEXT])
      assert.deepEqual(errors, [])
    })
  }
}

for (const [name, header, settings, expected] of [
  ['the usual offer', OFFER, {}, 'permessage-deflate'],
  ['an offer of windows', 'permessage-deflate; server_max_window_bits=10; client_max_window_bits=11', {},
    'permessage-deflate; server_max_window_bits=10; client_max_window_bits=11'],
  ['settings', OFFER, { noContextTakeover: true, requestMaxWindowBits: 12 },
    'permessage-deflate; server_no_context_takeover; client_max_window_bits=12'],
  ['a second offer', 'permessage-deflate; server_max_window_bits=7, permessage-deflate; server_no_context_takeover',
    {}, 'permessage-deflate; server_no_context_takeover'],
  ['no acceptable offer', 'permessage-deflate; server_max_window_bits=7', {}, undefined],
  ['a repeated parameter', 'permessage-deflate; client_max_window_bits=9; client_max_window_bits=9', {}, undefined]
]) {
  test(`a server of faye-websocket answers ${name}`, async (scope) => {
    const extensions = [deflate.configure(settings)]
    const { port } = await serve(scope, FayeWebSocket, { options: { extensions } })
    const peer = await connectOpen(scope, port, { 'Sec-WebSocket-Extensions': header })
    assert.equal(headerOf(peer.response, 'sec-websocket-extensions'), expected)
  })
}

test('a server of faye-websocket inflates fragments of any size among plain messages', async (scope) => {
  const { peer, ws } = await openServer(scope, {
    headers: { 'Sec-WebSocket-Extensions': OFFER }, options: { extensions: [deflate] }, Subject: FayeWebSocket
  })
  const messages = messagesOf(ws)
  const data = compress(TEXT)
  for (const size of [1, 7, 1000]) {
    for (let start = 0; start < data.length; start += size) {
      peer.write(fromClient(start === 0 ? 'text' : 'continuation', data.subarray(start, start + size), {
        rsv: start === 0 ? 4 : 0, fin: start + size >= data.length
      }))
      if (start === 0) peer.write(fromClient('ping', 'p'))
    }
    peer.write(fromClient('text', 'plain'))
  }
  await eventually(() => messages.length === 6, 'all messages')
  assert.deepEqual(messages, [TEXT, 'plain', TEXT, 'plain', TEXT, 'plain'])
})

// The driver discards messages after invalid UTF-8. It may have received them from the session before.
const LATE = fromClient('text', compress('late'), { rsv: 4 })
for (const [name, data, code, reason, late = LATE] of [
  ['corrupt data', [0xff, 0xff, 0xff], 1010, 'permessage-deflate: invalid block type'],
  ['text that is not UTF-8', compress(Buffer.from([0xff, 0xfe])), 1007, 'Could not decode a text frame as UTF-8', ''],
  ['a message that inflates to too much', compress(Buffer.alloc(100 * MiB)), 1009,
    'permessage-deflate: WebSocket frame length too large']
]) {
  for (const [whose, extension] of [
    ['the native code', deflate], ['a zlib of the program', deflate.configure({ zlib: foreignZlib() })]
  ]) {
    test(`a server of faye-websocket with ${whose} fails for ${name} and delivers earlier messages`, async (scope) => {
      const { peer, ws } = await openServer(scope, {
        headers: { 'Sec-WebSocket-Extensions': OFFER },
        options: { extensions: [extension], maxLength: MiB },
        Subject: FayeWebSocket
      })
      const messages = messagesOf(ws)
      peer.write(Buffer.concat([
        fromClient('text', compress('good'), { rsv: 4 }), fromClient('text', data, { rsv: 4 }), Buffer.from(late)
      ]))
      const event = await once(ws, 'close')
      assert.deepEqual([event.code, event.reason], [code, reason])
      assert.deepEqual(messages, ['good'])
      const { type, payload } = await peer.frame()
      assert.deepEqual([type, payload.toString('hex')], ['close', closePayload(code, reason).toString('hex')])
    })
  }
}

for (const end of ['client', 'server']) {
  test(`faye-websocket: both ends close if a socket ends during a large message of the ${end}`, async (scope) => {
    const { client, server } = await connected(scope, { extensions: [deflate] }, { extensions: [deflate] })
    const sender = end === 'client' ? client : server
    const closed = [once(client, 'close'), once(server, 'close')]
    sender.send(Buffer.alloc(32 * MiB, TEXT))
    setImmediate(() => sender._stream.destroy())
    await Promise.all(closed)
  })
}

test('faye-websocket: an exception of a handler propagates, and no message is lost', async (scope) => {
  const child = runChild(scope, (WebSocket, { serve, once }) => {
    const deflate = require('../../lib/permessage-deflate')
    const options = { extensions: [deflate] }
    const thrown = []
    const received = []
    process.on('uncaughtException', (error) => thrown.push(error.message))
    const finish = () => {
      console.log(JSON.stringify({ thrown, received }))
      process.exit()
    }
    const onSocket = (ws) => {
      ws.on('message', ({ data }) => {
        received.push(data)
        if (data === 'second') throw new Error('mine')
        if (data === 'last') setImmediate(finish)
      })
    }
    serve({ defer () {} }, WebSocket, { options, onSocket }).then(async ({ url }) => {
      const client = new WebSocket.Client(url, null, options)
      await once(client, 'open')
      for (const text of ['first', 'second', 'third', 'last']) client.send(text)
    })
  }, { path: require.resolve('faye-websocket') })
  const { stdout, stderr, code } = await child.finished
  assert.equal(stderr, '')
  assert.deepEqual(JSON.parse(stdout), { thrown: ['mine'], received: ['first', 'second', 'third', 'last'] })
  assert.equal(code, 0)
})

test('faye-websocket: messages pass through this and another extension', async (scope) => {
  const reverse = {
    name: 'x-reverse',
    type: 'permessage',
    rsv1: false,
    rsv2: false,
    rsv3: false,
    createClientSession: () => ({ ...session, generateOffer: () => ({}), activate: () => true }),
    createServerSession: () => ({ ...session, generateResponse: () => ({}) })
  }
  const turned = (message, callback) => {
    // Later, after a delay that differs between messages.
    setTimeout(() => callback(null, { ...message, data: Buffer.from(message.data).reverse() }), message.data.length % 7)
  }
  const session = { processIncomingMessage: turned, processOutgoingMessage: turned, close () {} }
  for (const extensions of [[deflate, reverse], [reverse, deflate]]) {
    const { client, server, errors } = await connected(scope, { extensions }, { extensions })
    const received = messagesOf(server)
    for (const message of MESSAGES) client.send(message)
    await eventually(() => received.length >= MESSAGES.length, 'all messages', 15000)
    assert.deepEqual(received, MESSAGES)
    assert.deepEqual(errors, [])
  }
})

test('websocket-driver: a client and a server exchange compressed messages without sockets', async () => {
  const server = websocket.server()
  const client = websocket.client('ws://localhost/')
  for (const driver of [client, server]) driver.addExtension(deflate)
  server.on('connect', () => server.start())
  const frames = []
  const received = []
  server.on('message', ({ data }) => {
    received.push(data)
    server.text(data)
  })
  const echoed = []
  client.on('message', ({ data }) => echoed.push(data))
  server.io.on('data', (chunk) => setImmediate(() => client.io.write(chunk)))
  client.io.on('data', (chunk) => {
    frames.push(chunk)
    setImmediate(() => server.io.write(chunk))
  })
  client.start()
  await eventually(() => client.readyState === 1, 'the handshake')
  const texts = ['Hello', TEXT, TEXT, '', TEXT.repeat(300)]
  for (const text of texts) client.text(text)
  await eventually(() => echoed.length === texts.length, 'all messages')
  assert.deepEqual([received, echoed], [texts, texts])
  const lengths = frames.slice(1).map(({ length }) => length)
  assert.ok(lengths[1] < TEXT.length / 2, `${lengths}`)
  assert.ok(lengths[2] < lengths[1] / 4, `the context is not used: ${lengths}`)
  client.close()
  await once(client, 'close')
})

test('websocket-driver: a client fails if the response does not match its offer', async () => {
  const client = websocket.client('ws://localhost/')
  client.addExtension(deflate.configure({ requestMaxWindowBits: 10 }))
  let head
  client.io.once('data', (chunk) => { head = String(chunk) })
  client.start()
  assert.equal(headerOf(head, 'sec-websocket-extensions'),
    'permessage-deflate; client_max_window_bits; server_max_window_bits=10')
  const failed = once(client, 'error')
  client.io.write(Buffer.from(upgradeResponse(head, { 'Sec-WebSocket-Extensions': 'permessage-deflate' })))
  const { message } = await failed
  assert.match(message, /unacceptable extension parameters: permessage-deflate/)
})

test('websocket-driver: start() of a client with an invalid option throws an error', () => {
  const client = websocket.client('ws://localhost/')
  client.addExtension(deflate.configure({ maxWindowBits: 7 }))
  assert.throws(() => client.start(), { message: 'Invalid value for maxWindowBits' })
})
