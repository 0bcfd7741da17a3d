'use strict'

// Connections of the `websocket` interface with the native transport. A connection loses no bytes when it takes over
// its socket.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const https = require('node:https')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')

const { certificate, createAuthority } = require('../support/certs')
const { test } = require('../support/native')
const { accept, connect, eventually, listen } = require('../support/peer')
const { issue, local, root } = require('../support/tls')
const { usesReactor } = require('../support/transport')
const { subject: { Connection, websocket } } = require('../support/websocket')
const { frame, fromClient, upgradeRequest, upgradeResponse } = require('../support/wire')

const SCHEMES = ['ws', 'wss']
const secure = { tlsOptions: { ca: root.cert } }
const ACCEPTING = { autoAcceptConnections: true }
const LARGE = Buffer.alloc(65536, 'x')

/** Starts our server, and records its requests and connections. */
async function serve (scope, { scheme = 'ws', config, identity = local } = {}) {
  const httpServer = scheme === 'wss' ? https.createServer(identity) : http.createServer()
  const port = await listen(scope, httpServer)
  const server = new websocket.server({ httpServer, ...config })
  const requests = []
  const connections = []
  server.on('request', (request) => requests.push(request))
  server.on('connect', (connection) => connections.push(connection))
  scope.defer(() => server.shutDown())
  return { connections, port, requests, url: `${scheme}://localhost:${port}/` }
}

/** Starts our client, and records its events. */
function dial (scope, url, config = secure, ...rest) {
  const client = new websocket.client({ ...config })
  const seen = { client, connection: null, events: [], messages: [], response: null }
  client.on('connectFailed', ({ code, message }) => seen.events.push(['connectFailed', code, message]))
  client.on('connect', (connection) => {
    seen.events.push(['connect'])
    seen.connection = connection
    connection.on('message', (message) => seen.messages.push(message.utf8Data ?? message.binaryData))
    connection.on('error', ({ code }) => seen.events.push(['error', code]))
    connection.on('close', (code, description) => seen.events.push(['close', code, description]))
    scope.defer(() => connection.socket.destroy())
  })
  client.connect(url, null, null, null, ...rest)
  return seen
}

async function connected (scope, ...rest) {
  const seen = dial(scope, ...rest)
  await eventually(() => seen.events.length > 0, 'an outcome')
  assert.deepEqual(seen.events, [['connect']])
  return seen
}

