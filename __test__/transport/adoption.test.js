'use strict'

// The sockets that the reactor adopts, their properties for the program, and each way to give them back.

const assert = require('node:assert/strict')
const { AsyncLocalStorage } = require('node:async_hooks')
const fs = require('node:fs')
const http = require('node:http')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { PassThrough } = require('node:stream')

const { runChild } = require('../support/child')
const { WebSocket } = require('../support/subject')
const { Peer, connect, connectOpen, eventually, listen, once, serve } = require('../support/peer')
const { closePayload, countFrames, frame, fromClient, readFrames, upgradeRequest } = require('../support/wire')
const { receivedBy } = require('../support/client')
const { usesReactor } = require('../support/transport')
const { echoes } = require('../support/open')
const { UNAVAILABLE, startNativeServer, starts, test } = require('../support/native')

const TEXTS = ['a', 'b', 'c', 'd']

const texts = (frames) => frames.map(({ payload }) => String(payload))

// Uses of a socket before its connection is made, and whether the reactor still adopts it.
const SOCKETS = {
  'an ordinary socket': [true, () => {}],
  'a socket with listeners of close, end and error': [true, (socket) => {
    for (const event of ['close', 'end', 'error']) socket.on(event, () => {})
  }],
  'a socket with a timeout': [true, (socket) => socket.setTimeout(60000)],
  'a socket with a listener of data': [false, (socket) => socket.on('data', () => {})],
  'a socket with a listener of readable': [false, (socket) => socket.on('readable', () => socket.read())],
  'a socket that is piped': [false, (socket) => socket.pipe(new PassThrough()).resume()],
  'a socket with its own write': [false, (socket) => {
    const { write } = socket
    socket.write = function (...args) { return write.apply(this, args) }
  }],
  'a socket with its own emit': [false, (socket) => {
    const { emit } = socket
    socket.emit = function (...args) { return emit.apply(this, args) }
  }],
  'a socket of another class': [false, (socket) => {
    Object.setPrototypeOf(socket, class extends net.Socket {}.prototype)
  }]
}
for (const [name, [isAdopted, prepare]] of Object.entries(SOCKETS)) {
  test(`${name} ${isAdopted ? 'is adopted' : 'uses the stream transport'}`, async (scope) => {
    let ws
    const { port } = await serve(scope, WebSocket, {
      onUpgrade: (request, socket, body) => {
        prepare(socket)
        ws = new WebSocket(request, socket, body)
        ws.on('message', ({ data }) => ws.send(data))
      }
    })
    const peer = await connectOpen(scope, port)
    assert.equal(usesReactor(ws), isAdopted)
    peer.write(Buffer.concat(TEXTS.map((text) => fromClient('text', text))))
    assert.deepEqual(texts(await peer.frames(4)), TEXTS)
  })
}

// The reactor starts at the first socket and needs two descriptors.
for (const left of [0, 1]) {
  test(`with ${left} free descriptors, sockets use the stream transport until more are free`, async (scope) => {
    const child = runChild(scope, (WebSocket, support, left) => {
      const fs = require('node:fs')
      const { usesReactor } = require('./transport')
      const occupy = () => {
        const descriptors = []
        try {
          for (;;) descriptors.push(fs.openSync('/dev/null'))
        } catch (error) {
          if (error.code !== 'EMFILE') throw error
        }
        for (let i = 0; i < left; i++) fs.closeSync(descriptors.pop())
        return descriptors
      }
      const server = require('node:http').createServer()
      server.on('upgrade', (request, socket, body) => {
        const descriptors = request.url === '/full' ? occupy() : []
        const ws = new WebSocket(request, socket, body)
        ws.on('message', ({ data }) => {
          ws.send(`${usesReactor(ws)} ${data}`)
          for (const descriptor of descriptors) fs.closeSync(descriptor)
        })
      })
      server.listen(0, '127.0.0.1', () => console.log(server.address().port))
    }, { argument: left, limits: '-n 200' })
    await once(child.child.stdout, 'data')
    const ask = async (target) => {
      const peer = await connect(scope, Number(child.stdout))
      peer.write(upgradeRequest({}, { target }))
      await peer.head()
      peer.write(fromClient('text', target))
      return String((await peer.frame()).payload)
    }
    const answers = []
    for (const target of ['/full', '/full', '/', '/full']) answers.push(await ask(target))
    // A running reactor needs no more descriptors.
    assert.deepEqual(answers, ['false /full', 'false /full', 'true /', 'true /full'])
  })
}

