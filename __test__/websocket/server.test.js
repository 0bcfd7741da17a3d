'use strict'

// Differences between our server and the original's.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const http = require('node:http')
const { once } = require('node:events')
const { inspect, promisify } = require('node:util')

const { server: WebSocketServer } = require('../../lib/websocket')
const { connect, eventually, listen } = require('../support/peer')
const { test } = require('../support/test')
const { upgradeRequest } = require('../support/wire')

async function start (scope, config) {
  const httpServer = http.createServer()
  const port = await listen(scope, httpServer)
  const server = new WebSocketServer({ httpServer, keepalive: false, ...config })
  const errors = []
  server.on('upgradeError', (error) => errors.push(error.message))
  const ask = async (headers, line) => {
    const peer = await connect(scope, port)
    peer.write(Buffer.from(upgradeRequest(headers, line), 'latin1'))
    return peer
  }
  return { ask, errors, httpServer, server }
}

for (const [name, headers, line] of [
  ['a method that is not GET', {}, { method: 'POST' }],
  ['an Upgrade that is not websocket', { Upgrade: 'h2c' }],
  ['an Upgrade that is a list', { Upgrade: 'websocket, h2c' }],
  ['a key that is not base64', { 'Sec-WebSocket-Key': 'x'.repeat(24) }],
  ['a key of the wrong length', { 'Sec-WebSocket-Key': Buffer.alloc(15).toString('base64') }],
  ['two keys', { 'Sec-WebSocket-Key': ['JFBCWHksyIpXV+6Wlq/9pw==', 'JFBCWHksyIpXV+6Wlq/9pw=='] }],
  ['a version that only begins with 13', { 'Sec-WebSocket-Version': '13.5' }],
  ['a version with a leading zero', { 'Sec-WebSocket-Version': '013' }],
  ['a malformed extension header', { 'Sec-WebSocket-Extensions': 'a; ;=' }],
  ['protocols that are not tokens', { 'Sec-WebSocket-Protocol': 'a b' }]
]) {
  test(`a server refuses ${name} unless strictHandshake is false`, async (scope) => {
    const strict = await start(scope, { autoAcceptConnections: true })
    const peer = await strict.ask(headers, line)
    assert.equal(await peer.ended(), 'fin')
    assert.match(peer.bytes.toString('latin1'), /^HTTP\/1.1 4\d\d [A-Z][A-Za-z ]+\r\nConnection: close\r\n/)
    assert.match(peer.bytes.toString('latin1'), /\r\nX-WebSocket-Reject-Reason: [^\r\n]+\r\n/)
    assert.equal(strict.errors.length, 1)
    assert.deepEqual([strict.server.connections, strict.server.pendingRequests], [[], []])

    const lenient = await start(scope, { strictHandshake: false })
    lenient.server.on('request', (request) => request.accept())
    const accepted = await lenient.ask(headers, line)
    assert.match(await accepted.head(), /^HTTP\/1.1 101 /)
    assert.deepEqual(lenient.errors, [])
  })
}

test('the refusal of a version names the supported version', async (scope) => {
  const { ask } = await start(scope)
  const peer = await ask({ 'Sec-WebSocket-Version': '13.5' })
  await peer.ended()
  assert.match(peer.bytes.toString(), /\r\nSec-WebSocket-Version: 13\r\n/)
})

test('with autoAcceptConnections, an unacceptable protocol emits upgradeError and causes a 500', async (scope) => {
  const { ask, errors, server } = await start(scope, { autoAcceptConnections: true, strictHandshake: false })
  const peer = await ask({ 'Sec-WebSocket-Protocol': 'a b' })
  assert.equal(await peer.ended(), 'fin')
  assert.match(peer.bytes.toString(), /^HTTP\/1.1 500 /)
  assert.deepEqual(errors, ['Illegal character "\0" in subprotocol.'])
  assert.deepEqual(server.pendingRequests, [])
})

test('an exception of a connect listener reaches the application', async (scope) => {
  const { ask, httpServer, server } = await start(scope, { autoAcceptConnections: true })
  server.on('connect', () => { throw new Error('of the listener') })
  const { emit } = httpServer
  const thrown = new Promise((resolve) => {
    httpServer.emit = function (...given) {
      try {
        return emit.apply(this, given)
      } catch (error) {
        resolve(error)
      }
    }
  })
  await ask({})
  assert.equal((await thrown).message, 'of the listener')
})

