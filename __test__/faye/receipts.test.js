'use strict'

// The callback of send(). It is called once: when the kernel has accepted the message, or the connection has ended.

const assert = require('node:assert/strict')
const { Duplex } = require('node:stream')

const deflate = require('../../lib/permessage-deflate')
const { createAuthority } = require('../support/certs')
const { openServer, roles, openPair } = require('../support/open')
const { accept, connectOpen, eventually, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')
const { closePayload, countFrames, upgradeResponse } = require('../support/wire')

const MiB = 1 << 20
const LARGE = 'many words, again and again, '.repeat(20_000)

/** Returns callbacks that record their calls and arguments in order. */
function recorder () {
  const calls = []
  const callback = (name) => function (...args) {
    calls.push([name, ...args])
  }
  return { calls, callback }
}

const names = (calls) => calls.map(([name, error]) => error ? `${name}: ${error.constructor.name}` : name)

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: callbacks are called once, without arguments, in order, after send() returns`, async (scope) => {
    const { peer, ws } = await open(scope)
    const { calls, callback } = recorder()
    const all = ['text', Buffer.from('bytes'), Buffer.alloc(200_000), Uint8Array.of(3), WebSocket.prepare('ready'), 5]
    all.forEach((data, index) => assert.equal(typeof ws.send(data, callback(index)), 'boolean'))
    assert.deepEqual(calls, [])
    await peer.frames(all.length)
    await eventually(() => calls.length === all.length, 'all callbacks')
    await scope.settle()
    assert.deepEqual(calls, all.map((_, index) => [index]))
  })

  deviation(`${role}: sends with and without a callback can alternate, also in handlers`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const { calls, callback } = recorder()
    ws.send('a')
    ws.send('b', callback('b'))
    ws.send('c')
    ws.send('d', callback('d'))
    ws.on('message', ({ data }) => {
      ws.send('x')
      ws.send(data, callback(data))
    })
    peer.write(Buffer.concat([frame('text', 'e'), frame('text', 'f')]))
    await eventually(() => calls.length === 4, 'the handlers')
    await new Promise((resolve) => ws.send('g', resolve))
    assert.deepEqual(names(calls), ['b', 'd', 'e', 'f'])
    assert.equal((await peer.frames(9)).map(({ payload }) => payload).join(''), 'abcdxexfg')
  })

  deviation(`${role}: a callback that is not a function is ignored`, async (scope) => {
    const { peer, ws } = await open(scope)
    for (const other of [{ binary: true }, 0, null, 'text', undefined]) assert.equal(ws.send('x', other), true)
    assert.equal((await peer.frames(5)).length, 5)
  })

  deviation(`${role}: callbacks wait for a peer that does not read`, async (scope) => {
    const { peer, ws } = await open(scope)
    const { calls, callback } = recorder()
    peer.socket.pause()
    const total = 40
    for (let i = 0; i < total; i++) ws.send(Buffer.alloc(MiB), callback(i))
    await scope.settle(100)
    assert.ok(calls.length < total, 'the kernel has accepted 40 MiB')
    assert.ok(ws.bufferedAmount > 0)
    peer.socket.removeAllListeners('data')
    peer.socket.on('data', () => {})
    peer.socket.resume()
    await eventually(() => calls.length === total, 'all callbacks')
    assert.deepEqual(calls, Array.from({ length: total }, (_, index) => [index]))
    assert.equal(ws.bufferedAmount, 0)
  })

  deviation(`${role}: callbacks after a loss have an Error for the messages that were not sent`, async (scope) => {
    const { peer, ws } = await open(scope)
    const { calls, callback } = recorder()
    await new Promise((resolve) => ws.send('first', resolve))
    peer.socket.pause()
    for (let i = 0; i < 40; i++) ws.send(Buffer.alloc(MiB), callback(i))
    await scope.settle(50)
    ws.terminate()
    ws.send('after', callback('after'))
    await scope.settle()
    assert.equal(calls.length, 41)
    assert.deepEqual(calls.map(([name]) => name), [...Array.from({ length: 40 }, (_, index) => index), 'after'])
    const lost = calls.filter((call) => call.length > 1)
    assert.ok(lost.length > 1, 'the kernel has accepted 40 MiB')
    assert.deepEqual(lost, calls.slice(-lost.length))
    for (const [name, error] of lost) {
      assert.ok(error instanceof Error, String(name))
      assert.match(error.message, name === 'after' ? /was not sent/ : /ended before the message was sent/)
    }
  })

  deviation(`${role}: send() returns false and calls back with an Error after close()`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const { calls, callback } = recorder()
    ws.close()
    assert.equal(ws.send('closing', callback('closing')), false)
    assert.deepEqual(calls, [])
    await peer.frame()
    peer.write(frame('close', closePayload(1000)))
    await once(ws, 'close')
    assert.equal(ws.send(Buffer.from('closed'), callback('closed')), false)
    await eventually(() => calls.length === 2, 'both')
    assert.deepEqual(names(calls), ['closing: Error', 'closed: Error'])
  })

  deviation(`${role}: the callback of a message sent before the closing handshake has no Error`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const { calls, callback } = recorder()
    ws.on('message', () => ws.send('last', callback('last')))
    peer.write(Buffer.concat([frame('text', 'x'), frame('close', closePayload(1000))]))
    await once(ws, 'close')
    await eventually(() => calls.length === 1, 'the callback')
    assert.deepEqual(calls, [['last']])
    const frames = await peer.frames(2)
    assert.equal(frames[0].payload.toString(), 'last')
  })

  deviation(`${role}: an error from a callback is an uncaught exception, and the next is called`, async (scope) => {
    const { ws } = await open(scope)
    const { calls, callback } = recorder()
    const thrown = new Error('from a callback')
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const uncaught = []
    process.on('uncaughtException', (error) => uncaught.push(error))
    scope.defer(() => {
      process.removeAllListeners('uncaughtException')
      for (const each of listeners) process.on('uncaughtException', each)
    })
    ws.send('a', () => { throw thrown })
    ws.send('b', callback('b'))
    await eventually(() => calls.length === 1 && uncaught.length === 1, 'both')
    assert.equal(uncaught[0], thrown)
  })

  deviation(`${role}: a callback can call send() and terminate()`, async (scope) => {
    const { peer, ws } = await open(scope)
    const { calls, callback } = recorder()
    ws.send('a', () => ws.send('b', () => {
      ws.send('c', callback('c'))
      ws.terminate()
    }))
    await once(ws, 'close')
    await eventually(() => calls.length === 1, 'the last')
    assert.equal((await peer.frames(3)).map(({ payload }) => payload).join(''), 'abc')
  })
}

// Messages that wait before they are written

const DEFLATE = 'permessage-deflate'
const ALONE = deflate.configure({ noContextTakeover: true })
const COMPRESSED = {
  'compressed messages': [{ extensions: [deflate] }, DEFLATE],
  'messages compressed without context takeover': [
    { extensions: [ALONE] }, `${DEFLATE}; server_no_context_takeover; client_no_context_takeover`
  ]
}
for (const [role, open] of Object.entries(roles)) {
  for (const [name, [options, header]] of Object.entries(COMPRESSED)) {
    deviation(`${role}: callbacks are called for small and large ${name}`, async (scope) => {
      const { peer, ws } = await open(scope, { headers: { 'Sec-WebSocket-Extensions': header }, options })
      const { calls, callback } = recorder()
      const all = ['small', LARGE, 'behind', WebSocket.prepare(LARGE), Buffer.alloc(MiB, 'x'), WebSocket.prepare('y')]
      all.forEach((data, index) => ws.send(data, callback(index)))
      await eventually(() => calls.length === all.length, 'all callbacks')
      assert.deepEqual(calls, all.map((_, index) => [index]))
      await peer.frames(all.length)
    })
  }

  deviation(`${role}: a connection that ends during compression calls back with an Error`, async (scope) => {
    const { ws } = await open(scope, {
      headers: { 'Sec-WebSocket-Extensions': DEFLATE }, options: { extensions: [deflate] }
    })
    const { calls, callback } = recorder()
    ws.send(Buffer.alloc(4 * MiB, 'x'), callback('large'))
    ws.send('behind', callback('behind'))
    ws.terminate()
    await scope.settle()
    assert.deepEqual(names(calls), ['large: Error', 'behind: Error'])
  })
}

/** An extension that delays messages until `release()`. */
function slowExtension () {
  const held = []
  const session = {
    generateOffer: () => ({}),
    activate: () => true,
    generateResponse: () => ({}),
    processIncomingMessage: (message, callback) => callback(null, message),
    processOutgoingMessage: (message, callback) => held.push(() => callback(null, message)),
    close () {}
  }
  const extension = {
    name: 'slow', type: 'permessage', rsv1: false, rsv2: false, rsv3: false,
    createServerSession: () => session, createClientSession: () => session
  }
  return { extension, release: () => { for (const each of held.splice(0)) each() }, held }
}

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: callbacks wait for messages that an extension in JavaScript delays`, async (scope) => {
    const { extension, release, held } = slowExtension()
    const { peer, ws } = await open(scope, {
      headers: { 'Sec-WebSocket-Extensions': 'slow' }, options: { extensions: [extension] }
    })
    const { calls, callback } = recorder()
    ws.send('a', callback('a'))
    ws.send('b')
    ws.send(WebSocket.prepare(Buffer.from('c')), callback('c'))
    await scope.settle()
    assert.deepEqual(calls, [])
    assert.equal(held.length, 3)
    release()
    await eventually(() => calls.length === 2, 'both')
    assert.deepEqual(calls, [['a'], ['c']])
    ws.send('d', callback('d'))
    ws.terminate()
    await scope.settle()
    assert.deepEqual(names(calls), ['a', 'c', 'd: Error'])
    assert.equal(countFrames(peer.bytes), 3)
  })
}

