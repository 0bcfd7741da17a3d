'use strict'

// How long the steps of a connection may take, and what ends it at once.

const assert = require('node:assert/strict')
const { getEventListeners } = require('node:events')
const { Duplex } = require('node:stream')

const { openServer, roles } = require('../support/open')
const { accept, connect, connectOpen, eventually, once, serve } = require('../support/peer')
const { runChild } = require('../support/child')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')
const { fakeLongTimers, fakeOwnTimers } = require('../support/timers')
const { closePayload, fromClient, upgradeRequest } = require('../support/wire')

const HIXIE_76 = {
  'Sec-WebSocket-Key': null,
  'Sec-WebSocket-Version': null,
  'Sec-WebSocket-Key1': '1   38 wZ3f9 23O0 3l 0r',
  'Sec-WebSocket-Key2': '27   0E 6 2  1665:< ;U 1H',
  Origin: 'http://localhost'
}

/** Types of events, with what is worth knowing of them. */
function record (ws) {
  const events = []
  ws.on('open', () => events.push('open'))
  ws.on('message', ({ data }) => events.push(`message ${data}`))
  ws.on('error', ({ message }) => events.push(`error ${message.replace(/:\d+\//, '/')}`))
  ws.on('end', () => events.push('end'))
  ws.on('close', ({ code, reason }) => events.push(`close ${code} ${reason}`))
  return events
}

// handshakeTimeout

const SILENT = {
  'a server that says nothing': () => {},
  'a server that stops within its answer': (peer) => peer.write('HTTP/1.1 101 Switching'),
  'a server that drips': (peer, scope) => {
    peer.write('HTTP/1.1 101 Switching Protocols\r\nX: ')
    const timer = setInterval(() => peer.write('x'), 5)
    scope.defer(() => clearInterval(timer))
  }
}
for (const [name, behave] of Object.entries(SILENT)) {
  deviation(`handshakeTimeout ends the wait for ${name}`, async (scope) => {
    const server = await accept(scope)
    const ws = new WebSocket.Client(server.url, [], { handshakeTimeout: 0.05 })
    const events = record(ws)
    const peer = await server.accepted()
    behave(peer, scope)
    await eventually(() => events.length === 3, 'the end')
    await peer.ended()
    assert.deepEqual(events, [
      'error Network error: ws://127.0.0.1/: the opening handshake has taken more than 0.05 seconds', 'end', 'close 1006 '
    ])
  })
}

deviation('handshakeTimeout covers TLS, and the proxy before it', async (scope) => {
  const server = await accept(scope)
  const secure = server.url.replace('ws:', 'wss:')
  const proxy = { origin: server.url.replace('ws', 'http') }
  for (const [url, options] of [[secure, {}], ['ws://127.0.0.1:1/', { proxy }]]) {
    const ws = new WebSocket.Client(url, [], { ...options, handshakeTimeout: 0.05 })
    const events = record(ws)
    await once(ws, 'close')
    assert.match(events[0], /the opening handshake has taken more than 0\.05 seconds$/)
    assert.deepEqual(events.slice(1), ['end', 'close 1006 '])
  }
})

deviation('handshakeTimeout covers the name resolution', async (scope) => {
  const lookup = () => {}
  const ws = new WebSocket.Client('ws://example.invalid/', [], { net: { lookup }, handshakeTimeout: 0.05 })
  scope.defer(() => ws._stream.destroy())
  const events = record(ws)
  await once(ws, 'close')
  assert.match(events[0], /the opening handshake has taken more than 0\.05 seconds$/)
})

