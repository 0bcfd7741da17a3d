'use strict'

// The client through real proxies. Hostile proxies are in proxy-responses.test.js.

const assert = require('node:assert/strict')

const { WebSocket, usesOriginal } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { createAuthority } = require('../support/certs')
const { echoEach, echoInEach } = require('../support/client')
const { eventually, once, serve } = require('../support/peer')
const { freePort, missing, squidHasTls, startHaproxy, startSquid, startTinyproxy } = require('../support/programs')
const { usesReactor } = require('../support/transport')
const { UNAVAILABLE } = require('../support/native')

const authority = createAuthority()
const { key, cert } = authority.local
const basic = (text) => `Basic ${Buffer.from(text).toString('base64')}`

// squid writes a line "user password", percent-encoded, to the helper.
const SQUID_PASSWORDS = `auth_param basic program /bin/sh $directory/passwords
auth_param basic children 1
acl known proxy_auth REQUIRED
http_access deny !known
`
const PASSWORDS = 'while read -r line; do [ "$line" = "user pass" ] && echo OK || echo ERR; done\n'
const SQUID_FORBIDDEN = 'acl allowed port 1\nhttp_access deny CONNECT !allowed\n'

const squid = (listener) => (scope, { password, forbidden } = {}) => startSquid(scope, [
  listener, password && SQUID_PASSWORDS, forbidden && SQUID_FORBIDDEN, 'http_access allow all\n'
].filter(Boolean).join('\n'), { passwords: PASSWORDS, 'cert.pem': cert, 'key.pem': key })

const tinyproxy = (scope, { password, forbidden } = {}) =>
  startTinyproxy(scope, `${password ? 'BasicAuth user pass\n' : ''}${forbidden ? 'ConnectPort 1\n' : ''}`)

const TERMINATOR = `
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen proxy
  bind 127.0.0.1:$port ssl crt both.pem
  server plain 127.0.0.1:`

async function tinyproxyOverTls (scope, rules) {
  const { port } = await tinyproxy(scope, rules)
  return startHaproxy(scope, `${TERMINATOR}${port}\n`, { 'both.pem': key + cert })
}

const PROXIES = {
  squid: {
    skip: missing('squid'), start: squid('http_port 127.0.0.1:$port')
  },
  'squid over TLS': {
    isSecure: true,
    skip: missing('squid') || (!squidHasTls() && 'this squid is built without TLS (apt-get install squid-openssl)'),
    start: squid('https_port 127.0.0.1:$port tls-cert=$directory/cert.pem tls-key=$directory/key.pem')
  },
  tinyproxy: {
    skip: missing('tinyproxy'), start: tinyproxy
  },
  'tinyproxy behind haproxy with TLS': {
    isSecure: true, skip: missing('tinyproxy', 'haproxy'), start: tinyproxyOverTls
  }
}

/** Connects a client through a proxy and records its events. */
function dial (scope, proxy, isSecure, url, { credentials = '', headers, protocols = null } = {}) {
  const ws = new WebSocket.Client(url, protocols, {
    ca: authority.ca,
    proxy: {
      origin: `${isSecure ? 'https' : 'http'}://${credentials}127.0.0.1:${proxy.port}`,
      tls: { ca: authority.ca },
      headers
    }
  })
  scope.defer(() => ws._stream.destroy())
  const events = []
  for (const type of ['open', 'error', 'end', 'close']) {
    ws.on(type, (event) => events.push([type, event && (event.code || event.message)]))
  }
  return { events, ws, types: () => events.map(([type]) => type) }
}

/** Starts an echo server that records its sockets and their requests. */
async function echoServer (scope, isSecure) {
  const arrived = []
  const { port, url } = await serve(scope, WebSocket, {
    secure: isSecure && authority.local,
    onSocket: (ws, { request }) => {
      arrived.push({ request, ws })
      echoEach(ws)
    }
  })
  return { arrived, port, url }
}

