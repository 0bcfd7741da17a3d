'use strict'

// The differences between a driver with permessage-deflate and websocket-driver with npm's module: the sizes and the
// times of the output. __test__/parity/deviations.js contains the list.

const assert = require('node:assert/strict')

const npm = require('permessage-deflate')

const deflate = require('../../lib/permessage-deflate')
const websocket = require('../../lib/websocket-driver')
const { Codec, compress, noise } = require('../support/deflate')
const { request } = require('../support/drivers')
const { eventually } = require('../support/peer')
const { test } = require('../support/test')
const { closePayload, frame, fromClient, readFrames, upgradeResponse } = require('../support/wire')

const MiB = 1 << 20
const LINES = Array.from({ length: 3000 }, (_, id) => JSON.stringify({ id, of: id * id % 997 }))
const OFFER = 'permessage-deflate; client_max_window_bits'

/** Opens a server driver, and records its events and frames. */
function openServer ({ extension = deflate, offer = OFFER, options } = {}) {
  const driver = websocket.http(request({ 'sec-websocket-extensions': offer }), options)
  driver.addExtension(extension)
  driver.start()
  return observed(driver, fromClient)
}

function openClient ({ extension = npm, answer = 'permessage-deflate', options } = {}) {
  const driver = websocket.client('ws://example.com/', options)
  driver.addExtension(extension)
  let head = ''
  driver.io.once('data', (chunk) => { head = chunk.toString() })
  driver.start()
  driver.io.write(Buffer.from(upgradeResponse(head, { 'Sec-WebSocket-Extensions': answer })))
  return observed(driver, frame)
}

const ENDS = [['a server', openServer], ['a client', openClient]]

function observed (driver, fromPeer) {
  assert.equal(driver.readyState, 1)
  const seen = []
  const frames = []
  driver.io.on('data', (chunk) => {
    for (const each of readFrames(chunk).frames) {
      frames.push(each)
      seen.push(`sent ${each.type}`)
    }
  })
  for (const type of ['message', 'ping', 'close']) driver.on(type, () => seen.push(type))
  driver.on('error', ({ message }) => seen.push(message))
  return { driver, fromPeer, frames, seen, codec: new Codec() }
}

for (const [end, open] of ENDS) {
  test(`${end} writes each message in the call that sends it, and control frames after it`, () => {
    const { driver, frames, codec } = open()
    const sent = ['Hello', 'Hello', LINES.join(), '', noise(1000)]
    for (const [index, message] of sent.entries()) {
      assert.equal(driver.messages.write(message), true)
      assert.equal(frames.length, index + 1)
      assert.equal(frames[index].rsv, 4)
      assert.ok(codec.inflate(frames[index].payload).equals(Buffer.from(message)))
    }
    driver.text('a')
    driver.ping('p')
    driver.text('b')
    driver.close('bye', 3000)
    const [a, ping, b, close] = frames.slice(sent.length)
    assert.deepEqual([a, ping, b, close].map(({ type }) => type), ['text', 'ping', 'text', 'close'])
    assert.deepEqual([a, b].map(({ payload }) => codec.inflate(payload).toString()), ['a', 'b'])
    assert.deepEqual([ping.payload.toString(), close.payload], ['p', closePayload(3000, 'bye')])
  })

  test(`${end} delivers each message as soon as it is complete, before later frames`, () => {
    const { driver, fromPeer, seen, codec } = open()
    const message = (text) => fromPeer('text', codec.deflate(text), { rsv: 4 })
    driver.io.write(message('a'))
    assert.deepEqual(seen, ['message'])
    driver.io.write(Buffer.concat([message('b'), fromPeer('ping'), message('c'), fromPeer('close')]))
    assert.deepEqual(seen.slice(1), ['message', 'sent pong', 'ping', 'message', 'sent close', 'close'])
  })

  test(`${end} keeps the order of large messages that need several turns of the event loop`, async () => {
    const { driver, fromPeer, frames, seen, codec } = open()
    const large = Buffer.alloc(MiB, LINES.join())
    for (const message of ['a', large, 'b']) driver.messages.write(message)
    driver.ping('p')
    driver.messages.write(large)
    assert.equal(frames.length, 1)
    await eventually(() => frames.length === 5, 'all frames')
    assert.deepEqual(frames.map(({ type }) => type), ['text', 'binary', 'text', 'ping', 'binary'])
    const data = frames.filter(({ rsv }) => rsv === 4).map(({ payload }) => codec.inflate(payload))
    assert.deepEqual(data.map(({ length }) => length), [1, MiB, 1, MiB])
    assert.ok(data[1].equals(large) && data[3].equals(large))

    seen.length = 0
    const message = (data) => fromPeer('binary', codec.deflate(data), { rsv: 4 })
    driver.io.write(Buffer.concat([message(large), fromPeer('ping'), message('b'), fromPeer('close')]))
    assert.deepEqual(seen, [])
    await eventually(() => seen.includes('close'), 'close')
    assert.deepEqual(seen, ['message', 'sent pong', 'ping', 'message', 'sent close', 'close'])
  })

  test(`${end} never refers beyond the agreed window and context`, () => {
    // Each message repeats bytes within each window and beyond.
    const messages = [LINES.join(), LINES.slice(0, 1500).join(), ...LINES.slice(0, 300), LINES.join()]
    const own = end === 'a server' ? 'server' : 'client'
    for (const windowBits of [8, 9, 10, 11, 12, 13, 14, 15]) {
      for (const context of [true, false]) {
        const agreed = `permessage-deflate; ${own}_max_window_bits=${windowBits}` +
          (context ? '' : `; ${own}_no_context_takeover`)
        for (const extension of [deflate, deflate.configure({ level: 9, memLevel: 9 }), npm.configure({ level: 1 })]) {
          const { driver, frames } = open({ extension, offer: agreed, answer: agreed })
          for (const message of messages) driver.text(message)
          const codec = new Codec({ windowBits, context })
          for (const [index, { payload }] of frames.entries()) {
            assert.equal(codec.inflate(payload, { strict: true }).toString(), messages[index], `${agreed}, ${index}`)
          }
          assert.equal(frames.length, messages.length)
        }
      }
    }
  })

  test(`${end} inflates at most maxLength of a message, and does not reach errors after it`, async () => {
    const corrupt = Buffer.concat([compress(Buffer.alloc(MiB)), Buffer.alloc(100, 0xff)])
    for (const [maxLength, message] of [
      [100_000, 'WebSocket frame length too large'], [2 * MiB, 'permessage-deflate: invalid stored block lengths']
    ]) {
      const { driver, fromPeer, seen } = open({ options: { maxLength } })
      driver.io.write(fromPeer('binary', corrupt, { rsv: 4 }))
      await eventually(() => seen.length === 3, 'close')
      assert.deepEqual(seen, ['sent close', message, 'close'])
    }
  })

  test(`${end} that echoes highly compressed messages keeps bufferedAmount below 4 MiB`, async () => {
    const { driver, fromPeer } = open()
    const bomb = fromPeer('binary', compress(Buffer.alloc(MiB)), { rsv: 4 })
    let messages = 0
    let most = 0
    driver.on('message', ({ data }) => {
      messages++
      driver.binary(data)
      most = Math.max(most, driver.bufferedAmount)
    })
    for (let chunk = 0; chunk < 4; chunk++) driver.io.write(Buffer.concat(new Array(50).fill(bomb)))
    await eventually(() => messages === 200, 'all messages')
    assert.ok(most < 4 * MiB, `${most} bytes`)
  })
}
