'use strict'

// perMessageDeflate of servers and clients with WebSocket-Node's interface, compared with Node's zlib.

const assert = require('node:assert/strict')

const { Codec, compress, noise } = require('../support/deflate')
const { eventually } = require('../support/peer')
const { deviation, eventsOf, roles } = require('../support/websocket')
const { closePayload } = require('../support/wire')

const MiB = 1 << 20
const RSV1 = 4
const HEADERS = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
const closed = (connection) => new Promise((resolve) => connection.once('close', (...given) => resolve(given)))

for (const [role, open] of Object.entries(roles)) {
  const compressed = (scope, config, options = true) => open(scope, {
    headers: HEADERS, config: { perMessageDeflate: options, ...config }
  })

  deviation(`${role}: without perMessageDeflate, compression is neither offered nor accepted`, async (scope) => {
    const { connection, frame, peer } = await open(scope, role === 'server' ? { headers: HEADERS } : {})
    assert.ok(!/extensions/i.test(peer.response ?? peer.request))
    assert.deepEqual(connection.extensions, [])
    const end = closed(connection)
    peer.write(frame('text', compress('Hello'), { rsv: RSV1 }))
    assert.deepEqual(await end, [1002, 'Unsupported usage of rsv bits without negotiated extension.'])
  })

  deviation(`${role}: both ends compress messages, and may send uncompressed ones`, async (scope) => {
    const { connection, frame, peer } = await compressed(scope)
    const events = eventsOf(connection)
    const codec = new Codec()
    const text = 'Hello '.repeat(1000)
    for (const [type, data] of [['text', text], ['binary', Buffer.from(text)], ['text', text]]) {
      peer.write(frame(type, codec.deflate(data), { rsv: RSV1 }))
    }
    peer.write(frame('text', 'plain'))
    await eventually(() => events.length === 4, 'messages')
    assert.deepEqual(events.map(([, { type, utf8Data, binaryData }]) => [type, utf8Data ?? String(binaryData)]),
      [['utf8', text], ['binary', text], ['utf8', text], ['utf8', 'plain']])
    for (let count = 0; count < 3; count++) {
      connection.sendUTF(text)
      const sent = await peer.frame()
      assert.equal(sent.rsv, RSV1)
      assert.ok(sent.payload.length < 200)
      assert.equal(String(codec.inflate(sent.payload)), text)
    }
  })

  deviation(`${role}: only the first fragment of a compressed message has RSV1`, async (scope) => {
    const { connection, peer } = await compressed(scope, { fragmentationThreshold: 1000 })
    const data = noise(5000)
    connection.sendBytes(data)
    const frames = await peer.frames(6)
    assert.deepEqual(frames.map(({ type, rsv, fin }) => [type, rsv, fin]), [
      ['binary', RSV1, false], ...Array(4).fill(['continuation', 0, false]), ['continuation', 0, true]
    ])
    assert.deepEqual(new Codec().inflate(Buffer.concat(frames.map(({ payload }) => payload))), data)
  })

  deviation(`${role}: a message below the threshold is not compressed`, async (scope) => {
    const { connection, peer } = await compressed(scope, {}, { threshold: 100 })
    connection.sendUTF('x'.repeat(99))
    connection.sendUTF('x'.repeat(100))
    const [short, long] = await peer.frames(2)
    assert.deepEqual([short.rsv, long.rsv], [0, RSV1])
  })

  deviation(`${role}: inflating stops at maxReceivedMessageSize and fails the connection`, async (scope) => {
    const { connection, frame, peer } = await compressed(scope, {
      maxReceivedFrameSize: MiB, maxReceivedMessageSize: MiB
    })
    const events = eventsOf(connection)
    const bomb = compress(Buffer.alloc(200 * MiB))
    const { rss } = process.memoryUsage()
    peer.write(frame('binary', bomb, { rsv: RSV1 }))
    await closed(connection)
    assert.deepEqual(events, [['close', 1009, 'Maximum message size exceeded.']])
    assert.ok(process.memoryUsage().rss - rss < 64 * MiB)
  })

  deviation(`${role}: a message that inflates to exactly maxReceivedMessageSize is delivered`, async (scope) => {
    const { connection, frame, peer } = await compressed(scope, { maxReceivedMessageSize: MiB })
    const message = new Promise((resolve) => connection.once('message', resolve))
    peer.write(frame('binary', compress(Buffer.alloc(MiB)), { rsv: RSV1 }))
    assert.equal((await message).binaryData.length, MiB)
  })

  for (const [name, bytesOf, code] of [
    ['corrupt compressed data', (frame) => frame('text', Buffer.from('ffffffffff', 'hex'), { rsv: RSV1 }), 1010],
    ['RSV1 on a continuation', (frame) => Buffer.concat([
      frame('text', compress('Hello'), { fin: false, rsv: RSV1 }), frame('continuation', '', { rsv: RSV1 })
    ]), 1002],
    ['RSV1 on a ping', (frame) => frame('ping', '', { rsv: RSV1 }), 1002],
    ['RSV2', (frame) => frame('text', compress('Hello'), { rsv: RSV1 | 2 }), 1002],
    ['a text of invalid UTF-8', (frame) => frame('text', compress(Buffer.from('ff', 'hex')), { rsv: RSV1 }), 1007]
  ]) {
    deviation(`${role}: ${name} fails with ${code}`, async (scope) => {
      const { connection, frame, peer } = await compressed(scope)
      const events = eventsOf(connection)
      peer.write(bytesOf(frame))
      await closed(connection)
      assert.deepEqual(events.map(([type, code]) => [type, code]), [['close', code]])
    })
  }

  deviation(`${role}: messages, pings and the close frame are sent in order`, async (scope) => {
    const { connection, peer } = await compressed(scope, { fragmentOutgoingMessages: false })
    const large = noise(4 * MiB)
    connection.sendBytes(large)
    connection.ping('between')
    connection.sendUTF('small, but long enough to compress '.repeat(10))
    connection.close()
    const frames = await peer.frames(4)
    assert.deepEqual(frames.map(({ type }) => type), ['binary', 'ping', 'text', 'close'])
    assert.deepEqual(frames[3].payload, closePayload(1000, 'Normal connection closure'))
  })

  deviation(`${role}: callbacks of compressed messages are called in order`, async (scope) => {
    const { connection } = await compressed(scope)
    const called = []
    await Promise.all([noise(2 * MiB), 'text'.repeat(100), noise(10)].map((data, index) => new Promise((resolve) =>
      connection.send(data, (error) => {
        called.push([index, error == null])
        resolve()
      }))))
    assert.deepEqual(called, [[0, true], [1, true], [2, true]])
  })

  deviation(`${role}: without assembleFragments, frames are delivered compressed`, async (scope) => {
    const { connection, frame, peer } = await compressed(scope, { assembleFragments: false })
    const events = eventsOf(connection)
    const payload = compress('Hello')
    peer.write(frame('text', payload.subarray(0, 3), { fin: false, rsv: RSV1 }))
    peer.write(frame('continuation', payload.subarray(3)))
    await eventually(() => events.length === 2, 'frames')
    const frames = events.map(([, each]) => each)
    assert.deepEqual(frames.map(({ opcode, fin, rsv1 }) => [opcode, fin, rsv1]), [[1, false, true], [0, true, false]])
    assert.deepEqual(Buffer.concat(frames.map(({ binaryPayload }) => binaryPayload)), payload)
  })
}
