'use strict'

const assert = require('node:assert/strict')

const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { connect, eventually, once, serve } = require('../support/peer')

const GET = 'GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n'

async function open (scope, options) {
  let given
  const created = new Promise((resolve) => { given = resolve })
  const { port } = await serve(scope, WebSocket, {
    onRequest: (request, response) => {
      const es = new WebSocket.EventSource(request, response, options)
      scope.defer(() => es.close())
      given({ es, response })
    }
  })
  const peer = await connect(scope, port)
  peer.write(GET)
  const { es, response } = await created
  await peer.until(() => peer.bytes.includes('\r\nretry: 5000\r\n\r\n'))
  peer.bytes = Buffer.alloc(0)
  return { es, peer, response }
}

const LINE_BREAKS = { LF: 'a\nb', CR: 'a\rb', CRLF: 'a\r\nb', NUL: 'a\0b', 'LF at the end': 'a\n' }
for (const [name, text] of Object.entries(LINE_BREAKS)) {
  for (const field of ['event', 'id']) {
    deviation(`send() throws for ${field} with ${name} and sends nothing`, async (scope) => {
      const { es, peer } = await open(scope)
      assert.throws(() => es.send('x', { [field]: text }), Error)
      assert.throws(() => es.send('x', { [field]: { toString: () => text } }), Error)
      assert.equal(es.send('next'), true)
      await peer.until(() => peer.bytes.length > 0)
      assert.equal(peer.bytes.toString(), 'data: next\r\n\r\n')
    })
  }

  deviation(`the constructor throws for a header with ${name} and writes nothing`, async (scope) => {
    const thrown = []
    const { port } = await serve(scope, WebSocket, {
      onRequest: (request, response) => {
        for (const headers of [{ 'X-A': text }, { [`X${text}`]: 'a' }]) {
          try {
            new WebSocket.EventSource(request, response, { headers })
          } catch (error) {
            thrown.push(error)
          }
        }
        setTimeout(() => response.socket.destroy(), 20)
      }
    })
    const peer = await connect(scope, port)
    peer.write(GET)
    await peer.ended()
    assert.equal(thrown.length, 2)
    assert.ok(thrown.every((error) => error instanceof Error))
    assert.equal(peer.bytes.length, 0)
  })
}

test('send() sends one data field for each line', async (scope) => {
  const { es, peer } = await open(scope)
  es.send('one\ntwo\r\nthree\rfour\n', { event: 'lines', id: '1' })
  await peer.until(() => peer.bytes.includes('\r\n\r\n'))
  const lines = peer.bytes.toString().split(/\r\n|\r|\n/)
  assert.deepEqual(lines, [
    'event: lines', 'id: 1', 'data: one', 'data: two', 'data: three', 'data: four', 'data: ', '', ''
  ])
})

for (const [name, options] of Object.entries({
  'a negative retry': { retry: -1 }, 'a retry of letters': { retry: 'soon' },
  'a negative ping': { ping: -1 }, 'a ping of letters': { ping: 'often' }
})) {
  deviation(`the constructor throws a RangeError for ${name}`, async (scope) => {
    let thrown
    const { port } = await serve(scope, WebSocket, {
      onRequest: (request, response) => {
        try {
          new WebSocket.EventSource(request, response, options)
        } catch (error) {
          thrown = error
        }
        response.socket.destroy()
      }
    })
    const peer = await connect(scope, port)
    peer.write(GET)
    await peer.ended()
    assert.ok(thrown instanceof RangeError)
  })
}

for (const [name, leave] of Object.entries({
  'the peer ends': ({ peer }) => peer.socket.end(),
  'the peer destroys its socket': ({ peer }) => peer.socket.destroy(),
  'the socket fails': ({ response }) => response.socket.destroy(new Error('mine')),
  'the application closes and the peer ends': ({ es, peer }) => { es.close(); peer.socket.end() }
})) {
  test(`close is emitted once when ${name}`, async (scope) => {
    const opened = await open(scope)
    let closes = 0
    opened.es.on('close', () => closes++)
    leave(opened)
    await eventually(() => closes > 0, 'close')
    await scope.settle()
    assert.equal(closes, 1)
    assert.equal(opened.es.close(), false)
    assert.equal(opened.es.send('x'), false)
    assert.equal(opened.es.writable, false)
  })
}

deviation('close is emitted when the socket is destroyed without an error', async (scope) => {
  const { es, response } = await open(scope)
  response.socket.destroy()
  await once(es, 'close')
  assert.equal(es.readyState, 3)
})

deviation('the buffer is bounded for a client that does not read, and close is emitted once', async (scope) => {
  const { es, peer } = await open(scope)
  let closes = 0
  es.on('close', () => closes++)
  peer.socket.pause()
  const message = 'x'.repeat(1 << 20)
  let largest = 0
  for (let i = 0; i < 200 && es.readyState < 3; i++) {
    es.send(message)
    largest = Math.max(largest, es._stream.writableLength)
    if (i % 10 === 0) await scope.settle(1)
  }
  await scope.settle()
  assert.equal(es.readyState, 3)
  assert.equal(closes, 1)
  assert.ok(largest < 20e6, `${largest} bytes were buffered`)
})

test('send() returns false when the socket is full, and drain follows', async (scope) => {
  const { es, peer } = await open(scope)
  peer.socket.pause()
  let sent = 0
  while (es.send('x'.repeat(65536)) && sent < 500) sent++
  assert.ok(sent < 500)
  const drained = once(es, 'drain')
  peer.socket.resume()
  await drained
})

deviation('classifying a request takes linear time', () => {
  const { isWebSocket, EventSource: { isEventSource } } = WebSocket
  const started = Date.now()
  const commas = ', '.repeat(200000)
  const white = `${' '.repeat(400000)}x`
  assert.equal(isEventSource({ method: 'GET', headers: { accept: `${commas}text/event-stream` } }), true)
  assert.equal(isEventSource({ method: 'GET', headers: { accept: white } }), false)
  assert.equal(isWebSocket({ method: 'GET', headers: { connection: `${commas}upgrade`, upgrade: 'websocket' } }), true)
  assert.equal(isWebSocket({ method: 'GET', headers: { connection: white, upgrade: 'websocket' } }), false)
  assert.ok(Date.now() - started < 1000)
})

test('every method can be called in a handler of close', async (scope) => {
  const { es, peer } = await open(scope)
  const results = []
  es.onclose = () => results.push(es.send('x'), es.ping(), es.close(), es.write('y'))
  es.on('close', () => es.end('z'))
  es.close()
  await peer.ended()
  assert.deepEqual(results, [false, false, false, false])
})