deviation('a client calls back for messages sent before open, after the handshake or its failure', async (scope) => {
  for (const extensions of [[], [deflate], [slowExtension()]]) {
    const slow = extensions[0]?.extension ? extensions[0] : null
    const server = await accept(scope)
    const ws = new WebSocket.Client(server.url, [], { extensions: slow ? [slow.extension] : extensions })
    scope.defer(() => ws._stream.destroy())
    const { calls, callback } = recorder()
    ws.send('a', callback('a'))
    ws.send(LARGE)
    ws.send('b', callback('b'))
    const peer = await server.accepted()
    const head = await peer.head()
    await scope.settle()
    assert.deepEqual(calls, [])
    peer.write(upgradeResponse(head, extensions.length === 0 ? {} : {
      'Sec-WebSocket-Extensions': slow ? 'slow' : DEFLATE
    }))
    await once(ws, 'open')
    slow?.release()
    await eventually(() => calls.length === 2, 'both')
    assert.deepEqual(calls, [['a'], ['b']])
    await peer.frames(3)
  }
  const server = await accept(scope)
  const ws = new WebSocket.Client(server.url)
  const { calls, callback } = recorder()
  ws.send('a', callback('a'))
  ws.close()
  ws.send('b', callback('b'))
  await scope.settle()
  assert.deepEqual(names(calls), ['a: Error', 'b: Error'])
})

