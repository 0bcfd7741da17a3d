'use strict'

// sockjs, the server that webpack-dev-server and Meteor use for browsers, and its client for Node.

const assert = require('node:assert/strict')
const http = require('node:http')
const https = require('node:https')

const { certificate } = require('../support/certs')
const { eventually, listen, once } = require('../support/peer')
const { test } = require('../support/test')
const { closePayload, fromClient } = require('../support/wire')
const { ENDS, SUBJECT, load } = require('./load')
const { fetchFrom, openAt } = require('./requests')

const TEXTS = ['', 'plain', 'é€😀 \u2028 \u0000', '"quoted" [1]', 'x'.repeat(300000)]

/** Starts a server of sockjs on a free port, and records its connections. */
async function serve (scope, behind, { httpServer = http.createServer(), ...options } = {}) {
  const sockjs = load('sockjs', behind)
  const service = sockjs.createServer({ prefix: '/service', log () {}, ...options })
  const connections = []
  const ends = []
  service.on('connection', (connection) => {
    connections.push(connection)
    connection.on('close', () => ends.push(connection))
  })
  service.installHandlers(httpServer)
  const port = await listen(scope, httpServer)
  return { service, connections, ends, port, url: `http://127.0.0.1:${port}/service` }
}

/** Opens a client of sockjs, and records its messages and its close event. */
async function dial (scope, behind, url, options) {
  const SockJS = load('sockjs-client', behind)
  // Without a timeout the client fails after some round-trip times, which a busy machine exceeds.
  const client = new SockJS(url, null, { transports: ['websocket'], timeout: 8000, ...options })
  scope.defer(() => client.close())
  const received = []
  const closed = new Promise((resolve) => { client.onclose = resolve })
  client.onmessage = ({ data }) => received.push(data)
  await new Promise((resolve, reject) => {
    client.onopen = resolve
    closed.then(({ code, reason }) => reject(new Error(`${code} ${reason}`)))
  })
  return { client, received, closed }
}

for (const ends of ENDS) {
  const title = `sockjs, client: ${ends.client}, server: ${ends.server}`

  test(`${title}: messages are delivered in both directions, in order`, async (scope) => {
    const { service, connections, url } = await serve(scope, ends.server)
    service.on('connection', (connection) => connection.on('data', (text) => connection.write(text)))
    const { client, received } = await dial(scope, ends.client, url)
    assert.equal(client.transport, 'websocket')
    for (const text of TEXTS) client.send(text)
    await eventually(() => received.length === TEXTS.length, 'the echoes')
    assert.deepEqual(received, TEXTS)

    const [{ protocol, remoteAddress, pathname, headers, readyState }] = connections
    assert.deepEqual([protocol, remoteAddress, readyState], ['websocket', '127.0.0.1', 1])
    assert.match(pathname, /^\/service\/\d+\/\w+\/websocket$/)
    assert.equal(headers.host, new URL(url).host)
  })

  test(`${title}: the client gets the close code and reason of the server`, async (scope) => {
    const { connections, ends: ended, url } = await serve(scope, ends.server)
    const { received, closed } = await dial(scope, ends.client, url)
    connections[0].write('last')
    assert.equal(connections[0].close(3001, 'bye'), true)
    const { code, reason, wasClean } = await closed
    assert.deepEqual([code, reason, wasClean, received], [3001, 'bye', true, ['last']])
    assert.deepEqual(ended, connections)
    assert.equal(connections[0].write('too late'), false)
  })

  test(`${title}: the server is notified when a client closes`, async (scope) => {
    const { service, connections, ends: ended, url } = await serve(scope, ends.server)
    const data = []
    service.on('connection', (connection) => connection.on('data', (text) => data.push(text)))
    const { client } = await dial(scope, ends.client, url)
    client.send('last')
    client.close(4000, 'enough')
    await eventually(() => ended.length === 1, 'the end')
    assert.deepEqual([ended, data], [connections, ['last']])
  })

  test(`${title}: the server broadcasts to many clients`, async (scope) => {
    const { service, connections, ends: ended, url } = await serve(scope, ends.server)
    service.on('connection', (connection) => {
      connection.on('data', (text) => connections.forEach((each) => each.write(text)))
    })
    const clients = await Promise.all(Array.from({ length: 40 }, () => dial(scope, ends.client, url)))
    for (const { client } of clients.slice(0, 10)) client.send(client.url.slice(0, 4))
    await eventually(() => clients.every(({ received }) => received.length === 10), 'all messages')
    for (const { client } of clients) client.close()
    await eventually(() => ended.length === clients.length, 'all ends')
  })

  test(`${title}: raw connections deliver messages unchanged`, async (scope) => {
    const { service, connections, ends: ended, url } = await serve(scope, ends.server)
    const data = []
    service.on('connection', (connection) => connection.on('data', (each) => {
      data.push(each)
      connection.write(each)
    }))
    const { Client } = load('faye-websocket', ends.client)
    const ws = new Client(`${url.replace('http', 'ws')}/websocket`)
    const received = []
    ws.on('message', ({ data }) => received.push(data))
    await once(ws, 'open')
    ws.send('text')
    ws.send(Buffer.from('bytes'))
    await eventually(() => received.length === 2, 'the echoes')
    // sockjs converts its messages to text.
    assert.deepEqual([data, received], [['text', Buffer.from('bytes')], ['text', 'bytes']])
    assert.equal(connections[0].protocol, 'websocket-raw')
    connections[0].close(4001, 'done')
    const { code, reason } = await once(ws, 'close')
    assert.deepEqual([code, reason], [4001, 'done'])
    await eventually(() => ended.length === 1, 'the end')
  })
}

