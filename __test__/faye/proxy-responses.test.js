'use strict'

// Proxies that refuse, send wrong or slow responses, or no response, for ws: and wss: servers. Real proxies are in
// proxy-programs.test.js; options and events of clients with a proxy are in proxy.test.js.

const assert = require('node:assert/strict')

const { WebSocket, usesOriginal } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { createAuthority } = require('../support/certs')
const { echoEach } = require('../support/client')
const { accept, connect, eventually, once, serve } = require('../support/peer')
const { acceptOf, frame, upgradeResponse } = require('../support/wire')
const { usesReactor } = require('../support/transport')
const { UNAVAILABLE } = require('../support/native')

const authority = createAuthority()
const OK = 'HTTP/1.1 200 OK\r\n\r\n'
const KINDS = [
  { isSecure: false, scheme: 'ws' },
  { isSecure: false, scheme: 'wss' },
  { isSecure: true, scheme: 'ws' },
  { isSecure: true, scheme: 'wss' }
]

/** A client whose CONNECT request waits at a raw proxy. */
async function asked (scope, { isSecure, scheme }, { port = 1, headers } = {}) {
  const server = await accept(scope, { secure: isSecure && authority.local })
  const ws = new WebSocket.Client(`${scheme}://127.0.0.1:${port}/`, ['a'], {
    headers: { 'X-Server': 'secret' },
    ca: authority.ca,
    proxy: { origin: `http${isSecure ? 's' : ''}://127.0.0.1:${server.port}`, tls: { ca: authority.ca }, headers }
  })
  scope.defer(() => ws._stream.destroy())
  const events = []
  for (const type of ['open', 'message', 'error', 'end', 'close']) {
    ws.on(type, (event) => events.push([type, event && (event.message || event.code)]))
  }
  const proxy = await server.accepted()
  return { events, head: await proxy.head(), proxy, types: () => events.map(([type]) => type), ws }
}

/** Forwards bytes between the client and the server, as a proxy does after its response. */
async function tunnel (scope, proxy, port) {
  const upstream = await connect(scope, port)
  const early = proxy.bytes
  for (const peer of [proxy, upstream]) peer.socket.removeAllListeners('data')
  upstream.write(early)
  proxy.socket.pipe(upstream.socket).pipe(proxy.socket)
}

