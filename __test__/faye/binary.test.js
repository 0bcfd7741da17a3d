'use strict'

// All types of bytes in JavaScript: sent as binary messages, and received as the type that binaryType selects.

const assert = require('node:assert/strict')
const { Blob } = require('node:buffer')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { Writable } = require('node:stream')
const vm = require('node:vm')

const deflate = require('../../lib/permessage-deflate')
const { openServer, roles } = require('../support/open')
const { accept, eventually, once } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { closePayload, upgradeResponse } = require('../support/wire')

const MiB = 1 << 20

const bytes = (...values) => Buffer.from(values)

function shared (...values) {
  const buffer = new SharedArrayBuffer(values.length)
  new Uint8Array(buffer).set(values)
  return buffer
}

/** Name, the argument of send(), and the bytes that arrive. */
const SENT = [
  ['a Uint8Array', Uint8Array.of(1, 2, 255), bytes(1, 2, 255)],
  ['an Int8Array', Int8Array.of(-1, 1), bytes(255, 1)],
  ['a Uint8ClampedArray', Uint8ClampedArray.of(300), bytes(255)],
  ['a Uint16Array', Uint16Array.of(258), bytes(2, 1)],
  ['an Int16Array', Int16Array.of(-2), bytes(254, 255)],
  ['a Uint32Array', Uint32Array.of(1), bytes(1, 0, 0, 0)],
  ['an Int32Array', Int32Array.of(-1), bytes(255, 255, 255, 255)],
  ['a Float32Array', Float32Array.of(1), bytes(0, 0, 128, 63)],
  ['a Float64Array', Float64Array.of(1), bytes(0, 0, 0, 0, 0, 0, 240, 63)],
  ['a BigInt64Array', BigInt64Array.of(-1n), Buffer.alloc(8, 255)],
  ['a BigUint64Array', BigUint64Array.of(1n), bytes(1, 0, 0, 0, 0, 0, 0, 0)],
  ['part of a typed array', Uint16Array.of(1, 2, 3).subarray(1, 2), bytes(2, 0)],
  ['an empty typed array', new Uint8Array(0), bytes()],
  ['a DataView', new DataView(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2), bytes(2, 3)],
  ['an ArrayBuffer', Uint8Array.of(1, 2, 3).buffer, bytes(1, 2, 3)],
  ['an empty ArrayBuffer', new ArrayBuffer(0), bytes()],
  ['a SharedArrayBuffer', shared(1, 2, 3), bytes(1, 2, 3)],
  ['part of a SharedArrayBuffer', new Uint8Array(shared(1, 2, 3), 1, 1), bytes(2)],
  ['a DataView of a SharedArrayBuffer', new DataView(shared(1, 2, 3), 1), bytes(2, 3)],
  ['a typed array of another realm', vm.runInNewContext('Uint8Array.of(1, 2)'), bytes(1, 2)],
  ['an ArrayBuffer of another realm', vm.runInNewContext('Uint8Array.of(1, 2).buffer'), bytes(1, 2)],
  ['a large typed array', new Uint8Array(200_000).fill(7), Buffer.alloc(200_000, 7)],
  ['a Blob', new Blob(['a', 'bc']), Buffer.from('abc')],
  ['an empty Blob', new Blob([]), bytes()],
  ['a large Blob', new Blob([Buffer.alloc(3 * MiB, 7)]), Buffer.alloc(3 * MiB, 7)]
]
for (const [role, open] of Object.entries(roles)) {
  for (const [name, data, expected] of SENT) {
    deviation(`${role}: send(), write() and end() send ${name} as binary`, async (scope) => {
      const { peer, ws } = await open(scope)
      ws.send(data)
      ws.write(data)
      ws.end(data)
      const frames = await peer.frames(4)
      for (const { type, payload } of frames.slice(0, 3)) {
        assert.equal(type, 'binary')
        assert.ok(payload.equals(expected), `${payload.length} bytes`)
      }
      assert.equal(frames[3].type, 'close')
    })
  }
}

const TEXTS = [
  ['an array', [13, 14], '13,14'],
  ['a number', 13, '13'],
  ['an object with a buffer property', { buffer: new ArrayBuffer(1), toString: () => 'text' }, 'text']
]
for (const [name, data, expected] of TEXTS) {
  test(`send() sends ${name} as text`, async (scope) => {
    const { peer, ws } = await openServer(scope)
    ws.send(data)
    const { type, payload } = await peer.frame()
    assert.deepEqual([type, payload.toString()], ['text', expected])
  })
}

deviation('a change after send() does not change the message', async (scope) => {
  const { peer, ws } = await openServer(scope)
  const data = new Uint8Array(3).fill(1)
  ws.send('first')
  ws.send(data)
  data.fill(2)
  ws.send(new Blob(['blob']))
  ws.send(data)
  data.fill(3)
  const frames = await peer.frames(4)
  const bytes = [frames[1], frames[3]].map(({ payload }) => [...payload])
  assert.deepEqual(bytes, [[1, 1, 1], [2, 2, 2]])
})

