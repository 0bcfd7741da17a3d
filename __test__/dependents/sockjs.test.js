'use strict'

// sockjs, by which webpack-dev-server, Meteor and Spring's friends serve browsers, and its client for Node.

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

/** A server of sockjs on a free port, and the connections it has had. */
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

/** An open client of sockjs, what it has received, and its close event. */
async function dial (scope, behind, url, options) {
  const SockJS = load('sockjs-client', behind)
  // Without a timeout it gives up after some round trips, which a busy machine exceeds.
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
  const title = `sockjs, client by ${ends.client}, server by ${ends.server}`

  test(`${title}: messages pass both ways, in order`, async (scope) => {
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

  test(`${title}: the client hears with which code and reason the server leaves`, async (scope) => {
    const { connections, ends: ended, url } = await serve(scope, ends.server)
    const { received, closed } = await dial(scope, ends.client, url)
    connections[0].write('last')
    assert.equal(connections[0].close(3001, 'bye'), true)
    const { code, reason, wasClean } = await closed
    assert.deepEqual([code, reason, wasClean, received], [3001, 'bye', true, ['last']])
    assert.deepEqual(ended, connections)
    assert.equal(connections[0].write('too late'), false)
  })

  test(`${title}: the server hears that a client leaves`, async (scope) => {
    const { service, connections, ends: ended, url } = await serve(scope, ends.server)
    const data = []
    service.on('connection', (connection) => connection.on('data', (text) => data.push(text)))
    const { client } = await dial(scope, ends.client, url)
    client.send('last')
    client.close(4000, 'enough')
    await eventually(() => ended.length === 1, 'the end')
    assert.deepEqual([ended, data], [connections, ['last']])
  })

  test(`${title}: many clients share what one of them says`, async (scope) => {
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

  test(`${title}: raw connections carry messages as they are`, async (scope) => {
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
    // sockjs makes text of what it writes.
    assert.deepEqual([data, received], [['text', Buffer.from('bytes')], ['text', 'bytes']])
    assert.equal(connections[0].protocol, 'websocket-raw')
    connections[0].close(4001, 'done')
    const { code, reason } = await once(ws, 'close')
    assert.deepEqual([code, reason], [4001, 'done'])
    await eventually(() => ended.length === 1, 'the end')
  })
}

const title = `sockjs by ${SUBJECT}`

/** Lets the clock of sockjs run: it waits ten seconds for the answer to a heartbeat, whatever the options are. */
function hurry (scope, times) {
  const { setTimeout: real } = globalThis
  globalThis.setTimeout = (callback, delay, ...args) => real(callback, delay / times, ...args)
  scope.defer(() => { globalThis.setTimeout = real })
}

/** A raw peer with a session of its own. */
async function connectSession (scope, port) {
  const peer = await openAt(scope, port, '/service/000/session/websocket')
  assert.equal(String((await peer.frame()).payload), 'o')
  return peer
}

test(`${title}: heartbeats are pings, and a peer that answers them stays`, async (scope) => {
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

test(`${title}: a peer without an answer to heartbeats is closed`, async (scope) => {
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

test(`${title}: a message that is no JSON ends the session, an empty one does not`, async (scope) => {
  const { ends, port } = await serve(scope, SUBJECT)
  const peer = await connectSession(scope, port)
  peer.write(Buffer.concat([fromClient('text', ''), fromClient('text', '["half')]))
  const { type, payload } = await peer.frame()
  assert.deepEqual([type, payload], ['close', closePayload(3000, 'Broken framing.')])
  await eventually(() => ends.length === 1, 'the end')
})

for (const [what, target, headers, status] of [
  ['a request that is no upgrade', '/service/websocket', { Upgrade: null, Connection: 'close' }, '400 Bad Request'],
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

test(`${title}: a server of https speaks by TLS`, async (scope) => {
  const secure = certificate('localhost', { names: ['localhost'] })
  const { service, port } = await serve(scope, SUBJECT, { httpServer: https.createServer(secure) })
  service.on('connection', (connection) => connection.on('data', (data) => connection.write(data)))
  const { Client } = load('faye-websocket')
  const ws = new Client(`wss://localhost:${port}/service/websocket`, [], { tls: { ca: secure.cert } })
  ws.on('open', () => ws.send('by TLS'))
  assert.equal((await once(ws, 'message')).data, 'by TLS')
  ws.close()
  await once(ws, 'close')
})

test(`${title}: it serves what else the port serves`, async (scope) => {
  const httpServer = http.createServer((request, response) => response.end('page'))
  const { port } = await serve(scope, SUBJECT, { httpServer })
  assert.equal((await fetchFrom(port, '/')).text, 'page')
  assert.equal((await fetchFrom(port, '/service')).text, 'Welcome to SockJS!\n')
  assert.equal(JSON.parse((await fetchFrom(port, '/service/info')).text).websocket, true)
})