test('a client uses the native transport, unless the environment forces the stream transport', async (scope) => {
  const { open } = await starts.client(scope)
  await echoes(await open())
})

// Late construction: the early bytes are in the packet of the head, in the stream, or in the kernel.
for (const wait of [0, 1, 40]) {
  test(`a connection made ${wait} ms after the request receives all messages`, async (scope) => {
    const events = []
    let ws
    const { port } = await serve(scope, WebSocket, {
      onUpgrade: (request, socket, body) => setTimeout(() => {
        ws = new WebSocket(request, socket, body)
        ws.on('message', ({ data }) => events.push(data))
      }, wait)
    })
    const peer = await connect(scope, port)
    const sent = Array.from({ length: 60 }, (_, index) => `${index} `.repeat(index * 20))
    peer.write(Buffer.concat([Buffer.from(upgradeRequest()), fromClient('text', sent[0])]))
    for (const text of sent.slice(1)) {
      peer.write(fromClient('text', text))
      if (text.length % 3 === 0) await scope.settle(2)
    }
    await eventually(() => events.length === sent.length, 'all messages')
    assert.deepEqual(events, sent)
    assert.ok(usesReactor(ws))
  })
}

for (const [role, start] of Object.entries(starts)) {
  test(`${role}: bytesRead and bytesWritten count all bytes, even after the end`, async (scope) => {
    const { open } = await start(scope)
    const { frame, peer, socket, ws } = await open()
    const read = peer.socket.bytesWritten
    const written = peer.socket.bytesRead
    assert.deepEqual([socket.bytesRead, socket.bytesWritten], [read, written])
    const messages = receivedBy(ws)
    const bytes = Buffer.concat([frame('text', 'x'.repeat(1000)), frame('text', 'y').subarray(0, 2)])
    peer.write(bytes)
    await eventually(() => messages.length === 1, 'the message')
    ws.send(Buffer.alloc(5000))
    await peer.frame()
    const expected = [read + bytes.length, peer.socket.bytesRead]
    assert.deepEqual([socket.bytesRead, socket.bytesWritten], expected)
    socket.destroy()
    await once(ws, 'close')
    assert.deepEqual([socket.bytesRead, socket.bytesWritten], expected)
  })

  test(`${role}: the properties of the socket stay the same`, async (scope) => {
    const { open } = await start(scope)
    const connection = await open()
    const { peer, socket } = connection
    assert.deepEqual([socket.remoteAddress, socket.remotePort], ['127.0.0.1', peer.socket.localPort])
    assert.deepEqual([socket.localAddress, socket.localPort], ['127.0.0.1', peer.socket.remotePort])
    for (const result of [socket.setKeepAlive(true, 1000), socket.setNoDelay(true), socket.ref(), socket.unref()]) {
      assert.equal(result, socket)
    }
    assert.deepEqual([socket.readyState, socket.readable, socket.writable, socket.destroyed],
      ['open', true, true, false])
    await echoes(connection)
    assert.ok(usesReactor(connection.ws))
  })

  test(`${role}: setTimeout fires when no bytes are read or written`, async (scope) => {
    const { open } = await start(scope)
    const connection = await open()
    const { socket, ws } = connection
    const begun = performance.now()
    let timeouts = 0
    socket.on('timeout', () => timeouts++)
    socket.setTimeout(150)
    await eventually(() => timeouts === 1, 'timeout')
    assert.ok(performance.now() - begun > 130, 'too soon')
    assert.equal(ws.readyState, 1)
    await echoes(connection)
    await eventually(() => timeouts === 2, 'another timeout')
    socket.setTimeout(0)
    await scope.settle(250)
    assert.equal(timeouts, 2)
    assert.ok(usesReactor(ws))
  })

  const ACTIVITIES = {
    'messages that arrive': ({ frame, peer }) => peer.write(frame('text', 'x')),
    'pings that arrive': ({ frame, peer }) => peer.write(frame('ping', 'x')),
    'messages that we send': ({ ws }) => ws.send('x'),
    'parts of a message': ({ peer, rest }) => peer.write(rest.splice(0, 1)[0])
  }
  for (const [name, act] of Object.entries(ACTIVITIES)) {
    test(`${role}: ${name} postpone the timeout`, async (scope) => {
      const { open } = await start(scope)
      const connection = await open()
      const bytes = connection.frame('text', 'a message that arrives byte by byte')
      connection.rest = Array.from(bytes, (byte) => Buffer.from([byte]))
      let timeouts = 0
      connection.socket.setTimeout(300, () => timeouts++)
      for (let i = 0; i < 12; i++) {
        act(connection)
        await scope.settle(60)
      }
      assert.equal(timeouts, 0)
      await eventually(() => timeouts === 1, 'the timeout')
    })
  }

  // Each gives the socket back to Node's stream. Bytes keep their order in both directions; our bytes come first.
  const WAYS_BACK = {
    'a listener of data': ({ socket }) => socket.on('data', () => {}),
    'a listener of readable': ({ socket }) => socket.on('readable', () => socket.read()),
    'pause and resume': ({ socket }) => {
      socket.pause()
      setTimeout(() => socket.resume(), 30)
    },
    pipe: ({ socket }) => socket.pipe(new PassThrough()).resume(),
    write: ({ ours, socket }) => socket.write(ours('text', 'by the program')),
    'write in a corked socket': ({ ours, socket }) => {
      socket.cork()
      socket.write(ours('text', 'by the program'))
      process.nextTick(() => socket.uncork())
    }
  }
  for (const [name, takeBack] of Object.entries(WAYS_BACK)) {
    for (const where of ['outside a handler', 'in a handler', 'with much output unwritten']) {
      test(`${role}: ${name} ${where} gives the socket back`, async (scope) => {
        const { open } = await start(scope)
        const connection = await open()
        const { frame, peer, socket, ws } = connection
        connection.ours = role === 'server' ? ourFrame : fromClient
        const received = receivedBy(ws)
        const isFull = where === 'with much output unwritten'
        const size = isFull ? 1 << 19 : 100
        const giveBack = () => {
          for (let i = 0; i < 16; i++) ws.send(Buffer.alloc(size, i))
          assert.ok(usesReactor(ws))
          takeBack(connection)
          assert.equal(usesReactor(ws), false)
          ws.send('after')
        }
        peer.write(Buffer.concat([frame('text', 'one'), frame('text', 'two').subarray(0, 3)]))
        if (isFull) peer.socket.pause()
        if (where === 'in a handler') await new Promise((resolve) => ws.once('message', () => resolve(giveBack())))
        else {
          await eventually(() => received.length === 1, 'the first message')
          giveBack()
        }
        peer.write(Buffer.concat([frame('text', 'two').subarray(3), frame('text', 'three')]))
        await scope.settle()
        peer.socket.resume()
        peer.write(frame('text', 'four'))
        const count = name.startsWith('write') ? 18 : 17
        await peer.until(() => countFrames(peer.bytes) === count, `${count} frames`)
        const { frames } = readFrames(peer.bytes)
        peer.bytes = Buffer.alloc(0)
        frames.slice(0, 16).forEach(({ payload }, i) => assert.ok(payload.equals(Buffer.alloc(size, i)), `frame ${i}`))
        const last = name.startsWith('write') ? ['by the program', 'after'] : ['after']
        assert.deepEqual(texts(frames.slice(16)), last)
        await eventually(() => received.length === 4, 'all messages')
        assert.deepEqual(received, ['one', 'two', 'three', 'four'])
        assert.deepEqual(Object.keys(socket).filter((key) => ['write', 'end', 'pause'].includes(key)), [])
        const handle = socket._handle
        assert.deepEqual(['readStart', 'close'].filter((key) => Object.hasOwn(handle, key)), [])
        peer.socket.end()
        await once(ws, 'close')
      })
    }
  }

  test(`${role}: setEncoding gives the socket back if Node allows it`, async (scope) => {
    const { open } = await start(scope)
    const { socket, ws } = await open()
    // Node refuses it on the sockets of its HTTP server.
    if (role === 'server') assert.throws(() => socket.setEncoding('latin1'), { code: 'ERR_HTTP_SOCKET_ENCODING' })
    else socket.setEncoding('latin1')
    assert.equal(usesReactor(ws), role === 'server')
  })

  test(`${role}: socket.end writes pending messages, then its argument, then the end`, async (scope) => {
    const { open } = await start(scope)
    const { peer, socket, ws } = await open()
    for (let i = 0; i < 8; i++) ws.send(Buffer.alloc(1 << 19, i))
    socket.end((role === 'server' ? ourFrame : fromClient)('text', 'last'))
    const frames = await peer.frames(9)
    assert.equal(await peer.ended(), 'fin')
    frames.slice(0, 8).forEach(({ payload }, i) => assert.ok(payload.equals(Buffer.alloc(1 << 19, i))))
    assert.equal(String(frames[8].payload), 'last')
    peer.socket.end()
    await once(ws, 'close')
  })

  test(`${role}: a data listener of the program sees all later bytes`, async (scope) => {
    const { open } = await start(scope)
    const { frame, peer, socket, ws } = await open()
    const received = receivedBy(ws)
    peer.write(frame('text', 'before'))
    await eventually(() => received.length === 1, 'a message')
    const chunks = []
    socket.on('data', (chunk) => chunks.push(chunk))
    peer.write(frame('text', 'after'))
    await eventually(() => received.length === 2, 'another message')
    assert.deepEqual(Buffer.concat(chunks), frame('text', 'after'))
  })

  test(`${role}: a paused connection reads nothing, even if its socket is given back`, async (scope) => {
    const { open } = await start(scope)
    const { frame, peer, socket, ws } = await open()
    const received = receivedBy(ws)
    ws.pause()
    const before = socket.bytesRead
    peer.write(frame('text', 'kept back'))
    await scope.settle(60)
    assert.deepEqual(received, [])
    assert.equal(socket.bytesRead, before)
    socket.write('')
    assert.equal(usesReactor(ws), false)
    await scope.settle(60)
    assert.deepEqual(received, [])
    ws.resume()
    await eventually(() => received.length === 1, 'the message')
  })

  test(`${role}: handlers run in the asynchronous context of the constructor`, async (scope) => {
    const storage = new AsyncLocalStorage()
    const seen = []
    const look = (what, ws) => ws.on(what, () => seen.push([what, storage.getStore()]))
    let connections
    if (role === 'server') {
      let number = 0
      const made = []
      const { port } = await serve(scope, WebSocket, {
        onUpgrade: (...parts) => storage.run(number++, () => made.push(new WebSocket(...parts)))
      })
      const peers = [await connectOpen(scope, port), await connectOpen(scope, port)]
      connections = made.map((ws, index) => ({ frame: fromClient, peer: peers[index], ws }))
    } else {
      const { open } = await start(scope)
      connections = [await storage.run(0, open), await storage.run(1, open)]
    }
    await scope.settle()
    for (const { ws } of connections) for (const event of ['message', 'close']) look(event, ws)
    // One batch: the first connection, the second, and the first again.
    await storage.run('neither', async () => {
      for (const index of [0, 1, 0]) connections[index].peer.write(connections[index].frame('text', 'x'))
      await eventually(() => seen.length === 3, 'three messages')
      for (const { frame, peer } of connections) peer.write(frame('close', closePayload(1000)))
      await eventually(() => seen.length === 5, 'two ends')
    })
    const byEvent = (event) => seen.filter(([each]) => each === event).map(([, store]) => store).sort()
    assert.deepEqual(byEvent('message'), [0, 0, 1])
    assert.deepEqual(byEvent('close'), [0, 1])
    assert.ok(connections.every(({ ws }) => usesReactor(ws)))
  })
}