for (const scheme of SCHEMES) {
  test(`a client of ${scheme} uses the native transport to send and receive messages`, async (scope) => {
    const { connections, url } = await serve(scope, { scheme, config: ACCEPTING })
    const { connection, events, messages } = await connected(scope, url)
    assert.equal(usesReactor(connection), true)
    await eventually(() => connections.length === 1, 'a connection')
    connections[0].on('message', (message) => connections[0].send(message.utf8Data ?? message.binaryData))
    const sent = ['Hello', '', LARGE, 'é'.repeat(30000), Buffer.alloc(0), Buffer.alloc(900000, 7)]
    for (const each of sent) connection.send(each)
    await eventually(() => messages.length === sent.length, 'all echoes')
    assert.deepEqual(messages, sent)
    connection.close()
    await eventually(() => events.length === 2, 'close')
    assert.deepEqual(events[1], ['close', 1000, 'Normal connection closure'])
  })

  test(`a client of ${scheme} receives messages in and after the packet of the response`, async (scope) => {
    const server = await accept(scope, { secure: scheme === 'wss' && local })
    const seen = dial(scope, server.url.replace('127.0.0.1', 'localhost'))
    const peer = await server.accepted()
    const numbers = Array.from({ length: 300 }, (_, index) => String(index).padEnd(index * 3, '.'))
    const [first, ...others] = numbers.map((text) => frame('text', text))
    peer.write(Buffer.concat([Buffer.from(upgradeResponse(await peer.head())), first, others[0].subarray(0, 1)]))
    peer.write(Buffer.concat([others[0].subarray(1), ...others.slice(1)]))
    await eventually(() => seen.messages.length === numbers.length, 'all messages')
    assert.deepEqual(seen.messages, numbers)
    assert.equal(usesReactor(seen.connection), true)
  })

  test(`a client of ${scheme} with the option transport: stream uses it`, async (scope) => {
    const { url } = await serve(scope, { scheme, config: ACCEPTING })
    const { connection } = await connected(scope, url, { ...secure, transport: 'stream' })
    assert.equal(usesReactor(connection), false)
  })

  test(`a client of ${scheme} emits httpResponse with the whole body of another response`, async (scope) => {
    const body = Buffer.alloc(3e6, 'y')
    const server = scheme === 'wss' ? https.createServer(local) : http.createServer()
    server.on('upgrade', (request, socket) => {
      socket.write(`HTTP/1.1 503 Busy\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`)
      socket.end(body)
    })
    const url = `${scheme}://localhost:${await listen(scope, server)}/`
    const failed = dial(scope, url)
    await eventually(() => failed.events.length > 0, 'an outcome')
    assert.match(failed.events[0][2], /^Server responded with a non-101 status: 503 Busy\nResponse Headers Follow:\n/)
    const seen = dial(scope, url)
    let received = 0
    const ended = new Promise((resolve) => seen.client.on('httpResponse', (response) => {
      response.on('data', (chunk) => { received += chunk.length }).on('end', resolve)
    }))
    await ended
    assert.equal(received, body.length)
    assert.deepEqual(seen.events, [])
  })

  test(`a client of ${scheme} cancels a request without a response at abort()`, async (scope) => {
    const server = await accept(scope, { secure: scheme === 'wss' && local })
    const seen = dial(scope, server.url.replace('127.0.0.1', 'localhost'))
    const peer = await server.accepted()
    await peer.head()
    seen.client.abort()
    await eventually(() => seen.events.length > 0, 'an outcome')
    assert.deepEqual(seen.events, [['connectFailed', 'ECONNRESET', 'socket hang up']])
    await peer.ended()
  })
}

const MISTRUSTED = {
  'of another authority': [createAuthority().local, 'CERT_SIGNATURE_FAILURE'],
  'for another name': [issue({ names: ['other.example'] }), 'ERR_TLS_CERT_ALTNAME_INVALID'],
  'that is self-signed': [certificate('localhost', { names: ['localhost'] }), 'DEPTH_ZERO_SELF_SIGNED_CERT']
}
for (const [name, [identity, code]] of Object.entries(MISTRUSTED)) {
  test(`a client emits connectFailed with the error of Node for a certificate ${name}`, async (scope) => {
    const { url } = await serve(scope, { scheme: 'wss', identity, config: ACCEPTING })
    const seen = []
    for (const transport of ['native', 'stream']) {
      const { events } = dial(scope, url, { ...secure, transport })
      await eventually(() => events.length > 0, 'an outcome')
      seen.push(events)
    }
    assert.deepEqual(seen[0], seen[1])
    assert.equal(seen[0][0][1], code)
  })
}

test('a client with an agent, or TLS options that only Node supports, uses the stream transport', async (scope) => {
  const { url } = await serve(scope, { scheme: 'wss', config: ACCEPTING })
  for (const [config, options] of [
    [secure, { agent: new https.Agent() }],
    [{ tlsOptions: { rejectUnauthorized: false } }],
    [{ tlsOptions: { ca: root.cert, checkServerIdentity: () => undefined } }]
  ]) {
    const { connection } = await connected(scope, url, config, options)
    assert.equal(usesReactor(connection), false)
    assert.equal(connection.socket.constructor.name, 'TLSSocket')
  }
})

test('a w3cwebsocket uses the native transport', async (scope) => {
  const { connections, url } = await serve(scope, { scheme: 'wss', config: ACCEPTING })
  const ws = new websocket.w3cwebsocket(url, null, null, null, null, { ...secure })
  await new Promise((resolve, reject) => Object.assign(ws, { onopen: resolve, onerror: reject }))
  await eventually(() => connections.length === 1, 'a connection')
  const message = new Promise((resolve) => { ws.onmessage = resolve })
  connections[0].send('Hello')
  assert.equal((await message).data, 'Hello')
  assert.equal(usesReactor(ws._connection), true)
  ws.close()
})

