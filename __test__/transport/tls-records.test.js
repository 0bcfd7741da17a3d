'use strict'

// TLS records: servers that break the rules, messages cut at any byte, and ends of connections.

const assert = require('node:assert/strict')
const net = require('node:net')

const { echoEach } = require('../support/client')
const { test } = require('../support/native')
const { accept, eventually, listen, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { attempt, both, dial, echoes, local, PATHS, root } = require('../support/tls')
const { usesReactor } = require('../support/transport')
const { frame } = require('../support/wire')

/** Starts a server that receives the connection before TLS. */
async function rawServer (scope, onSocket) {
  const sockets = []
  const server = net.createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    onSocket(socket, sockets.length)
  })
  const port = await listen(scope, server)
  return { sockets, url: `wss://127.0.0.1:${port}/` }
}

/** Starts a proxy to a server. `pass(chunk, forward, client)` handles the bytes of the server. */
async function proxyTo (scope, port, pass) {
  return rawServer(scope, (client) => {
    const server = net.connect(port, '127.0.0.1')
    scope.defer(() => server.destroy())
    server.on('error', () => client.destroy())
    client.setNoDelay(true)
    client.pipe(server)
    server.on('data', (chunk) => pass(chunk, (bytes) => client.destroyed || client.write(bytes), client))
    server.on('end', () => client.end())
    client.on('close', () => server.destroy())
  })
}