deviation('a server calls back for messages sent before open', async (scope) => {
  const { calls, callback } = recorder()
  const { port } = await serve(scope, WebSocket, { onSocket: (ws) => {
    ws.send('a', callback('a'))
    ws.send('b', callback('b'))
  } })
  const peer = await connectOpen(scope, port)
  await peer.frames(2)
  await eventually(() => calls.length === 2, 'both')
  assert.deepEqual(calls, [['a'], ['b']])
})

deviation('a draft connection calls back, with an Error for binary messages', async (scope) => {
  const { ws } = await openServer(scope, {
    headers: { 'Sec-WebSocket-Key': null, 'Sec-WebSocket-Version': null, Origin: 'http://localhost' }
  })
  const { calls, callback } = recorder()
  assert.equal(ws.send('text', callback('text')), true)
  assert.equal(ws.send(new Uint8Array(2), callback('bytes')), false)
  assert.equal(ws.send(new Blob(['x']), callback('blob')), false)
  await eventually(() => calls.length === 3, 'all')
  assert.deepEqual(names(calls).sort(), ['blob: Error', 'bytes: Error', 'text'])
})

deviation('callbacks are called after the reactor has given a socket back', async (scope) => {
  for (const giveBack of [(socket) => socket.on('data', () => {}), (socket) => socket.pause()]) {
    const { peer, ws } = await openServer(scope)
    const { calls, callback } = recorder()
    peer.socket.pause()
    const total = 20
    for (let i = 0; i < total; i++) ws.send(Buffer.alloc(MiB), callback(i))
    await scope.settle(30)
    giveBack(ws._stream)
    for (let i = 0; i < total; i++) ws.send('x', callback(total + i))
    assert.ok(calls.length < total, 'the kernel has accepted 20 MiB')
    peer.socket.removeAllListeners('data')
    peer.socket.on('data', () => {})
    peer.socket.resume()
    await eventually(() => calls.length === 2 * total, 'all callbacks')
    assert.deepEqual(calls, Array.from({ length: 2 * total }, (_, index) => [index]))
  }
})