const title = `sockjs (${SUBJECT})`

/** Makes the timers of sockjs faster. It always waits ten seconds for the answer to a heartbeat. */
function hurry (scope, times) {
  const { setTimeout: real } = globalThis
  globalThis.setTimeout = (callback, delay, ...args) => real(callback, delay / times, ...args)
  scope.defer(() => { globalThis.setTimeout = real })
}

/** Connects a raw peer with its own session. */
async function connectSession (scope, port) {
  const peer = await openAt(scope, port, '/service/000/session/websocket')
  assert.equal(String((await peer.frame()).payload), 'o')
  return peer
}

test(`${title}: heartbeats are pings, and a peer that answers them stays connected`, async (scope) => {
  hurry(scope, 20)
  const { connections, port } = await serve(scope, SUBJECT, { heartbeat_delay: 400 })
  const peer = await connectSession(scope, port)
  for (let beat = 0; beat < 3; beat++) {
    const { type, payload } = await peer.frame()
    assert.deepEqual([type, payload.length], ['ping', 0])
    peer.write(fromClient('pong'))
  }
  assert.equal(connections[0].readyState, 1)
})

test(`${title}: a session is closed if the peer does not answer heartbeats`, async (scope) => {
  hurry(scope, 20)
  const { ends, port } = await serve(scope, SUBJECT, { heartbeat_delay: 400 })
  const peer = await connectSession(scope, port)
  await eventually(() => ends.length === 1, 'the end')
  peer.write(fromClient('close', closePayload(3000)))
  await peer.ended()
  const frames = (await peer.frames(3)).filter(({ type }) => type !== 'ping')
  assert.deepEqual(frames.map(({ type, payload }) => [type, String(payload)]), [
    ['text', 'c[3000,"No response from heartbeat"]'],
    ['close', String(closePayload(1000, 'Normal closure'))]
  ])
})

test(`${title}: invalid JSON ends the session, an empty message does not`, async (scope) => {
  const { ends, port } = await serve(scope, SUBJECT)
  const peer = await connectSession(scope, port)
  peer.write(Buffer.concat([fromClient('text', ''), fromClient('text', '["half')]))
  const { type, payload } = await peer.frame()
  assert.deepEqual([type, payload], ['close', closePayload(3000, 'Broken framing.')])
  await eventually(() => ends.length === 1, 'the end')
})

for (const [what, target, headers, status] of [
  ['a request without an upgrade', '/service/websocket', { Upgrade: null, Connection: 'close' }, '400 Bad Request'],
  ['an unknown version of a raw connection', '/service/websocket', { 'Sec-WebSocket-Version': '7' }, '400 Bad Request'],
  ['a path without a session', '/service/nowhere', {}, '404 Not Found']
]) {
  test(`${title}: ${what} is refused`, async (scope) => {
    const { connections, port } = await serve(scope, SUBJECT)
    const peer = await openAt(scope, port, target, headers)
    assert.equal(peer.response.split('\r\n')[0], `HTTP/1.1 ${status}`)
    await peer.ended()
    assert.deepEqual(connections, [])
  })
}

test(`${title}: options of the server reach the connection`, async (scope) => {
  const { ends, port } = await serve(scope, SUBJECT, { faye_server_options: { maxLength: 10 } })
  const peer = await connectSession(scope, port)
  peer.write(fromClient('text', 'x'.repeat(11)))
  const { type, payload } = await peer.frame()
  assert.deepEqual([type, payload.readUInt16BE()], ['close', 1009])
  await eventually(() => ends.length === 1, 'the end')
})

test(`${title}: an HTTPS server accepts connections over TLS`, async (scope) => {
  const secure = certificate('localhost', { names: ['localhost'] })
  const { service, port } = await serve(scope, SUBJECT, { httpServer: https.createServer(secure) })
  service.on('connection', (connection) => connection.on('data', (data) => connection.write(data)))
  const { Client } = load('faye-websocket')
  const ws = new Client(`wss://localhost:${port}/service/websocket`, [], { tls: { ca: secure.cert } })
  ws.on('open', () => ws.send('over TLS'))
  assert.equal((await once(ws, 'message')).data, 'over TLS')
  ws.close()
  await once(ws, 'close')
})

test(`${title}: other requests of the HTTP server are still answered`, async (scope) => {
  const httpServer = http.createServer((request, response) => response.end('page'))
  const { port } = await serve(scope, SUBJECT, { httpServer })
  assert.equal((await fetchFrom(port, '/')).text, 'page')
  assert.equal((await fetchFrom(port, '/service')).text, 'Welcome to SockJS!\n')
  assert.equal(JSON.parse((await fetchFrom(port, '/service/info')).text).websocket, true)
})