test('a request that is accepted in the tick of closeAllConnections stays open', async (scope) => {
  const { ask, server } = await start(scope)
  const requests = once(server, 'request')
  const peer = await ask({})
  const [request] = await requests
  server.closeAllConnections()
  const connection = request.accept()
  assert.match(await peer.head(), /^HTTP\/1.1 101 /)
  await scope.settle()
  assert.equal(connection.connected, true)
})

test('a request that is rejected in the tick of closeAllConnections gets one response', async (scope) => {
  const { ask, server } = await start(scope)
  const requests = once(server, 'request')
  const peer = await ask({})
  const [request] = await requests
  server.closeAllConnections()
  request.reject(404)
  await peer.ended()
  assert.equal(peer.bytes.toString().match(/HTTP\/1.1/g).length, 1)
})

test('broadcast reaches all connections even if one of them is dropped during it', async (scope) => {
  const { ask, server } = await start(scope, { autoAcceptConnections: true })
  const peers = [await ask({}), await ask({}), await ask({})]
  await eventually(() => server.connections.length === 3, 'three connections')
  const [first, ...others] = server.connections
  const { sendUTF } = first
  first.sendUTF = function (data) {
    sendUTF.call(this, data)
    this.drop()
  }
  server.broadcast('x')
  assert.deepEqual(server.connections, others)
  for (const peer of peers) {
    await peer.head()
    assert.equal((await peer.frame()).type, 'text')
  }
})

for (const [kind, data] of [
  ['a typed array', new Uint8Array([1, 2])], ['an ArrayBuffer', new Uint8Array([1, 2]).buffer],
  ['a DataView', new DataView(new Uint8Array([1, 2]).buffer)], ['a Blob', new Blob([new Uint8Array([1, 2])])]
]) {
  test(`broadcast sends ${kind} as binary`, async (scope) => {
    const { ask, server } = await start(scope, { autoAcceptConnections: true })
    const peer = await ask({})
    await eventually(() => server.connections.length === 1, 'a connection')
    server.broadcast(data)
    await peer.head()
    const { type, payload } = await peer.frame()
    assert.deepEqual([type, payload.toString('hex')], ['binary', '0102'])
  })
}

for (const [name, config, error] of [
  ['maxReceivedFrameSize', { maxReceivedFrameSize: -1 }, RangeError],
  ['maxReceivedMessageSize', { maxReceivedMessageSize: 'big' }, RangeError],
  ['fragmentationThreshold', { fragmentationThreshold: 0 }, RangeError],
  ['closeTimeout', { closeTimeout: {} }, TypeError],
  // Node's timers would fire immediately.
  ['closeTimeout', { closeTimeout: Infinity }, RangeError],
  ['keepaliveInterval', { keepaliveInterval: NaN }, RangeError],
  ['keepaliveInterval', { keepaliveInterval: 2 ** 31 }, RangeError],
  ['keepaliveGracePeriod', { keepaliveGracePeriod: -1 }, RangeError],
  ['perMessageDeflate.level', { perMessageDeflate: { level: 10 } }, RangeError],
  ['perMessageDeflate.maxWindowBits', { perMessageDeflate: { maxWindowBits: 7 } }, RangeError],
  ['perMessageDeflate.requestMaxWindowBits', { perMessageDeflate: { requestMaxWindowBits: 'a' } }, RangeError],
  // A falsy value by mistake must not turn off a check.
  ['requireMasking', { requireMasking: null }, TypeError],
  ['strictHandshake', { strictHandshake: 0 }, TypeError]
]) {
  test(`an invalid ${name}, ${inspect(config[name])}, throws before the server adds listeners`, () => {
    const httpServer = http.createServer()
    assert.throws(() => new WebSocketServer({ httpServer, ...config }), (thrown) =>
      thrown instanceof error && thrown.message.startsWith(`Invalid ${name}: `))
    assert.equal(httpServer.listenerCount('upgrade'), 0)
  })
}

test('a server logs refused handshakes under websocket:server', async () => {
  const script = `
    const http = require('node:http')
    const net = require('node:net')
    const { server } = require(${JSON.stringify(require.resolve('../../lib/websocket'))})
    const httpServer = http.createServer().listen(0, '127.0.0.1', () => {
      new server({ httpServer }).on('upgradeError', () => process.exit())
      net.connect(httpServer.address().port, '127.0.0.1').write(
        'GET / HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n')
    })`
  const { stderr } = await promisify(execFile)(process.execPath, ['-e', script], {
    env: { ...process.env, DEBUG: 'websocket:server', DEBUG_COLORS: 'no' }
  })
  assert.match(stderr, /websocket:server Invalid handshake: Client must provide a value for Sec-WebSocket-Key\./)
})
