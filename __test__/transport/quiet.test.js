'use strict'

// Connections that have exchanged nothing but their handshakes: Node's stream reads and writes them, and the reactor
// adopts their sockets before the first message.

const assert = require('node:assert/strict')
const { AsyncLocalStorage } = require('node:async_hooks')
const net = require('node:net')

const { WebSocket } = require('../support/subject')
const { runChild } = require('../support/child')
const { startNativeServer, test } = require('../support/native')
const { connectOpen, eventually, once, serve } = require('../support/peer')
const { receivedBy } = require('../support/client')
const { closePayload, fromClient } = require('../support/wire')
const { usesReactor } = require('../support/transport')
const { startServer: startWebSocketServer } = require('../support/websocket')

/** Whether Node's stream moves the bytes of a socket. */
const isWithNode = (socket) => Object.getPrototypeOf(socket) === net.Socket.prototype

test('an open connection leaves its socket to Node', async (scope) => {
  const { open } = await startNativeServer(scope)
  const { socket, ws } = await open()
  assert.equal(isWithNode(socket), true)
  assert.equal(usesReactor(ws), true)
})

const ENDS = {
  'the peer closes': ({ peer }) => peer.write(fromClient('close', closePayload(1000))),
  'the peer closes in two parts': async ({ peer }) => {
    const frame = fromClient('close', closePayload(1000))
    peer.write(frame.subarray(0, 3))
    await new Promise((resolve) => setTimeout(resolve, 20))
    peer.write(frame.subarray(3))
  },
  'the program closes': async ({ peer, ws }) => {
    ws.close(1000)
    await peer.frame()
    peer.write(fromClient('close', closePayload(1000)))
  }
}
for (const [name, act] of Object.entries(ENDS)) {
  test(`Node's stream carries both close frames if ${name}`, async (scope) => {
    const { open } = await startNativeServer(scope)
    const opened = await open()
    const { peer, socket, ws } = opened
    const closed = once(ws, 'close')
    await act(opened)
    assert.equal((await closed).code, 1000)
    assert.equal(await peer.ended(), 'fin')
    assert.equal(isWithNode(socket), true)
    const written = socket.bytesWritten
    assert.ok(written > 100 && socket.bytesRead > 100, `${written} ${socket.bytesRead}`)
  })
}

test('a violation of the protocol ends the connection', async (scope) => {
  const { open } = await startNativeServer(scope)
  const { peer, ws } = await open()
  const closed = once(ws, 'close')
  // A close frame that is not final.
  peer.write(Buffer.concat([Buffer.from([0x08]), fromClient('close', closePayload(1000)).subarray(1)]))
  assert.equal((await closed).code, 1002)
  await peer.ended()
})