deviation('handshakeTimeout ends the wait of a server for the body of hixie-76', async (scope) => {
  let events
  const { port } = await serve(scope, WebSocket, {
    options: { handshakeTimeout: 0.05 },
    onSocket: (ws) => { events = record(ws) }
  })
  const peer = await connect(scope, port)
  peer.write(upgradeRequest(HIXIE_76))
  await peer.head()
  await peer.ended()
  await eventually(() => events.length === 3, 'the end')
  assert.match(events[0], /^error .* has taken more than 0\.05 seconds$/)
  assert.deepEqual(events.slice(1), ['end', 'close 1006 '])
})

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: handshakeTimeout has no effect on what is open in time`, async (scope) => {
    const { frame, peer, ws } = await open(scope, { options: { handshakeTimeout: 0.2 } })
    await scope.settle(300)
    peer.write(frame('text', 'still here'))
    assert.equal((await once(ws, 'message')).data, 'still here')
  })
}

// closeTimeout

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: closeTimeout ends the wait for the peer's close frame`, async (scope) => {
    const { peer, ws } = await open(scope, { options: { closeTimeout: 0.05 } })
    const events = record(ws)
    ws.close(3000, 'bye')
    assert.deepEqual(events, [])
    await peer.frame()
    await eventually(() => events.length === 2, 'the end')
    assert.deepEqual(events, ['end', 'close 1006 '])
    await peer.ended()
  })

  for (const [given, delay] of [[undefined, 30000], [0, 30000], [5, 5000], [2 ** 40, 2 ** 31 - 1]]) {
    deviation(`${role}: closeTimeout: ${given} waits ${delay} ms`, async (scope) => {
      const { ws } = await open(scope, { options: { closeTimeout: given } })
      const timers = fakeLongTimers(scope)
      ws.close()
      assert.deepEqual(timers.map(({ delay, active }) => [delay, active]), [[delay, true]])
      timers[0].fire()
      assert.equal(ws.readyState, 3)
      assert.equal(timers[0].active, false)
    })
  }
}

// terminate()

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: terminate() ends at once, without a close frame, and once`, async (scope) => {
    const { peer, ws } = await open(scope)
    const events = record(ws)
    assert.equal(ws.terminate(), undefined)
    assert.deepEqual(events, ['end', 'close 1006 '])
    ws.terminate()
    ws.close()
    assert.equal(ws.send('x'), false)
    await peer.ended()
    assert.equal(peer.bytes.length, 0)
    assert.equal(events.length, 2)
  })

  deviation(`${role}: terminate() in a handler keeps the messages behind it`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const events = record(ws)
    ws.on('message', () => ws.terminate())
    peer.write(Buffer.concat([frame('text', 'a'), frame('text', 'b'), frame('close', closePayload(1000))]))
    await peer.ended()
    await scope.settle()
    assert.deepEqual(events, ['message a', 'end', 'close 1006 '])
  })

  deviation(`${role}: terminate() ends a closing handshake and a pause`, async (scope) => {
    for (const prepare of [(ws) => ws.close(3000), (ws) => ws.pause()]) {
      const { frame, peer, ws } = await open(scope)
      const events = record(ws)
      prepare(ws)
      peer.write(frame('text', 'unread'))
      await scope.settle()
      ws.terminate()
      assert.deepEqual(events, ['end', 'close 1006 '])
    }
  })

  deviation(`${role}: what has been sent before terminate() is offered to the kernel`, async (scope) => {
    const { peer, ws } = await open(scope)
    ws.send('first')
    ws.send('second')
    ws.terminate()
    const types = (await peer.frames(2)).map(({ payload }) => payload.toString())
    assert.deepEqual(types, ['first', 'second'])
  })
}

deviation('terminate() works in every state of a client', async (scope) => {
  const server = await accept(scope)
  const stages = {
    resolving: () => new WebSocket.Client('ws://example.invalid/', [], { net: { lookup: () => {} } }),
    connecting: () => new WebSocket.Client(server.url),
    'the handshake': async () => {
      const ws = new WebSocket.Client(server.url)
      await (await server.accepted()).head()
      return ws
    },
    TLS: async () => {
      const ws = new WebSocket.Client(server.url.replace('ws', 'wss'))
      await server.accepted()
      return ws
    },
    'the proxy': async () => {
      const ws = new WebSocket.Client('wss://x/', [], { proxy: { origin: server.url.replace('ws', 'http') } })
      await server.accepted()
      return ws
    }
  }
  for (const [stage, begin] of Object.entries(stages)) {
    const ws = await begin()
    const events = record(ws)
    ws.terminate()
    await scope.settle()
    assert.deepEqual(events, ['end', 'close 1006 '], stage)
  }
})

deviation('terminate() works before a server has answered, and for a socket that is gone', async (scope) => {
  const all = []
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => {
      for (const each of [socket, undefined]) {
        const ws = new WebSocket(request, each, body)
        all.push(record(ws))
        ws.terminate()
      }
    }
  })
  const peer = await connect(scope, port)
  peer.write(upgradeRequest())
  await peer.ended()
  await scope.settle()
  assert.deepEqual(all, [['end', 'close 1006 '], ['end', 'close 1006 ']])
})

// signal

const countListeners = (signal) => getEventListeners(signal, 'abort').length

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: aborting the signal terminates, once`, async (scope) => {
    const controller = new AbortController()
    const { peer, ws } = await open(scope, { options: { signal: controller.signal } })
    const events = record(ws)
    controller.abort()
    assert.deepEqual(events, ['end', 'close 1006 '])
    await peer.ended()
    assert.equal(peer.bytes.length, 0)
    assert.equal(countListeners(controller.signal), 0)
  })

  deviation(`${role}: many sockets share one listener of a signal, which goes with the last of them`, async (scope) => {
    const controller = new AbortController()
    const { signal } = controller
    const sockets = []
    for (let i = 0; i < 12; i++) sockets.push(await open(scope, { options: { signal } }))
    assert.equal(countListeners(signal), 1)
    for (const { ws } of sockets.slice(0, 11)) ws.terminate()
    assert.equal(countListeners(signal), 1)
    sockets[11].ws.close()
    sockets[11].peer.socket.end()
    await once(sockets[11].ws, 'close')
    assert.equal(countListeners(signal), 0)
    const { ws } = await open(scope, { options: { signal } })
    controller.abort()
    assert.equal(ws.readyState, 3)
  })
}

