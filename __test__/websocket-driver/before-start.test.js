'use strict'

// Bytes that arrive before `start()`: a program may call it late, but the peer cannot fill the memory.

const assert = require('node:assert/strict')
const net = require('node:net')

const websocket = require('../../lib/websocket-driver')
const { failure, observe, request } = require('../support/drivers')
const { eventually, listen } = require('../support/peer')
const { test } = require('../support/test')
const { frame, fromClient, upgradeRequest, upgradeResponse } = require('../support/wire')

const KIB = 1024
const MIB = 1024 * KIB
const TEXT = 'x'.repeat(1000)

const http = (headers) => websocket.http(request(headers, { httpVersion: '1.1' }))
const draft = { 'sec-websocket-key': undefined, 'sec-websocket-version': undefined }
const draftText = (text) => Buffer.concat([Buffer.from([0]), Buffer.from(text), Buffer.from([0xff])])

/** Drivers that wait for `start()`, the frames of their peers, and the bytes that peers send before frames. */
const DRIVERS = {
  'http()': { make: () => http(), frame: (text) => fromClient('text', text) },
  'server()': {
    make () {
      const driver = websocket.server()
      driver.io.write(upgradeRequest())
      return driver
    },
    frame: (text) => fromClient('text', text)
  },
  'hixie-75': { make: () => http(draft), frame: draftText, isDraft: true },
  'hixie-76': {
    make: () => http({ ...draft, 'sec-websocket-key1': '1 ', 'sec-websocket-key2': '1 ' }),
    before: Buffer.alloc(8),
    frame: draftText,
    isDraft: true
  },
  // The bytes arrive before the request of the client is sent.
  'client()': { make: () => websocket.client('ws://localhost/'), frame: (text) => frame('text', text), isClient: true }
}

function prepare ({ make, before }) {
  const driver = make()
  const events = []
  for (const type of ['open', 'message', 'error', 'close']) {
    driver.on(type, (event) => events.push([type, event.data ?? event.message ?? event.code ?? null]))
  }
  driver.io.on('drain', () => events.push(['drain']))
  const written = []
  driver.io.on('data', (bytes) => written.push(bytes))
  if (before) driver.parse(before)
  return { driver, events, written: () => Buffer.concat(written).toString('latin1') }
}

/** Writes texts until the driver is full; returns their number. */
function writeUntilFull (driver, frame) {
  let count = 1
  while (driver.io.write(frame(TEXT))) assert.ok(++count < 1000, 'the driver is never full')
  return count
}

for (const [name, row] of Object.entries(DRIVERS)) {
  test(`${name}: io.write() returns false once the driver is full, and drain follows start()`, async () => {
    const { driver, events, written } = prepare(row)
    const count = writeUntilFull(driver, row.frame)
    assert.ok(count > 60 && count < 70, `${count} KB`)
    assert.equal(driver.io.write(row.frame(TEXT)), false)
    assert.deepEqual(events, [])
    assert.equal(driver.start(), true)
    if (row.isClient) {
      // The bytes were not a response.
      assert.deepEqual(events.map(([type]) => type), ['error', 'drain', 'close'])
      return
    }
    assert.match(written(), /^HTTP\/1.1 101 /)
    const messages = Array.from({ length: count + 1 }, () => ['message', TEXT])
    assert.deepEqual(events, [['open', null], ...messages, ['drain']])
    assert.equal(driver.io.write(row.frame('after')), true)
    assert.deepEqual(events.at(-1), ['message', 'after'])
  })

  test(`${name}: close() before start() emits drain and discards later bytes`, async () => {
    const { driver, events } = prepare(row)
    writeUntilFull(driver, row.frame)
    driver.close()
    assert.deepEqual(events.map(([type]) => type), ['drain', 'close'])
    assert.equal(driver.io.write(row.frame(TEXT)), true)
    assert.equal(driver.start(), false)
    assert.equal(events.length, 2)
  })

  for (const [way, write] of Object.entries({
    'io.write()': (driver, bytes) => driver.io.write(bytes),
    'parse()': (driver, bytes) => driver.parse(bytes)
  })) {
    test(`${name}: more than 1 MiB through ${way} fails the handshake`, async () => {
      const { driver, events, written } = prepare(row)
      const frame = row.frame(TEXT)
      let count = 0
      for (; events.length === 0 && count < 10000; count++) write(driver, frame)
      const bytes = count * frame.length
      assert.ok(bytes >= MIB && bytes < MIB + 4 * KIB, `${bytes} bytes`)
      const text = 'Received too much before the opening handshake'
      const message = row.isClient ? `Error during WebSocket handshake: ${text}` : text
      const others = events.filter(([type]) => type !== 'drain')
      assert.deepEqual(others, [['error', message], ['close', row.isDraft ? null : 1002]])
      assert.match(written(), row.isClient ? /^$/ : /^HTTP\/1.1 400 /)
      // Only io.write() reports that the driver is full.
      const drains = events.length - others.length
      assert.equal(drains, way === 'io.write()' ? 1 : 0)
      for (let i = 0; i < 100; i++) write(driver, frame)
      assert.equal(driver.start(), false)
      assert.equal(events.length, others.length + drains)
    })
  }

  if (row.isClient) continue

  test(`${name}: drain is emitted although a handler throws`, async () => {
    const { driver, events } = prepare(row)
    writeUntilFull(driver, row.frame)
    const thrown = new Error('mine')
    driver.once('message', () => { throw thrown })
    assert.throws(() => driver.start(), thrown)
    assert.deepEqual(events.at(-1), ['drain'])
    driver.parse(row.frame('next'))
    assert.deepEqual(events.at(-1), ['message', 'next'])
  })

  test(`${name}: one chunk of any size is accepted before start()`, async () => {
    const { driver, events } = prepare(row)
    const text = 'y'.repeat(3 * MIB)
    driver.parse(row.frame(text))
    assert.equal(driver.start(), true)
    assert.equal(events.find(([type]) => type === 'message')[1].length, text.length)
  })
}