const FIRST = {
  'a message of the peer': async ({ peer, ws }) => {
    peer.write(fromClient('text', 'first'))
    assert.equal((await once(ws, 'message')).data, 'first')
  },
  'a message and a close frame together': async ({ peer, ws }) => {
    const received = receivedBy(ws)
    peer.write(Buffer.concat([fromClient('text', 'last'), fromClient('close', closePayload(1000))]))
    assert.equal((await once(ws, 'close')).code, 1000)
    assert.deepEqual(received, ['last', 1000])
  },
  'a message in parts': async ({ peer, ws }) => {
    const received = receivedBy(ws)
    for (const byte of fromClient('text', 'bytes')) {
      peer.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await eventually(() => received.length === 1, 'the message')
    assert.deepEqual(received, ['bytes'])
  },
  'many messages at once': async ({ peer, ws }) => {
    const received = receivedBy(ws)
    const texts = Array.from({ length: 50000 }, (_, index) => String(index))
    peer.write(Buffer.concat(texts.map((text) => fromClient('text', text))))
    await eventually(() => received.length === texts.length, 'all messages')
    assert.deepEqual(received, texts)
  },
  'a ping of the peer': async ({ peer }) => {
    peer.write(fromClient('ping', 'x'))
    assert.equal(String((await peer.frame()).payload), 'x')
  },
  'a message of the program': async ({ peer, ws }) => {
    ws.send('first')
    assert.equal(String((await peer.frame()).payload), 'first')
  },
  'a long message of the program': async ({ peer, ws }) => {
    ws.send(Buffer.alloc(3 << 20, 7))
    assert.deepEqual((await peer.frame()).payload, Buffer.alloc(3 << 20, 7))
  },
  'a message with a callback': async ({ peer, ws }) => {
    const sent = new Promise((resolve) => ws.send('first', resolve))
    assert.equal(String((await peer.frame()).payload), 'first')
    assert.equal(await sent, undefined)
  },
  'a pause of the program': async ({ ws }) => ws.pause()
}
for (const [name, act] of Object.entries(FIRST)) {
  test(`the reactor takes over with ${name}`, async (scope) => {
    const { open } = await startNativeServer(scope)
    const opened = await open()
    const { socket } = opened
    let isAdopted = false
    // The listener of an adopted socket is ours.
    const { listenerCount } = socket
    const look = () => { isAdopted ||= listenerCount.call(socket, 'newListener') > 0 && !isWithNode(socket) }
    const timer = setInterval(look, 0)
    scope.defer(() => clearInterval(timer))
    opened.ws.on('message', look)
    await act(opened)
    look()
    assert.equal(isAdopted, true)
  })
}

test('messages that a handler of `open` sends leave with the handshake', async (scope) => {
  let socket
  const { port } = await serve(scope, WebSocket, {
    onSocket: (ws) => {
      socket = ws._stream
      ws.on('open', () => ws.send('hello'))
    }
  })
  const peer = await connectOpen(scope, port)
  assert.equal(String((await peer.frame()).payload), 'hello')
  assert.equal(isWithNode(socket), true)
})

/** Uses of the socket by a program before the first message. */
const USES = {
  'a listener for the bytes': (socket) => socket.on('data', () => {}),
  'an own `write`': (socket) => {
    const { write } = socket
    socket.write = function (...given) { return write.apply(this, given) }
  },
  'an own `emit`': (socket) => {
    const { emit } = socket
    socket.emit = function (...given) { return emit.apply(this, given) }
  }
}
for (const [name, use] of Object.entries(USES)) {
  test(`a socket with ${name} stays with Node`, async (scope) => {
    const { open } = await startNativeServer(scope)
    const { peer, socket, ws } = await open()
    const received = receivedBy(ws)
    use(socket)
    peer.write(fromClient('text', 'one'))
    await eventually(() => received.length === 1, 'a message')
    ws.send('two')
    assert.equal(String((await peer.frame()).payload), 'two')
    assert.equal(usesReactor(ws), false)
    peer.write(fromClient('close', closePayload(1000)))
    assert.equal((await once(ws, 'close')).code, 1000)
    assert.deepEqual(received, ['one', 1000])
  })
}

test('the counters of a socket include the bytes before and after the adoption', async (scope) => {
  const { open } = await startNativeServer(scope)
  const { peer, socket, ws } = await open()
  const [read, written] = [socket.bytesRead, socket.bytesWritten]
  const sent = fromClient('text', 'x'.repeat(1000))
  peer.write(sent)
  await once(ws, 'message')
  ws.send('y')
  await peer.frame()
  assert.deepEqual([socket.bytesRead - read, socket.bytesWritten - written], [sent.length, 3])
})

test('a close frame is handled in the context of the connection', async (scope) => {
  const storage = new AsyncLocalStorage()
  const seen = []
  let ws
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => storage.run('the connection', () => {
      ws = new WebSocket(request, socket, body)
      ws.on('close', () => seen.push(storage.getStore()))
    })
  })
  const peer = await connectOpen(scope, port)
  peer.write(fromClient('close', closePayload(1000)))
  await once(ws, 'close')
  assert.deepEqual(seen, ['the connection'])
})

test('an exception of a handler of `close` is reported once', async (scope) => {
  const { stdout, stderr } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const { closePayload, fromClient } = require('./wire')
    const scope = { defer: () => {} }
    const uncaught = []
    process.on('uncaughtException', ({ message }) => uncaught.push(message))
    serve(scope, WebSocket, {
      onSocket: (ws) => ws.on('close', () => { throw new Error('thrown') })
    }).then(async ({ port }) => {
      const peer = await connectOpen(scope, port)
      peer.write(fromClient('close', closePayload(1000)))
      console.log(await peer.ended(), uncaught.join())
      process.exit()
    })
  }).finished
  assert.deepEqual([stdout, stderr], ['fin thrown\n', ''])
})

const CLOSES = {
  'the peer closes': ({ frame, peer }) => peer.write(frame('close', closePayload(1000))),
  'the program closes': async ({ connection, frame, peer }) => {
    connection.close(1000)
    await peer.frame()
    peer.write(frame('close', closePayload(1000)))
  }
}
for (const [name, act] of Object.entries(CLOSES)) {
  test(`websocket: Node's stream carries the connection if ${name} without a message`, async (scope) => {
    const { open } = await startWebSocketServer(scope)
    const opened = await open()
    const { connection, peer } = opened
    assert.equal(isWithNode(connection.socket), true)
    let wasWithNode = true
    connection.socket.on('end', () => { wasWithNode &&= isWithNode(connection.socket) })
    const closed = new Promise((resolve) => connection.on('close', resolve))
    await act(opened)
    assert.equal(await peer.ended(), 'fin')
    peer.socket.end()
    assert.equal(await closed, 1000)
    assert.equal(wasWithNode, true)
  })
}

test('websocket: the reactor takes over with the first message', async (scope) => {
  const { open } = await startWebSocketServer(scope)
  const { connection, frame, peer } = await open()
  const received = new Promise((resolve) => connection.on('message', resolve))
  peer.write(frame('text', 'first'))
  assert.equal((await received).utf8Data, 'first')
  assert.equal(isWithNode(connection.socket), false)
  connection.sendUTF('second')
  assert.equal(String((await peer.frame()).payload), 'second')
})
