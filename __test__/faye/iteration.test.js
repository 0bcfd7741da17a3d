'use strict'

// for await (const data of ws)

const assert = require('node:assert/strict')

const { roles } = require('../support/open')
const { accept, eventually, once } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')
const { closePayload, frame } = require('../support/wire')

const LISTENED = ['message', 'error', 'close']

/** Resolves with the messages that the loop yields, and its end. */
async function all (ws, slow = () => {}) {
  const seen = []
  try {
    for await (const data of ws) {
      seen.push(data)
      await slow(data)
    }
    seen.push('the end')
  } catch (error) {
    seen.push(error.message)
  }
  return seen
}

for (const [role, open] of Object.entries(roles)) {
  for (const [name, code] of [['without a code', undefined], ['with 1000', 1000], ['with 4999', 4999]]) {
    deviation(`${role}: the loop yields all messages and ends at a close frame ${name}`, async (scope) => {
      const { frame, peer, ws } = await open(scope)
      const seen = all(ws)
      peer.write(Buffer.concat([frame('text', 'a'), frame('binary', 'b')]))
      await scope.settle()
      peer.write(Buffer.concat([frame('text', 'c'), frame('close', code ? closePayload(code) : '')]))
      assert.deepEqual(await seen, ['a', Buffer.from('b'), 'c', 'the end'])
      assert.deepEqual(LISTENED.map((type) => ws.listenerCount(type)), [0, 1, 0])
    })
  }

  for (const end of ['close', 'end', 'terminate']) {
    deviation(`${role}: the loop ends when the application calls ${end}()`, async (scope) => {
      const { frame, peer, ws } = await open(scope)
      const seen = all(ws, (data) => data === 'b' && ws[end]())
      peer.write(Buffer.concat([frame('text', 'a'), frame('text', 'b')]))
      await eventually(() => ws.readyState > 1, end)
      if (end !== 'terminate') peer.write(frame('close', closePayload(1000)))
      assert.deepEqual(await seen, ['a', 'b', 'the end'])
    })
  }

  deviation(`${role}: the loop ends when the signal is aborted, and after closeTimeout`, async (scope) => {
    const controller = new AbortController()
    const aborted = await open(scope, { options: { signal: controller.signal } })
    const silent = await open(scope, { options: { closeTimeout: 0.05 } })
    const seen = Promise.all([all(aborted.ws), all(silent.ws)])
    controller.abort()
    silent.ws.close()
    assert.deepEqual(await seen, [['the end'], ['the end']])
  })

  deviation(`${role}: the loop yields the received messages and throws when the connection is lost`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const seen = all(ws, () => scope.settle(5))
    peer.socket.end(Buffer.concat(['a', 'b', 'c'].map((text) => frame('text', text))))
    assert.deepEqual(await seen, ['a', 'b', 'c', 'The connection has ended without a close frame (code 1006)'])
  })

  deviation(`${role}: the loop throws the message of the error event`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const seen = all(ws, () => scope.settle(5))
    peer.write(Buffer.concat([frame('text', 'a'), frame('text', 'b'), frame('text', Buffer.of(255))]))
    assert.deepEqual(await seen, ['a', 'b', 'Could not decode a text frame as UTF-8'])
    assert.deepEqual(await all(ws), ['the end'])
  })

  deviation(`${role}: a slow loop stops reading and loses nothing`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const total = 400
    const sent = Array.from({ length: total }, (_, index) => {
      const message = Buffer.alloc(64 * 1024)
      message.writeUInt32BE(index)
      return message
    })
    let release
    const gate = new Promise((resolve) => { release = resolve })
    const seen = all(ws, async () => { await gate })
    let delivered = 0
    ws.on('message', () => delivered++)
    for (const message of sent) peer.write(frame('binary', message))
    await scope.settle(150)
    assert.ok(delivered <= 4, `${delivered} messages of 64 KiB were delivered to a busy loop`)
    assert.ok(peer.socket.writableLength > 0, '25 MiB were read')
    peer.write(frame('close', closePayload(1000)))
    release()
    const received = await seen
    assert.equal(received.pop(), 'the end')
    assert.deepEqual(received.map((data) => data.readUInt32BE()), sent.map((_, index) => index))
  })

  deviation(`${role}: the loop buffers a bounded number of small messages`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const total = 5000
    let most = 0
    let delivered = 0
    ws.on('message', () => delivered++)
    const texts = Array.from({ length: total }, (_, index) => String(index))
    peer.write(Buffer.concat([...texts.map((text) => frame('text', text)), frame('close', closePayload(1000))]))
    let taken = 0
    const received = await all(ws, async () => {
      taken++
      most = Math.max(most, delivered - taken)
      if (taken % 100 === 0) await scope.settle(1)
    })
    assert.deepEqual(received, [...texts, 'the end'])
    assert.ok(most <= 64, `${most} messages were waiting`)
  })

  for (const how of ['break', 'throw']) {
    deviation(`${role}: ${how} in the loop closes the connection`, async (scope) => {
      const { frame, peer, ws } = await open(scope)
      peer.write(Buffer.concat(Array.from({ length: 200 }, (_, index) => frame('text', String(index)))))
      const seen = []
      const loop = async () => {
        for await (const data of ws) {
          seen.push(data)
          if (data === '2' && how === 'break') break
          if (data === '2') throw new Error('mine')
        }
      }
      if (how === 'break') await loop()
      else await assert.rejects(loop(), { message: 'mine' })
      assert.deepEqual(seen, ['0', '1', '2'])
      assert.equal(ws.readyState, 2)
      assert.deepEqual(LISTENED.map((type) => ws.listenerCount(type)), [0, 1, 0])
      const { type, payload } = await peer.frame()
      assert.deepEqual([type, payload.readUInt16BE()], ['close', 1000])
      peer.write(frame('close', closePayload(1000)))
      assert.equal((await once(ws, 'close')).code, 1000)
    })
  }

  deviation(`${role}: next() can be called before messages arrive`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const messages = ws[Symbol.asyncIterator]()
    assert.equal(messages[Symbol.asyncIterator](), messages)
    const results = Promise.all([messages.next(), messages.next(), messages.next(), messages.next()])
    peer.write(Buffer.concat([frame('text', 'a'), frame('text', 'b'), frame('close', closePayload(1000))]))
    const over = { value: undefined, done: true }
    assert.deepEqual(await results, [{ value: 'a', done: false }, { value: 'b', done: false }, over, over])
    assert.deepEqual(await messages.next(), over)
    assert.deepEqual(await messages.return('x'), { value: 'x', done: true })
  })

  deviation(`${role}: one of several calls of next() rejects with the error`, async (scope) => {
    const { peer, ws } = await open(scope)
    const messages = ws[Symbol.asyncIterator]()
    const results = Promise.allSettled([messages.next(), messages.next()])
    peer.socket.end()
    assert.deepEqual((await results).map(({ status }) => status), ['rejected', 'fulfilled'])
    assert.deepEqual(await messages.next(), { value: undefined, done: true })
  })

  deviation(`${role}: a second loop throws during the first`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const seen = all(ws)
    assert.throws(() => ws[Symbol.asyncIterator](), { message: 'This socket is already being iterated' })
    peer.write(frame('close', closePayload(1000)))
    assert.deepEqual(await seen, ['the end'])
    assert.deepEqual(await all(ws), ['the end'])
  })

  deviation(`${role}: return() completes a pending next()`, async (scope) => {
    const { ws } = await open(scope)
    const messages = ws[Symbol.asyncIterator]()
    const asked = messages.next()
    await messages.return()
    assert.deepEqual(await asked, { value: undefined, done: true })
    assert.equal(ws.readyState, 2)
  })

  deviation(`${role}: the loop and listeners receive the type that binaryType selects`, async (scope) => {
    const { frame, peer, ws } = await open(scope, { options: { binaryType: 'arraybuffer' } })
    const heard = []
    ws.on('message', ({ data }) => heard.push(data.byteLength))
    const seen = all(ws)
    peer.write(Buffer.concat([frame('binary', 'abc'), frame('close', closePayload(1000))]))
    const [first] = await seen
    assert.ok(first instanceof ArrayBuffer)
    assert.deepEqual(heard, [3])
  })
}

deviation('a loop can begin before open, and throws if the client cannot connect', async (scope) => {
  const server = await accept(scope)
  const ws = new WebSocket.Client(server.url)
  const seen = all(ws)
  const peer = await server.acceptedOpen()
  peer.write(Buffer.concat([frame('text', 'a'), frame('close', closePayload(1000))]))
  assert.deepEqual(await seen, ['a', 'the end'])

  const refused = await all(new WebSocket.Client('ws://127.0.0.1:1/'))
  assert.equal(refused.length, 1)
  assert.match(refused[0], /^Network error: ws:\/\/127\.0\.0\.1:1\/: connect ECONNREFUSED/)
})
