'use strict'

// Messages in memory that another thread changes at the same time. Each message is read once, so that the history of
// the compressor equals the sent bytes.

const assert = require('node:assert/strict')

const deflate = require('../../lib/permessage-deflate')
const driver = require('../../lib/websocket-driver')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')
const { Codec } = require('../support/deflate')
const { passing } = require('../support/extensions')
const { roles } = require('../support/open')
const { scribbledMemory } = require('../support/scribbler')
const { acceptOf, readFrames, upgradeRequest } = require('../support/wire')

const CONSTANT = Buffer.from(Array.from({ length: 200 }, (_, index) => `a line of text, number ${index}; `).join(''))
const ROUNDS = 100
const WRITES = 200
const HEADERS = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }

/**
 * Sends a changing and a constant message in turn, until the other thread has written often enough. Another connection
 * compresses in between, so that the second message refers to the stored history of the first.
 */
function alternate ({ writes }, changing, constant) {
  const other = openDriver([deflate], 'permessage-deflate').end
  let count = 0
  for (const before = writes(); count < ROUNDS || writes() - before < WRITES; count++) {
    changing()
    other.binary(CONSTANT)
    constant()
  }
  return count
}

/** Inflates all messages with one context, and asserts that the constant messages are correct. */
function assertConstants (frames, count) {
  const codec = new Codec()
  const payloads = frames.map(({ payload, rsv }) => rsv === 4 ? codec.inflate(payload) : payload)
  assert.equal(payloads.length, 2 * count)
  const wrong = payloads.filter((payload, index) => index % 2 === 1 && !payload.equals(CONSTANT))
  assert.equal(wrong.length, 0, `${wrong.length} of ${count} messages are wrong`)
}

const WAYS = {
  'send() of a Uint8Array': (ws, memory) => ws.send(new Uint8Array(memory)),
  'send() of a Buffer': (ws, memory) => ws.send(Buffer.from(memory)),
  'send() of a DataView': (ws, memory) => ws.send(new DataView(memory)),
  'send() of a SharedArrayBuffer': (ws, memory) => ws.send(memory),
  'send() with a callback': (ws, memory) => ws.send(Buffer.from(memory), () => {}),
  'write()': (ws, memory) => ws.write(Buffer.from(memory)),
  'prepare()': (ws, memory) => ws.send(WebSocket.prepare(Buffer.from(memory))),
  'broadcast()': (ws, memory) => WebSocket.broadcast([ws], Buffer.from(memory))
}

for (const [role, open] of Object.entries(roles)) {
  for (const [name, send] of Object.entries(WAYS)) {
    deviation(`${role}: ${name} reads shared memory once`, async (scope) => {
      const scribbled = await scribbledMemory(scope, CONSTANT)
      const { peer, ws } = await open(scope, { headers: HEADERS, options: { extensions: [deflate] } })
      const count = alternate(scribbled, () => send(ws, scribbled.memory), () => ws.send(CONSTANT))
      assertConstants(await peer.frames(2 * count), count)
    })
  }
}

/** Returns an open driver of a server, and a function that returns its frames. */
function openDriver (extensions, offer) {
  const request = { method: 'GET', url: '/', headers: {}, httpVersion: '1.1' }
  for (const [, name, value] of upgradeRequest({ 'Sec-WebSocket-Extensions': offer }).matchAll(/(\S+): (.*)\r\n/g)) {
    request.headers[name.toLowerCase()] = value
  }
  const end = driver.http(request, { requireMasking: false })
  for (const extension of extensions) end.addExtension(extension)
  const chunks = []
  end.io.on('data', (chunk) => chunks.push(chunk))
  end.start()
  assert.equal(end.getState(), 'open')
  chunks.length = 0
  return { end, frames: () => readFrames(Buffer.concat(chunks)).frames }
}