const WAITS = { 'at once': 0, 'in the next turn': 1, 'much later': 400 }
for (const [moment, wait] of Object.entries(WAITS)) {
  test(`a server that accepts ${moment} uses the native transport and receives all messages`, async (scope) => {
    const { connections, port, requests } = await serve(scope)
    const peer = await connect(scope, port)
    const texts = Array.from({ length: 100 }, (_, index) => String(index).repeat(300))
    const [first, ...others] = texts.map((text) => fromClient('text', text))
    peer.write(Buffer.concat([Buffer.from(upgradeRequest()), first]))
    await eventually(() => requests.length === 1, 'a request')
    for (const each of others) peer.write(each)
    if (wait > 0) await scope.settle(wait)
    const connection = requests[0].accept(null, null)
    const messages = []
    connection.on('message', ({ utf8Data }) => messages.push(utf8Data))
    assert.equal(usesReactor(connection), true)
    assert.deepEqual(connections, [connection])
    await eventually(() => messages.length === texts.length, 'all messages')
    assert.deepEqual(messages, texts)
  })
}

test('a client that sends megabytes before the server accepts has to wait, and all arrive', async (scope) => {
  const { port, requests } = await serve(scope)
  const peer = await connect(scope, port)
  peer.write(upgradeRequest())
  await eventually(() => requests.length === 1, 'a request')
  const sent = Array.from({ length: 400 }, (_, index) => Buffer.alloc(60000, index))
  for (const each of sent) peer.write(fromClient('binary', each))
  await scope.settle(100)
  assert.ok(peer.socket.writableLength > 0)
  const connection = requests[0].accept(null, null)
  const received = []
  connection.on('message', ({ binaryData }) => received.push(binaryData))
  assert.equal(usesReactor(connection), true)
  await eventually(() => received.length === sent.length, 'all messages')
  assert.deepEqual(received, sent)
})

test('both ends of a Unix domain socket use the native transport', async (scope) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'native-'))
  scope.defer(() => fs.rmSync(directory, { recursive: true }))
  const socketPath = path.join(directory, 'socket')
  const httpServer = http.createServer()
  await new Promise((resolve) => httpServer.listen(socketPath, resolve))
  scope.defer(() => httpServer.close())
  const server = new websocket.server({ httpServer, ...ACCEPTING })
  const accepted = new Promise((resolve) => server.on('connect', resolve))
  const { connection, messages } = await connected(scope, 'ws://localhost/', {}, { socketPath })
  const other = await accepted
  assert.deepEqual([connection, other].map(usesReactor), [true, true])
  other.send('Hello')
  await eventually(() => messages.length === 1, 'the message')
})

test('a TLS server uses the stream transport', async (scope) => {
  const { connections, url } = await serve(scope, { scheme: 'wss', config: ACCEPTING })
  await connected(scope, url)
  await eventually(() => connections.length === 1, 'a connection')
  assert.equal(usesReactor(connections[0]), false)
})

test('a connection that a program makes receives the bytes that its socket has already read', async (scope) => {
  const server = await accept(scope)
  const socket = net.connect({ host: '127.0.0.1', port: server.port })
  scope.defer(() => socket.destroy())
  const peer = await server.accepted()
  peer.write(frame('text', 'early'))
  socket.once('readable', () => {})
  await eventually(() => socket.readableLength > 0, 'bytes')
  const connection = new Connection(socket, [], undefined, true, { ...new websocket.client().config })
  const messages = []
  connection.on('message', ({ utf8Data }) => messages.push(utf8Data))
  connection._addSocketEventListeners()
  assert.equal(usesReactor(connection), true)
  await eventually(() => messages.length === 1, 'the message')
  assert.deepEqual(messages, ['early'])
})
