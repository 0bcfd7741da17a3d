'use strict'

// faye, a server and clients of the publish-subscribe protocol Bayeux, over WebSocket and over EventSource.

const assert = require('node:assert/strict')
const http = require('node:http')
const https = require('node:https')
const net = require('node:net')

const { certificate } = require('../support/certs')
const { eventually, listen } = require('../support/peer')
const { test } = require('../support/test')
const { fromClient } = require('../support/wire')
const { ENDS, SUBJECT, load } = require('./load')
const { fetchFrom, openAt } = require('./requests')

/**
 * Starts a server on a port, or on a free one. `upgrades` are its WebSocket requests, `events` its events. `publish` is
 * the method of its own client.
 */
async function serve (scope, behind, { httpServer = http.createServer(), port: wanted, ...options } = {}) {
  const faye = load('faye', behind)
  const bayeux = new faye.NodeAdapter({ mount: '/faye', ...options })
  const subscribed = new Promise((resolve) => bayeux.on('subscribe', resolve))
  const events = []
  for (const name of ['handshake', 'subscribe', 'unsubscribe', 'publish', 'disconnect']) {
    bayeux.on(name, (clientId, ...rest) => events.push([name, ...rest]))
  }
  bayeux.attach(httpServer)
  const upgrades = []
  httpServer.on('upgrade', (request) => upgrades.push(request))
  const inside = bayeux.getClient()
  const stop = async () => {
    await inside.disconnect()
    bayeux.close()
  }
  scope.defer(stop)
  const port = await listen(scope, httpServer, wanted)
  return { events, publish: inside.publish.bind(inside), stop, subscribed, upgrades, httpServer, port, url: `http://127.0.0.1:${port}/faye` }
}

function dial (scope, behind, url, options) {
  const faye = load('faye', behind)
  const client = new faye.Client(url, { retry: 0.05, ...options })
  scope.defer(() => client.disconnect())
  return client
}

/** Subscribes, and records the messages. */
async function subscribe (client, channel) {
  const received = []
  await client.subscribe(channel).withChannel((name, data) => received.push([name, data]))
  return received
}

for (const ends of ENDS) {
  const title = `faye, client: ${ends.client}, server: ${ends.server}`

  test(`${title}: messages reach every subscriber over WebSocket`, async (scope) => {
    const { events, upgrades, url } = await serve(scope, ends.server)
    const [ann, bob] = [dial(scope, ends.client, url), dial(scope, ends.client, url)]
    ann.setHeader('X-Key', 'k')
    const [news, all] = [await subscribe(ann, '/chat/news'), await subscribe(bob, '/chat/*')]
    await ann.publish('/chat/news', { text: 'é€😀' })
    await bob.publish('/chat/other', 1)
    await eventually(() => all.length === 2 && news.length === 1, 'the messages')
    assert.deepEqual(news, [['/chat/news', { text: 'é€😀' }]])
    assert.deepEqual(all, [...news, ['/chat/other', 1]])
    assert.deepEqual(upgrades.map(({ headers }) => headers['x-key']), ['k', undefined])

    await bob.disconnect()
    await eventually(() => events.some(([name]) => name === 'disconnect'), 'the end')
    assert.deepEqual(events.filter(([name]) => name !== 'handshake'), [
      ['subscribe', '/chat/news'], ['subscribe', '/chat/*'],
      ['publish', '/chat/news', { text: 'é€😀' }], ['publish', '/chat/other', 1],
      ['unsubscribe', '/chat/*'], ['disconnect']
    ])
  })

  test(`${title}: the server can publish, and clients can unsubscribe`, async (scope) => {
    const { publish, url } = await serve(scope, ends.server)
    const client = dial(scope, ends.client, url)
    const received = []
    const subscription = client.subscribe('/news', (data) => received.push(data))
    await subscription
    await publish('/news', 'first')
    await eventually(() => received.length === 1, 'the message')
    subscription.cancel()
    await client.publish('/other', 'the subscription is cancelled before this')
    await publish('/news', 'second')
    await client.publish('/other', 'after it')
    assert.deepEqual(received, ['first'])
  })

  test(`${title}: messages are compressed if both ends have the extension`, async (scope) => {
    const deflate = (behind) => [load('permessage-deflate', behind)]
    const { upgrades, port } = await serve(scope, ends.server, { websocketExtensions: deflate(ends.server) })
    const relay = await countBytes(scope, port)
    const client = dial(scope, ends.client, `http://127.0.0.1:${relay.port}/faye`, {
      websocketExtensions: deflate(ends.client)
    })
    const received = await subscribe(client, '/long')
    const text = 'round and round '.repeat(60000)
    for (let count = 1; count <= 3; count++) {
      await client.publish('/long', text + count)
      await eventually(() => received.length === count, 'the message')
    }
    assert.deepEqual(received.map(([, data]) => data), [1, 2, 3].map((count) => text + count))
    assert.match(upgrades[0].headers['sec-websocket-extensions'], /permessage-deflate/)
    assert.ok(relay.bytes() < text.length / 10, `${relay.bytes()} bytes`)
  })

  test(`${title}: large messages are delivered without the extension`, async (scope) => {
    const { url } = await serve(scope, ends.server)
    const client = dial(scope, ends.client, url)
    const received = await subscribe(client, '/long')
    const text = 'é'.repeat(1000000)
    await client.publish('/long', text)
    await eventually(() => received.length === 1, 'the message')
    assert.equal(received[0][1], text)
  })

  test(`${title}: a client reconnects to a restarted server and keeps its subscriptions`, async (scope) => {
    const { httpServer, port, url, ...first } = await serve(scope, ends.server)
    const client = dial(scope, ends.client, url)
    const events = []
    for (const name of ['transport:down', 'transport:up']) client.on(name, () => events.push(name))
    const received = await subscribe(client, '/news')
    await first.publish('/news', 1)
    await eventually(() => received.length === 1, 'the message before')

    await first.stop()
    await new Promise((resolve) => {
      httpServer.close(resolve)
      for (const { socket } of first.upgrades) socket.destroy()
    })
    await eventually(() => events.includes('transport:down'), 'the loss')

    const second = await serve(scope, ends.server, { port })
    await second.subscribed
    await second.publish('/news', 2)
    await eventually(() => received.length === 2, 'the message after')
    assert.deepEqual(received, [['/news', 1], ['/news', 2]])
    assert.equal(events.at(-1), 'transport:up')
    await client.disconnect()
  })

  test(`${title}: a client connects over TLS with the option ca`, async (scope) => {
    const secure = certificate('localhost', { names: ['localhost'] })
    const httpServer = https.createServer(secure)
    const { upgrades, port } = await serve(scope, ends.server, { httpServer })
    const client = dial(scope, ends.client, `https://localhost:${port}/faye`, { tls: { ca: secure.cert } })
    const received = await subscribe(client, '/news')
    await client.publish('/news', 'over TLS')
    await eventually(() => received.length === 1, 'the message')
    assert.equal(upgrades.length, 1)
  })

  test(`${title}: many clients exchange messages`, async (scope) => {
    const { upgrades, url } = await serve(scope, ends.server)
    const clients = Array.from({ length: 20 }, () => dial(scope, ends.client, url))
    const received = await Promise.all(clients.map((client) => subscribe(client, '/all')))
    await Promise.all(clients.map((client, index) => client.publish('/all', index)))
    await eventually(() => received.every((each) => each.length === clients.length), 'all messages')
    assert.equal(upgrades.length, clients.length)
  })
}

