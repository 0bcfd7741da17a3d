'use strict'

// Messages sent before a process exits arrive.
// The functions passed to `runChild` run as text in another process, where only their parameters and `require` exist.

const assert = require('node:assert/strict')
const { Worker } = require('node:worker_threads')

const { runChild } = require('../support/child')
const { Codec } = require('../support/deflate')
const { accept, connectOpen, once } = require('../support/peer')
const { subjectPath } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { closePayload, frame, fromClient, readFrames } = require('../support/wire')

const EXITS = {
  'outside a handler': (ws) => ws.on('open', () => setTimeout(() => {
    ws.send('bye')
    process.exit()
  }, 20)),
  'in an open handler': (ws) => ws.on('open', () => {
    ws.send('bye')
    process.exit()
  }),
  'in a message handler': (ws) => ws.on('message', () => {
    ws.send('bye')
    process.exit()
  })
}
for (const [where, script] of Object.entries(EXITS)) {
  test(`send() and process.exit() ${where} deliver the message`, async (scope) => {
    const server = await accept(scope)
    const code = `(WebSocket, support, url) => { (${script})(new WebSocket.Client(url)) }`
    runChild(scope, code, { argument: server.url })
    const peer = await server.acceptedOpen()
    peer.write(frame('text', 'go'))
    assert.equal((await peer.frame()).payload.toString(), 'bye')
    await peer.ended()
  })
}

test('a process ends with its last socket after a session has failed the connection', async (scope) => {
  const child = runChild(scope, (WebSocket, { connectOpen }, frame) => {
    const session = {
      generateResponse: () => ({}),
      processIncomingMessage (message, callback) { callback(new Error('no'), null) },
      processOutgoingMessage: (message, callback) => callback(null, message),
      close () {}
    }
    const bits = { rsv1: true, rsv2: false, rsv3: false }
    const extensions = [{ name: 'test', type: 'permessage', ...bits, createServerSession: () => session }]
    const server = require('node:http').createServer()
    server.on('upgrade', (request, socket, body) => {
      new WebSocket(request, socket, body, [], { extensions }).on('close', ({ code }) => console.log(code))
      server.close()
    })
    server.listen(0, '127.0.0.1', async () => {
      const { port } = server.address()
      const peer = await connectOpen({ defer () {} }, port, { 'Sec-WebSocket-Extensions': 'test' })
      peer.write(Buffer.from(frame, 'hex'))
      await peer.ended()
      peer.socket.destroy()
    })
  }, { argument: fromClient('text', 'a').toString('hex') })
  const { code, stdout, stderr } = await child.finished
  assert.deepEqual([code, stdout], [0, '1010\n'], stderr)
})

test('many sends, close() and process.exit() of a server deliver everything', async (scope) => {
  const child = runChild(scope, (WebSocket) => {
    const server = require('node:http').createServer()
    server.on('upgrade', (request, socket, body) => {
      const ws = new WebSocket(request, socket, body)
      ws.on('message', () => {
        for (let i = 0; i < 100; i++) ws.send(`message ${i}`)
        ws.close(3000, 'bye')
        process.exit(7)
      })
    })
    server.listen(0, '127.0.0.1', () => console.log(server.address().port))
  })
  await once(child.child.stdout, 'data')
  const peer = await connectOpen(scope, Number(child.stdout))
  peer.write(fromClient('text', 'go'))
  const frames = await peer.frames(101)
  assert.deepEqual(frames[99].payload.toString(), 'message 99')
  assert.deepEqual(frames[100].payload, closePayload(3000, 'bye'))
  assert.equal((await child.finished).code, 7)
})

/** Functions that send when the process ends, and the payload of the last frame that each peer receives. */
const FAREWELLS = {
  'a broadcast': ['(all, WebSocket) => WebSocket.broadcast(all, "bye")', 'bye'],
  'two broadcasts': ['(all, WebSocket) => ["first", "bye"].forEach((text) => WebSocket.broadcast(all, text))', 'bye'],
  'two messages to each': ['(all) => all.forEach((ws) => ["first", "bye"].forEach((text) => ws.send(text)))', 'bye'],
  'a message and a close': ['(all) => all.forEach((ws) => { ws.send("x"); ws.close() })', closePayload(1000)]
}

