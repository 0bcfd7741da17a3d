'use strict'

// Differences between our server's handshakes and the original's.

const assert = require('node:assert/strict')
const http = require('node:http')
const https = require('node:https')
const net = require('node:net')
const { once } = require('node:events')

const { server: WebSocketServer } = require('../../lib/websocket')
const { createAuthority } = require('../support/certs')
const { Codec } = require('../support/deflate')
const { connect, eventually, listen } = require('../support/peer')
const { test } = require('../support/test')
const { closePayload, fromClient, upgradeRequest } = require('../support/wire')

/** Node 18.3 and later. */
const RESETS = typeof net.Socket.prototype.resetAndDestroy === 'function'

/** Starts an HTTP server with a WebSocketServer. `next()` resolves with the next request. */
async function start (scope, { secure, ...config } = {}) {
  const httpServer = secure ? https.createServer(secure) : http.createServer()
  const port = await listen(scope, httpServer)
  const server = new WebSocketServer({ httpServer, keepalive: false, ...config })
  const errors = []
  server.on('upgradeError', (error) => errors.push(error.message))
  const next = async () => (await once(server, 'request'))[0]
  const dial = () => connect(scope, port, { secure: secure && { rejectUnauthorized: false } })
  return { dial, errors, httpServer, next, server }
}

/** Also connects a client that sends `bytes` after its request, and returns the server's request. */
async function ask (scope, { headers, line, bytes = '', ...config } = {}) {
  const started = await start(scope, config)
  const requests = started.next()
  const peer = await started.dial()
  peer.write(Buffer.concat([Buffer.from(upgradeRequest(headers, line), 'latin1'), Buffer.from(bytes)]))
  return { ...started, peer, request: await requests }
}

/** Records the events of a connection, for an application that adds its listeners right after `accept()`. */
function hear (connection) {
  const heard = []
  connection.on('message', (message) => heard.push(message.utf8Data ?? message.binaryData.toString('hex')))
  connection.on('close', (...given) => heard.push(given))
  connection.on('error', (error) => heard.push(error))
  return heard
}

const text = (payload) => fromClient('text', payload)
const FRAMES = [text('one'), text('two'), fromClient('binary', Buffer.from('0a0b', 'hex'))]
const HEARD = ['one', 'two', '0a0b']

const MOMENTS = { 'at once': null, 'in a later turn': 0, 'after a while': 60 }
const WAYS = { plain: {}, TLS: { secure: createAuthority().local } }

for (const [way, config] of Object.entries(WAYS)) {
  for (const [moment, delay] of Object.entries(MOMENTS)) {
    test(`${way}: frames after the request are delivered to an application that accepts ${moment}`, async (scope) => {
      const { next, dial } = await start(scope, config)
      const accepted = next().then(async (request) => {
        if (delay !== null) await new Promise((resolve) => setTimeout(resolve, delay))
        return hear(request.accept())
      })
      const peer = await dial()
      peer.write(Buffer.concat([Buffer.from(upgradeRequest()), FRAMES[0], FRAMES[1].subarray(0, 3)]))
      await scope.settle(10)
      peer.write(FRAMES[1].subarray(3))
      await scope.settle(10)
      peer.write(FRAMES[2])
      const heard = await accepted
      assert.equal((await peer.head()).split('\r\n')[0], 'HTTP/1.1 101 Switching Protocols')
      await eventually(() => heard.length === 3, 'all messages')
      assert.deepEqual(heard, HEARD)
    })
  }
}

test('frames after the request are the same for every split of the bytes', async (scope) => {
  const { dial, next } = await start(scope)
  const bytes = Buffer.concat([Buffer.from(upgradeRequest()), ...FRAMES])
  for (let at = 1; at < bytes.length; at++) {
    const requests = next()
    const peer = await dial()
    peer.socket.setNoDelay(true)
    peer.write(bytes.subarray(0, at))
    setImmediate(() => peer.write(bytes.subarray(at)))
    const heard = hear((await requests).accept())
    await eventually(() => heard.length === 3, `all messages, cut at ${at}`)
    assert.deepEqual(heard, HEARD, `cut at ${at}`)
    peer.socket.destroy()
  }
})

test('frames after the request wait for the listeners of the tick, and precede later frames', async (scope) => {
  const { peer, request } = await ask(scope, { bytes: text('early') })
  const order = []
  const connection = request.accept()
  process.nextTick(() => order.push('tick'))
  connection.on('message', ({ utf8Data }) => order.push(utf8Data))
  connection.sendUTF('hello')
  assert.deepEqual(order, [])
  peer.write(text('later'))
  await eventually(() => order.length === 3, 'both messages')
  assert.deepEqual(order.filter((each) => each !== 'tick'), ['early', 'later'])
  await peer.head()
  assert.equal((await peer.frame()).payload.toString(), 'hello')
})

