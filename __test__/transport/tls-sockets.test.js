'use strict'

// The net.Socket of a TLS connection of the native transport.

const assert = require('node:assert/strict')
const net = require('node:net')
const tls = require('node:tls')

const { echoEach } = require('../support/client')
const { test } = require('../support/native')
const { accept, eventually, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { attempt, dial, echoes, inChild, local, PATHS, root, withoutNumbers } = require('../support/tls')
const { frame } = require('../support/wire')

test('the option tls.signal ends a connection', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: local })
  const messages = []
  for (const options of Object.values(PATHS)) {
    const controller = new AbortController()
    const { events } = await attempt(scope, url, { ca: root.cert, tls: { signal: controller.signal }, ...options })
    controller.abort()
    await eventually(() => events.length === 4, 'the end')
    messages.push(withoutNumbers(events, url))
  }
  assert.deepEqual(messages[0], messages[1])
})

test('messages sent before process.exit() reach the peer', async (scope) => {
  const server = await accept(scope, { secure: local })
  const child = inChild({ URL: server.url }, [], `
    ws.on('open', () => {
      ws.send('in the handler')
      setTimeout(() => {
        ws.send('a'.repeat(1e5))
        ws.send('bye')
        process.exit()
      }, 20)
    })`)
  const peer = await server.acceptedOpen()
  const frames = await peer.frames(3)
  assert.deepEqual(frames.map(({ payload }) => payload.length), [14, 1e5, 3])
  await child
})

test('a connection keeps the process alive, unless its socket is unreferenced', async (scope) => {
  const server = await accept(scope, { secure: local })
  const unreferenced = inChild({ URL: server.url }, [], "ws.on('open', () => ws._stream.unref())")
  const peer = await server.acceptedOpen()
  await unreferenced
  await peer.ended()
  const child = inChild({ URL: server.url }, [], "ws.on('message', () => ws.close())")
  const other = await server.acceptedOpen()
  await scope.settle(300)
  assert.equal(other.ending, null)
  other.write(frame('text', 'go'))
  await other.frame()
  other.socket.end(frame('close', ''))
  await child
})

test('_stream is a net.Socket that counts bytes, and its write() encrypts', async (scope) => {
  const server = await accept(scope, { secure: local })
  const { events, ws } = dial(scope, server.url, { ca: root.cert })
  const peer = await server.acceptedOpen()
  await eventually(() => events.length === 1, 'open')
  const stream = ws._stream
  assert.ok(stream instanceof net.Socket && !(stream instanceof tls.TLSSocket))
  assert.ok(stream.bytesRead > 500 && stream.bytesWritten > 300, `${stream.bytesRead}, ${stream.bytesWritten}`)
  stream.write(frame('text', 'raw', { mask: Buffer.alloc(4) }))
  assert.equal((await peer.frame()).payload.toString(), 'raw')
  stream.end()
  assert.equal(await peer.ended(), 'fin')
})

test('destroy() and resetAndDestroy() of the stream cause one close event', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: local })
  for (const method of ['destroy', 'resetAndDestroy']) {
    const { events, ws } = await attempt(scope, url, { ca: root.cert })
    ws._stream[method]()
    await once(ws, 'close')
    await scope.settle()
    assert.deepEqual(events.filter(([type]) => type === 'close'), [['close', 1006]], method)
  }
})

test('a timeout of the stream fires only while no bytes are read or written', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const { ws } = await attempt(scope, url, { ca: root.cert })
  let timeouts = 0
  ws._stream.setTimeout(400, () => { timeouts += 1 })
  for (let turn = 0; turn < 8; turn++) {
    await echoes(ws, 'still here')
    await new Promise((resolve) => setTimeout(resolve, 80))
  }
  assert.equal(timeouts, 0)
  await eventually(() => timeouts > 0, 'a timeout')
})