/** Functions that end the process, called in a message handler. */
const EXIT_WAYS = {
  'process.exit() in a handler': () => process.exit(),
  'process.exit() in a tick': () => process.nextTick(() => process.exit()),
  'process.exit() in a timer': () => setTimeout(() => process.exit(), 10),
  'process.exit() during a broadcast': (all, WebSocket) => setTimeout(() => {
    all[40].send = () => {
      delete all[40].send
      process.exit()
    }
    WebSocket.broadcast(all, 'early')
  }, 10),
  'process.exit() after a broadcast': (all, WebSocket) => {
    WebSocket.broadcast(all, 'early')
    process.exit()
  },
  'an exception in a handler': () => { throw new Error('mine') },
  'an exception in a timer': () => setTimeout(() => { throw new Error('mine') }, 10),
  'the last referenced handle has closed': (all, WebSocket, server) => {
    server.close()
    for (const ws of all) ws._stream.unref()
  }
}

/** A server in another process or thread. It passes its port to `tell` and ends at the first message. */
const leaving = (way, farewell) => `(WebSocket, tell) => {
  // The same number on every machine.
  process.env.FAYE_WEBSOCKET_WORKERS = '2'
  const all = []
  const server = require('node:http').createServer()
  server.on('upgrade', (request, socket, body) => {
    const ws = new WebSocket(request, socket, body)
    all.push(ws)
    ws.on('message', () => { (${way})(all, WebSocket, server) })
  })
  process.on('exit', () => { (${farewell})(all, WebSocket) })
  server.listen(0, '127.0.0.1', () => tell(server.address().port))
}`

async function assertFarewell (scope, port, last) {
  const peers = []
  for (let i = 0; i < 80; i++) peers.push(await connectOpen(scope, port))
  peers[79].write(fromClient('text', 'go'))
  for (const peer of peers) await peer.ended()
  const heard = peers.map((peer) => readFrames(peer.bytes).frames.at(-1)?.payload.equals(Buffer.from(last)))
  assert.equal(heard.filter(Boolean).length, 80)
}

for (const [what, [farewell, last]] of Object.entries(FAREWELLS)) {
  for (const [name, way] of Object.entries(EXIT_WAYS)) {
    deviation(`${what} in an exit listener arrives after ${name}`, async (scope) => {
      const code = `(WebSocket) => (${leaving(way, farewell)})(WebSocket, console.log)`
      const child = runChild(scope, code)
      await once(child.child.stdout, 'data')
      await assertFarewell(scope, Number(child.stdout), last)
      assert.equal((await child.finished).code, name.startsWith('an exception') ? 1 : 0)
    })
  }

  deviation(`${what} in an exit listener of a worker thread arrives`, async (scope) => {
    const code = `const WebSocket = require(${JSON.stringify(subjectPath)})
      const { parentPort } = require('node:worker_threads')
      ;(${leaving('() => process.exit()', farewell)})(WebSocket, (port) => parentPort.postMessage(port))`
    const worker = new Worker(code, { eval: true })
    scope.defer(() => worker.terminate())
    await assertFarewell(scope, await once(worker, 'message'), last)
  })
}

deviation('a large message that is compressed in an exit listener arrives completely', async (scope) => {
  const server = await accept(scope)
  runChild(scope, `(WebSocket, support, url) => {
    const extensions = [require(${JSON.stringify(require.resolve('../../lib/permessage-deflate'))})]
    const ws = new WebSocket.Client(url, null, { extensions })
    const large = Buffer.alloc(1 << 20, 'many words ')
    ws.on('open', () => process.exit())
    process.on('exit', () => [large, large, 'bye'].forEach((message) => ws.send(message)))
  }`, { argument: server.url })
  const peer = await server.acceptedOpen({ 'Sec-WebSocket-Extensions': 'permessage-deflate' })
  await peer.ended()
  const codec = new Codec({ windowBits: 15, context: true })
  const messages = readFrames(peer.bytes).frames.map(({ payload }) => codec.inflate(payload))
  assert.deepEqual(messages.map(({ length }) => length), [1 << 20, 1 << 20, 3])
})

deviation('connections continue to work after a program has emitted exit itself', async (scope) => {
  const { stdout } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const scope = { defer: () => {} }
    let ws
    serve(scope, WebSocket, { onSocket: (each) => { ws = each } }).then(async ({ port }) => {
      const peer = await connectOpen(scope, port)
      const listeners = process.listeners('exit').length
      process.emit('exit', 0)
      await new Promise(setImmediate)
      const chunks = []
      peer.socket.on('data', (chunk) => chunks.push(chunk.length))
      for (let i = 0; i < 3; i++) ws.send('x')
      await peer.frames(3)
      console.log(process.listeners('exit').length === listeners, chunks.length < 3)
      process.exit()
    })
  }).finished
  assert.equal(stdout, 'true true\n')
})