const ourFrame = (type, payload) => frame(type, payload)

test('a unix domain socket is adopted', async (scope) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'native-'))
  scope.defer(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'socket')
  const server = http.createServer()
  const arrived = []
  server.on('upgrade', (request, socket, body) => {
    const ws = new WebSocket(request, socket, body)
    ws.on('message', ({ data }) => ws.send(data))
    arrived.push(ws)
  })
  await new Promise((resolve) => server.listen(file, resolve))
  scope.defer(() => new Promise((resolve) => server.close(resolve)))
  const socket = net.connect({ path: file, allowHalfOpen: true })
  scope.defer(() => socket.destroy())
  const peer = new Peer(socket)
  peer.write(upgradeRequest())
  await peer.head()
  assert.ok(usesReactor(arrived[0]))
  for (const text of ['short', 'x'.repeat(100000), 'y'.repeat(3000000)]) {
    peer.write(fromClient('text', text))
    assert.equal(String((await peer.frame()).payload), text)
  }
  const closed = once(arrived[0], 'close')
  peer.write(fromClient('close', closePayload(1000)))
  assert.equal((await closed).code, 1000)
  assert.equal(await peer.ended(), 'fin')
})

test('a named pipe uses the stream transport', async (scope) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'native-'))
  scope.defer(() => fs.rmSync(directory, { recursive: true }))
  const fifo = path.join(directory, 'fifo')
  require('node:child_process').execFileSync('mkfifo', [fifo])
  const descriptor = fs.openSync(fifo, fs.constants.O_RDWR | fs.constants.O_NONBLOCK)
  const socket = new net.Socket({ fd: descriptor, readable: true, writable: true })
  scope.defer(() => socket.destroy())
  const headers = { host: 'localhost' }
  const request = { method: 'GET', httpVersion: '1.1', url: '/', headers, connection: socket, socket }
  const ws = new WebSocket(request, socket, Buffer.alloc(0))
  assert.equal(usesReactor(ws), false)
})