const title = `faye (${SUBJECT})`
const HANDSHAKE = {
  channel: '/meta/handshake',
  version: '1.0',
  supportedConnectionTypes: ['eventsource', 'websocket']
}

test(`${title}: a client without WebSocket gets its messages from an event stream`, async (scope) => {
  const { publish, port } = await serve(scope, SUBJECT, { ping: 0.02 })
  const [{ clientId }] = await post(port, HANDSHAKE)
  const stream = await events(scope, port, clientId)
  await post(port, { channel: '/meta/subscribe', clientId, subscription: '/news' })
  assert.deepEqual([stream.status, stream.type], [200, 'text/event-stream'])
  for (const data of ['first', 'é€\n😀']) await publish('/news', data)
  await eventually(() => stream.messages().length === 2, 'the messages')
  assert.deepEqual(stream.messages().map(([{ data }]) => data), ['first', 'é€\n😀'])
  await eventually(() => stream.text().includes('\r\n\r\n:\r\n\r\n'), 'a ping')
})

test(`${title}: the server pings idle connections`, async (scope) => {
  const { port } = await serve(scope, SUBJECT, { ping: 0.02 })
  const peer = await openAt(scope, port, '/faye')
  for (let beat = 0; beat < 3; beat++) {
    const { type, payload } = await peer.frame()
    assert.equal(type, 'ping')
    peer.write(fromClient('pong', payload))
  }
})

for (const [what, text] of [['not JSON', 'hello'], ['not an object', '"hello"']]) {
  test(`${title}: a message that is ${what} does not end the connection`, async (scope) => {
    // faye writes the stack to the console.
    const { log } = console
    console.log = () => {}
    scope.defer(() => { console.log = log })
    const { port } = await serve(scope, SUBJECT)
    const peer = await openAt(scope, port, '/faye')
    // faye converts bytes to text.
    peer.write(Buffer.concat([fromClient('text', text), fromClient('binary', JSON.stringify([HANDSHAKE]))]))
    const [reply] = JSON.parse(String((await peer.frame()).payload))
    assert.equal(reply.successful, true)
  })
}

/** Opens the event stream of a client, and records its text. */
function events (scope, port, clientId) {
  return new Promise((resolve, reject) => {
    const headers = { Accept: 'text/event-stream' }
    const request = http.get({ port, path: `/faye/${clientId}`, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => { text += chunk })
      resolve({
        status: response.statusCode,
        type: response.headers['content-type'],
        text: () => text,
        messages: () => [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data))
      })
    })
    request.on('error', reject)
    scope.defer(() => request.destroy())
  })
}

async function post (port, message) {
  const headers = { 'Content-Type': 'application/json' }
  return JSON.parse((await fetchFrom(port, '/faye', { method: 'POST', headers, body: JSON.stringify([message]) })).text)
}

/** Opens a port that relays to another and counts the bytes. */
async function countBytes (scope, target) {
  let bytes = 0
  const relay = net.createServer((socket) => {
    const onward = net.connect(target, '127.0.0.1')
    for (const [from, to] of [[socket, onward], [onward, socket]]) {
      from.on('data', (chunk) => { bytes += chunk.length })
      from.on('error', () => to.destroy())
      from.pipe(to)
    }
  })
  return { port: await listen(scope, relay), bytes: () => bytes }
}
