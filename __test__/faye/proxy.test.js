'use strict'

const assert = require('node:assert/strict')

const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { createAuthority } = require('../support/certs')
const { basic, echoEach, record } = require('../support/client')
const { accept, eventually, once, serve } = require('../support/peer')
const { startProxy } = require('../support/proxy')
const { upgradeResponse } = require('../support/wire')

const authority = createAuthority()

for (const secureProxy of [false, true]) {
  for (const secureServer of [false, true]) {
    const name = `${secureServer ? 'wss' : 'ws'} through an ${secureProxy ? 'https' : 'http'} proxy`
    test(`${name}: a client sends the proxy its credentials and headers, and exchanges messages`, async (scope) => {
      const { port, url } = await serve(scope, WebSocket, {
        secure: secureServer && authority.local,
        onSocket: (ws, { request }) => {
          assert.equal(request.headers['proxy-authorization'], undefined)
          assert.equal(request.headers['x-for-the-proxy'], undefined)
          echoEach(ws)
        }
      })
      const proxy = await startProxy(scope, {
        secure: secureProxy && authority.local,
        authorization: basic('user:pass')
      })
      const ws = new WebSocket.Client(url, ['a'], {
        tls: { ca: authority.ca },
        headers: { 'X-For-The-Server': 'yes' },
        proxy: {
          origin: proxy.origin('user:pass@'),
          headers: { 'X-For-The-Proxy': 'yes' },
          tls: { ca: authority.ca }
        }
      })
      scope.defer(() => ws._stream.destroy())
      const events = record(ws)
      ws.send('before open')
      assert.equal((await once(ws, 'message')).data, 'before open')
      const large = Buffer.alloc(500000, 'xyz')
      ws.send(large)
      assert.ok((await once(ws, 'message')).data.equals(large))
      ws.close(3000, 'done')
      assert.deepEqual((await once(ws, 'close')).code, 3000)
      assert.deepEqual(events.map(([type]) => type), ['open', 'end', 'close'])

      assert.equal(proxy.requests.length, 1)
      const [{ target, headers }] = proxy.requests
      assert.equal(target, `127.0.0.1:${port}`)
      assert.equal(headers['x-for-the-proxy'], 'yes')
      assert.equal(headers['x-for-the-server'], undefined)
      assert.equal(headers['sec-websocket-key'], undefined)
    })
  }
}

test('the client verifies the certificate of a server behind a proxy', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: authority.issue(['elsewhere.test']) })
  const proxy = await startProxy(scope)
  const ws = new WebSocket.Client(url, null, { ca: authority.ca, proxy: { origin: proxy.origin() } })
  const events = record(ws)
  await once(ws, 'close')
  assert.deepEqual(events.map(([type]) => type), ['error', 'end', 'close'])
  assert.match(events[0][1], /^Network error: wss:/)
  assert.equal(events[2][1], 1006)
})

test('the client verifies the certificate of a proxy with the tls option of the proxy', async (scope) => {
  const { url } = await serve(scope, WebSocket)
  const proxy = await startProxy(scope, { secure: authority.local })
  const ws = new WebSocket.Client(url, null, { ca: authority.ca, proxy: { origin: proxy.origin() } })
  const events = record(ws)
  await once(ws, 'close')
  assert.deepEqual(events.map(([type]) => type), ['error', 'end', 'close'])
  assert.equal(proxy.requests.length, 0)
})

/** A client whose CONNECT request waits at a raw proxy. */
async function waiting (scope, options) {
  const server = await accept(scope)
  const url = 'ws://example.test/path'
  const ws = new WebSocket.Client(url, null, { proxy: { origin: `http://127.0.0.1:${server.port}`, ...options } })
  scope.defer(() => ws._stream.destroy())
  const events = record(ws)
  const peer = await server.accepted()
  return { events, head: await peer.head(), peer, url, ws }
}

const FAILURES = {
  407: 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n',
  403: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nsorry',
  502: 'HTTP/1.1 502 Bad Gateway\r\n\r\n',
  '301': 'HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\n\r\n',
  garbage: 'this is not HTTP\r\n\r\n',
  'binary garbage': Buffer.alloc(100, 0xfe),
  'another protocol': 'SSH-2.0-OpenSSH_9.0\r\n\r\n',
  'half a status line': 'HTTP/1.1\r\n\r\n'
}
for (const [name, answer] of Object.entries(FAILURES)) {
  deviation(`a client ends when a proxy refuses and keeps the connection open: ${name}`, async (scope) => {
    const { events, peer, url, ws } = await waiting(scope)
    peer.write(answer)
    if (ws.readyState !== 3) await once(ws, 'close')
    assert.deepEqual(events, [
      ['error', `Can't establish a connection to the server at ${url}`], ['end', undefined], ['close', 1006]
    ])
    await peer.ended()
    await scope.settle()
    assert.equal(events.length, 3)
  })
}

deviation('a client ends when a proxy requires a password and keeps the connection open', async (scope) => {
  const { url } = await serve(scope, WebSocket)
  const proxy = await startProxy(scope, { authorization: basic('user:pass') })
  for (const credentials of ['', 'user:wrong@']) {
    const ws = new WebSocket.Client(url, null, { proxy: { origin: proxy.origin(credentials) } })
    const events = record(ws)
    await once(ws, 'close')
    assert.deepEqual(events.map(([type]) => type), ['error', 'end', 'close'])
  }
})

