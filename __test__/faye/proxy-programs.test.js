'use strict'

// The client through proxies that people use. What hostile ones do is in proxy-answers.test.js.

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

// The helper is asked with a line "user password", percent-encoded.
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
  'tinyproxy behind the TLS of haproxy': {
    isSecure: true, skip: missing('tinyproxy', 'haproxy'), start: tinyproxyOverTls
  }
}

/** A client whose events, and what the server has of it, are kept. */
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

/** An echo server that keeps its sockets and the requests that have made them. */
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

    test(`${scheme} through ${name}: messages, and close codes both ways`, async (scope) => {
      const proxy = await start(scope)
      const server = await echoServer(scope, isServerSecure)
      for (const closing of ['client', 'server']) {
        const { types, ws } = dial(scope, proxy, isSecure, server.url)
        ws.send('before open')
        assert.equal((await once(ws, 'message')).data, 'before open')
        if (!usesOriginal && !isSecure && !isServerSecure) {
          assert.equal(usesReactor(ws), !UNAVAILABLE, 'the socket of a plain tunnel is one like any other')
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

    test(`${scheme} through ${name}: the proxy's credentials are the proxy's`, async (scope) => {
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

    deviation(`${scheme} through ${name}: a refusal is one error and one close`, async (scope) => {
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
        'a port that is forbidden': [proxies.forbidden, server.url],
        'a port where nobody listens': [proxies.free, `${scheme}://127.0.0.1:${await freePort()}/`],
        'a name that is none': [proxies.free, `${scheme}://does-not-exist.invalid/`]
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

    test(`${scheme} through ${name}: when the proxy is killed, both ends hear 1006`, async (scope) => {
      const proxy = await start(scope)
      const server = await echoServer(scope, isServerSecure)
      const { ws } = dial(scope, proxy, isSecure, server.url)
      ws.send('Hello')
      await once(ws, 'message')
      const closes = Promise.all([once(ws, 'close'), once(server.arrived[0].ws, 'close')])
      proxy.kill()
      assert.deepEqual((await closes).map(({ code }) => code), [1006, 1006])
    }, options)

    test(`${scheme} through ${name}: thirty connections at a time`, async (scope) => {
      const proxy = await start(scope)
      const server = await echoServer(scope, isServerSecure)
      const clients = Array.from({ length: 30 }, () => dial(scope, proxy, isSecure, server.url).ws)
      await echoInEach(clients)
    }, options)
  }

  test(`${name}: a certificate behind the proxy is verified`, async (scope) => {
    const proxy = await start(scope)
    const { port } = await serve(scope, WebSocket, { secure: authority.issue(['elsewhere.test']) })
    const { events, ws, types } = dial(scope, proxy, isSecure, `wss://127.0.0.1:${port}/`)
    await once(ws, 'close')
    assert.deepEqual(types(), ['error', 'end', 'close'])
    assert.match(events[0][1], /^Network error: wss:.*does not match/)
  }, options)
}