for (const [name, { isSecure = false, skip, start }] of Object.entries(PROXIES)) {
  const options = { skip, timeout: 40000 }

  for (const isServerSecure of [false, true]) {
    const scheme = isServerSecure ? 'wss' : 'ws'

    test(`${scheme} through ${name}: messages and close codes arrive in both directions`, async (scope) => {
      const proxy = await start(scope)
      const server = await echoServer(scope, isServerSecure)
      for (const closing of ['client', 'server']) {
        const { types, ws } = dial(scope, proxy, isSecure, server.url)
        ws.send('before open')
        assert.equal((await once(ws, 'message')).data, 'before open')
        if (!usesOriginal && !isSecure && !isServerSecure) {
          assert.equal(usesReactor(ws), !UNAVAILABLE, 'a plain tunnel uses the native transport')
        }
        for (const data of [Buffer.from([0, 255, 1]), 'ü'.repeat(1000000), Buffer.alloc(3000000, 'xyz')]) {
          ws.send(data)
          assert.deepEqual((await once(ws, 'message')).data, data)
        }
        const peer = server.arrived.pop().ws
        const [first, second] = closing === 'client' ? [ws, peer] : [peer, ws]
        const closes = Promise.all([once(first, 'close'), once(second, 'close')])
        first.close(4001, 'done')
        assert.deepEqual((await closes).map(({ code, reason }) => [code, reason]), [[4001, 'done'], [4001, 'done']])
        assert.deepEqual(types(), ['open', 'end', 'close'])
      }
    }, options)

    test(`${scheme} through ${name}: only the proxy receives the proxy's credentials`, async (scope) => {
      const proxy = await start(scope, { password: true })
      const server = await echoServer(scope, isServerSecure)
      const url = server.url.replace('://', '://server-user:server-pass@')
      for (const given of [
        { credentials: 'user:pass@' }, { headers: { 'Proxy-Authorization': basic('user:pass') } }
      ]) {
        const { ws } = dial(scope, proxy, isSecure, url, given)
        await once(ws, 'open')
        await eventually(() => server.arrived.length > 0, 'a connection at the server')
        const { request } = server.arrived.pop()
        assert.equal(request.headers.authorization, basic('server-user:server-pass'))
        assert.equal(request.headers['proxy-authorization'], undefined)
      }
    }, options)

    deviation(`${scheme} through ${name}: a refusal emits one error and one close`, async (scope) => {
      const server = await echoServer(scope, isServerSecure)
      const proxies = {
        password: await start(scope, { password: true }),
        forbidden: await start(scope, { forbidden: true }),
        free: await start(scope)
      }
      const cases = {
        'no password': [proxies.password, server.url],
        'a wrong password': [proxies.password, server.url, { credentials: 'user:wrong@' }],
        'a wrong password in a header': [
          proxies.password, server.url, { headers: { 'Proxy-Authorization': basic('user:wrong') } }
        ],
        'credentials for the server only': [
          proxies.password, server.url.replace('://', '://user:pass@')
        ],
        'a forbidden port': [proxies.forbidden, server.url],
        'a port without a listener': [proxies.free, `${scheme}://127.0.0.1:${await freePort()}/`],
        'an unknown name': [proxies.free, `${scheme}://does-not-exist.invalid/`]
      }
      for (const [mistake, [proxy, url, given]] of Object.entries(cases)) {
        const { events, ws } = dial(scope, proxy, isSecure, url, given)
        await once(ws, 'close', 20000)
        await scope.settle()
        const message = `Can't establish a connection to the server at ${url.replace('user:pass@', '')}`
        assert.deepEqual(events, [
          ['error', message], ['end', undefined], ['close', 1006]
        ], mistake)
      }
      assert.equal(server.arrived.length, 0)
    }, options)

    test(`${scheme} through ${name}: both ends emit close with 1006 when the proxy is killed`, async (scope) => {
      const proxy = await start(scope)
      const server = await echoServer(scope, isServerSecure)
      const { ws } = dial(scope, proxy, isSecure, server.url)
      ws.send('Hello')
      await once(ws, 'message')
      const closes = Promise.all([once(ws, 'close'), once(server.arrived[0].ws, 'close')])
      proxy.kill()
      assert.deepEqual((await closes).map(({ code }) => code), [1006, 1006])
    }, options)

    test(`${scheme} through ${name}: thirty clients exchange messages at a time`, async (scope) => {
      const proxy = await start(scope)
      const server = await echoServer(scope, isServerSecure)
      const clients = Array.from({ length: 30 }, () => dial(scope, proxy, isSecure, server.url).ws)
      await echoInEach(clients)
    }, options)
  }

  test(`${name}: the client verifies the certificate of a server behind the proxy`, async (scope) => {
    const proxy = await start(scope)
    const { port } = await serve(scope, WebSocket, { secure: authority.issue(['elsewhere.test']) })
    const { events, ws, types } = dial(scope, proxy, isSecure, `wss://127.0.0.1:${port}/`)
    await once(ws, 'close')
    assert.deepEqual(types(), ['error', 'end', 'close'])
    assert.match(events[0][1], /^Network error: wss:.*does not match/)
  }, options)
}
