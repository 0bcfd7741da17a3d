'use strict'

// Frames that a connection accepts, frames that fail it, and frames that it never sends.

const assert = require('node:assert/strict')

const { answer, ask, echoEach, typesOf } = require('../support/client')
const { openServer } = require('../support/open')
const { connectOpen, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { closePayload, frame, fromClient, readFrames } = require('../support/wire')

/** Writes `bytes` to an open server socket and records its events. */
async function conversation (scope, bytes, options) {
  const events = []
  const { peer, ws } = await openServer(scope, { options })
  ws.on('message', ({ data }) => events.push(['message', data]))
  ws.on('error', ({ message }) => events.push(['error', message]))
  ws.on('close', ({ code, reason }) => events.push(['close', code, reason]))
  peer.write(bytes)
  return { events, peer, ws }
}

const BAD_TEXT = 'Could not decode a text frame as UTF-8'
for (const [name, bytes] of Object.entries({
  'in the first fragment': fromClient('text', Buffer.from('61ff62', 'hex'), { fin: false }),
  'in a continuation': Buffer.concat([
    fromClient('text', Buffer.from('e2', 'hex'), { fin: false }),
    fromClient('continuation', Buffer.from('41', 'hex'), { fin: false })
  ]),
  'at the start of a large frame': fromClient('text', Buffer.from('6161ff', 'hex'), { length: 50000 }),
  'an incomplete surrogate': fromClient('text', Buffer.from('eda0', 'hex'), { fin: false })
})) {
  deviation(`the first invalid byte of a text fails the connection: ${name}`, async (scope) => {
    const { events, peer } = await conversation(scope, bytes)
    const closing = await peer.frame()
    assert.deepEqual(closing.payload, closePayload(1007, BAD_TEXT))
    assert.equal(await peer.ended(), 'fin')
    assert.deepEqual(events, [['error', BAD_TEXT], ['close', 1007, BAD_TEXT]])
  })
}

deviation('a length with the top bit set fails the connection with 1002', async (scope) => {
  for (const hex of ['82ff8000000000000000', '82ffffffffffffffffff', '81ff80000000000000ff']) {
    const { events, peer } = await conversation(scope, Buffer.from(hex, 'hex'))
    const closing = await peer.frame()
    assert.equal(closing.payload.readUInt16BE(), 1002)
    await peer.ended()
    assert.deepEqual(events.map(([type, code]) => type === 'close' ? code : type), ['error', 1002])
  }
})

test('a length above maxLength fails the connection with 1009 before the payload arrives', async (scope) => {
  for (const hex of ['82ff0020000000000001', '82ff7fffffffffffffff', '82ff0000000004000000', '81ff0000000100000000']) {
    const { events, peer } = await conversation(scope, Buffer.from(hex, 'hex'))
    await peer.frame()
    await peer.ended()
    assert.deepEqual(events, [
      ['error', 'WebSocket frame length too large'], ['close', 1009, 'WebSocket frame length too large']
    ])
  }
})

test('a frame header with a large length allocates no memory', async (scope) => {
  const { port } = await serve(scope, WebSocket)
  const before = process.memoryUsage().rss
  for (let i = 0; i < 20; i++) {
    const peer = await connectOpen(scope, port)
    peer.write(Buffer.from('82ff0000000003ffffff', 'hex'))
  }
  await scope.settle(60)
  assert.ok(process.memoryUsage().rss - before < 100e6, '20 headers of messages of 64 MiB have allocated memory')
})

test('empty fragments use no memory', async (scope) => {
  const { port } = await serve(scope, WebSocket, { onSocket: echoEach })
  const peer = await connectOpen(scope, port)
  const many = Buffer.concat(new Array(5000).fill(fromClient('continuation', '', { fin: false })))
  peer.write(fromClient('text', 'a', { fin: false }))
  const before = process.memoryUsage().rss
  for (let i = 0; i < 60; i++) peer.write(many)
  peer.write(fromClient('continuation', 'b'))
  const { payload } = await peer.frame()
  assert.equal(payload.toString(), 'ab')
  assert.ok(process.memoryUsage().rss - before < 120e6)
}, { timeout: 40000 })

const REASONS = [
  ['x'.repeat(124), 'x'.repeat(123)],
  ['x'.repeat(100000), 'x'.repeat(123)],
  ['é'.repeat(62), 'é'.repeat(61)],
  ['€'.repeat(42), '€'.repeat(41)],
  ['a' + '\u{1d11e}'.repeat(31), 'a' + '\u{1d11e}'.repeat(30)]
]
for (const [given, sent] of REASONS) {
  deviation(`close() truncates ${Buffer.byteLength(given)} bytes of ${given[0]} at a character`, async (scope) => {
    const { peer, ws } = await conversation(scope, '')
    ws.close(3000, given)
    const { payload } = await peer.frame()
    assert.equal(payload.toString('utf8', 2), sent)
    assert.ok(payload.length <= 125)
  })
}

deviation('ping() with more than 125 bytes throws a RangeError and sends nothing', async (scope) => {
  const { peer, ws } = await conversation(scope, '')
  for (const payload of ['x'.repeat(126), 'é'.repeat(63), Buffer.alloc(126)]) {
    assert.throws(() => ws.ping(payload, () => assert.fail('called')), RangeError)
  }
  assert.equal(ws.ping('x'.repeat(125)), true)
  const { payload } = await peer.frame()
  assert.equal(payload.length, 125)
})

deviation('ping() with more than 125 bytes throws before open, too', async (scope) => {
  let thrown
  const { port } = await serve(scope, WebSocket, {
    onSocket: (ws) => {
      try {
        ws.ping('x'.repeat(126))
      } catch (error) {
        thrown = error
      }
    }
  })
  const peer = await connectOpen(scope, port)
  assert.ok(thrown instanceof RangeError)
  assert.equal(peer.bytes.length, 0)
})

deviation('close() throws for a code that is not a number and sends nothing', async (scope) => {
  for (const code of ['abc', {}, '3000abc', Symbol('x')]) {
    const { peer, ws } = await conversation(scope, '')
    assert.throws(() => ws.close(code))
    assert.equal(ws.readyState, 1)
    ws.close()
    const { payload } = await peer.frame()
    assert.deepEqual(payload, closePayload(1000))
  }
})

deviation('send() returns false in the handler of a protocol error', async (scope) => {
  const { peer, ws } = await conversation(scope, '')
  const results = []
  ws.onerror = () => results.push(ws.send('too late'))
  peer.write(frame(3, '', { mask: Buffer.alloc(4) }))
  await peer.ended()
  assert.deepEqual(results, [false])
  assert.deepEqual(readFrames(peer.bytes).frames.map(({ type }) => type), ['close'])
})

test('a failed connection ends at once, even if the peer does nothing', async (scope) => {
  const { port, server } = await serve(scope, WebSocket)
  for (let i = 0; i < 10; i++) {
    const peer = await connectOpen(scope, port)
    peer.write(fromClient(3, ''))
  }
  const connections = () => new Promise((resolve) => server.getConnections((error, count) => resolve(error || count)))
  await scope.settle(60)
  assert.equal(await connections(), 0)
})

test('a connection that fails does not affect others', async (scope) => {
  const { port } = await serve(scope, WebSocket, { onSocket: echoEach })
  const good = await connectOpen(scope, port)
  for (const garbage of [Buffer.alloc(1000, 0xff), Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(64)]) {
    const bad = await connectOpen(scope, port)
    bad.write(garbage)
    await bad.ended()
  }
  good.write(fromClient('text', 'fine'))
  assert.equal((await good.frame()).payload.toString(), 'fine')
})

for (const [type, payload] of [['text', 'masked'], ['binary', ''], ['ping', 'x'], ['close', closePayload(1000)]]) {
  deviation(`a masked ${type} frame from the server fails the connection with 1002`, async (scope) => {
    const { events, peer, ws } = await answer(await ask(scope))
    peer.write(fromClient(type, payload))
    const { code, reason } = await once(ws, 'close')
    assert.deepEqual(typesOf(events), ['open', 'error', 'end', 'close'])
    assert.equal(code, 1002)
    assert.equal(reason, events[1][1])
    const closing = await peer.frame()
    assert.equal(closing.type, 'close')
    assert.equal(closing.payload.readUInt16BE(), 1002)
  })
}