for (const [name, next] of [
  ['one endless line', () => 'x'.repeat(8192)], ['endless lines', (i) => `X-${i}: ${'y'.repeat(8000)}\r\n`]
]) {
  deviation(`a client closes at a limit when the response of a proxy never ends: ${name}`, async (scope) => {
    const { events, peer, ws } = await waiting(scope)
    peer.write(`HTTP/1.1 200 OK\r\n${name === 'one endless line' ? 'X-A: ' : ''}`)
    let sent = 0
    while (ws.readyState === 0 && sent < 400) {
      peer.write(next(sent++))
      await scope.settle(1)
    }
    await eventually(() => ws.readyState === 3, 'closed')
    assert.deepEqual(events.map(([type]) => type), ['error', 'end', 'close'])
    assert.ok(sent < 200, 'stored much more than 64 KB')
  })
}

test('close() during the silence of a proxy emits one close', async (scope) => {
  const { events, peer, ws } = await waiting(scope)
  ws.close(3000, 'enough')
  await peer.ended()
  await scope.settle()
  assert.deepEqual(events, [['end', undefined], ['close', 3000]])
})

test('a client emits one close when a proxy ends the connection', async (scope) => {
  for (const how of ['end', 'destroy']) {
    const { events, peer, ws } = await waiting(scope)
    peer.socket[how]()
    await eventually(() => ws.readyState === 3, 'closed')
    await scope.settle()
    assert.deepEqual(events.filter(([type]) => type === 'close'), [['close', 1006]])
  }
})

test('an unreachable proxy causes one error and one close', async () => {
  const ws = new WebSocket.Client('ws://example.test/', null, { proxy: { origin: 'http://127.0.0.1:1' } })
  const events = record(ws)
  await once(ws, 'close')
  assert.deepEqual(events.map(([type]) => type), ['error', 'end', 'close'])
  assert.match(events[0][1], /^Network error: ws:\/\/example\.test\/: .*ECONNREFUSED/)
})

test('a client emits error and close when the server behind a proxy refuses', async (scope) => {
  const { events, peer, ws } = await waiting(scope)
  peer.write('HTTP/1.1 200 OK\r\n\r\n')
  const head = await peer.head()
  peer.write(upgradeResponse(head, {}, '404 Not Found'))
  if (ws.readyState !== 3) await once(ws, 'close')
  assert.deepEqual(events, [
    ['error', 'Error during WebSocket handshake: Unexpected response code: 404'], ['end', undefined], ['close', 1002]
  ])
})

for (const [name, headers] of Object.entries({ 'CR and LF': { 'X-A': 'a\r\nX-B: b' }, NUL: { 'X-A': '\0' } })) {
  deviation(`the constructor throws for headers of the proxy with ${name}`, async (scope) => {
    const server = await accept(scope)
    const origin = `http://127.0.0.1:${server.port}`
    assert.throws(() => new WebSocket.Client('ws://example.test/', null, { proxy: { origin, headers } }), Error)
    await scope.settle()
    for (const peer of server.arrived) assert.equal(peer.bytes.length, 0)
  })
}

test('credentials of a proxy and a server cannot inject headers', async (scope) => {
  const server = await accept(scope)
  const origin = `http://us\r\ner:pa\r\nss@127.0.0.1:${server.port}`
  const ws = new WebSocket.Client('ws://a\r\nb:c\nd@example.test/', null, { proxy: { origin } })
  scope.defer(() => ws._stream.destroy())
  const peer = await server.accepted()
  assert.equal((await peer.head()).split('\r\n').length, 7)
})

for (const [name, tls] of Object.entries({
  'an invalid key': { key: 'garbage', cert: 'garbage' },
  'an unknown version': { minVersion: 'TLSv9' },
  'unknown ciphers': { ciphers: 'garbage' }
})) {
  deviation(`the constructor throws for TLS options with ${name}, and sends nothing`, async (scope) => {
    const server = await accept(scope)
    const origin = `http://127.0.0.1:${server.port}`
    assert.throws(() => new WebSocket.Client('wss://example.test/', null, { tls, proxy: { origin } }), Error)
    await scope.settle()
    assert.equal(server.arrived.length, 0)
  })
}

for (const [name, tls] of Object.entries({
  servername: { servername: 5 }, ALPNProtocols: { ALPNProtocols: 5 }
})) {
  deviation(`a TLS option that fails after the tunnel emits error and close: ${name}`, async (scope) => {
    const server = await accept(scope)
    const origin = `http://127.0.0.1:${server.port}`
    const ws = new WebSocket.Client('wss://example.test/', null, { tls, proxy: { origin } })
    const events = record(ws)
    const peer = await server.accepted()
    peer.write('HTTP/1.1 200 OK\r\n\r\n')
    await once(ws, 'close')
    assert.deepEqual(events.map(([type]) => type), ['error', 'end', 'close'])
    await peer.ended()
  })
}

test('a client ignores a tunnel that opens after close()', async (scope) => {
  const server = await accept(scope)
  const origin = `http://127.0.0.1:${server.port}`
  // More than the kernel accepts, so that the socket stays open to write the rest.
  const headers = { 'X-Large': 'x'.repeat(20000000) }
  const ws = new WebSocket.Client('wss://example.test/', null, { proxy: { origin, headers } })
  const stream = ws._stream
  scope.defer(() => stream.destroy())
  const peer = await server.accepted()
  peer.socket.pause()
  await eventually(() => stream.writableLength > 0, 'a full socket')
  const close = once(ws, 'close')
  ws.close()
  await close
  peer.socket.resume()
  await peer.until(() => peer.bytes.includes('\r\n\r\n'), 'the whole request')
  peer.write('HTTP/1.1 200 OK\r\n\r\n')
  await scope.settle()
  assert.equal(ws._stream, stream, 'TLS has begun')
})