// Blobs

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: messages after a Blob keep their order, and pings are sent before it`, async (scope) => {
    const { peer, ws } = await open(scope)
    const called = []
    ws.send('a', () => called.push('a'))
    ws.send(new Blob(['b']), () => called.push('b'))
    ws.send(Buffer.from('c'), () => called.push('c'))
    ws.send(WebSocket.prepare('d'), () => called.push('d'))
    ws.send(new Blob(['e']))
    ws.send(7)
    ws.ping('ping')
    ws.send('f', () => called.push('f'))
    ws.close(3000, 'bye')
    assert.equal(ws.readyState, 2)
    assert.equal(ws.send('g'), false)
    const frames = await peer.frames(9)
    const data = frames.filter(({ type }) => type !== 'ping')
    assert.deepEqual(data.slice(0, 7).map(({ type, payload }) => `${type} ${payload}`), [
      'text a', 'binary b', 'binary c', 'text d', 'binary e', 'text 7', 'text f'
    ])
    assert.equal(data[7].type, 'close')
    assert.equal(data[7].payload.readUInt16BE(), 3000)
    await eventually(() => called.length === 5, 'all callbacks')
    assert.deepEqual(called, ['a', 'b', 'c', 'd', 'f'])
  })

  deviation(`${role}: a Blob and the messages after it count in bufferedAmount and for drain`, async (scope) => {
    const { peer, ws } = await open(scope)
    let drains = 0
    ws.on('drain', () => drains++)
    assert.equal(ws.send(new Blob([Buffer.alloc(1000)])), true)
    assert.equal(ws.send('é'), true)
    assert.equal(ws.send(WebSocket.prepare('four')), true)
    assert.equal(ws.bufferedAmount, 1006)
    assert.equal(ws.send(Buffer.alloc(2 * MiB)), false)
    assert.equal(ws.send(new Blob([Buffer.alloc(1000)])), false)
    assert.equal(ws.bufferedAmount, 2006 + 2 * MiB)
    assert.equal(drains, 0)
    await eventually(() => drains > 0, 'drain')
    await peer.frames(5)
    await scope.settle()
    assert.equal(drains, 1)
    assert.equal(ws.bufferedAmount, 0)
  })

  deviation(`${role}: a Blob that is not read before the connection ends is not sent`, async (scope) => {
    const { peer, ws } = await open(scope)
    const called = []
    ws.send(new Blob(['x']), (error) => called.push(error.message))
    ws.send('behind', (error) => called.push(error.message))
    ws.terminate()
    assert.equal(ws.bufferedAmount, 0)
    await peer.ended()
    await scope.settle()
    assert.deepEqual(called, Array(2).fill('The connection ended before the message was sent'))
    assert.equal(peer.bytes.length, 0)
  })

  deviation(`${role}: the peer's close frame does not wait for a Blob`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const called = []
    const slow = new Blob(['x'])
    slow.arrayBuffer = () => new Promise(() => {})
    ws.send(slow, (error) => called.push(error.message))
    ws.close()
    peer.write(frame('close', closePayload(3001)))
    assert.equal((await once(ws, 'close')).code, 3001)
    await scope.settle()
    assert.equal(called.length, 1)
  })

  deviation(`${role}: an unreadable Blob ends the connection with an error`, async (scope) => {
    const { peer, ws } = await open(scope)
    const events = []
    ws.on('error', ({ message }) => events.push(message))
    ws.on('close', ({ code }) => events.push(code))
    const broken = new Blob(['x'])
    broken.arrayBuffer = () => Promise.reject(new Error('the file is gone'))
    ws.send(broken, (error) => events.push(error.constructor.name))
    await peer.ended()
    await eventually(() => events.length === 3, 'all events')
    assert.deepEqual(events, ['Could not read a Blob: the file is gone', 1006, 'Error'])
  })

  deviation(`${role}: a Blob whose file has changed is unreadable and ends the connection`, async (scope) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'faye-'))
    scope.defer(() => fs.rmSync(folder, { recursive: true }))
    const file = path.join(folder, 'file')
    fs.writeFileSync(file, 'from a file')
    const { peer, ws } = await open(scope)
    ws.send(await fs.openAsBlob(file))
    assert.equal((await peer.frame()).payload.toString(), 'from a file')
    const blob = await fs.openAsBlob(file)
    fs.writeFileSync(file, 'something else, and longer')
    const message = new Promise((resolve) => ws.on('error', (event) => resolve(event.message)))
    ws.send(blob)
    assert.equal((await once(ws, 'close')).code, 1006)
    assert.match(await message, /^Could not read a Blob: /)
  }, { skip: fs.openAsBlob ? false : 'Blobs of files are new in Node 20' })

  deviation(`${role}: an exception of a drain handler after a Blob is an uncaught exception`, async (scope) => {
    const { peer, ws } = await open(scope)
    const thrown = new Error('from a handler')
    ws.on('drain', () => { throw thrown })
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve))
    scope.defer(() => listeners.forEach((each) => process.on('uncaughtException', each)))
    ws.send(new Blob([Buffer.alloc(2 * MiB)]))
    ws.send('behind')
    assert.equal(await uncaught, thrown)
    await peer.frames(2)
  })

  deviation(`${role}: Blobs are compressed like other messages`, async (scope) => {
    const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
    const { peer, ws } = await open(scope, { options: { extensions: [deflate] }, headers })
    ws.send(new Blob([Buffer.alloc(MiB, 'x')]))
    ws.send('behind')
    const frames = await peer.frames(2)
    assert.deepEqual(frames.map(({ type, rsv }) => [type, rsv]), [['binary', 4], ['text', 4]])
    assert.ok(frames[0].payload.length < MiB / 10)
  })
}

