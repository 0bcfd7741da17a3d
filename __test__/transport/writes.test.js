'use strict'

// The memory of writes through Node's streams: the bytes of a write never change while a stream refers to them.

const assert = require('node:assert/strict')
const { Duplex } = require('node:stream')

const { createAuthority } = require('../support/certs')
const { startServer } = require('../support/open')
const { connectOpen, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { test } = require('../support/test')
const { upgradeRequest } = require('../support/wire')

const options = { transport: 'stream' }

/** Starts a TLS server. Each `open()` opens a connection to it. */
async function startSecureServer (scope, { options }) {
  const { local, root } = createAuthority()
  const arrived = []
  const { port } = await serve(scope, WebSocket, { options, secure: local, onSocket: (ws) => arrived.push(ws) })
  const open = async () => {
    const peer = await connectOpen(scope, port, {}, { secure: { ca: root.cert } })
    return { peer, ws: arrived.pop() }
  }
  return { open }
}

/** Returns a message of one repeated byte. */
const filled = (byte, length) => Buffer.alloc(length, byte)

function assertFilled ({ payload }, byte, length) {
  assert.equal(payload.length, length)
  assert.ok(payload.equals(filled(byte, length)), `a message of bytes ${byte}`)
}

const SIZES = [['short', 100], ['long', 70000], ['very long', 700000]]

for (const [name, start] of [['TCP', startServer], ['TLS', startSecureServer]]) {
  for (const [size, length] of SIZES) {
    test(`${size} messages over ${name} arrive unchanged on connections that take turns`, async (scope) => {
      const { open } = await start(scope, { options })
      const all = []
      for (let i = 0; i < 3; i++) all.push(await open())
      for (let round = 0; round < 4; round++) {
        all.forEach(({ ws }, index) => ws.send(filled(round * 8 + index, length)))
        if (round % 2 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      for (const [index, { peer }] of all.entries()) {
        const frames = await peer.frames(4)
        frames.forEach((frame, round) => assertFilled(frame, round * 8 + index, length))
      }
    })
  }

  test(`bytes that a peer over ${name} does not read stay the same while others are written`, async (scope) => {
    const { open } = await start(scope, { options })
    const [slow, other] = [await open(), await open()]
    slow.peer.socket.pause()
    const length = 1000000
    const message = Buffer.alloc(length)
    let sent = 0
    do slow.ws.send(message.fill(++sent)); while (slow.ws.bufferedAmount < 4 * length)
    message.fill(0)
    for (let i = 0; i < 4; i++) other.ws.send(filled(200, length))
    for (const frame of await other.peer.frames(4)) assertFilled(frame, 200, length)
    slow.peer.socket.resume()
    const frames = await slow.peer.frames(sent)
    frames.forEach((frame, index) => assertFilled(frame, index + 1, length))
  })
}

test('a stream may keep the chunks that it receives', async (scope) => {
  const kept = []
  const stream = new Duplex({
    read () {},
    write (chunk, encoding, callback) {
      kept.push(chunk)
      callback()
    }
  })
  const request = { method: 'GET', url: '/', headers: headersOf(upgradeRequest()) }
  const ws = new WebSocket(request, stream, Buffer.alloc(0), [], options)
  scope.defer(() => stream.destroy())
  await once(ws, 'open')
  await sendThree(ws, () => scope.settle(1))
  assertKept(kept, 'a Duplex')
})

test('a program that replaces a method of the socket may keep the chunks', async (scope) => {
  for (const method of ['write', '_write', '_writeGeneric']) {
    const { open } = await startServer(scope, { options })
    const { peer, socket, ws } = await open()
    const kept = []
    const original = socket[method]
    socket[method] = function (...args) {
      kept.push(args.find(Buffer.isBuffer))
      return original.apply(this, args)
    }
    await sendThree(ws, () => peer.frame())
    assertKept(kept, method)
  }
})

async function sendThree (ws, isWritten) {
  for (let i = 1; i < 4; i++) {
    ws.send(filled(i, 1000))
    await isWritten()
  }
}

function assertKept (chunks, name) {
  const bytes = Buffer.concat(chunks)
  for (let i = 1; i < 4; i++) assert.ok(bytes.includes(filled(i, 1000)), `${name}: message ${i}`)
}

function headersOf (request) {
  const lines = request.split('\r\n').slice(1).filter(Boolean)
  return Object.fromEntries(lines.map((line) => line.split(': ')).map(([key, value]) => [key.toLowerCase(), value]))
}
