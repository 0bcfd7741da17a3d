'use strict'

// WebSockets of every interface over a server whose TLS the reactor speaks. A connection takes over the socket of its
// request, and stays in the reactor.

const assert = require('node:assert/strict')
const nodeHttps = require('node:https')
const { once } = require('node:events')
const tls = require('node:tls')
const Ws = require('ws')

const https = require('../../lib/https')
const driver = require('../../lib/websocket-driver')
const { echoEach } = require('../support/client')
const { UNAVAILABLE } = require('../support/native')
const { eventually, listen } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { test } = require('../support/test')
const { local, root } = require('../support/tls')
const { usesReactor } = require('../support/transport')
const { subject: { websocket } } = require('../support/websocket')
const { fromClient, upgradeRequest } = require('../support/wire')

const TEXT = 'Hello, wörld'
const LARGE = Buffer.alloc(300_000, 'x')

/** By interface: a function that echoes the messages of all clients. `accepted` receives each connection. */
const INTERFACES = {
  'faye-websocket': (server, accepted) => server.on('upgrade', (request, socket, body) => {
    const ws = new WebSocket(request, socket, body)
    echoEach(ws)
    accepted(ws)
  }),

  'websocket-driver': (server) => server.on('upgrade', (request, socket, body) => {
    const own = driver.http(request)
    own.messages.on('data', (message) => typeof message === 'string' ? own.text(message) : own.binary(message))
    own.io.write(body)
    socket.pipe(own.io).pipe(socket)
    own.start()
  }),

  websocket: (server, accepted) => {
    const own = new websocket.server({ httpServer: server, autoAcceptConnections: true, maxReceivedFrameSize: 2 ** 20 })
    own.on('connect', (connection) => {
      connection.on('message', ({ type, utf8Data, binaryData }) => {
        if (type === 'utf8') connection.sendUTF(utf8Data)
        else connection.sendBytes(binaryData)
      })
      accepted(connection)
    })
  },

  ws: (server) => new Ws.Server({ server }).on('connection', (ws) => {
    ws.on('message', (data, binary) => ws.send(data, { binary }))
  })
}

async function serve (scope, run, options) {
  const server = https.createServer({ ...local, ...options }, (request, response) => response.end('page'))
  const connections = []
  run(server, (connection) => connections.push(connection))
  const port = await listen(scope, server)
  assert.equal(server.isNative, !UNAVAILABLE)
  return { connections, port, server, url: `wss://localhost:${port}/` }
}

function dial (scope, url, options) {
  const ws = new Ws(url, { ca: root.cert, ...options })
  scope.defer(() => ws.terminate())
  return ws
}

for (const [name, run] of Object.entries(INTERFACES)) {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    test(`${name} exchanges messages with ${version}`, async (scope) => {
      const { connections, url } = await serve(scope, run, { minVersion: version, maxVersion: version })
      const ws = dial(scope, url)
      await once(ws, 'open')
      for (const message of [TEXT, LARGE, '', 'last']) {
        ws.send(message)
        const [data] = await once(ws, 'message')
        assert.deepEqual(data, Buffer.from(message))
      }
      for (const each of connections) assert.equal(usesReactor(each), !UNAVAILABLE)
      ws.close(1000, 'bye')
      const [code] = await once(ws, 'close')
      assert.equal(code, 1000)
    })
  }
}

test('frames that follow the request in the same packet are received', async (scope) => {
  const { port, server } = await serve(scope, () => {})
  const seen = []
  server.on('upgrade', (request, socket, body) => {
    const ws = new WebSocket(request, socket, body)
    ws.on('message', ({ data }) => seen.push(data))
  })
  const client = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: root.cert })
  scope.defer(() => client.destroy())
  client.on('error', () => {})
  await once(client, 'secureConnect')
  const frames = ['first', 'second'].map((text) => fromClient('text', text))
  client.write(Buffer.concat([Buffer.from(upgradeRequest()), ...frames]))
  await eventually(() => seen.length === 2, 'both messages')
  assert.deepEqual(seen, ['first', 'second'])
})

test('a connection uses the stream while an earlier response is unwritten', async (scope) => {
  const size = 8_000_000
  const server = https.createServer(local, (request, response) => response.end(Buffer.alloc(size)))
  const connections = []
  server.on('upgrade', (request, socket, body) => {
    const ws = new WebSocket(request, socket, body)
    echoEach(ws)
    connections.push(ws)
  })
  const port = await listen(scope, server)
  const client = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: root.cert })
  scope.defer(() => client.destroy())
  client.on('error', () => {})
  await once(client, 'secureConnect')
  client.pause()
  client.write(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${upgradeRequest()}`)
  client.write(fromClient('text', 'Hello'))
  await eventually(() => connections.length === 1, 'the upgrade')
  const chunks = []
  client.on('data', (chunk) => chunks.push(chunk))
  client.resume()
  await eventually(() => String(Buffer.concat(chunks).subarray(-20)).endsWith('Hello'), 'the echo')
  const text = Buffer.concat(chunks).toString('latin1')
  assert.ok(text.length > size)
  assert.ok(text.indexOf('101 Switching Protocols') > size)
  assert.equal(usesReactor(connections[0]), false)
})

test('requests and WebSockets share a server', async (scope) => {
  const { port, server, url } = await serve(scope, INTERFACES['faye-websocket'])
  const sockets = [dial(scope, url), dial(scope, url)]
  await Promise.all(sockets.map((ws) => once(ws, 'open')))
  const agent = new nodeHttps.Agent({ keepAlive: true, ca: root.cert })
  scope.defer(() => agent.destroy())
  for (let round = 0; round < 3; round++) {
    const [response] = await once(nodeHttps.get({ port, host: 'localhost', agent }), 'response')
    assert.equal(String(await response.toArray().then(Buffer.concat)), 'page')
    sockets[0].send(TEXT)
    assert.equal(String((await once(sockets[0], 'message'))[0]), TEXT)
  }
  assert.equal(await new Promise((resolve) => server.getConnections((error, count) => resolve(error ?? count))), 3)
})

test('a broadcast reaches all connections', async (scope) => {
  const { connections, url } = await serve(scope, INTERFACES['faye-websocket'])
  const sockets = Array.from({ length: 20 }, () => dial(scope, url))
  const received = sockets.map(async (ws) => {
    await once(ws, 'open')
    return String((await once(ws, 'message'))[0])
  })
  await eventually(() => connections.filter(({ readyState }) => readyState === 1).length === 20, 'all connections')
  WebSocket.broadcast(connections, TEXT)
  assert.deepEqual(await Promise.all(received), Array(20).fill(TEXT))
})

test('the socket of a connection still says what it knows about TLS', async (scope) => {
  const { connections, url } = await serve(scope, INTERFACES['faye-websocket'])
  const ws = dial(scope, url)
  await once(ws, 'open')
  await eventually(() => connections.length > 0, 'the connection')
  const socket = connections[0]._stream
  assert.equal(connections[0].url, url)
  assert.deepEqual([socket.encrypted, socket.getProtocol(), socket.servername], [true, 'TLSv1.3', 'localhost'])
  assert.equal(socket.getCipher().version, 'TLSv1.3')
})

test('a lost connection is reported', async (scope) => {
  const { connections, url } = await serve(scope, INTERFACES['faye-websocket'])
  const ws = dial(scope, url)
  await once(ws, 'open')
  await eventually(() => connections.length > 0, 'the connection')
  const closed = once(connections[0], 'close')
  ws._socket.destroy()
  assert.equal((await closed)[0].code, 1006)
})