deviation('a handler that throws does not keep an abort from the other sockets', async (scope) => {
  const controller = new AbortController()
  const { signal } = controller
  const first = await openServer(scope, { options: { signal } })
  const second = await openServer(scope, { options: { signal } })
  const thrown = new Error('from a handler')
  first.ws.on('close', () => { throw thrown })
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve))
  scope.defer(() => listeners.forEach((each) => process.on('uncaughtException', each)))
  controller.abort()
  assert.equal(second.ws.readyState, 3)
  assert.equal(await uncaught, thrown)
})

deviation('a client does not connect when its signal has been aborted', async (scope) => {
  const server = await accept(scope)
  const signal = AbortSignal.abort()
  const ws = new WebSocket.Client(server.url, [], { signal, ping: 60, handshakeTimeout: 60 })
  const events = record(ws)
  assert.equal(ws.readyState, 2)
  assert.equal(ws.send('x'), false)
  await once(ws, 'close')
  assert.deepEqual(events, ['end', 'close 1006 '])
  await scope.settle()
  assert.equal(server.arrived.length, 0)
  assert.equal(countListeners(signal), 0)
})

deviation('a server does not answer when its signal has been aborted', async (scope) => {
  let events
  const { port } = await serve(scope, WebSocket, {
    options: { signal: AbortSignal.abort() },
    onSocket: (ws) => { events = record(ws) }
  })
  const peer = await connect(scope, port)
  peer.write(upgradeRequest())
  await peer.ended()
  await scope.settle()
  assert.equal(peer.bytes.length, 0)
  assert.deepEqual(events, ['end', 'close 1006 '])
})

deviation('a signal may be aborted by what the client calls to connect', async () => {
  const controller = new AbortController()
  const lookup = () => controller.abort()
  const ws = new WebSocket.Client('ws://example.invalid/', [], { net: { lookup }, signal: controller.signal })
  const events = record(ws)
  await once(ws, 'close')
  assert.deepEqual(events, ['end', 'close 1006 '])
  assert.equal(countListeners(controller.signal), 0)
})

