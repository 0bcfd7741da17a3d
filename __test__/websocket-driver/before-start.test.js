'use strict'

// Bytes that arrive before `start()`: a program may take its time, and the peer may not use that to fill the memory.

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

/** Drivers that wait for `start()`, how their peers frame a text, and what those say before. */
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
  // Its server answers a request that has not been made, as far as that is possible.
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

/** Writes texts until told to wait; how many. */
function writeUntilFull (driver, frame) {
  let count = 1
  while (driver.io.write(frame(TEXT))) assert.ok(++count < 1000, 'it takes everything')
  return count
}

for (const [name, row] of Object.entries(DRIVERS)) {
  test(`${name}: io.write() says when to wait, and drain follows start()`, async () => {
    const { driver, events, written } = prepare(row)
    const count = writeUntilFull(driver, row.frame)
    assert.ok(count > 60 && count < 70, `${count} KB`)
    assert.equal(driver.io.write(row.frame(TEXT)), false)
    assert.deepEqual(events, [])
    assert.equal(driver.start(), true)
    if (row.isClient) {
      // What came was no answer.
      assert.deepEqual(events.map(([type]) => type), ['error', 'drain', 'close'])
      return
    }
    assert.match(written(), /^HTTP\/1.1 101 /)
    const messages = Array.from({ length: count + 1 }, () => ['message', TEXT])
    assert.deepEqual(events, [['open', null], ...messages, ['drain']])
    assert.equal(driver.io.write(row.frame('behind')), true)
    assert.deepEqual(events.at(-1), ['message', 'behind'])
  })

  test(`${name}: close() before start() is followed by drain, and drops what comes`, async () => {
    const { driver, events } = prepare(row)
    writeUntilFull(driver, row.frame)
    driver.close()
    assert.deepEqual(events.map(([type]) => type), ['drain', 'close'])
    assert.equal(driver.io.write(row.frame(TEXT)), true)
    assert.equal(driver.start(), false)
    assert.equal(events.length, 2)
  })

  for (const [way, give] of Object.entries({
    'io.write()': (driver, bytes) => driver.io.write(bytes),
    'parse()': (driver, bytes) => driver.parse(bytes)
  })) {
    test(`${name}: more than 1 MiB by ${way} fails the handshake`, async () => {
      const { driver, events, written } = prepare(row)
      const frame = row.frame(TEXT)
      let count = 0
      for (; events.length === 0 && count < 10000; count++) give(driver, frame)
      const bytes = count * frame.length
      assert.ok(bytes >= MIB && bytes < MIB + 4 * KIB, `${bytes} bytes`)
      const words = 'Received too much before the opening handshake'
      const message = row.isClient ? `Error during WebSocket handshake: ${words}` : words
      const told = events.filter(([type]) => type !== 'drain')
      assert.deepEqual(told, [['error', message], ['close', row.isDraft ? null : 1002]])
      assert.match(written(), row.isClient ? /^$/ : /^HTTP\/1.1 400 /)
      // Only io.write() has asked to wait.
      const drains = events.length - told.length
      assert.equal(drains, way === 'io.write()' ? 1 : 0)
      for (let i = 0; i < 100; i++) give(driver, frame)
      assert.equal(driver.start(), false)
      assert.equal(events.length, told.length + drains)
    })
  }

  if (row.isClient) continue

  test(`${name}: a handler that throws does not keep back the drain`, async () => {
    const { driver, events } = prepare(row)
    writeUntilFull(driver, row.frame)
    const thrown = new Error('mine')
    driver.once('message', () => { throw thrown })
    assert.throws(() => driver.start(), thrown)
    assert.deepEqual(events.at(-1), ['drain'])
    driver.parse(row.frame('next'))
    assert.deepEqual(events.at(-1), ['message', 'next'])
  })

  test(`${name}: one chunk of any size waits`, async () => {
    const { driver, events } = prepare(row)
    const text = 'y'.repeat(3 * MIB)
    driver.parse(row.frame(text))
    assert.equal(driver.start(), true)
    assert.equal(events.find(([type]) => type === 'message')[1].length, text.length)
  })
}

test('hixie-76: frames behind a body that comes late wait for nothing', async () => {
  const { driver, events } = prepare({ ...DRIVERS['hixie-76'], before: undefined })
  driver.start()
  assert.equal(driver.io.write(Buffer.alloc(7)), true)
  assert.deepEqual(events, [])
  assert.equal(driver.io.write(Buffer.concat([Buffer.alloc(1), ...Array(2000).fill(draftText(TEXT))])), true)
  assert.equal(events.length, 2001)
})

test('what a client that has asked gets behind the answer waits for nothing', async () => {
  const { driver, events, written } = prepare(DRIVERS['client()'])
  driver.start()
  const messages = Array(2000).fill(frame('text', TEXT))
  assert.equal(driver.io.write(Buffer.concat([Buffer.from(upgradeResponse(written())), ...messages])), true)
  assert.equal(events.length, 2001)
})

const ENDLESS = {
  'a request without end': () => websocket.server(),
  'an answer without end': () => {
    const driver = websocket.client('ws://localhost/')
    driver.start()
    return driver
  }
}
for (const [name, make] of Object.entries(ENDLESS)) {
  test(`${name} is given up at 64 KiB`, async () => {
    const driver = make()
    let isOver = false
    driver.on(name.startsWith('a request') ? 'connect' : 'close', () => { isOver = true })
    driver.io.write(name.startsWith('a request') ? 'GET / HTTP/1.1\r\nA: ' : 'HTTP/1.1 101 Fine\r\nA: ')
    let count = 0
    for (; !isOver && count < 1000; count++) driver.io.write('x'.repeat(KIB))
    assert.ok(count > 60 && count < 66, `${count} KiB`)
  })
}

// A program that pipes need not know of any of this.
test('a piped peer is not read from before start(), and all of it is received afterwards', async (scope) => {
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

test('bytes before start() wait for it', () => {
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

test('a violation before start() is one after it', () => {
  const driver = websocket.http(request(), { requireMasking: false })
  const seen = observe(driver)
  driver.io.write(frame(3, ''))
  assert.equal(driver.start(), true)
  assert.deepEqual(seen.slice(1), [['open'], ...failure(1002, 'Unrecognized frame opcode: 3')])
})

test('server() keeps frames that come with the request until it is started', () => {
  const driver = websocket.server()
  const seen = observe(driver)
  driver.io.write(Buffer.concat([Buffer.from(upgradeRequest()), fromClient('text', 'early')]))
  assert.deepEqual(seen, [['connect']])
  assert.deepEqual(driver.body, fromClient('text', 'early'))
  driver.start()
  assert.deepEqual(seen.slice(2), [['open'], ['message', 'early']])
})