test('a ping, a close frame and the end after the request are handled in order', async (scope) => {
  const bytes = Buffer.concat([fromClient('ping', 'p'), text('m'), fromClient('close', closePayload(1001, 'bye'))])
  const { peer, request } = await ask(scope, { bytes })
  const heard = hear(request.accept())
  await peer.head()
  assert.deepEqual((await peer.frames(2)).map(({ type }) => type), ['pong', 'close'])
  peer.socket.end()
  await eventually(() => heard.length === 2, 'the close event')
  assert.deepEqual(heard, ['m', [1001, 'bye']])
})

test('an application that pauses right after accept() gets frames after the request when it resumes', async (scope) => {
  const { request } = await ask(scope, { bytes: text('early') })
  const connection = request.accept()
  const heard = hear(connection)
  connection.pause()
  await scope.settle()
  assert.deepEqual(heard, [])
  connection.resume()
  await eventually(() => heard.length === 1, 'the message')
})

test('a server stops reading a flood of frames until the application accepts the request', async (scope) => {
  const { peer, request } = await ask(scope)
  const chunk = text('x'.repeat(60000))
  for (let sent = 0; sent < 200; sent++) peer.write(chunk)
  await scope.settle(100)
  const { bytesRead } = request.socket
  assert.ok(bytesRead < 512 * 1024, `read ${bytesRead}`)
  const heard = hear(request.accept())
  await eventually(() => heard.length === 200, 'all messages')
})

test('a socket that fails before accept does not end the process', async (scope) => {
  const { request } = await ask(scope)
  const closed = new Promise((resolve) => request.socket.on('close', resolve))
  request.socket.destroy(new Error('reset'))
  await closed
  const heard = hear(request.accept())
  await eventually(() => heard.length > 0, 'the close event')
  assert.deepEqual(heard, [[1006, 'TCP connection lost before handshake completed.']])
})

test('a client that resets its connection before accept does not end the process', async (scope) => {
  const { peer, request } = await ask(scope)
  const closed = new Promise((resolve) => request.socket.on('close', resolve))
  peer.socket.resetAndDestroy()
  await closed
  const heard = hear(request.accept())
  await eventually(() => heard.length > 0, 'the close event')
  assert.deepEqual(heard, [[1006, 'TCP connection lost before handshake completed.']])
}, { skip: !RESETS })

for (const [name, use] of Object.entries({
  'sends': (connection) => connection.sendUTF('x'),
  'sends bytes': (connection) => connection.sendBytes(Buffer.alloc(100000)),
  'sends with a callback': (connection) => connection.sendUTF('x', () => {}),
  'pings': (connection) => connection.ping('x'),
  'pauses and resumes': (connection) => {
    connection.pause()
    connection.resume()
  },
  'closes': (connection) => connection.close(4000, 'mine'),
  'drops': (connection) => connection.drop(4000, 'mine')
})) {
  test(`an application that ${name} after its client has disconnected gets one close event`, async (scope) => {
    const { peer, request, server } = await ask(scope)
    const ended = once(request.socket, 'end')
    peer.socket.end()
    await ended
    const connection = request.accept()
    const heard = []
    connection.on('close', (code) => heard.push(code))
    connection.on('error', (error) => heard.push(error))
    use(connection)
    await eventually(() => heard.length > 0, 'the close event')
    await scope.settle()
    assert.deepEqual(heard, [name === 'drops' ? 4000 : 1006])
    assert.deepEqual([connection.connected, connection.state, request.socket.destroyed], [false, 'closed', true])
    assert.deepEqual(server.connections, [])
    assert.equal(peer.bytes.length, 0)
  })
}

for (const answer of ['accept', 'reject']) {
  test(`a client gets a response even if a listener throws during ${answer}`, async (scope) => {
    const { peer, request } = await ask(scope)
    request.on('requestResolved', () => { throw new Error('thrown by a listener') })
    assert.throws(() => request[answer](), /thrown by a listener/)
    assert.match((await peer.head()).toString(), answer === 'accept' ? /^HTTP\/1.1 500 / : /^HTTP\/1.1 403 /)
    await peer.ended()
  })
}

test('an accepted request leaves no close listener on its socket', async (scope) => {
  const { request } = await ask(scope, { bytes: text('early') })
  const { socket } = request
  const before = socket.listenerCount('close')
  const connection = request.accept()
  assert.ok(socket.listenerCount('close') <= before)
  connection.drop()
})

test('a socket that was destroyed in the same tick counts as lost', async (scope) => {
  const { request, server } = await ask(scope)
  request.socket.destroy(new Error('reset'))
  const heard = hear(request.accept())
  assert.deepEqual(heard, [])
  await eventually(() => heard.length > 0, 'the close event')
  assert.deepEqual(heard, [[1006, 'TCP connection lost before handshake completed.']])
  assert.deepEqual(server.connections, [])
})

test('a reset after accept emits close with 1006', async (scope) => {
  const { peer, request } = await ask(scope)
  peer.socket.resetAndDestroy()
  const heard = hear(request.accept())
  await eventually(() => Array.isArray(heard.at(-1)), 'the close event')
  assert.equal(heard.at(-1)[0], 1006)
}, { skip: !RESETS })

