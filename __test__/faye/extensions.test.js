'use strict'

// Extensions in JavaScript, whose sessions can be asynchronous.

const assert = require('node:assert/strict')
const { Writable } = require('node:stream')
const deflate = require('permessage-deflate')

const { deviation, test } = require('../support/test')
const { openPair, openServer } = require('../support/open')
const { eventually, once } = require('../support/peer')
const { closePayload, fromClient } = require('../support/wire')

/** An extension whose sessions pass their callbacks to `answer`. */
function extension (answer) {
  const session = {
    generateResponse: () => ({}),
    processIncomingMessage: (message, callback) => answer(() => callback(null, message)),
    processOutgoingMessage: (message, callback) => answer(() => callback(null, message)),
    close () {}
  }
  const bits = { rsv1: false, rsv2: false, rsv3: false }
  return { name: 'test', type: 'permessage', ...bits, createServerSession: () => session }
}

const options = { extensions: deflate }
const HEADERS = { 'Sec-WebSocket-Extensions': 'test' }
const names = Array.from({ length: 200 }, (_, index) => 'message ' + index)

deviation('a handler that pauses and resumes receives every compressed message in order', async (scope) => {
  const { client, server: ws } = await openPair(scope, { client: { options }, server: { options } })
  const received = []
  ws.on('message', ({ data }) => {
    received.push(data)
    if (received.length % 10 !== 0) return
    ws.pause()
    setTimeout(() => ws.resume(), 2)
  })
  for (const name of names) client.send(name)
  await eventually(() => received.length >= names.length, 'all messages')
  assert.deepEqual(received, names)
  client.close()
  await once(ws, 'close')
})

test('a pipe to a slow stream loses no compressed message', async (scope) => {
  const { client, server: ws } = await openPair(scope, { client: { options }, server: { options } })
  const received = []
  const slow = new Writable({
    objectMode: true,
    highWaterMark: 1,
    write (chunk, _encoding, callback) {
      received.push(chunk)
      setTimeout(callback, 1)
    }
  })
  ws.pipe(slow)
  for (const name of names) client.send(name)
  await eventually(() => received.length >= names.length, 'all messages')
  assert.deepEqual(received, names)
  client.close()
  await once(ws, 'close')
})

for (const [end, code] of [['a close frame', 1000], ['a FIN', 1006]]) {
  deviation(`messages before ${end} are delivered when the session has processed them, then close`, async (scope) => {
    const { peer, ws } = await openServer(scope, {
      headers: HEADERS, options: { extensions: [extension(setImmediate)] }
    })
    const events = []
    ws.on('message', ({ data }) => events.push(data))
    ws.on('close', (event) => events.push(event.code))
    const frames = ['a', 'b', 'c'].map((text) => fromClient('text', text))
    if (code === 1000) frames.push(fromClient('close', closePayload(1000)))
    peer.socket.end(Buffer.concat(frames))
    await once(ws, 'close')
    assert.deepEqual(events, ['a', 'b', 'c', code])
  })
}

deviation('send() returns false while the sessions are busy, and drain follows', async (scope) => {
  const held = []
  const { peer, ws } = await openServer(scope, {
    headers: HEADERS, options: { extensions: [extension((finish) => held.push(finish))] }
  })
  peer.socket.resume()
  let sent = 0
  while (ws.send(Buffer.alloc(65536))) assert.ok(++sent < 100, 'never false')
  assert.ok(ws.bufferedAmount >= sent * 65536, `${ws.bufferedAmount} bytes`)
  let drains = 0
  ws.on('drain', () => drains++)
  for (const finish of held.splice(0)) finish()
  await eventually(() => ws.bufferedAmount === 0, 'an empty buffer')
  await scope.settle()
  assert.equal(drains, 1)
})
