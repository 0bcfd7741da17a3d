'use strict'

// The memory that permessage-deflate uses: while a connection is idle, and over many messages and connections.

const assert = require('node:assert/strict')

const { runChild } = require('../support/child')
const { Codec } = require('../support/deflate')
const { connectOpen, once } = require('../support/peer')
const { deviation } = require('../support/test')
const { fromClient } = require('../support/wire')

const KiB = 1024
/** Bytes per connection, Node's socket included. One compressor per connection would use twice as much. */
const LIMIT = 128 * KiB
const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
const CONNECTIONS = 300
/** Connections before the first measurement: V8 and malloc allocate in steps, and the first steps are large. */
const FIRST = 40

/** Returns `count` different messages of this size. */
function messagesOf (count, size) {
  let id = 0
  return Array.from({ length: count }, () => {
    let text = ''
    while (text.length < size) text += JSON.stringify({ id, name: `entry ${++id * id % 9973}`, value: Math.sin(id) })
    return text.slice(0, size)
  })
}

/** Resolves with the bytes of resident memory per idle connection that has sent and received these messages. */
async function costOf (scope, messages) {
  const { child } = runChild(scope, (WebSocket, { serve }) => {
    process.stdin.on('data', async () => {
      for (let round = 0; round < 6; round++) {
        global.gc()
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
      console.log(process.memoryUsage().rss)
    })
    serve({ defer: () => {} }, WebSocket, {
      options: { extensions: [require('permessage-deflate')] },
      onSocket: (ws) => ws.on('message', ({ data }) => ws.send(data))
    }).then(({ port }) => console.log(port))
  }, { flags: ['--expose-gc'], timeout: 60000 })
  const port = Number(await once(child.stdout, 'data'))
  const codec = new Codec()
  const frames = messages.map((message) => fromClient('text', codec.deflate(message), { rsv: 4 }))
  const open = async (count) => {
    const peers = []
    for (let index = 0; index < count; index++) peers.push(await connectOpen(scope, port, OFFER))
    for (const frame of frames) {
      for (const peer of peers) peer.write(frame)
      await Promise.all(peers.map((peer) => peer.frames(1)))
    }
    child.stdin.write('.')
    return Number(await once(child.stdout, 'data'))
  }
  const before = await open(FIRST)
  const after = await open(CONNECTIONS)
  return (after - before) / CONNECTIONS
}

for (const [name, messages] of [
  ['many messages', messagesOf(72, KiB)],
  ['a few messages', messagesOf(9, 8 * KiB)],
  ['one message', messagesOf(1, 72 * KiB)]
]) {
  deviation(`an idle connection uses less than 128 KiB after 72 KiB in each direction in ${name}`, async (scope) => {
    const cost = await costOf(scope, messages)
    assert.ok(cost < LIMIT, `${cost} bytes`)
  }, { timeout: 60000 })
}

// V8 and malloc allocate in steps until the sizes are stable, which takes a thousand connections. A leak adds memory in
// every round.
const ROUNDS = { least: 8, most: 20 }
for (const [name, perRound, leak, script] of [
  // A leak of 32 bytes per message.
  ['200,000 messages', 25_000, 32, async (WebSocket, connect, count) => {
    global.sockets ??= await Promise.all(Array.from({ length: 20 }, connect))
    const line = (index) => JSON.stringify({ index, name: 'entry', of: index * index % 997 }).repeat(1 + index % 9)
    await Promise.all(global.sockets.map((ws) => new Promise((resolve) => {
      let left = count / global.sockets.length
      const next = () => left-- > 0 ? ws.send(line(left)) : resolve(ws.removeListener('message', next))
      ws.on('message', next)
      for (let index = 0; index < 8; index++) next()
    })))
  }],
  // A leak of a kilobyte and a half per connection.
  ['2,400 closed connections', 300, 1500, async (WebSocket, connect, count) => {
    const one = async () => {
      const ws = await connect()
      for (const message of ['a', 'b'.repeat(5000), Buffer.alloc(40000, 'c')]) {
        ws.send(message)
        await new Promise((resolve) => ws.once('message', resolve))
      }
      ws.close()
      await new Promise((resolve) => ws.on('close', resolve))
    }
    for (let left = count; left > 0; left -= 20) await Promise.all(Array.from({ length: 20 }, one))
  }],
  ['2,400 connections that are destroyed during large messages', 300, 1500, async (WebSocket, connect, count) => {
    const one = async () => {
      const ws = await connect()
      ws.send(Buffer.alloc(400_000, 'a'))
      ws.send(Buffer.alloc(400_000, 'b'))
      await new Promise((resolve) => setTimeout(resolve, count % 3))
      ws._stream.destroy()
      await new Promise((resolve) => ws.on('close', resolve))
    }
    for (let left = count; left > 0; left -= 20) await Promise.all(Array.from({ length: 20 }, one))
  }]
]) {
  const limit = leak * perRound
  deviation(`memory does not grow over ${name}`, async (scope) => {
    const { stdout, code, stderr } = await runChild(scope, `async (WebSocket, { serve }) => {
      const options = { extensions: [require('permessage-deflate')] }
      const { url } = await serve({ defer: () => {} }, WebSocket, {
        options,
        onSocket: (ws) => ws.on('message', ({ data }) => ws.send(data))
      })
      const connect = async () => {
        const ws = new WebSocket.Client(url, null, options)
        await new Promise((resolve) => ws.on('open', resolve))
        return ws
      }
      const round = async () => {
        await (${script})(WebSocket, connect, ${perRound})
        for (let index = 0; index < 5; index++) {
          await new Promise((resolve) => setTimeout(resolve, 20))
          global.gc()
        }
        const { rss, heapUsed, external } = process.memoryUsage()
        return { rss, heapUsed, external }
      }
      const least = { rss: Infinity, heapUsed: Infinity, external: Infinity }
      let before = await round()
      for (let index = 1; index <= ${ROUNDS.most}; index++) {
        const after = await round()
        for (const key in least) least[key] = Math.min(least[key], after[key] - before[key])
        before = after
        if (index >= ${ROUNDS.least} && Object.values(least).every((bytes) => bytes < ${limit})) break
      }
      console.log(JSON.stringify(least))
      process.exit()
    }`, { flags: ['--expose-gc'], timeout: 90000 }).finished
    assert.deepEqual([code, stderr], [0, ''])
    const least = JSON.parse(stdout)
    assert.ok(Object.values(least).every((bytes) => bytes < limit), `every round has added at least ${stdout}`)
  }, { timeout: 100000 })
}
