'use strict'

// A program uses the socket of a connection whose TLS the reactor speaks: a client's, and a server's after an upgrade.

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { once } = require('node:events')
const nodeHttps = require('node:https')
const net = require('node:net')
const tls = require('node:tls')

const https = require('../../lib/https')
const { test } = require('../support/native')
const { eventually, listen } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { local, root } = require('../support/tls')
const { usesReactor } = require('../support/transport')
const { frame, fromClient, upgradeRequest } = require('../support/wire')

const MARKER = 'written by the program'
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Starts a proxy that records the bytes that it passes on in each direction. Resolves with its port. */
async function record (scope, target, wire) {
  const proxy = net.createServer({ allowHalfOpen: true }, (near) => {
    const far = net.connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })
    for (const [from, to] of [[near, far], [far, near]]) {
      from.on('error', () => to.destroy())
      from.on('data', (chunk) => wire.push(chunk))
      from.pipe(to)
      scope.defer(() => from.destroy())
    }
  })
  return listen(scope, proxy)
}

/** By role of our side: functions that resolve with the WebSocket and with Node's TLS socket of the peer. */
const ROLES = {
  async client (scope, wire) {
    const server = nodeHttps.createServer({ ...local })
    const upgraded = once(server, 'upgrade')
    const port = await record(scope, await listen(scope, server), wire)
    const ws = new WebSocket.Client(`wss://localhost:${port}/`, null, { ca: root.cert })
    scope.defer(() => ws._stream.destroy())
    const opened = once(ws, 'open')
    const [request, peer] = await upgraded
    const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + ACCEPT_GUID).digest('base64')
    peer.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`)
    await opened
    return { ws, peer, send: (text) => peer.write(frame('text', text)) }
  },

  async server (scope, wire) {
    const server = https.createServer({ ...local })
    const connected = new Promise((resolve) => server.on('upgrade', (request, socket, body) => {
      const ws = new WebSocket(request, socket, body)
      ws.on('open', () => resolve(ws))
    }))
    const port = await record(scope, await listen(scope, server), wire)
    const peer = tls.connect({
      port, host: '127.0.0.1', servername: 'localhost', ca: root.cert, allowHalfOpen: true
    })
    peer.write(upgradeRequest())
    return { ws: await connected, peer, send: (text) => peer.write(fromClient('text', text)) }
  }
}

function both (name, body) {
  for (const [role, establish] of Object.entries(ROLES)) {
    test(`${role}: ${name}`, async (scope) => {
      const wire = []
      const { ws, peer, send } = await establish(scope, wire)
      assert.equal(usesReactor(ws), true)
      const socket = ws._stream
      const seen = { text: '', ended: false, errors: [] }
      scope.defer(() => peer.destroy())
      peer.on('error', () => {})
      peer.on('data', (chunk) => { seen.text += chunk.toString('latin1') })
      peer.on('end', () => { seen.ended = true })
      ws.on('error', () => {})
      socket.on('error', ({ code }) => seen.errors.push(code))
      await body({ scope, ws, socket, peer, send, seen })
      socket.destroy()
      await scope.settle()
      assert.equal(Buffer.concat(wire).includes(MARKER), false, 'a write was not encrypted')
    })
  }
}

both('a write is encrypted, and completes once', async ({ socket, seen }) => {
  let count = 0
  assert.equal(socket.write(MARKER, () => { count += 1 }), true)
  await eventually(() => seen.text.includes(MARKER) && count > 0, 'the text')
  assert.deepEqual([count, socket.writableLength], [1, 0])
})

for (const method of ['on', 'prependListener']) {
  both(`a write in a listener of end is encrypted (${method})`, async ({ socket, peer, seen }) => {
    let error
    socket[method]('end', () => socket.write(MARKER, (reason) => { error = reason }))
    peer.end()
    await eventually(() => seen.ended, 'the end')
    // A listener before ours still writes. After ours, the connection has ended its half.
    if (method === 'prependListener') assert.ok(seen.text.includes(MARKER))
    else await eventually(() => error || seen.text.includes(MARKER), 'the result of the write')
  })
}

both('no write reaches the peer after the end of the connection', async ({ scope, ws, socket, peer, seen }) => {
  ws.on('close', () => socket.write(MARKER, () => {}))
  peer.destroy()
  await once(ws, 'close')
  await scope.settle()
  assert.equal(seen.text.includes(MARKER), false)
})

both('end() with a chunk calls its callback once', async ({ socket, seen }) => {
  let count = 0
  socket.end(MARKER, () => { count += 1 })
  await eventually(() => seen.ended, 'the end')
  assert.ok(seen.text.endsWith(MARKER))
  assert.equal(count, 1)
})

both('end(null) ends', async ({ socket, seen }) => {
  socket.end(null)
  await eventually(() => seen.ended, 'the end')
})

both('a write after end() fails and is not stored', async ({ socket, seen }) => {
  socket.end()
  const failed = new Promise((resolve) => socket.write(Buffer.alloc(1e6), resolve))
  assert.equal((await failed).code, 'ERR_STREAM_WRITE_AFTER_END')
  assert.equal(socket.writableLength, 0)
  await eventually(() => seen.ended, 'the end')
})

both('a write completes when the kernel has accepted it', async ({ scope, socket, peer, seen }) => {
  peer.pause()
  const chunk = Buffer.alloc(1e6)
  let done = 0
  let sent = 0
  while (socket.write(chunk, () => { done += 1 }) || sent < 40) sent++
  await scope.settle(100)
  assert.ok(done < sent, `${done} of ${sent} writes are complete`)
  assert.ok(socket.writableLength > 1e6)
  peer.resume()
  await eventually(() => done === sent + 1, 'all writes')
  await eventually(() => seen.text.length >= (sent + 1) * chunk.length, 'all bytes')
})

both('writes that wait reach the peer before the end of the connection', async ({ scope, ws, socket, peer, seen }) => {
  peer.pause()
  const chunk = Buffer.alloc(1e6)
  for (let count = 0; count < 20; count++) socket.write(chunk)
  socket.write(MARKER)
  await scope.settle()
  ws.close()
  peer.resume()
  await eventually(() => seen.text.includes(MARKER), 'the last write')
  assert.ok(seen.text.length > 20e6)
})

both('resume() does not overrule pause() of the WebSocket', async ({ scope, ws, socket, send }) => {
  const messages = []
  ws.on('message', ({ data }) => messages.push(data))
  ws.pause()
  socket.resume()
  const before = socket.bytesRead
  for (let count = 0; count < 40; count++) send('x'.repeat(1e6))
  await scope.settle(300)
  assert.ok(socket.bytesRead - before < 5e6, `${socket.bytesRead - before} bytes`)
  ws.resume()
  await eventually(() => messages.length === 40, 'the messages')
})

both('pause() stops the connection until resume()', async ({ scope, ws, socket, send }) => {
  const messages = []
  ws.on('message', ({ data }) => messages.push(data))
  socket.pause()
  assert.equal(socket.isPaused(), true)
  send('first')
  await scope.settle(50)
  assert.deepEqual(messages, [])
  socket.resume()
  await eventually(() => messages.length === 1, 'the message')
})

both('ref() after the end does not keep the process alive', async ({ ws, socket, peer }) => {
  peer.destroy()
  await once(ws, 'close')
  socket.ref()
  socket.unref()
})