deviation('aborting ends a client at every stage of connecting', async (scope) => {
  const server = await accept(scope)
  for (const stage of ['at once', 'connected', 'asked']) {
    const controller = new AbortController()
    const ws = new WebSocket.Client(server.url, [], { signal: controller.signal })
    const events = record(ws)
    if (stage !== 'at once') {
      const peer = await server.accepted()
      if (stage === 'asked') await peer.head()
    }
    controller.abort()
    await scope.settle()
    assert.deepEqual(events, ['end', 'close 1006 '], stage)
  }
})

// pingTimeout

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: pingTimeout drops a peer that does not answer pings`, async (scope) => {
    const { peer, ws } = await open(scope, { options: { ping: 0.05, pingTimeout: 0.1 } })
    const events = record(ws)
    await once(ws, 'close')
    assert.equal(events.length, 3)
    assert.match(events[0], /^error Network error: ws:.*: no pong has come within 0\.1 seconds of a ping$/)
    assert.deepEqual(events.slice(1), ['end', 'close 1006 '])
    const frames = await peer.frames(1)
    assert.equal(frames[0].type, 'ping')
    await peer.ended()
  })

  deviation(`${role}: pingTimeout keeps a peer that answers, the latest ping or all of them`, async (scope) => {
    const { frame, peer, ws } = await open(scope, { options: { ping: 0.03, pingTimeout: 0.2 } })
    const events = record(ws)
    let pings = 0
    const timer = setInterval(async () => {
      const waiting = peer.bytes.length > 0 ? await peer.frames(1) : []
      pings += waiting.length
      const latest = waiting.filter(({ type }) => type === 'ping').pop()
      if (latest) peer.write(frame('pong', latest.payload))
    }, 45)
    scope.defer(() => clearInterval(timer))
    await scope.settle(600)
    assert.ok(pings >= 5, `${pings} pings`)
    assert.deepEqual(events, [])
    clearInterval(timer)
    await once(ws, 'close')
  })

  deviation(`${role}: pongs that nobody has asked for do not count`, async (scope) => {
    const { frame, peer, ws } = await open(scope, { options: { ping: 0.03, pingTimeout: 0.1 } })
    const pongs = Buffer.concat(['', '999999', 'x'].map((data) => frame('pong', data)))
    const timer = setInterval(() => peer.write(pongs), 10)
    scope.defer(() => clearInterval(timer))
    peer.socket.on('error', () => {})
    assert.equal((await once(ws, 'close')).code, 1006)
  })

  deviation(`${role}: a peer is not dropped for what a paused application has not read`, async (scope) => {
    const { frame, peer, ws } = await open(scope, { options: { ping: 0.05, pingTimeout: 0.1 } })
    const events = record(ws)
    ws.pause()
    await scope.settle(400)
    assert.deepEqual(events, [])
    for (const { payload } of await peer.frames(1)) peer.write(frame('pong', payload))
    ws.resume()
    await once(ws, 'close')
    assert.match(events[0], /no pong/)
  })

  deviation(`${role}: a pong that came while the event loop was blocked is in time`, async (scope) => {
    const { frame, peer, ws } = await open(scope, { options: { ping: 0.05, pingTimeout: 0.15 } })
    const events = record(ws)
    for (let i = 0; i < 3; i++) {
      const [{ payload }] = await peer.frames(1)
      peer.write(frame('pong', payload))
      const end = Date.now() + 250
      while (Date.now() < end) { /* as a busy application does */ }
    }
    assert.deepEqual(events, [])
  })

  deviation(`${role}: a ping without pingTimeout drops nobody`, async (scope) => {
    const { peer, ws } = await open(scope, { options: { ping: 0.02 } })
    await peer.frames(10)
    assert.equal(ws.readyState, 1)
  })
}

// the end of the socket

/** What ends a connection whose peer has not read what we sent. */
const ENDS = {
  'breaks the protocol': (peer) => peer.write(Buffer.from([0xff, 0xff])),
  'closes': (peer) => peer.write(fromClient('close', closePayload(1000))),
  'ends its half': (peer) => peer.socket.end()
}

function unsent (socket) {
  return socket.writableLength + (socket._handle?.writeQueueSize ?? 0)
}

/** Has a peer read until so much less waits for it. */
async function takeSome (peer, socket, bytes) {
  const before = unsent(socket)
  for (let round = 0; unsent(socket) > before - bytes; round++) {
    assert.ok(round < 1000 && !socket.destroyed, `${unsent(socket)} of ${before} bytes wait`)
    peer.socket.resume()
    await once(peer.socket, 'data')
    peer.socket.pause()
    await new Promise(setImmediate)
  }
}

for (const [what, end] of Object.entries(ENDS)) {
  deviation(`a peer that ${what}, and takes the rest little by little, has 30 seconds`, async (scope) => {
    const { peer, socket, ws } = await openServer(scope)
    peer.socket.pause()
    for (let i = 0; i < 250; i++) ws.send(Buffer.alloc(1 << 16))
    const timers = fakeOwnTimers(scope)
    const closed = once(ws, 'close')
    end(peer)
    await closed
    assert.equal(socket.destroyed, false)
    await takeSome(peer, socket, 1 << 18)
    const running = timers.filter(({ active }) => active)
    assert.ok(running.length > 0 && running.every(({ delay }) => delay === 30000))
    for (const timer of running) timer.fire()
    assert.equal(socket.destroyed, true)
    await eventually(() => !timers.some(({ active }) => active), 'no timer is left')
  })
}

deviation('a reader of an EventSource that we close has a second more for each 64 KiB that wait', async (scope) => {
  const timers = fakeOwnTimers(scope)
  let es
  const { port } = await serve(scope, WebSocket, {
    onRequest: (request, response) => { es = new WebSocket.EventSource(request, response) }
  })
  const peer = await connect(scope, port)
  peer.write('GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
  await peer.head()
  peer.socket.pause()
  const socket = es._stream
  for (let i = 0; i < 15; i++) es.send('x'.repeat(1 << 20))
  const waiting = socket.writableLength
  assert.ok(waiting > 1 << 20)
  es.close()
  assert.equal(socket.destroyed, false)
  await takeSome(peer, socket, 1 << 18)
  const running = timers.filter(({ active }) => active)
  assert.deepEqual(running.map(({ delay }) => Math.round(delay)), [Math.round(30000 + waiting / 65.536)])
  for (const timer of running) timer.fire()
  assert.equal(socket.destroyed, true)
})

// all of them

const LONG = { ping: 50, pingTimeout: 5, handshakeTimeout: 10, closeTimeout: 20 }

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: fake clocks have all the timers, and all are cleared at the end`, async (scope) => {
    const timers = fakeLongTimers(scope)
    const { frame, peer, ws } = await open(scope, { options: LONG })
    const delays = () => timers.map(({ delay, active }) => [delay, active])
    const handshake = [10000, false]
    const ping = [50000, true]
    assert.deepEqual(delays(), [ping, handshake])
    timers[0].fire()
    const [{ payload }] = await peer.frames(1)
    assert.deepEqual(delays(), [ping, handshake, [5000, true]])
    peer.write(frame('pong', payload))
    await eventually(() => !timers[2].active, 'the pong')
    timers[0].fire()
    ws.close()
    assert.deepEqual(delays(), [ping, handshake, [5000, false], [5000, true], [20000, true]])
    ws.terminate()
    assert.ok(timers.every(({ active }) => !active))
  })
}

