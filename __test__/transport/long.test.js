'use strict'

// Long messages, which are stored in their own memory and written from the memory of the program, and the shared memory
// of short ones.

const assert = require('node:assert/strict')

const { startServer } = require('../support/open')
const { once, eventually } = require('../support/peer')
const { test } = require('../support/test')
const { fromClient } = require('../support/wire')

/** Returns a message without repetition, and its frame. */
function patterned (length, first = 0) {
  const payload = Buffer.from({ length }, () => 0)
  for (let i = 0; i < length; i++) payload[i] = (first + i * 7 + (i >> 8)) & 255
  return { payload, bytes: fromClient('binary', payload) }
}

/** Opens a connection to our server. `received` contains its messages. */
async function open (scope) {
  const { open } = await startServer(scope)
  const connection = await open()
  const received = []
  connection.ws.on('message', ({ data }) => received.push(data))
  return { ...connection, received }
}

/** Writes bytes in several chunks that arrive one by one. */
async function writeApart (scope, peer, bytes, cuts) {
  let start = 0
  for (const end of [...cuts, bytes.length]) {
    peer.write(bytes.subarray(start, end))
    start = end
    await scope.settle(5)
  }
}

const LENGTHS = [1, 125, 126, 4095, 4096, 4097, 16384, 65535, 65536, 100000]

test('messages of every length arrive, in one chunk and in several, with frames behind them', async (scope) => {
  const { peer, received } = await open(scope)
  const sent = []
  for (const length of LENGTHS) {
    const { payload, bytes } = patterned(length, length)
    const all = Buffer.concat([bytes, fromClient('text', `behind ${length}`)])
    const end = bytes.length
    for (const cuts of [[], [end], [end - 1], [Math.ceil(end / 2) + 8, end - 1, end]]) {
      await writeApart(scope, peer, all, cuts.filter((cut) => cut < all.length).sort((a, b) => a - b))
      sent.push(payload, `behind ${length}`)
    }
  }
  await eventually(() => received.length === sent.length, 'the messages')
  sent.forEach((message, index) => assert.deepEqual(received[index], message, `message ${index}`))
})

for (const length of [1, 100, 1024, 3000, 4096, 5000, 40000]) {
  test(`a delivered message of ${length} bytes does not change when later messages arrive`, async (scope) => {
    const { peer, received } = await open(scope)
    const sent = Array.from({ length: 40 }, (_, i) => patterned(length, i))
    for (const { bytes } of sent.slice(0, 10)) await writeApart(scope, peer, bytes, [Math.ceil(length / 2)])
    peer.write(Buffer.concat(sent.slice(10).map(({ bytes }) => bytes)))
    await eventually(() => received.length === sent.length, 'the messages')
    received.forEach((data, i) => assert.ok(data.equals(sent[i].payload), `message ${i}`))
  })
}

test('a short message shares at most 8 KiB with others, and is aligned for every typed array', async (scope) => {
  const { peer, received } = await open(scope)
  peer.write(Buffer.concat([5, 1024, 3, 4096, 4096, 7].map((length) => patterned(length).bytes)))
  await eventually(() => received.length === 6, 'the messages')
  for (const { buffer, byteOffset } of received) {
    assert.ok(buffer.byteLength <= 8192, `${buffer.byteLength} bytes`)
    assert.equal(byteOffset % 8, 0)
  }
})

test('a message that is complete during a pause is delivered after it, in order', async (scope) => {
  const { peer, received, ws } = await open(scope)
  const { payload, bytes } = patterned(65536)
  peer.write(bytes.subarray(0, 50000))
  await scope.settle()
  ws.pause()
  peer.write(Buffer.concat([bytes.subarray(50000), fromClient('text', 'behind')]))
  await scope.settle()
  assert.deepEqual(received, [])
  ws.resume()
  await eventually(() => received.length === 2, 'the messages')
  assert.deepEqual(received, [payload, 'behind'])
})

test('a message whose end comes after close() is not delivered, and the closing handshake completes', async (scope) => {
  const { peer, received, ws } = await open(scope)
  const { bytes } = patterned(65536)
  peer.write(bytes.subarray(0, 50000))
  await scope.settle()
  ws.close()
  peer.write(Buffer.concat([bytes.subarray(50000), fromClient('close', Buffer.from([3, 232]))]))
  await once(ws, 'close')
  assert.deepEqual(received, [])
})

test('the end of the socket in the middle of a message closes the connection', async (scope) => {
  const { peer, received, ws } = await open(scope)
  peer.write(patterned(65536).bytes.subarray(0, 50000))
  await scope.settle()
  peer.socket.end()
  const { code } = await once(ws, 'close')
  assert.equal(code, 1006)
  assert.deepEqual(received, [])
})

test('long and short messages are sent in order, as they are at the time of the call', async (scope) => {
  const { peer, ws } = await open(scope)
  const sent = []
  for (const length of [10, 65536, 100, 300000, 65535, 70000, 1]) {
    const message = Buffer.alloc(length, length & 255)
    sent.push(Buffer.from(message))
    ws.send(message)
    message.fill(0)
  }
  for (const text of ['a'.repeat(65536), 'é'.repeat(65536)]) {
    sent.push(Buffer.from(text))
    ws.send(text)
  }
  const frames = await peer.frames(sent.length)
  frames.forEach(({ payload }, i) => assert.ok(payload.equals(sent[i]), `message ${i}`))
})

test('long fragments of text arrive as one message, with a ping between them, for every cut', async (scope) => {
  const { peer, received } = await open(scope)
  const parts = ['é'.repeat(20000), 'b'.repeat(40001), 'c']
  const bytes = Buffer.concat([
    fromClient('text', Buffer.from(parts[0]).subarray(0, 39999), { fin: false }),
    fromClient('continuation', Buffer.from(parts[0] + parts[1]).subarray(39999), { fin: false }),
    fromClient('ping', 'between'),
    fromClient('continuation', parts[2])
  ])
  const cutLists = [[], [20000], [39999, 60000], [40013, 80000], [30000, 40014, 80060], [17000, 34000, 51000, 68000]]
  for (const cuts of cutLists) {
    await writeApart(scope, peer, bytes, cuts)
    const { payload } = await peer.frame()
    assert.equal(payload.toString(), 'between')
  }
  await eventually(() => received.length === cutLists.length, 'the messages')
  for (const data of received) assert.ok(data === parts.join(''))
})

for (const position of [0, 19999, 39999, 65000, 69999]) {
  test(`a long text that is invalid at byte ${position} fails with 1007`, async (scope) => {
    const { peer, received, ws } = await open(scope)
    const text = Buffer.alloc(70000, 'a')
    text[position] = 0xff
    const closed = once(ws, 'close')
    await writeApart(scope, peer, fromClient('text', text), [20000, 40000, 65536])
    assert.equal((await closed).code, 1007)
    assert.deepEqual(received, [])
  })
}