const HOSTILE = {
  'plaintext': (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
  'plaintext and the end': (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  'zeros': (socket) => socket.write(Buffer.alloc(70000)),
  'a too long record': (socket) => socket.write(Buffer.from([22, 3, 3, 0xff, 0xff, ...Buffer.alloc(66000)])),
  'the beginning of a record and the end': (socket) => socket.end(Buffer.from([22, 3, 3, 0, 100, 2])),
  'an alert': (socket) => socket.write(Buffer.from([21, 3, 3, 0, 2, 2, 40])),
  'close_notify': (socket) => socket.end(Buffer.from([21, 3, 3, 0, 2, 1, 0])),
  'the end': (socket) => socket.once('data', () => socket.end()),
  'the end at once': (socket) => socket.end(),
  'a reset': (socket) => socket.once('data', () => socket.resetAndDestroy()),
  'the beginning of a record and a reset': (socket) => socket.once('data', () => {
    socket.write(Buffer.from([22, 3, 3, 0, 100, 2]))
    setTimeout(() => socket.resetAndDestroy(), 20)
  })
}
for (const [name, onSocket] of Object.entries(HOSTILE)) {
  test(`both transports report the same error if a server answers with ${name}`, async (scope) => {
    const { url } = await rawServer(scope, onSocket)
    const seen = await both(scope, url, { ca: root.cert })
    assert.equal(seen.isOpen, false)
    assert.deepEqual(seen.events.filter(([type]) => type === 'close'), [['close', 1006]])
  })
}

test('close() ends a connection to a silent server, with one close event', async (scope) => {
  for (const options of Object.values(PATHS)) {
    const { sockets, url } = await rawServer(scope, () => {})
    const { events, ws } = dial(scope, url, options)
    await eventually(() => sockets.length === 1, 'a connection')
    await scope.settle()
    assert.deepEqual(events, [])
    ws.close()
    await eventually(() => events.length > 0, 'close')
    await scope.settle()
    assert.deepEqual(events, [['end'], ['close', 1000]])
    assert.equal(sockets.length, 1)
  }
})

for (const [how, end] of [['resets', (client) => client.resetAndDestroy()], ['ends', (client) => client.end()]]) {
  for (const after of [1, 6, 100, 300]) {
    test(`one close event is emitted if the server ${how} the connection after ${after} bytes`, async (scope) => {
      const { port } = await serve(scope, WebSocket, { secure: local })
      let count = 0
      const { url } = await proxyTo(scope, port, (chunk, forward, client) => {
        forward(chunk.subarray(0, Math.max(0, after - count)))
        count += chunk.length
        if (count >= after) setTimeout(end, 5, client)
      })
      const { events } = dial(scope, url, { ca: root.cert })
      await eventually(() => events.some(([type]) => type === 'close'), 'close')
      await scope.settle()
      assert.deepEqual(events.filter(([type]) => type === 'close'), [['close', 1006]])
      assert.ok(!events.some(([type]) => type === 'open'))
    })
  }
}

for (const version of ['TLSv1.2', 'TLSv1.3']) {
  test(`records of ${version} that are split at every byte are decrypted`, async (scope) => {
    const { port } = await serve(scope, WebSocket, { secure: { ...local, maxVersion: version }, onSocket: echoEach })
    const { url } = await rawServer(scope, async (client) => {
      const server = net.connect(port, '127.0.0.1')
      scope.defer(() => server.destroy())
      client.setNoDelay(true)
      client.pipe(server)
      for await (const chunk of server) {
        for (const byte of chunk) await new Promise((resolve) => client.write(Buffer.from([byte]), resolve))
      }
      client.end()
    })
    const { isNative, ws } = await attempt(scope, url, { ca: root.cert })
    assert.ok(isNative)
    await echoes(ws, 'byte by byte')
    await echoes(ws, Buffer.alloc(700, 'b'))
    ws.close()
    assert.equal((await once(ws, 'close')).code, 1000)
  })
}

test('a record that is changed on its way ends the connection', async (scope) => {
  const { port } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  let changes = false
  const { url } = await proxyTo(scope, port, (chunk, forward) => {
    if (changes) chunk[chunk.length - 1] ^= 1
    forward(chunk)
  })
  const { events, isNative, ws } = await attempt(scope, url, { ca: root.cert })
  assert.ok(isNative)
  changes = true
  ws.send('Hello')
  await eventually(() => events.some(([type]) => type === 'close'), 'close')
  assert.deepEqual(events.map(([type]) => type), ['open', 'error', 'end', 'close'])
  assert.ok(events[1][1].startsWith(`Network error: ${url}: `))
})

test('messages that end near the border of a record pass in both directions', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const { isNative, ws } = await attempt(scope, url, { ca: root.cert })
  assert.ok(isNative)
  const borders = [16384, 32768, 65536].flatMap((border) => [-14, -8, -1, 0, 1].map((offset) => border + offset))
  for (const length of [0, 1, ...borders, 3e6]) await echoes(ws, Buffer.alloc(length, length & 255))
  await echoes(ws, 'é'.repeat(500000))
})

test('many messages in one tick arrive in order', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const { ws } = await attempt(scope, url, { ca: root.cert })
  const received = []
  ws.on('message', ({ data }) => received.push(data))
  const sent = Array.from({ length: 3000 }, (_, index) => `${index}`.padEnd(index % 300, '.'))
  for (const each of sent) ws.send(each)
  await eventually(() => received.length === sent.length, 'all echoes')
  assert.deepEqual(received, sent)
})

test('for a peer that does not read, send() returns false, bufferedAmount grows and drain follows', async (scope) => {
  const server = await accept(scope, { secure: local })
  const { events, ws } = dial(scope, server.url, { ca: root.cert })
  const peer = await server.acceptedOpen()
  await eventually(() => events.length === 1, 'open')
  assert.ok(usesReactor(ws))
  peer.socket.pause()
  const message = Buffer.alloc(1e6)
  let count = 0
  while (ws.send(message)) count += 1
  assert.ok(count < 100)
  await scope.settle()
  const waiting = ws.bufferedAmount
  assert.ok(waiting > 0 && waiting < (count + 2) * 1.01e6, `${waiting} unwritten bytes`)
  const drained = once(ws, 'drain')
  peer.socket.resume()
  await drained
  assert.equal(ws.bufferedAmount, 0)
  const length = (count + 1) * (1e6 + 14)
  await peer.until(() => peer.bytes.length === length, 'everything')
})

test('messages before the close_notify of the server are delivered', async (scope) => {
  for (const options of Object.values(PATHS)) {
    const server = await accept(scope, { secure: local })
    const { events, ws } = dial(scope, server.url, { ca: root.cert, ...options })
    const peer = await server.acceptedOpen()
    await eventually(() => events.length === 1, 'open')
    peer.socket.end(Buffer.concat([frame('text', 'last'), frame('text', 'words')]))
    await once(ws, 'close')
    assert.deepEqual(events, [['open'], ['message', 'last'], ['message', 'words'], ['end'], ['close', 1006]])
    // We answer with close_notify, so the peer sees an end and no error.
    assert.equal(await peer.ended(), 'fin')
  }
})