deviation('callbacks are called for sockets that workers write to', async (scope) => {
  const sockets = []
  const { port } = await serve(scope, WebSocket, { onSocket: (ws) => sockets.push(ws) })
  const peers = []
  for (let i = 0; i < 70; i++) peers.push(await connectOpen(scope, port))
  await eventually(() => sockets.length === 70 && sockets.every(({ readyState }) => readyState === 1), 'all open')
  peers[0].socket.pause()
  const { calls, callback } = recorder()
  const send = sockets.map((ws) => ws.send)
  sockets.forEach((ws, index) => { ws.send = (data) => send[index].call(ws, data, callback(index)) })
  for (let round = 1; round <= 3; round++) {
    WebSocket.broadcast(sockets, Buffer.alloc(round * 1000))
    await eventually(() => calls.length === 70 * round, `all callbacks of round ${round}`)
  }
  assert.ok(calls.every((call) => call.length === 1))
  send[0].call(sockets[0], Buffer.alloc(32 * MiB))
  WebSocket.broadcast(sockets, 'behind it')
  await eventually(() => calls.length === 70 * 3 + 69, 'the callbacks of all peers that read')
  assert.equal(calls.slice(70 * 3).some(([index]) => index === 0), false)
  sockets[0].terminate()
  await eventually(() => calls.length === 70 * 4, 'the last callback')
  assert.deepEqual(names(calls.slice(-1)), ['0: Error'])
})

deviation('callbacks wait for the write callback of a custom stream', async (scope) => {
  const request = { method: 'GET', url: '/', headers: {
    host: 'x', upgrade: 'websocket', connection: 'upgrade', 'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=='
  } }
  const writes = []
  const socket = new Duplex({ read () {}, write (chunk, encoding, callback) { writes.push(callback) } })
  const ws = new WebSocket(request, socket, Buffer.alloc(0))
  await once(ws, 'open')
  const { calls, callback } = recorder()
  writes.shift()()
  ws.send('a', callback('a'))
  await scope.settle()
  ws.send('b', callback('b'))
  await scope.settle()
  assert.deepEqual(calls, [])
  writes.shift()()
  await eventually(() => calls.length === 1, 'the first')
  await scope.settle()
  ws.terminate()
  await scope.settle()
  assert.deepEqual(names(calls), ['a', 'b: Error'])
})

deviation('callbacks are called over TLS', async (scope) => {
  const { ca, local } = createAuthority()
  const { client, server: ws } = await openPair(scope, { client: { options: { ca } }, server: { secure: local } })
  const { calls, callback } = recorder()
  for (const [name, socket] of [['server', ws], ['client', client]]) {
    for (let i = 0; i < 5; i++) socket.send(Buffer.alloc(i * 50_000), callback(`${name} ${i}`))
  }
  await eventually(() => calls.length === 10, 'all callbacks')
  for (const name of ['server', 'client']) {
    assert.deepEqual(names(calls).filter((each) => each.startsWith(name)), [0, 1, 2, 3, 4].map((i) => `${name} ${i}`))
  }
})