test('a socket that takes the slot of an ended socket receives only its own messages', async (scope) => {
  const { open } = await startNativeServer(scope)
  for (let round = 0; round < 60; round++) {
    const connections = [await open(), await open()]
    const events = connections.map(({ ws }) => receivedBy(ws))
    connections[0].socket.destroy()
    connections[1].peer.write(fromClient('text', String(round)))
    await once(connections[0].ws, 'close')
    await eventually(() => events[1].length === 1, 'the message')
    assert.deepEqual(events, [[1006], [String(round)]])
    connections[1].socket.destroy()
    await once(connections[1].ws, 'close')
  }
})

test('a socket of a plain net server is adopted', async (scope) => {
  let ws
  const server = net.createServer((socket) => socket.once('readable', () => {
    const text = String(socket.read())
    const key = /Sec-WebSocket-Key: (.*)\r\n/.exec(text)[1]
    const headers = { host: 'x', upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-key': key }
    headers['sec-websocket-version'] = '13'
    const request = { method: 'GET', httpVersion: '1.1', url: '/', headers, socket, connection: socket }
    ws = new WebSocket(request, socket, null)
    ws.on('message', ({ data }) => ws.send(data))
  }))
  const port = await listen(scope, server)
  const peer = await connectOpen(scope, port)
  peer.write(fromClient('text', 'Hi'))
  assert.equal(String((await peer.frame()).payload), 'Hi')
  assert.ok(usesReactor(ws))
})

if (UNAVAILABLE) console.log(`# not run: ${UNAVAILABLE}`)
