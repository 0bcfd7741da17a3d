'use strict'

// The extension in the hands of others: faye-websocket and websocket-driver as npm has them, unchanged.

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

/** A server and a client of faye-websocket that are connected. */
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
    test(`faye-websocket, ${name}: all messages arrive in order, both ways`, async (scope) => {
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

      // What was sent before leaves before the close frame.
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
  test(`faye-websocket's server answers ${name}`, async (scope) => {
    const extensions = [deflate.configure(settings)]
    const { port } = await serve(scope, FayeWebSocket, { options: { extensions } })
    const peer = await connectOpen(scope, port, { 'Sec-WebSocket-Extensions': header })
    assert.equal(headerOf(peer.response, 'sec-websocket-extensions'), expected)
  })
}

test('faye-websocket\'s server understands fragments cut anywhere, among plain messages', async (scope) => {
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

// Messages behind text that is not UTF-8 are the driver's to drop, and it may have taken them from the session already.
const LATE = fromClient('text', compress('late'), { rsv: 4 })
for (const [name, data, code, reason, late = LATE] of [
  ['corrupt data', [0xff, 0xff, 0xff], 1010, 'permessage-deflate: invalid block type'],
  ['text that is not UTF-8', compress(Buffer.from([0xff, 0xfe])), 1007, 'Could not decode a text frame as UTF-8', ''],
  ['a message that inflates to too much', compress(Buffer.alloc(100 * MiB)), 1009,
    'permessage-deflate: WebSocket frame length too large']
]) {
  for (const [whose, extension] of [
    ['the native code', deflate], ['a zlib of the user\'s', deflate.configure({ zlib: foreignZlib() })]
  ]) {
    test(`faye-websocket's server with ${whose} fails for ${name}; what came before is delivered`, async (scope) => {
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
  test(`faye-websocket: a connection may vanish while a large message of the ${end} is under way`, async (scope) => {
    const { client, server } = await connected(scope, { extensions: [deflate] }, { extensions: [deflate] })
    const sender = end === 'client' ? client : server
    const closed = [once(client, 'close'), once(server, 'close')]
    sender.send(Buffer.alloc(32 * MiB, TEXT))
    setImmediate(() => sender._stream.destroy())
    await Promise.all(closed)
  })
}

test('faye-websocket: what a handler throws is not swallowed, and costs no message', async (scope) => {
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

test('faye-websocket: beside another extension, messages pass through both', async (scope) => {
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
    // In its own time, and never in the same.
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

test('websocket-driver: a client and a server without sockets', async () => {
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

test('websocket-driver: a client fails when the response is not what it asked for', async () => {
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

test('websocket-driver: a client that is misconfigured says so when it starts', () => {
  const client = websocket.client('ws://localhost/')
  client.addExtension(deflate.configure({ maxWindowBits: 7 }))
  assert.throws(() => client.start(), { message: 'Invalid value for maxWindowBits' })
})