deviation('a client sends early Blobs after the handshake, and none if closed before', async (scope) => {
  const server = await accept(scope)
  const ws = new WebSocket.Client(server.url)
  ws.send(new Blob(['a']))
  ws.send('b')
  const peer = await server.accepted()
  const head = await peer.head()
  await scope.settle()
  peer.write(upgradeResponse(head))
  assert.equal((await peer.frames(2)).map(({ payload }) => payload).join(''), 'ab')
  ws.terminate()

  const lost = new WebSocket.Client(server.url)
  lost.send(new Blob(['a']))
  let code
  lost.on('close', (event) => { code = event.code })
  lost.close(3000)
  assert.equal(code, 3000)
})

deviation('prepare() refuses a Blob', () => {
  assert.throws(() => WebSocket.prepare(new Blob(['x'])), {
    name: 'TypeError', message: 'A Blob cannot be prepared: prepare(await blob.arrayBuffer())'
  })
})

// binaryType

for (const [role, open] of Object.entries(roles)) {
  for (const how of ['option', 'property']) {
    deviation(`${role}: binaryType 'arraybuffer', as ${how}, applies to events but not to pipes`, async (scope) => {
      const { frame, peer, ws } = await open(scope, { options: how === 'option' ? { binaryType: 'arraybuffer' } : {} })
      if (how === 'property') ws.binaryType = 'arraybuffer'
      assert.equal(ws.binaryType, 'arraybuffer')
      const received = []
      const piped = []
      ws.onmessage = ({ data }) => received.push(data)
      ws.pipe(new Writable({ objectMode: true, write: (chunk, _, callback) => callback(null, piped.push(chunk)) }))
      const payloads = [bytes(1, 2, 3), bytes(), Buffer.alloc(100_000, 7)]
      peer.write(Buffer.concat([frame('text', 'text'), ...payloads.map((payload) => frame('binary', payload))]))
      await eventually(() => received.length === 4, 'all messages')
      assert.equal(received[0], 'text')
      payloads.forEach((payload, index) => {
        const data = received[index + 1]
        assert.ok(data instanceof ArrayBuffer)
        assert.ok(payload.equals(Buffer.from(data)), `${data.byteLength} bytes`)
        assert.ok(piped[index + 1] instanceof Buffer)
        assert.ok(piped[index + 1].equals(payload))
      })
    })
  }

  deviation(`${role}: binaryType can change between two messages of one packet`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    assert.equal(ws.binaryType, 'nodebuffer')
    const types = []
    ws.on('message', ({ data }) => {
      types.push(data.constructor.name)
      ws.binaryType = types.length % 2 === 1 ? 'arraybuffer' : 'nodebuffer'
    })
    peer.write(Buffer.concat(Array(4).fill(frame('binary', bytes(1)))))
    await eventually(() => types.length === 4, 'all messages')
    assert.deepEqual(types, ['Buffer', 'ArrayBuffer', 'Buffer', 'ArrayBuffer'])
  })

  deviation(`${role}: a binaryType that a 'data' handler sets is valid from the next message`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const types = []
    ws.once('data', () => { ws.binaryType = 'arraybuffer' })
    ws.on('message', ({ data }) => types.push(Buffer.isBuffer(data)))
    peer.write(Buffer.concat([frame('binary', 'a'), frame('binary', 'b')]))
    await eventually(() => types.length === 2, 'two messages')
    assert.deepEqual(types, [true, false])
  })

  deviation(`${role}: an unknown binaryType throws and changes nothing`, async (scope) => {
    const { ws } = await open(scope, { options: { binaryType: 'arraybuffer' } })
    for (const wrong of ['blob', 'fragments', undefined, null, 5]) {
      assert.throws(() => { ws.binaryType = wrong }, {
        name: 'TypeError', message: /^Invalid binaryType: .*; expected 'nodebuffer' or 'arraybuffer'$/
      })
    }
    assert.equal(ws.binaryType, 'arraybuffer')
    ws.terminate()
    ws.binaryType = 'nodebuffer'
    assert.equal(ws.binaryType, 'nodebuffer')
  })

  deviation(`${role}: send() accepts the ArrayBuffer of a received message`, async (scope) => {
    const { frame, peer, ws } = await open(scope, { options: { binaryType: 'arraybuffer' } })
    ws.on('message', ({ data }) => ws.send(data))
    peer.write(frame('binary', bytes(1, 2, 3)))
    const { type, payload } = await peer.frame()
    assert.deepEqual([type, [...payload]], ['binary', [1, 2, 3]])
  })
}