deviation('no timer keeps a process alive whose socket does not', async (scope) => {
  const server = await accept(scope)
  const child = runChild(scope, (WebSocket, support, url) => {
    const options = { handshakeTimeout: 60, signal: new AbortController().signal }
    const ws = new WebSocket.Client(url, [], options)
    ws._stream.unref()
    ws._stream.on('connect', () => console.log('connected'))
  }, { argument: server.url })
  assert.equal((await child.finished).code, 0)
})

deviation('a connection that has ended keeps no process alive', async (scope) => {
  const server = await accept(scope)
  const child = runChild(scope, (WebSocket, support, url) => {
    const signal = new AbortController().signal
    const options = { handshakeTimeout: 60, closeTimeout: 60, ping: 0.01, pingTimeout: 60, signal }
    const ws = new WebSocket.Client(url, [], options)
    ws.on('open', () => setTimeout(() => ws.terminate(), 50))
    ws.on('close', ({ code }) => console.log(code))
  }, { argument: server.url })
  await server.acceptedOpen()
  const { code, stdout, signal } = await child.finished
  assert.deepEqual([code, signal, stdout], [0, null, '1006\n'])
})

deviation('a custom stream is ended as well', async () => {
  const request = { method: 'GET', url: '/', headers: { host: 'x', upgrade: 'websocket', connection: 'upgrade',
    'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' } }
  const socket = new Duplex({ read () {}, write (chunk, encoding, callback) { callback() } })
  const controller = new AbortController()
  const ws = new WebSocket(request, socket, Buffer.alloc(0), [], { signal: controller.signal })
  const events = record(ws)
  await once(ws, 'open')
  controller.abort()
  assert.deepEqual(events, ['open', 'end', 'close 1006 '])
  assert.ok(socket.destroyed)
})

