'use strict'

// Additions to the original's w3cwebsocket, and differences from it.

const assert = require('node:assert/strict')
const { Blob } = require('node:buffer')
const { runInNewContext } = require('node:vm')

const { w3cwebsocket: W3CWebSocket } = require('../../lib/websocket')
const { askW3C, heard, openW3C } = require('../support/asking')
const { Codec } = require('../support/deflate')
const { eventually } = require('../support/peer')
const { test } = require('../support/test')
const { closePayload, frame, upgradeResponse } = require('../support/wire')

const BYTES = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7])

for (const [name, data, type, expected] of [
  ['a DataView with an offset', new DataView(BYTES.buffer, 2, 3), 'binary', '020304'],
  ['a typed array with an offset', new Uint16Array(BYTES.buffer, 2, 2), 'binary', '02030405'],
  ['an ArrayBuffer of another realm', runInNewContext('Uint8Array.of(1, 2).buffer'), 'binary', '0102'],
  ['a typed array of another realm', runInNewContext('Uint8Array.of(1, 2, 3).subarray(1)'), 'binary', '0203'],
  ['a SharedArrayBuffer', new SharedArrayBuffer(2), 'binary', '0000'],
  ['a String of another realm', runInNewContext("new String('abc')"), 'text', '616263'],
  ['a Blob', new Blob(['abc']), 'binary', '616263'],
  ['an empty Blob', new Blob([]), 'binary', ''],
  ['a polyfilled Blob', {
    [Symbol.toStringTag]: 'Blob', size: 3, arrayBuffer: async () => BYTES.buffer.slice(0, 3)
  }, 'binary', '000102'],
  // jest-environment-jsdom replaces constructors.
  ['a typed array with a replaced constructor', (() => {
    const bytes = Uint8Array.of(7)
    Object.defineProperty(bytes, 'constructor', { value: Object })
    return bytes
  })(), 'binary', '07']
]) {
  test(`w3cwebsocket sends ${name}`, async (scope) => {
    const { peer, ws } = await openW3C(scope)
    ws.send(data)
    const sent = await peer.frame()
    assert.deepEqual([sent.type, sent.payload.toString('hex')], [type, expected])
  })
}

test('messages and the close frame after a Blob are sent after it', async (scope) => {
  const { peer, ws } = await openW3C(scope)
  let give
  ws.send('first')
  ws.send({ [Symbol.toStringTag]: 'Blob', size: 2, arrayBuffer: () => new Promise((resolve) => { give = resolve }) })
  ws.send('last')
  ws.close(3000, 'done')
  assert.deepEqual((await peer.frames(1)).map(({ payload }) => payload.toString()), ['first'])
  await scope.settle(10)
  assert.equal(peer.bytes.length, 0)
  give(BYTES.buffer.slice(1, 3))
  const frames = await peer.frames(3)
  assert.deepEqual(frames.map(({ type }) => type), ['binary', 'text', 'close'])
  assert.equal(frames[0].payload.toString('hex'), '0102')
})

for (const data of [5, true, {}, [1], () => {}, Symbol('s'), { size: 5, arrayBuffer: 1 }]) {
  test(`w3cwebsocket refuses ${typeof data} ${String(data)}`, async (scope) => {
    const { ws } = await openW3C(scope)
    assert.throws(() => ws.send(data), { message: 'unknown binary data:' })
  })
}

for (const length of [0, 1, 300, 70000]) {
  test(`a binary message of ${length} bytes is its own ArrayBuffer`, async (scope) => {
    const { peer, ws } = await openW3C(scope)
    const bytes = Buffer.alloc(length, 'abc')
    // Messages of one chunk share no memory.
    peer.write(Buffer.concat([frame('binary', bytes), frame('binary', bytes)]))
    const received = []
    await new Promise((resolve) => {
      ws.onmessage = ({ data }) => {
        received.push(data)
        new Uint8Array(data).reverse()
        if (received.length === 2) resolve()
      }
    })
    for (const data of received) {
      assert.ok(data instanceof ArrayBuffer)
      assert.ok(Buffer.from(data).reverse().equals(bytes))
      const { byteLength } = structuredClone(data, { transfer: [data] })
      assert.deepEqual([byteLength, data.byteLength], [length, 0])
    }
  })
}

test('bufferedAmount counts the bytes that the kernel has not accepted', async (scope) => {
  const { peer, ws } = await openW3C(scope)
  assert.equal(ws.bufferedAmount, 0)
  // The peer discards the bytes it reads.
  peer.socket.removeAllListeners('data')
  peer.socket.pause()
  const part = Buffer.alloc(1 << 20)
  for (let round = 0; round < 32; round++) ws.send(part)
  const waiting = ws.bufferedAmount
  assert.ok(waiting > 0 && waiting < 33 << 20, String(waiting))
  peer.socket.resume()
  await eventually(() => ws.bufferedAmount === 0, 'an empty outbox')
  ws._connection.drop()
  assert.equal(ws.bufferedAmount, 0)
})

