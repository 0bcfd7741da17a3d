'use strict'

// handshakeTimeout, closeTimeout, and all timers of a connection.

const assert = require('node:assert/strict')

const { runChild } = require('../support/child')
const { recordLines } = require('../support/client')
const { roles } = require('../support/open')
const { accept, connect, connectOpen, eventually, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')
const { fakeLongTimers } = require('../support/timers')
const { upgradeRequest } = require('../support/wire')

const HIXIE_76 = {
  'Sec-WebSocket-Key': null,
  'Sec-WebSocket-Version': null,
  'Sec-WebSocket-Key1': '1   38 wZ3f9 23O0 3l 0r',
  'Sec-WebSocket-Key2': '27   0E 6 2  1665:< ;U 1H',
  Origin: 'http://localhost'
}

const SILENT = {
  'a silent server': () => {},
  'a server that stops within its response': (peer) => peer.write('HTTP/1.1 101 Switching'),
  'a server that sends byte by byte': (peer, scope) => {
    peer.write('HTTP/1.1 101 Switching Protocols\r\nX: ')
    const timer = setInterval(() => peer.write('x'), 5)
    scope.defer(() => clearInterval(timer))
  }
}
for (const [name, behave] of Object.entries(SILENT)) {
  deviation(`handshakeTimeout ends the wait for ${name}`, async (scope) => {
    const server = await accept(scope)
    const ws = new WebSocket.Client(server.url, [], { handshakeTimeout: 0.05 })
    const events = recordLines(ws)
    const peer = await server.accepted()
    behave(peer, scope)
    await eventually(() => events.length === 3, 'the end')
    await peer.ended()
    assert.deepEqual(events, [
      'error Network error: ws://127.0.0.1/: the opening handshake has taken more than 0.05 seconds', 'end', 'close 1006 '
    ])
  })
}

deviation('the errors of time limits name one second in the singular', async (scope) => {
  const silent = await accept(scope)
  const { ws } = await roles.server(scope, { options: { ping: 0.05, pingTimeout: 1 } })
  const clients = [new WebSocket.Client(silent.url, [], { handshakeTimeout: 1 }), ws]
  const events = clients.map(recordLines)
  await Promise.all(clients.map((one) => once(one, 'close')))
  assert.match(events[0][0], /: the opening handshake has taken more than 1 second$/)
  assert.match(events[1][0], /: no pong has arrived within 1 second of a ping$/)
})

deviation('handshakeTimeout includes TLS and the proxy', async (scope) => {
  const server = await accept(scope)
  const secure = server.url.replace('ws:', 'wss:')
  const proxy = { origin: server.url.replace('ws', 'http') }
  for (const [url, options] of [[secure, {}], ['ws://127.0.0.1:1/', { proxy }]]) {
    const ws = new WebSocket.Client(url, [], { ...options, handshakeTimeout: 0.05 })
    const events = recordLines(ws)
    await once(ws, 'close')
    assert.match(events[0], /the opening handshake has taken more than 0\.05 seconds$/)
    assert.deepEqual(events.slice(1), ['end', 'close 1006 '])
  }
})

deviation('handshakeTimeout includes the name resolution', async (scope) => {
  const lookup = () => {}
  const ws = new WebSocket.Client('ws://example.invalid/', [], { net: { lookup }, handshakeTimeout: 0.05 })
  scope.defer(() => ws._stream.destroy())
  const events = recordLines(ws)
  await once(ws, 'close')
  assert.match(events[0], /the opening handshake has taken more than 0\.05 seconds$/)
})

deviation('handshakeTimeout ends the wait of a server for the body of hixie-76', async (scope) => {
  let events
  const { port } = await serve(scope, WebSocket, {
    options: { handshakeTimeout: 0.05 },
    onSocket: (ws) => { events = recordLines(ws) }
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
  deviation(`${role}: handshakeTimeout has no effect on an open connection`, async (scope) => {
    const { frame, peer, ws } = await open(scope, { options: { handshakeTimeout: 0.2 } })
    await scope.settle(300)
    peer.write(frame('text', 'still here'))
    assert.equal((await once(ws, 'message')).data, 'still here')
  })
}

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: closeTimeout ends the wait for the peer's close frame`, async (scope) => {
    const { peer, ws } = await open(scope, { options: { closeTimeout: 0.05 } })
    const events = recordLines(ws)
    ws.close(3000, 'bye')
    assert.deepEqual(events, [])
    await peer.frame()
    await eventually(() => events.length === 2, 'the end')
    assert.deepEqual(events, ['end', 'close 1006 '])
    await peer.ended()
  })

  for (const [given, delay] of [[undefined, 30000], [0, 30000], [5, 5000], [2 ** 40, 2 ** 31 - 1]]) {
    deviation(`${role}: closeTimeout ${given} is a limit of ${delay} ms`, async (scope) => {
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

const LONG = { ping: 50, pingTimeout: 5, handshakeTimeout: 10, closeTimeout: 20 }

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: the timers of options use the global functions, and are cleared at the end`, async (scope) => {
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

deviation('timers do not keep a process alive', async (scope) => {
  const server = await accept(scope)
  const child = runChild(scope, (WebSocket, support, url) => {
    const options = { handshakeTimeout: 60, signal: new AbortController().signal }
    const ws = new WebSocket.Client(url, [], options)
    ws._stream.unref()
    ws._stream.on('connect', () => console.log('connected'))
  }, { argument: server.url })
  assert.equal((await child.finished).code, 0)
})

deviation('an ended connection does not keep a process alive', async (scope) => {
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

const INVALID = [
  [{ handshakeTimeout: -1 }, RangeError, 'Invalid handshakeTimeout: -1; expected a number of seconds above 0'],
  [{ handshakeTimeout: 'soon' }, RangeError, "Invalid handshakeTimeout: 'soon'; expected a number of seconds above 0"],
  [{ closeTimeout: NaN, ping: {} }, RangeError, 'Invalid ping: {}; expected a number of seconds above 0'],
  [{ closeTimeout: -5 }, RangeError, 'Invalid closeTimeout: -5; expected a number of seconds above 0'],
  [{ ping: 1, pingTimeout: '-1' }, RangeError, "Invalid pingTimeout: '-1'; expected a number of seconds above 0"],
  [{ pingTimeout: 5 }, TypeError, 'Invalid pingTimeout: 5; it requires the option ping'],
  [{ pingTimeout: 5, ping: 0 }, TypeError, 'Invalid pingTimeout: 5; it requires the option ping'],
  [{ signal: 5 }, TypeError, 'Invalid signal: 5; expected an AbortSignal'],
  [{ signal: {} }, TypeError, 'Invalid signal: {}; expected an AbortSignal'],
  [{ signal: false }, TypeError, 'Invalid signal: false; expected an AbortSignal'],
  [{ binaryType: 'blob' }, TypeError, "Invalid binaryType: 'blob'; expected 'nodebuffer' or 'arraybuffer'"],
  [{ binaryType: '' }, TypeError, "Invalid binaryType: ''; expected 'nodebuffer' or 'arraybuffer'"],
  [{ binaryType: null }, TypeError, "Invalid binaryType: null; expected 'nodebuffer' or 'arraybuffer'"],
  [{ timeout: 5 }, Error, 'Unrecognized option: timeout']
]
for (const [options, type, message] of INVALID) {
  deviation(`both constructors throw for ${JSON.stringify(options)} and do not connect`, async (scope) => {
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

deviation('options that are 0 or undefined are the same as absent', async (scope) => {
  const { port } = await serve(scope, WebSocket, { options: {
    handshakeTimeout: 0, closeTimeout: 0, pingTimeout: 0, signal: undefined, binaryType: undefined
  } })
  assert.match((await connectOpen(scope, port)).response, /^HTTP\/1\.1 101 /)
})