const INVALID = [
  [{ handshakeTimeout: -1 }, RangeError, 'Invalid handshakeTimeout: -1; expected a number of seconds above 0'],
  [{ handshakeTimeout: 'soon' }, RangeError, "Invalid handshakeTimeout: 'soon'; expected a number of seconds above 0"],
  [{ closeTimeout: NaN, ping: {} }, RangeError, 'Invalid ping: {}; expected a number of seconds above 0'],
  [{ closeTimeout: -5 }, RangeError, 'Invalid closeTimeout: -5; expected a number of seconds above 0'],
  [{ ping: 1, pingTimeout: '-1' }, RangeError, "Invalid pingTimeout: '-1'; expected a number of seconds above 0"],
  [{ pingTimeout: 5 }, TypeError, 'Invalid pingTimeout: 5; expected the option ping beside it'],
  [{ pingTimeout: 5, ping: 0 }, TypeError, 'Invalid pingTimeout: 5; expected the option ping beside it'],
  [{ signal: 5 }, TypeError, 'Invalid signal: 5; expected an AbortSignal'],
  [{ signal: {} }, TypeError, 'Invalid signal: {}; expected an AbortSignal'],
  [{ signal: false }, TypeError, 'Invalid signal: false; expected an AbortSignal'],
  [{ binaryType: 'blob' }, TypeError, "Invalid binaryType: 'blob'; expected 'nodebuffer' or 'arraybuffer'"],
  [{ binaryType: '' }, TypeError, "Invalid binaryType: ''; expected 'nodebuffer' or 'arraybuffer'"],
  [{ binaryType: null }, TypeError, "Invalid binaryType: null; expected 'nodebuffer' or 'arraybuffer'"],
  [{ timeout: 5 }, Error, 'Unrecognized option: timeout']
]
for (const [options, type, message] of INVALID) {
  deviation(`throws for ${JSON.stringify(options)}, at either end, before anything has begun`, async (scope) => {
    const server = await accept(scope)
    const thrown = []
    const attempt = (construct) => {
      try {
        construct()
      } catch (error) {
        thrown.push(error)
      }
    }
    attempt(() => new WebSocket.Client(server.url, [], options))
    const { port } = await serve(scope, WebSocket, {
      onUpgrade: (request, socket, body) => {
        attempt(() => new WebSocket(request, socket, body, [], options))
        socket.destroy()
      }
    })
    const peer = await connect(scope, port)
    peer.write(upgradeRequest())
    await peer.ended()
    assert.equal(thrown.length, 2)
    for (const error of thrown) {
      assert.equal(error.message, message)
      assert.equal(error.constructor, type)
    }
    await scope.settle()
    assert.equal(server.arrived.length, 0)
  })
}

deviation('options of another constructor mean the same as none', async (scope) => {
  const { port } = await serve(scope, WebSocket, { options: {
    handshakeTimeout: 0, closeTimeout: 0, pingTimeout: 0, signal: undefined, binaryType: undefined
  } })
  assert.match((await connectOpen(scope, port)).response, /^HTTP\/1\.1 101 /)
})
