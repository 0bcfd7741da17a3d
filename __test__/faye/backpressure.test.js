'use strict'

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { Readable, Writable } = require('node:stream')

const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { openServer, roles } = require('../support/open')
const { eventually, once, serve, writeUntilStalled } = require('../support/peer')
const { closePayload, frame, fromClient, readFrames } = require('../support/wire')

const MiB = 1 << 20
const LIMIT = 16 * MiB

/** Sends until the kernel accepts no more. Resolves with the number of messages. */
async function fill (scope, ws) {
  let sent = 0
  do {
    sent++
    ws.send(Buffer.alloc(MiB))
    await scope.settle(30)
    assert.ok(sent < 100, 'the kernel accepts everything')
  } while (ws.bufferedAmount === 0)
  return sent
}

/** When a handler calls resume() after pause(). */
const RESUMES = {
  'at once': (resume) => resume(),
  'on the next tick': (resume) => process.nextTick(resume),
  'in a microtask': (resume) => Promise.resolve().then(resume),
  'in the next turn': (resume) => setImmediate(resume)
}

// More messages than one native call delivers to JavaScript, and than one batch decodes.
for (const [role, open] of Object.entries(roles)) {
  for (const [when, schedule] of Object.entries(RESUMES)) {
    deviation(`${role}: a handler that pauses and resumes ${when} receives every message in order`, async (scope) => {
      const { frame, peer, ws } = await open(scope)
      const count = 6000
      const received = []
      ws.on('message', ({ data }) => {
        received.push(Number(data))
        if (received.length % 700 !== 10) return
        ws.pause()
        schedule(() => ws.resume())
      })
      peer.write(Buffer.concat(Array.from({ length: count }, (_, index) => frame('text', String(index)))))
      await eventually(() => received.length >= count, 'all messages')
      assert.deepEqual(received, Array.from({ length: count }, (_, index) => index))
    })
  }
}

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: after send() has returned false, exactly one drain follows`, async (scope) => {
    const { peer, ws } = await open(scope)
    for (let round = 1; round <= 3; round++) {
      peer.socket.pause()
      const filled = await fill(scope, ws)
      let drains = 0
      const count = () => drains++
      ws.on('drain', count)
      for (let i = 0; i < 5; i++) assert.equal(ws.send(Buffer.alloc(100)), false)
      await scope.settle(40)
      assert.equal(drains, 0)
      peer.socket.resume()
      await eventually(() => drains === 1, 'drain')
      await peer.frames(filled + 5)
      assert.equal(ws.bufferedAmount, 0)
      await scope.settle()
      assert.equal(drains, 1)
      ws.removeListener('drain', count)
    }
  })

  deviation(`${role}: after send() has returned false and the peer has disconnected, close follows`, async (scope) => {
    const { peer, ws } = await open(scope)
    peer.socket.pause()
    await fill(scope, ws)
    const events = []
    ws.on('drain', () => events.push('drain'))
    ws.on('close', () => events.push('close'))
    assert.equal(ws.send('x'), false)
    await scope.settle()
    peer.socket.destroy()
    await once(ws, 'close')
    await scope.settle()
    assert.deepEqual(events, ['close'])
  })

  // In some versions of Node, write() returns false although the kernel has accepted everything.
  for (const [count, size] of [[100, 1000], [100, 10000], [100, 70000], [12, MiB]]) {
    deviation(`${role}: ${count} sends of ${size} bytes in a tick emit drain if one returned false`, async (scope) => {
      const { peer, ws } = await open(scope)
      let drains = 0
      ws.on('drain', () => drains++)
      const results = Array.from({ length: count }, () => ws.send(Buffer.alloc(size)))
      await peer.frames(count)
      await eventually(() => ws.bufferedAmount === 0, 'an empty buffer')
      await scope.settle()
      assert.equal(drains, results.includes(false) ? 1 : 0)
      if (size === MiB) assert.ok(results.includes(false), 'never false')
    })
  }

  test(`${role}: a producer that waits for drain delivers everything, in order`, async (scope) => {
    const { peer, ws } = await open(scope)
    const total = 400
    let next = 0
    const produce = () => {
      while (next < total) {
        const message = Buffer.alloc(65536, next)
        message.writeUInt32BE(next++)
        if (ws.send(message) === false) return
      }
    }
    ws.on('drain', produce)
    produce()
    const chunks = []
    peer.socket.removeAllListeners('data')
    peer.socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (chunks.length % 40 !== 0) return
      peer.socket.pause()
      setTimeout(() => peer.socket.resume(), 2)
    })
    const size = () => chunks.reduce((sum, chunk) => sum + chunk.length, peer.bytes.length)
    await eventually(() => size() >= total * 65536, 'all bytes', 15000)
    await scope.settle()
    const { frames } = readFrames(Buffer.concat([peer.bytes, ...chunks]))
    assert.deepEqual(frames.map(({ payload }) => payload.readUInt32BE()), Array.from({ length: total }, (_, i) => i))
  })

  deviation(`${role}: pause() stops reading, and resume() continues in order`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const received = []
    ws.on('message', ({ data }) => received.push(data.readUInt32BE()))
    ws.pause()
    const chunks = Array.from({ length: 60 }, (_, i) => {
      const message = Buffer.alloc(MiB)
      message.writeUInt32BE(i)
      return frame('binary', message)
    })
    const written = await writeUntilStalled(scope, peer.socket, chunks)
    assert.ok(written < chunks.length, 'a paused socket read 60 MiB')
    assert.deepEqual(received, [])
    ws.resume()
    for (const chunk of chunks.slice(written)) peer.write(chunk)
    await eventually(() => received.length === chunks.length, 'all messages', 15000)
    assert.deepEqual(received, chunks.map((_, index) => index))
  })

  deviation(`${role}: pause() in a handler delays the other messages of the same packet`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const received = []
    ws.on('message', ({ data }) => {
      received.push(data)
      if (data === 'b' || data === 'd') ws.pause()
    })
    peer.write(Buffer.concat(['a', 'b', 'c', 'd', 'e'].map((text) => frame('text', text))))
    await eventually(() => received.length === 2, 'two messages')
    await scope.settle()
    assert.deepEqual(received, ['a', 'b'])
    ws.resume()
    await eventually(() => received.length === 4, 'two more')
    await scope.settle()
    assert.deepEqual(received, ['a', 'b', 'c', 'd'])
    ws.resume()
    await eventually(() => received.length === 5, 'the last')
    peer.write(frame('text', 'f'))
    await eventually(() => received.length === 6, 'one more')
  })

  deviation(`${role}: close() ends a pause`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    ws.on('message', () => assert.fail('a message after close'))
    ws.pause()
    peer.write(frame('text', 'unread'))
    await scope.settle()
    ws.close(3000)
    await peer.frame()
    peer.write(frame('close', closePayload(3000)))
    assert.equal((await once(ws, 'close')).code, 3000)
  })

  deviation(`${role}: a paused connection emits close after the unread messages`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const events = []
    ws.on('message', ({ data }) => events.push(data))
    ws.on('close', ({ code }) => events.push(code))
    ws.pause()
    peer.write(Buffer.concat([frame('text', 'a'), frame('text', 'b')]))
    peer.socket.end()
    await scope.settle(60)
    assert.deepEqual(events, [])
    ws.resume()
    await eventually(() => events.length === 3, 'both messages and close')
    assert.deepEqual(events, ['a', 'b', 1006])
  })

  test(`${role}: a reset during a pause emits one close, at the latest after resume()`, async (scope) => {
    const { peer, ws } = await open(scope)
    let closes = 0
    ws.on('close', () => closes++)
    ws.pause()
    peer.socket.destroy()
    await scope.settle(60)
    ws.resume()
    await eventually(() => closes > 0, 'close')
    await scope.settle()
    assert.equal(closes, 1)
  })

  for (const [end, code] of [['a close frame', 1000], ['a FIN', 1006]]) {
    test(`${role}: a handler that pauses receives every message before ${end}, and then close`, async (scope) => {
      const { frame, peer, ws } = await open(scope)
      const events = []
      ws.on('message', ({ data }) => {
        events.push(data)
        ws.pause()
        setTimeout(() => ws.resume(), 5)
      })
      ws.on('close', (event) => events.push(event.code))
      const texts = ['a', 'b', 'c', 'd', 'e'].map((text) => frame('text', text))
      if (code === 1000) texts.push(frame('close', closePayload(1000)))
      peer.socket.end(Buffer.concat(texts))
      await once(ws, 'close')
      assert.deepEqual(events, ['a', 'b', 'c', 'd', 'e', code])
    })
  }

  test(`${role}: a pipe to a slow stream loses nothing when the peer ends`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const read = []
    const slow = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write (chunk, _encoding, callback) {
        read.push(chunk)
        setTimeout(callback, 5)
      }
    })
    ws.pipe(slow)
    const texts = Array.from({ length: 10 }, (_, index) => String(index))
    peer.socket.end(Buffer.concat(texts.map((text) => frame('text', text))))
    await once(slow, 'finish')
    assert.deepEqual(read, texts)
  })

  test(`${role}: pause() and resume() can be called any number of times, in any state`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    for (let i = 0; i < 10; i++) {
      ws.pause()
      ws.pause()
      ws.resume()
      ws.resume()
    }
    peer.write(frame('text', 'x'))
    assert.equal((await once(ws, 'message')).data, 'x')
    ws.close()
    ws.resume()
    ws.pause()
    ws.resume()
    peer.write(frame('close', closePayload(1000)))
    await once(ws, 'close')
    ws.pause()
    ws.resume()
  })

  deviation(`${role}: an echo by pipe() to a peer that does not read is bounded and loses nothing`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    ws.pipe(ws)
    const total = 50
    const sent = createHash('sha256')
    const chunks = Array.from({ length: total }, (_, i) => {
      const payload = Buffer.alloc(MiB, `message ${i}.`)
      sent.update(payload)
      return frame('binary', payload)
    })
    let largest = 0
    const watch = setInterval(() => { largest = Math.max(largest, ws.bufferedAmount) }, 2)
    scope.defer(() => clearInterval(watch))

    peer.socket.pause()
    const written = await writeUntilStalled(scope, peer.socket, chunks)
    assert.ok(written < total, 'the echo server read 50 MiB for a peer that reads nothing')
    assert.ok(ws.bufferedAmount < LIMIT, `${ws.bufferedAmount} bytes are waiting`)

    const received = []
    let size = 0
    peer.socket.removeAllListeners('data')
    peer.socket.on('data', (chunk) => {
      received.push(chunk)
      size += chunk.length
      if (received.length % 50 !== 0) return
      peer.socket.pause()
      setTimeout(() => peer.socket.resume(), 1)
    })
    peer.socket.resume()
    for (const chunk of chunks.slice(written)) {
      if (!peer.socket.write(chunk)) await once(peer.socket, 'drain', 15000)
    }
    await eventually(() => size >= total * MiB + total * 10, 'all echoes', 15000)
    await scope.settle()
    const { frames } = readFrames(Buffer.concat([peer.bytes, ...received]))
    const echoed = createHash('sha256')
    for (const { payload } of frames) echoed.update(payload)
    assert.equal(frames.length, total)
    assert.equal(echoed.digest('hex'), sent.digest('hex'))
    assert.ok(largest < LIMIT, `${largest} bytes were waiting`)
  }, { timeout: 40000 })

  deviation(`${role}: memory is bounded when a peer floods pings and reads nothing`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const flood = Buffer.concat(new Array(2000).fill(frame('ping', Buffer.alloc(125, 'p'))))
    peer.socket.pause()
    const rss = process.memoryUsage().rss
    const written = await writeUntilStalled(scope, peer.socket, new Array(200).fill(flood))
    assert.ok(written < 200, 'read 50 MB of pings for a peer that reads nothing')
    assert.ok(ws.bufferedAmount < LIMIT, `${ws.bufferedAmount} bytes are waiting`)
    assert.ok(process.memoryUsage().rss - rss < 8 * LIMIT)

    let size = 0
    peer.socket.removeAllListeners('data')
    peer.socket.on('data', (chunk) => { size += chunk.length })
    peer.socket.resume()
    peer.write(frame('text', 'still here'))
    assert.equal((await once(ws, 'message')).data, 'still here')
    await eventually(() => ws.bufferedAmount === 0, 'all pongs')
    assert.ok(size > 0)
  }, { timeout: 40000 })
}

deviation('replies to the messages of one packet are sent in one write', async (scope) => {
  const written = []
  const { peer, socket } = await openServer(scope, {
    onSocket: (ws, { socket }) => ws.on('message', ({ data }) => {
      written.push(socket.bytesWritten)
      ws.send(data)
      written.push(socket.bytesWritten)
    })
  })
  const before = socket.bytesWritten
  const writes = countWrites(socket)
  const expected = Buffer.concat(Array.from({ length: 50 }, (_, i) => frame('text', `message ${i}`)))
  peer.write(Buffer.concat(Array.from({ length: 50 }, (_, i) => fromClient('text', `message ${i}`))))
  await peer.until(() => peer.bytes.length >= expected.length)
  assert.deepEqual(peer.bytes, expected)
  assert.deepEqual(written, new Array(100).fill(before))
  assert.equal(socket.bytesWritten, before + expected.length)
  assert.ok(writes() <= 1, `${writes()} writes`)
})

deviation('the first send of a tick is written at once, the others in one write at its end', async (scope) => {
  const { peer, socket, ws } = await openServer(scope)
  const tick = () => new Promise((resolve) => setImmediate(resolve))
  const [first, later] = ['first', 'later'].map((text) => frame('text', text).length)
  const writes = countWrites(socket)
  for (let round = 0; round < 3; round++) {
    await tick()
    const before = socket.bytesWritten
    ws.send('first')
    assert.equal(socket.bytesWritten, before + first)
    for (let i = 0; i < 20; i++) ws.send('later')
    assert.equal(socket.bytesWritten, before + first)
    await tick()
    assert.equal(socket.bytesWritten, before + first + 20 * later)
    assert.ok(writes() <= 2 * (round + 1), `${writes()} writes`)
  }
  assert.equal((await peer.frames(63)).length, 63)
})

/** Counts the writes to the handle. Only Node's stream writes to it; the reactor writes to the descriptor. */
function countWrites ({ _handle }) {
  let writes = 0
  for (const name of ['writeBuffer', 'writev', 'writeLatin1String', 'writeUtf8String', 'writeAsciiString']) {
    const method = _handle[name]
    _handle[name] = function (...args) {
      writes++
      return method.apply(this, args)
    }
  }
  return () => writes
}

test('replies to the pings and messages of one packet keep their order', async (scope) => {
  const { peer, ws } = await openServer(scope)
  ws.on('message', ({ data }) => ws.send(data))
  peer.write(Buffer.concat([
    fromClient('text', 'a'), fromClient('ping', 'b'), fromClient('text', 'c'), fromClient('ping', 'd')
  ]))
  const frames = await peer.frames(4)
  assert.deepEqual(frames.map(({ type, payload }) => `${type} ${payload}`), ['text a', 'pong b', 'text c', 'pong d'])
})

deviation('two peers that both send much and wait for drain do not deadlock', async (scope) => {
  const total = 30
  const counts = { client: 0, server: 0 }
  const produce = (ws) => {
    let next = 0
    const more = () => {
      while (next < total) {
        next++
        if (ws.send(Buffer.alloc(MiB, next)) === false) return
      }
    }
    ws.on('drain', more)
    more()
  }
  const { url } = await serve(scope, WebSocket, {
    onSocket: (ws) => {
      ws.on('message', () => counts.server++)
      ws.on('open', () => produce(ws))
    }
  })
  const ws = new WebSocket.Client(url)
  scope.defer(() => ws._stream.destroy())
  ws.on('message', () => counts.client++)
  ws.on('open', () => produce(ws))
  await eventually(() => counts.client === total && counts.server === total, 'all messages', 18000)
}, { timeout: 40000 })

const FLOODS = {
  'in a later tick': (flood) => setImmediate(flood),
  'in the handler of open': (flood) => flood()
}
for (const [when, start] of Object.entries(FLOODS)) {
  deviation(`two peers that send 6 MiB each and ignore false do not deadlock: ${when}`, async (scope) => {
    const total = 6
    const counts = { client: 0, server: 0 }
    const flood = (ws) => { for (let i = 0; i < total; i++) ws.send(Buffer.alloc(MiB, i)) }
    const { url } = await serve(scope, WebSocket, {
      onSocket: (ws) => {
        ws.on('message', () => counts.server++)
        ws.on('open', () => start(() => flood(ws)))
      }
    })
    const ws = new WebSocket.Client(url)
    scope.defer(() => ws._stream.destroy())
    ws.on('message', () => counts.client++)
    ws.on('open', () => start(() => flood(ws)))
    await eventually(() => counts.client === total && counts.server === total, 'all messages')
  })
}

test('a client can pipe into a server that pipes back', async (scope) => {
  const { url } = await serve(scope, WebSocket, { onSocket: (ws) => ws.pipe(ws) })
  const ws = new WebSocket.Client(url)
  scope.defer(() => ws._stream.destroy())
  await once(ws, 'open')
  const received = []
  ws.on('data', (data) => received.push(data))
  const source = Readable.from(Array.from({ length: 300 }, (_, i) => Buffer.alloc(20000, i)))
  source.pipe(ws, { end: false })
  await eventually(() => received.length === 300, 'all echoes')
  assert.ok(received.every((data, index) => data.length === 20000 && data[19999] === index % 256))
})

test('a connection stops reading from a peer that sends faster than its sessions work', async (scope) => {
  const held = []
  const session = {
    generateResponse: () => ({}),
    processIncomingMessage: (message, callback) => held.push(() => callback(null, message)),
    processOutgoingMessage: (message, callback) => callback(null, message),
    close () {}
  }
  const slow = {
    name: 'slow', type: 'permessage', rsv1: false, rsv2: false, rsv3: false, createServerSession: () => session
  }
  const { peer, ws } = await openServer(scope, {
    headers: { 'Sec-WebSocket-Extensions': 'slow' }, options: { extensions: [slow] }
  })
  const received = []
  ws.on('message', ({ data }) => received.push(data.readUInt16BE(0)))
  const total = 200
  for (let i = 0; i < total; i++) {
    const message = Buffer.alloc(MiB / 16)
    message.writeUInt16BE(i)
    peer.write(fromClient('binary', message))
  }
  await eventually(() => held.length >= 16, 'messages in the session')
  await scope.settle(100)
  assert.ok(held.length < 40, `the session holds ${held.length} messages of 64 KiB`)
  while (received.length < total) {
    await eventually(() => held.length > 0, 'more messages')
    for (const finish of held.splice(0)) finish()
  }
  assert.deepEqual(received, Array.from({ length: total }, (_, i) => i))
})