const REFUSALS = {
  ...Object.fromEntries([
    100, 101, 102, 103, 199, 201, 202, 204, 206, 299, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 407, 408,
    426, 429, 500, 501, 502, 503, 504, 511, 999
  ].map((status) => [status, `HTTP/1.1 ${status} Whatever\r\nLocation: http://127.0.0.1:1/\r\n\r\n`])),
  '407 with all authentication schemes': 'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="a"\r\n' +
    'Proxy-Authenticate: Digest realm="a", nonce="b"\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n',
  'an incomplete page': 'HTTP/1.1 403 Forbidden\r\nContent-Length: 1000000\r\n\r\n<html>',
  'an incomplete page in chunks': 'HTTP/1.1 502 Bad\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n',
  'an interim response': `HTTP/1.1 100 Continue\r\n\r\n${OK}`,
  'a response that is an upgrade': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${acceptOf('')}\r\n\r\n`,
  'an empty line first': `\r\n${OK}`,
  'no version': 'HTTP 200 OK\r\n\r\n',
  'another version': 'HTTP/2 200 OK\r\n\r\n',
  'another protocol': 'ICY 200 OK\r\n\r\n',
  'a version in lower case': 'http/1.1 200 OK\r\n\r\n',
  'a request': 'GET / HTTP/1.1\r\n\r\n',
  'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
  'a status of four digits': 'HTTP/1.1 2000 OK\r\n\r\n',
  'a status in hexadecimal': 'HTTP/1.1 0xC8 OK\r\n\r\n',
  'a negative status': 'HTTP/1.1 -200 OK\r\n\r\n',
  'NUL in the status line': 'HTTP/1.1 200 O\0K\r\n\r\n',
  'NUL in a header': 'HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n',
  'the start of TLS': Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]),
  'a WebSocket frame': frame('text', 'Hello'),
  'a response of SOCKS': Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 80]),
  'random bytes': Buffer.from('f09a3be2c07d511bdc0a0d0a0d0a', 'hex')
}

for (const kind of KINDS) {
  const through = `${kind.scheme} through an http${kind.isSecure ? 's' : ''} proxy`

  deviation(`${through}: every response except 200 emits one error and one close`, async (scope) => {
    for (const [name, response] of Object.entries(REFUSALS)) {
      const { events, proxy, ws } = await asked(scope, kind)
      proxy.write(response)
      await eventually(() => ws.readyState === 3, `closed by ${name}`)
      assert.deepEqual(events, [
        ['error', `Can't establish a connection to the server at ${ws.url}`], ['end', undefined], ['close', 1006]
      ], name)
      await proxy.ended()
      assert.equal(proxy.bytes.length, 0, `${name}: the client sent bytes after the refusal`)
    }
  })

  deviation(`${through}: a refusal can arrive byte by byte`, async (scope) => {
    const { types, proxy, ws } = await asked(scope, kind)
    const close = once(ws, 'close')
    for (const byte of 'HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\n\r\n') proxy.write(byte)
    await close
    assert.deepEqual(types(), ['error', 'end', 'close'])
  })

  const GRANTS = {
    'byte by byte': [...OK],
    'in HTTP/1.0': ['HTTP/1.0 200 Connection established\r\n\r\n'],
    'without a reason': ['HTTP/1.1 200\r\n\r\n'],
    'with large headers': [`HTTP/1.1 200 OK\r\nX-A: ${'x'.repeat(40000)}\r\nX-B: ${'y'.repeat(20000)}\r\n\r\n`],
    // RFC 9110 §9.3.6: clients ignore these headers in a response to CONNECT.
    'with the headers of a body': ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n'],
    'with additional bytes': [`${OK}Hello?`],
    'with a second response': [OK + OK],
    'with an opening handshake and a frame': [
      Buffer.concat([Buffer.from(OK + upgradeResponse('sec-websocket-key: x')), frame('text', 'forged')])
    ]
  }
  for (const [name, chunks] of Object.entries(GRANTS)) {
    test(`${through}: the client opens after a 200 ${name}`, async (scope) => {
      const server = await serve(scope, WebSocket, {
        secure: kind.scheme === 'wss' && authority.local,
        onSocket: echoEach
      })
      const { events, proxy, types, ws } = await asked(scope, kind, { port: server.port })
      for (const chunk of chunks) {
        proxy.write(chunk)
        if (chunks.length > 1) await scope.settle(1)
      }
      await tunnel(scope, proxy, server.port)
      ws.send('Hello')
      assert.equal((await once(ws, 'message')).data, 'Hello')
      if (!usesOriginal && !kind.isSecure && kind.scheme === 'ws') assert.equal(usesReactor(ws), !UNAVAILABLE)
      const close = once(ws, 'close')
      ws.close(3000, 'bye')
      assert.equal((await close).code, 3000)
      assert.deepEqual(types(), ['open', 'message', 'end', 'close'], String(events))
    })
  }

  deviation(`${through}: bytes after the tunnel are a wrong response of the server`, async (scope) => {
    const forged = upgradeResponse('sec-websocket-key: forged')
    for (const later of [OK, forged, 'garbage\r\n\r\n', frame('text', 'forged')]) {
      const { proxy, types, ws } = await asked(scope, kind)
      const close = once(ws, 'close')
      proxy.write(OK)
      await proxy.until(() => proxy.bytes.length > 0, 'bytes for the server')
      proxy.write(later)
      await close
      assert.deepEqual(types(), ['error', 'end', 'close'])
      await proxy.ended()
    }
  })

  test(`${through}: the proxy does not receive the server's headers, nor the server the proxy's`, async (scope) => {
    const { head, proxy } = await asked(scope, kind, { headers: { 'X-Proxy': 'secret' } })
    assert.match(head, /^CONNECT 127\.0\.0\.1:1 HTTP\/1\.1\r\nHost: 127\.0\.0\.1:1\r\n/)
    assert.match(head, /\r\nX-Proxy: secret\r\n/)
    assert.doesNotMatch(head, /x-server|sec-websocket|upgrade/i)
    assert.equal(proxy.bytes.length, 0, 'the client sent bytes before the response')
    proxy.write(OK)
    if (kind.scheme === 'ws') assert.doesNotMatch(await proxy.head(), /x-proxy|proxy-connection/i)
  })

  test(`${through}: the client waits for a silent proxy until one of them closes`, async (scope) => {
    const silent = await asked(scope, kind)
    await scope.settle(100)
    assert.deepEqual(silent.events, [])
    silent.ws.close()
    await silent.proxy.ended()
    assert.deepEqual(silent.events, [['end', undefined], ['close', 1000]])

    const ended = await asked(scope, kind)
    const close = once(ended.ws, 'close')
    ended.proxy.socket.end()
    assert.equal((await close).code, 1006)
  })
}