for (const [name, refuse] of Object.entries({
  'that is rejected': (request) => request.reject(),
  'that cannot be accepted': (request) => assert.throws(() => request.accept('unknown'))
})) {
  test(`the socket of a request ${name} closes even if the client has sent frames`, async (scope) => {
    const { peer, request } = await ask(scope, { bytes: text('x'.repeat(30000)) })
    peer.write(text('y'.repeat(30000)))
    await scope.settle()
    const closed = once(request.socket, 'close')
    refuse(request)
    assert.equal(await peer.ended(), 'fin')
    peer.socket.end()
    await closed
  })
}

test('the reason and the headers of a refusal cannot add lines to it', async (scope) => {
  const { peer, request } = await ask(scope)
  request.reject(400, 'a\u010d\u010ab\0c\r\nd', { 'X-\u010d\u010aA': '\u010d\u010aSet-Cookie: x=y' })
  await peer.ended()
  assert.equal(peer.bytes.toString('latin1'), [
    'HTTP/1.1 400 Bad Request', 'Connection: close', 'X-WebSocket-Reject-Reason: abcd', 'X-A: Set-Cookie: x=y', '', ''
  ].join('\r\n'))
})

test('an origin cannot add lines to a response', async (scope) => {
  const { peer, request } = await ask(scope)
  request.accept(null, 'http://o\r\nSet-Cookie: x=y\0')
  assert.match(await peer.head(), /^Origin: http:\/\/oSet-Cookie: x=y\r$/m)
})

for (const status of [NaN, Infinity, -1, 0, 99, 1000, 404.5]) {
  test(`reject(${status}) responds with 403`, async (scope) => {
    const { peer, request } = await ask(scope)
    request.reject(status)
    await peer.ended()
    assert.match(peer.bytes.toString(), /^HTTP\/1.1 403 Forbidden\r\n/)
  })
}

test('a request can still be accepted or rejected after reject() has thrown for its arguments', async (scope) => {
  const { peer, request } = await ask(scope)
  assert.throws(() => request.reject(400, 'x', { 'X-A': null }), TypeError)
  request.reject(404)
  await peer.ended()
  assert.match(peer.bytes.toString(), /^HTTP\/1.1 404 Not Found\r\n/)
})

test('with an invalid configuration, accept() throws and the client gets 500', async (scope) => {
  const { peer, request } = await ask(scope, { keepalive: true, keepaliveInterval: '20000' })
  assert.throws(() => request.accept(), /keepaliveInterval must be specified and numeric if keepalive is true/)
  await peer.ended()
  assert.match(peer.bytes.toString(), /^HTTP\/1.1 500 Internal Server Error\r\n/)
})

test('subprotocols and cookies can have names of Object.prototype', async (scope) => {
  const { peer, request } = await ask(scope, { headers: { 'Sec-WebSocket-Protocol': '__proto__, Constructor' } })
  assert.deepEqual(request.requestedProtocols, ['__proto__', 'constructor'])
  request.accept('constructor', null, [{ name: 'constructor', value: '1' }, { name: '__proto__', value: '2' }])
  const head = await peer.head()
  assert.match(head, /^Sec-WebSocket-Protocol: Constructor\r$/m)
  assert.match(head, /^Set-Cookie: constructor=1\r\nSet-Cookie: __proto__=2\r$/m)
})

test('accept() throws for a name of Object.prototype that the client did not request', async (scope) => {
  const { request } = await ask(scope)
  assert.throws(() => request.accept('constructor'), { message: 'Specified protocol was not requested by the client.' })
})

const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }

test('messages are compressed if perMessageDeflate is set and the client offers it', async (scope) => {
  const { peer, request } = await ask(scope, { headers: OFFER, perMessageDeflate: { threshold: 5 } })
  const connection = request.accept()
  assert.deepEqual(connection.extensions, ['permessage-deflate'])
  assert.match(await peer.head(), /^Sec-WebSocket-Extensions: permessage-deflate\r$/m)
  const codec = new Codec()
  const heard = hear(connection)
  peer.write(fromClient('text', codec.deflate('compressed'), { rsv: 4 }))
  await eventually(() => heard.length === 1, 'the message')
  assert.deepEqual(heard, ['compressed'])
  connection.sendUTF('x'.repeat(1000))
  connection.sendUTF('tiny')
  const [long, short] = await peer.frames(2)
  assert.deepEqual([long.rsv, codec.inflate(long.payload).toString()], [4, 'x'.repeat(1000)])
  assert.deepEqual([short.rsv, short.payload.toString()], [0, 'tiny'])
})

for (const [name, given] of Object.entries({
  'by default': { headers: OFFER },
  'with perMessageDeflate: false': { headers: OFFER, perMessageDeflate: false },
  'with a client that does not offer it': { perMessageDeflate: true },
  'with an offer that is not acceptable': {
    headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=7' }, perMessageDeflate: true
  }
})) {
  test(`nothing is compressed ${name}`, async (scope) => {
    const { peer, request } = await ask(scope, given)
    const connection = request.accept()
    assert.deepEqual(connection.extensions, [])
    assert.doesNotMatch(await peer.head(), /extensions/i)
    connection.sendUTF('x'.repeat(1000))
    assert.equal((await peer.frame()).rsv, 0)
  })
}