test('bufferedAmount falls as the peer reads, even during the close', async (scope) => {
  const { peer, ws } = await openW3C(scope)
  peer.socket.pause()
  ws.send(new Uint8Array(20e6))
  await scope.settle(50)
  const waiting = ws.bufferedAmount
  ws.close()
  // The kernel may have accepted more bytes since.
  assert.ok(waiting > 10e6 && ws.bufferedAmount > 10e6, `${waiting}, then ${ws.bufferedAmount}`)
  peer.socket.resume()
  await eventually(() => ws.bufferedAmount === 0, 'an empty outbox')
})

test('w3cwebsocket throws for a configuration that is not an object', () => {
  assert.throws(() => new W3CWebSocket('ws://127.0.0.1:1/', [], '', {}, {}, 'x'),
    { name: 'TypeError', message: "Invalid clientConfig: 'x'; expected an object" })
})

test('bufferedAmount counts a Blob that is being read', async (scope) => {
  const { peer, ws } = await openW3C(scope)
  ws.send(new Blob([Buffer.alloc(1000)]))
  assert.ok(ws.bufferedAmount >= 1000)
  await peer.frame()
  await eventually(() => ws.bufferedAmount === 0, 'an empty outbox')
})

test('bufferedAmount is 0 after a program replaces the connection with an object of its own', async (scope) => {
  const { ws } = await askW3C(scope)
  assert.equal(ws.bufferedAmount, 0)
  ws._connection = { removeAllListeners () {}, drop () {} }
  assert.equal(ws.bufferedAmount, 0)
})

test('a frozen clientConfig is accepted', async (scope) => {
  const config = Object.freeze({ assembleFragments: false, closeTimeout: 5 })
  const { peer, ws } = await openW3C(scope, { config })
  assert.deepEqual([ws._client.config.assembleFragments, ws._client.config.closeTimeout], [true, 5])
  const message = heard(ws, 'message')
  peer.write(frame('text', 'hello'))
  assert.equal((await message).data, 'hello')
})

test('w3cwebsocket inflates messages if permessage-deflate is agreed', async (scope) => {
  const { peer, ws } = await openW3C(scope, {
    config: { perMessageDeflate: true }, headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
  })
  assert.deepEqual(ws.extensions, ['permessage-deflate'])
  const message = heard(ws, 'message')
  peer.write(frame('binary', new Codec().deflate('abc'), { rsv: 4 }))
  assert.equal(Buffer.from((await message).data).toString(), 'abc')
})

test('a closed w3cwebsocket aborts a pending handshake after closeTimeout', async (scope) => {
  const { peer, ws } = await askW3C(scope, { config: { closeTimeout: 20 } })
  const events = []
  for (const type of ['open', 'error', 'close']) ws.addEventListener(type, () => events.push(type))
  ws.close()
  assert.deepEqual(events, ['error', 'close'])
  await peer.ended()
  await scope.settle(10)
  assert.deepEqual([events, ws.readyState], [['error', 'close'], 3])
})

test('a connection that opens after close() is closed and emits nothing', async (scope) => {
  const { peer, request, ws } = await askW3C(scope, { config: { closeTimeout: 20 } })
  const events = []
  for (const type of ['open', 'message', 'error', 'close']) ws.addEventListener(type, () => events.push(type))
  ws.close(3000, 'why')
  peer.write(Buffer.concat([Buffer.from(upgradeResponse(request)), frame('text', 'hello')]))
  assert.ok((await peer.frame()).payload.equals(closePayload(3000, 'why')))
  peer.socket.end(frame('close', closePayload(3000)))
  await peer.ended()
  await scope.settle()
  assert.deepEqual(events, ['error', 'close'])
})

test('close() with an invalid code throws and changes only readyState', async (scope) => {
  const { peer, ws } = await openW3C(scope)
  assert.throws(() => ws.close(1005), { message: 'Close code 1005 is not valid.' })
  assert.equal(ws.readyState, 2)
  const closed = heard(ws, 'close')
  peer.socket.end(frame('close', closePayload(1000)))
  assert.equal((await closed).code, 1000)
})

test('a closed socket has no listeners on its client and connection', async (scope) => {
  const { peer, ws } = await openW3C(scope)
  const closed = heard(ws, 'close')
  peer.socket.end(frame('close', closePayload(1000)))
  await closed
  for (const emitter of [ws._client, ws._connection]) {
    for (const type of ['connect', 'connectFailed', 'message', 'close']) assert.equal(emitter.listenerCount(type), 0)
  }
})

test('function and class subclasses work', async (scope) => {
  function Old (...args) {
    W3CWebSocket.apply(this, args)
  }
  Object.setPrototypeOf(Old.prototype, W3CWebSocket.prototype)
  class New extends W3CWebSocket {}
  for (const Subject of [Old, New]) {
    const ws = new Subject('ws://127.0.0.1:1/')
    assert.ok(ws instanceof W3CWebSocket)
    assert.deepEqual([ws.OPEN, ws.readyState], [1, 0])
    ws.close()
  }
  await scope.settle(10)
})

test('w3cwebsocket emits empty messages, texts and binary', async (scope) => {
  const { peer, ws } = await openW3C(scope)
  const data = []
  ws.onmessage = (event) => data.push(event.data)
  peer.write(Buffer.concat([frame('text', ''), frame('binary', ''), frame('text', 'end')]))
  await eventually(() => data.at(-1) === 'end', 'the last message')
  assert.deepEqual(data, ['', new ArrayBuffer(0), 'end'])
})