test('a closing handshake ends with our close_notify', async (scope) => {
  const { url, server } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const errors = []
  server.on('tlsClientError', (error) => errors.push(error))
  server.on('secureConnection', (socket) => socket.on('error', (error) => errors.push(error)))
  const { ws } = await attempt(scope, url, { ca: root.cert })
  ws.close(3000, 'enough')
  const { code, reason } = await once(ws, 'close')
  assert.deepEqual([code, reason], [3000, 'enough'])
  await scope.settle()
  assert.deepEqual(errors, [])
})

test('pause() stops the delivery of messages, and resume() restarts it', async (scope) => {
  const server = await accept(scope, { secure: local })
  const { events, ws } = dial(scope, server.url, { ca: root.cert })
  const peer = await server.acceptedOpen()
  await eventually(() => events.length === 1, 'open')
  ws.pause()
  peer.write(frame('text', 'a'))
  peer.write(frame('text', 'b'))
  await scope.settle()
  assert.deepEqual(events, [['open']])
  ws.resume()
  await eventually(() => events.length === 3, 'both messages')
  assert.deepEqual(events, [['open'], ['message', 'a'], ['message', 'b']])
})

test('the end event follows messages that pause() delays', async (scope) => {
  for (const options of Object.values(PATHS)) {
    const server = await accept(scope, { secure: local })
    const { events, ws } = dial(scope, server.url, { ca: root.cert, ...options })
    ws.once('message', () => ws.pause())
    const peer = await server.acceptedOpen()
    peer.socket.end(Buffer.concat(['a', 'b', 'c'].map((text) => frame('text', text))))
    await eventually(() => events.length > 1, 'a message')
    await scope.settle()
    assert.deepEqual(events, [['open'], ['message', 'a']])
    ws.resume()
    await once(ws, 'close')
    assert.deepEqual(events.slice(2), [['message', 'b'], ['message', 'c'], ['end'], ['close', 1006]])
  }
})

test('a slow message postpones the timeout of the stream', async (scope) => {
  let server
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: (ws) => { server = ws } })
  const { ws } = await attempt(scope, url, { ca: root.cert })
  let timeouts = 0
  ws._stream.setTimeout(400, () => { timeouts += 1 })
  // The header of a frame of 256 bytes.
  server._stream.write(Buffer.from([0x82, 0x7e, 0x01, 0x00]))
  for (let turn = 0; turn < 8; turn++) {
    server._stream.write('x')
    await new Promise((resolve) => setTimeout(resolve, 80))
  }
  assert.equal(timeouts, 0)
  await eventually(() => timeouts > 0, 'a timeout')
})

test('a flood on one connection does not stop another', async (scope) => {
  const { url } = await serve(scope, WebSocket, {
    secure: local,
    onSocket: (ws) => ws.on('message', ({ data }) => {
      if (data === 'flood') for (let index = 0; index < 200; index++) ws.send(Buffer.alloc(100000))
      else ws.send(data)
    })
  })
  const flooded = (await attempt(scope, url, { ca: root.cert })).ws
  const other = (await attempt(scope, url, { ca: root.cert })).ws
  let bytes = 0
  flooded.on('message', ({ data }) => { bytes += data.length })
  flooded.send('flood')
  for (let turn = 0; turn < 5; turn++) await echoes(other, 'me too')
  await eventually(() => bytes === 2e7, 'the flood')
})

test('a connection that rustls refuses is tried exactly once more', async (scope) => {
  const { sockets, url } = await rawServer(scope, (socket) => socket.write('nonsense '.repeat(10)))
  const { events, ws } = dial(scope, url, { ca: root.cert })
  await once(ws, 'close')
  await scope.settle()
  assert.equal(sockets.length, 2)
  assert.deepEqual(events.map(([type]) => type), ['error', 'end', 'close'])
})