const DRIVER_WAYS = {
  binary: (end, bytes) => end.binary(bytes),
  text: (end, bytes) => end.text(bytes),
  frame: (end, bytes) => end.frame(bytes),
  'messages.write': (end, bytes) => end.messages.write(bytes)
}
const DRIVERS = {
  'permessage-deflate': () => openDriver([deflate], 'permessage-deflate'),
  'permessage-deflate next to another extension': () =>
    openDriver([deflate, passing], 'permessage-deflate, passing')
}
for (const [what, open] of Object.entries(DRIVERS)) {
  for (const [method, send] of Object.entries(DRIVER_WAYS)) {
    deviation(`${method}() of a driver reads shared memory once, with ${what}`, async (scope) => {
      const scribbled = await scribbledMemory(scope, CONSTANT)
      const { end, frames } = open()
      const count = alternate(scribbled, () => send(end, Buffer.from(scribbled.memory)), () => end.binary(CONSTANT))
      while (frames().length < 2 * count) await new Promise(setImmediate)
      assertConstants(frames(), count)
    })
  }
}

deviation('a session of permessage-deflate for other libraries reads shared memory once', async (scope) => {
  const scribbled = await scribbledMemory(scope, CONSTANT)
  const session = deflate.createServerSession([{}])
  const frames = []
  const send = (data) => session.processOutgoingMessage({ rsv1: false, data }, (error, message) => {
    assert.equal(error, null)
    frames.push({ payload: message.data, rsv: 4 })
  })
  const count = alternate(scribbled, () => send(Buffer.from(scribbled.memory)), () => send(CONSTANT))
  while (frames.length < 2 * count) await new Promise(setImmediate)
  assertConstants(frames, count)
})

deviation('sessions and handlers receive copies of shared memory', () => {
  const memory = new SharedArrayBuffer(3)
  const bytes = new Uint8Array(memory)
  bytes.set([97, 98, 99])
  const seen = []
  const session = {
    generateResponse: () => ({}),
    processOutgoingMessage: (message, callback) => { seen.push({ message, callback }) },
    processIncomingMessage: (message, callback) => callback(null, { ...message, data: new Uint8Array(memory) }),
    close () {}
  }
  const { end, frames } = openDriver([{ ...passing, createServerSession: () => session }], 'passing')
  end.binary(Buffer.from(memory))
  bytes.fill(120)
  assert.equal(seen[0].message.data.toString(), 'abc')
  seen[0].callback(null, seen[0].message)
  assert.equal(frames()[0].payload.toString(), 'abc')

  const received = []
  end.on('message', ({ data }) => received.push(data))
  end.io.write(Buffer.from([0x82, 0x01, 0x61]))
  bytes.fill(121)
  assert.equal(received[0].toString(), 'xxx')
})

deviation('drivers can read bytes of the peer in shared memory', () => {
  const share = (bytes) => {
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
    shared.set(bytes)
    return shared
  }
  const server = driver.server({ requireMasking: false })
  const chunks = []
  const messages = []
  server.io.on('data', (chunk) => chunks.push(chunk))
  server.on('connect', () => server.start())
  server.messages.on('data', (data) => messages.push(data))
  server.io.write(share(Buffer.from(upgradeRequest())))
  server.parse(share(Buffer.from([0x81, 0x01, 0x61])))
  assert.deepEqual(messages, ['a'])

  const client = driver.client('ws://localhost/')
  const tunnel = client.proxy('http://127.0.0.1:1/')
  let isConnected = false
  tunnel.on('connect', () => { isConnected = true })
  tunnel.start()
  tunnel.write(share(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')))
  assert.ok(isConnected)
  client.io.on('data', (chunk) => chunks.push(chunk))
  client.start()
  const key = /Key: (.*)\r\n/.exec(Buffer.concat(chunks).toString())[1]
  client.io.write(share(Buffer.from('HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`)))
  assert.equal(client.getState(), 'open')
  for (const method of ['ping', 'pong', 'text', 'binary']) {
    assert.equal(client[method](share(Buffer.from('p'))), true, method)
  }
})

deviation('the pong with the bytes that were sent calls the callback of a ping in shared memory', async (scope) => {
  const scribbled = await scribbledMemory(scope, 'p'.repeat(125))
  const { end, frames } = openDriver([], '')
  let called = 0
  const count = alternate(scribbled, () => end.ping(Buffer.from(scribbled.memory), () => { called++ }), () => {
    const { payload } = frames().at(-1)
    end.io.write(Buffer.concat([Buffer.from([0x8a, payload.length]), payload]))
  })
  assert.equal(called, count)
})