test('hixie-76: frames after a late body are delivered at once', async () => {
  const { driver, events } = prepare({ ...DRIVERS['hixie-76'], before: undefined })
  driver.start()
  assert.equal(driver.io.write(Buffer.alloc(7)), true)
  assert.deepEqual(events, [])
  assert.equal(driver.io.write(Buffer.concat([Buffer.alloc(1), ...Array(2000).fill(draftText(TEXT))])), true)
  assert.equal(events.length, 2001)
})

test('frames in the packet of the response are delivered to a client at once', async () => {
  const { driver, events, written } = prepare(DRIVERS['client()'])
  driver.start()
  const messages = Array(2000).fill(frame('text', TEXT))
  assert.equal(driver.io.write(Buffer.concat([Buffer.from(upgradeResponse(written())), ...messages])), true)
  assert.equal(events.length, 2001)
})

const ENDLESS = {
  'a request with an endless head': () => websocket.server(),
  'a response with an endless head': () => {
    const driver = websocket.client('ws://localhost/')
    driver.start()
    return driver
  }
}
for (const [name, make] of Object.entries(ENDLESS)) {
  test(`${name} is refused at 64 KiB`, async () => {
    const driver = make()
    let hasEnded = false
    driver.on(name.startsWith('a request') ? 'connect' : 'close', () => { hasEnded = true })
    driver.io.write(name.startsWith('a request') ? 'GET / HTTP/1.1\r\nA: ' : 'HTTP/1.1 101 Fine\r\nA: ')
    let count = 0
    for (; !hasEnded && count < 1000; count++) driver.io.write('x'.repeat(KIB))
    assert.ok(count > 60 && count < 66, `${count} KiB`)
  })
}

// pipe() pauses and resumes the socket for the program.
test('a piped socket is paused before start(), and all messages arrive afterwards', async (scope) => {
  let driver, socket
  let messages = 0
  const server = net.createServer((accepted) => {
    socket = accepted
    driver = websocket.server()
    driver.on('message', ({ data }) => { if (data === TEXT) messages++ })
    socket.pipe(driver.io).pipe(socket)
  })
  const port = await listen(scope, server)
  const peer = net.connect(port, '127.0.0.1')
  scope.defer(() => peer.destroy())
  peer.resume()
  peer.write(upgradeRequest())
  const count = 20000
  const frames = Buffer.concat(Array(count).fill(fromClient('text', TEXT)))
  peer.write(frames)
  await eventually(() => socket?.isPaused(), 'the pause')
  await scope.settle(50)
  assert.ok(socket.bytesRead < 512 * KIB, `${socket.bytesRead} bytes`)
  driver.start()
  await eventually(() => messages === count, 'all messages')
})

test('bytes before start() are delivered after it', () => {
  const driver = websocket.http(request(), { requireMasking: false })
  const seen = observe(driver)
  driver.io.write(frame('text', 'early'))
  driver.io.write(frame('ping', 'e').subarray(0, 2))
  assert.deepEqual(seen, [])
  driver.start()
  assert.deepEqual(seen.slice(1), [['open'], ['message', 'early']])
  driver.io.write(frame('ping', 'e').subarray(2))
  assert.deepEqual(seen.slice(3), [['frame', 'pong', 'e'], ['ping', 'e']])
})

test('a violation before start() is reported after it', () => {
  const driver = websocket.http(request(), { requireMasking: false })
  const seen = observe(driver)
  driver.io.write(frame(3, ''))
  assert.equal(driver.start(), true)
  assert.deepEqual(seen.slice(1), [['open'], ...failure(1002, 'Unrecognized frame opcode: 3')])
})

test('server() keeps the frames in the packet of the request until start()', () => {
  const driver = websocket.server()
  const seen = observe(driver)
  driver.io.write(Buffer.concat([Buffer.from(upgradeRequest()), fromClient('text', 'early')]))
  assert.deepEqual(seen, [['connect']])
  assert.deepEqual(driver.body, fromClient('text', 'early'))
  driver.start()
  assert.deepEqual(seen.slice(2), [['open'], ['message', 'early']])
})
