'use strict'

// Our servers with clients of websocket 1.0.35, and its servers with our clients.

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const http = require('node:http')

const { noise } = require('../support/deflate')
const { eventually, listen } = require('../support/peer')
const { deviation, eventsOf, original, subject } = require('../support/websocket')

const MiB = 1 << 20
const LIMITS = { maxReceivedFrameSize: 16 * MiB, maxReceivedMessageSize: 16 * MiB }
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex')
const PAIRS = {
  'our server, the original\'s client': [subject.websocket, original.websocket],
  'the original\'s server, our client': [original.websocket, subject.websocket],
  'our server, our client': [subject.websocket, subject.websocket]
}

/** Opens a connection and returns both ends: the server's and the client's. */
async function openPair (scope, [{ server: Server }, { client: Client }], { server = {}, client = {} } = {}) {
  const httpServer = http.createServer()
  const port = await listen(scope, httpServer)
  const accepting = new Server({ httpServer, autoAcceptConnections: true, keepalive: false, ...LIMITS, ...server })
  const accepted = new Promise((resolve) => accepting.once('connect', resolve))
  const dialling = new Client({ ...LIMITS, ...client })
  const connected = new Promise((resolve, reject) => {
    dialling.once('connect', resolve)
    dialling.once('connectFailed', reject)
  })
  dialling.connect(`ws://127.0.0.1:${port}/`, 'chat')
  const ends = { server: await accepted, client: await connected }
  scope.defer(() => ends.client.socket.destroy())
  return ends
}

const other = { server: 'client', client: 'server' }

for (const [name, pair] of Object.entries(PAIRS)) {
  for (const config of [{}, { fragmentationThreshold: 1000 }, { fragmentOutgoingMessages: false }]) {
    deviation(`${name}: messages of all sizes are echoed with ${JSON.stringify(config)}`, async (scope) => {
      const { client, server } = await openPair(scope, pair, { client: config, server: config })
      assert.equal(client.protocol, 'chat')
      server.on('message', ({ type, utf8Data, binaryData }) => server.send(type === 'utf8' ? utf8Data : binaryData))
      const received = []
      client.on('message', ({ type, utf8Data, binaryData }) => received.push([type, digest(utf8Data ?? binaryData)]))
      const sent = [0, 1, 125, 126, 999, 1000, 1001, 65535, 65536, 300000, 4 * MiB].flatMap((length) => {
        const text = 'é'.repeat(length >> 1)
        const bytes = noise(length)
        client.sendUTF(text)
        client.sendBytes(bytes)
        return [['utf8', digest(text)], ['binary', digest(bytes)]]
      })
      await eventually(() => received.length === sent.length, 'all messages')
      assert.deepEqual(received, sent)
    })
  }

  for (const end of ['server', 'client']) {
    for (const [how, given, ours, theirs] of [
      ['a code and a reason', [4000, 'why'], [4000, 'why'], [4000, 'why']],
      ['no arguments', [], [1000, 'Normal connection closure'], [1000, 'Normal connection closure']],
      ['a code without a description', [3000], [3000, undefined], [3000, undefined]]
    ]) {
      deviation(`${name}: the ${end} closes with ${how}`, async (scope) => {
        const ends = await openPair(scope, pair)
        const [near, far] = [ends[end], ends[other[end]]].map(eventsOf)
        ends[end].close(...given)
        await eventually(() => near.length > 0 && far.length > 0, 'close of both')
        assert.deepEqual([near, far], [[['close', ...ours]], [['close', ...theirs]]])
        await eventually(() => ends.client.socket.destroyed && ends.server.socket.destroyed, 'the end of the sockets')
      })
    }

    deviation(`${name}: the ${end} drops`, async (scope) => {
      const ends = await openPair(scope, pair)
      const far = eventsOf(ends[other[end]])
      ends[end].drop(1008, 'not wanted')
      await eventually(() => far.length > 0, 'close')
      assert.deepEqual(far, [['close', 1008, 'not wanted']])
    })

    deviation(`${name}: pings of the ${end} are answered unless the other end cancels the pong`, async (scope) => {
      const ends = await openPair(scope, pair)
      const near = eventsOf(ends[end])
      ends[end].ping('first')
      await eventually(() => near.length === 1, 'a pong')
      ends[other[end]].on('ping', (cancel, payload) => { if (String(payload) === 'second') cancel() })
      ends[end].ping('second')
      ends[end].ping('third')
      await eventually(() => near.length === 2, 'another pong')
      assert.deepEqual(near.map(([, payload]) => String(payload)), ['first', 'third'])
    })
  }

  deviation(`${name}: keep-alive works in both directions`, async (scope) => {
    const keepalive = {
      keepalive: true, keepaliveInterval: 20, keepaliveGracePeriod: 2000, dropConnectionOnKeepaliveTimeout: true
    }
    const { client, server } = await openPair(scope, pair, { client: keepalive, server: keepalive })
    const events = [client, server].map(eventsOf)
    await eventually(() => events.flat().filter(([type]) => type === 'pong').length > 4, 'pongs')
    assert.ok(client.connected && server.connected)
  })
}
