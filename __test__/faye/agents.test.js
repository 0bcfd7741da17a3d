'use strict'

// Clients with an agent, which makes their connections.

const assert = require('node:assert/strict')
const http = require('node:http')
const https = require('node:https')
const net = require('node:net')

const { HttpsProxyAgent } = require('https-proxy-agent')
const httpsProxyAgent5 = require('https-proxy-agent-5')
const { SocksProxyAgent } = require('socks-proxy-agent')

const { createAuthority } = require('../support/certs')
const { basic, echoEach } = require('../support/client')
const { dial, echo, failure } = require('../support/dial')
const { UNAVAILABLE } = require('../support/native')
const { accept, eventually, once, serve } = require('../support/peer')
const { missing, startTinyproxy } = require('../support/programs')
const { startProxy } = require('../support/proxy')
const { startSocks } = require('../support/socks')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')

const authority = createAuthority()
const { ca } = authority

/** Create the agents of https-proxy-agent 7 and 5. */
const PROXY_AGENTS = {
  'https-proxy-agent 7': (origin, options) => new HttpsProxyAgent(origin, options),
  'https-proxy-agent 5': (origin, options) => httpsProxyAgent5({ ...partsOf(new URL(origin)), ...options })
}

/**
 * Returns the parts of a URL as url.parse() does, which version 5 expects. The default of its ALPNProtocols is
 * "http 1.1", which servers do not know.
 */
function partsOf ({ protocol, hostname, port, username, password }) {
  const auth = username ? `${username}:${password}` : null
  return { protocol, host: hostname, port, auth, ALPNProtocols: ['http/1.1'] }
}

for (const [name, agentFor] of Object.entries(PROXY_AGENTS)) {
  for (const secureProxy of [false, true]) {
    for (const secureServer of [false, true]) {
      const way = `a ${secureServer ? 'wss' : 'ws'} client through an ${secureProxy ? 'https' : 'http'} proxy`
      deviation(`${name} connects ${way}`, async (scope) => {
        const { port } = await serve(scope, WebSocket, {
          secure: secureServer && authority.local,
          onSocket: (ws, { request }) => {
            assert.equal(request.headers['proxy-authorization'], undefined)
            assert.equal(request.headers.authorization, basic('server:secret'))
            echoEach(ws)
          }
        })
        const proxy = await startProxy(scope, {
          secure: secureProxy && authority.local, authorization: basic('user:pass')
        })
        const agent = agentFor(proxy.origin('user:pass@'), { ca })
        const url = `${secureServer ? 'wss' : 'ws'}://server:secret@localhost:${port}/path?query`
        const { isNative } = await echo(scope, url, { agent, ca, handshakeTimeout: 10 })
        const [{ target, headers }] = proxy.requests
        assert.equal(target, `localhost:${port}`)
        assert.equal(headers.authorization, undefined)
        assert.equal(isNative, !UNAVAILABLE && !secureProxy && !secureServer)
      })
    }
  }

  for (const scheme of ['ws', 'wss']) {
    deviation(`${name}: a ${scheme} client reports the response of a proxy that refuses`, async (scope) => {
      const proxy = await startProxy(scope, { authorization: basic('user:pass') })
      const { events, ws } = await failure(scope, `${scheme}://example.test/`, { agent: agentFor(proxy.origin()) })
      const message = 'Error during WebSocket handshake: Unexpected response code: 407'
      assert.deepEqual(events, [['error', message], ['end', undefined], ['close', 1002]])
      assert.equal(ws.statusCode, 407)
      assert.equal(ws.headers['proxy-authenticate'], 'Basic')
    })

    deviation(`${name}: an unreachable proxy emits one error and one close, ${scheme}`, async (scope) => {
      const agent = agentFor('http://user:secret@127.0.0.1:1')
      const { events } = await failure(scope, `${scheme}://example.test/`, { agent })
      const message = `Network error: ${scheme}://example.test/: connect ECONNREFUSED 127.0.0.1:1`
      assert.deepEqual(events, [['error', message], ['end', undefined], ['close', 1006]])
    })
  }

  deviation(`${name}: the client verifies the certificate of the server`, async (scope) => {
    const { url } = await serve(scope, WebSocket, { secure: authority.issue(['elsewhere.test']) })
    const proxy = await startProxy(scope)
    const { events } = await failure(scope, url.replace('127.0.0.1', 'localhost'), {
      agent: agentFor(proxy.origin()), ca
    })
    assert.match(events[0][1], /^Network error: wss:.* does not match certificate's altnames/)
    assert.deepEqual(events.slice(1), [['end', undefined], ['close', 1006]])
  })

  deviation(`${name}: the client verifies the server's address, not the proxy's`, async (scope) => {
    const { url } = await serve(scope, WebSocket, { secure: authority.issue(['localhost', 'elsewhere.test']) })
    // The agent no longer knows the address when TLS begins, and would verify localhost.
    const proxy = await startProxy(scope)
    const { events } = await failure(scope, url, { agent: agentFor(proxy.origin()), ca })
    // Version 5 passes the address as servername, which Node 26 refuses.
    assert.match(events[0][1], /IP: 127\.0\.0\.1 is not in the cert's list|to an IP address is not permitted/)
    assert.deepEqual(events.slice(1), [['end', undefined], ['close', 1006]])
  })

  deviation(`${name} works with tinyproxy`, async (scope) => {
    const { url } = await serve(scope, WebSocket, { onSocket: echoEach })
    const { port } = await startTinyproxy(scope, 'BasicAuth user pass\n')
    await echo(scope, url, { agent: agentFor(`http://user:pass@127.0.0.1:${port}`) })
  }, { skip: missing('tinyproxy') })
}

for (const scheme of ['ws', 'wss']) {
  deviation(`socks-proxy-agent connects a ${scheme} client`, async (scope) => {
    const { port } = await serve(scope, WebSocket, { secure: scheme === 'wss' && authority.local, onSocket: echoEach })
    const socks = await startSocks(scope)
    await echo(scope, `${scheme}://localhost:${port}/`, { agent: new SocksProxyAgent(socks.origin), ca })
    assert.deepEqual(socks.requests, [`localhost:${port}`])
  })
}

for (const [name, scheme, agentFor] of [
  ['http.Agent', 'ws', () => new http.Agent()],
  ['http.Agent with keepAlive', 'ws', () => new http.Agent({ keepAlive: true, timeout: 60000 })],
  ['http.Agent, with TLS over its stream', 'wss', () => new http.Agent()],
  ['https.Agent', 'wss', () => new https.Agent()],
  ['https.Agent with its own ca', 'wss', () => new https.Agent({ ca, keepAlive: true })],
  ['http.globalAgent', 'ws', () => http.globalAgent]
]) {
  deviation(`a ${scheme} client connects with Node's ${name}`, async (scope) => {
    const { url } = await serve(scope, WebSocket, { secure: scheme === 'wss' && authority.local, onSocket: echoEach })
    const agent = agentFor()
    const { isNative, ws } = await echo(scope, url, { agent, ...(!agent.options.ca && { ca }) })
    assert.equal(isNative, !UNAVAILABLE && scheme === 'ws')
    assert.equal(Boolean(ws._stream.encrypted), scheme === 'wss')
    assert.deepEqual(Object.keys({ ...agent.sockets, ...agent.requests, ...agent.freeSockets }), [])
  })
}

deviation('an agent receives the net and tls options', async (scope) => {
  const asked = []
  const lookup = (host, options, callback) => {
    asked.push(host)
    if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }])
    else callback(null, '127.0.0.1', 4)
  }
  const plain = await serve(scope, WebSocket, { onSocket: echoEach })
  await echo(scope, `ws://made-up.test:${plain.port}/`, { agent: new http.Agent(), net: { lookup } })
  const secure = await serve(scope, WebSocket, { secure: authority.issue(['made-up.test']), onSocket: echoEach })
  await echo(scope, `wss://made-up.test:${secure.port}/`, { agent: new https.Agent(), tls: { lookup, ca } })
  assert.deepEqual(asked, ['made-up.test', 'made-up.test'])
})

deviation('a client can use a connection that an agent has kept alive', async (scope) => {
  const { url } = await serve(scope, WebSocket, {
    onSocket: echoEach, onRequest: (request, response) => response.end('hello')
  })
  const agent = new http.Agent({ keepAlive: true })
  scope.defer(() => agent.destroy())
  const response = await new Promise((resolve) => http.get(url.replace('ws', 'http'), { agent }, resolve))
  const { localPort } = response.socket
  response.resume()
  await once(agent, 'free')
  const { ws } = dial(scope, url, { agent })
  await once(ws, 'open')
  assert.equal(ws._stream.localPort, localPort)
  ws.send('hello')
  assert.equal((await once(ws, 'message')).data, 'hello')
})

deviation('an agent does not count WebSockets for its maxSockets', async (scope) => {
  const { url } = await serve(scope, WebSocket, { onSocket: echoEach })
  const agent = new http.Agent({ maxSockets: 1 })
  for (let count = 0; count < 3; count++) {
    const { ws } = dial(scope, url, { agent })
    await once(ws, 'open')
  }
})

deviation('close() removes a client from the queue of an agent, and the next client connects', async (scope) => {
  const silent = await accept(scope)
  const agent = new http.Agent({ maxSockets: 1, keepAlive: true })
  scope.defer(() => agent.destroy())
  // The request without a response occupies the agent's only connection.
  const request = http.get(silent.url.replace('ws', 'http'), { agent })
  request.on('error', () => {})
  const holder = await silent.accepted()
  const first = dial(scope, silent.url, { agent })
  const second = dial(scope, silent.url, { agent })
  await eventually(() => Object.keys(agent.requests).length === 1, 'a queue')
  const close = once(first.ws, 'close')
  first.ws.close()
  await close
  assert.deepEqual(first.events, [['end', undefined], ['close', 1000]])
  holder.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
  request.on('response', (response) => response.resume())
  await silent.acceptedOpen()
  await eventually(() => second.ws.readyState === 1, 'open')
})

deviation('an agent receives the request without credentials and key', async (scope) => {
  const seen = []
  const agent = {
    addRequest (request, options) {
      seen.push({ request, options })
      request.onSocket(net.connect({ host: options.host, port: options.port }))
    }
  }
  const { port } = await serve(scope, WebSocket, { onSocket: echoEach })
  await echo(scope, `ws://user:secret@127.0.0.1:${port}/path?query`, { agent, headers: { Cookie: 'secret' } })
  const [{ request, options }] = seen
  assert.ok(request instanceof http.ClientRequest)
  assert.deepEqual({ ...request.getHeaders() }, {
    host: `127.0.0.1:${port}`, upgrade: 'websocket', connection: 'Upgrade'
  })
  assert.deepEqual([request.method, request.path, request.agent], ['GET', '/path?query', agent])
  assert.deepEqual([options.host, options.port, options.secureEndpoint, options.protocol], [
    '127.0.0.1', port, false, 'http:'
  ])
})

/** What an agent does with a request, and the reason in the client's error. */
const AGENTS_THAT_FAIL = {
  'passes an error': [(request) => request.onSocket(null, new Error('made up')), 'made up'],
  'passes an error later': [(request) => setTimeout(() => request.onSocket(null, new Error('made up')), 10), 'made up'],
  'emits an error': [(request) => request.emit('error', new Error('made up')), 'made up'],
  'destroys the request': [(request) => request.destroy(new Error('made up')), 'made up'],
  'destroys the request without an error': [(request) => request.destroy(), 'The agent has destroyed the request'],
  'passes undefined': [(request) => request.onSocket(undefined),
    'Invalid connection: [object Undefined]; expected a Duplex'],
  'passes a promise': [(request) => request.onSocket(Promise.resolve()),
    'Invalid connection: [object Promise]; expected a Duplex'],
  'passes a destroyed socket': [(request) => request.onSocket(new net.Socket().destroy()), 'The connection has ended'],
  'passes an error, a stream and null': [(request) => {
    request.onSocket(null, new Error('made up'))
    request.onSocket(new net.Socket())
    request.onSocket(null)
  }, 'made up']
}
for (const [name, [addRequest, reason]] of Object.entries(AGENTS_THAT_FAIL)) {
  deviation(`an agent that ${name} causes one error and one close`, async (scope) => {
    const { events } = await failure(scope, 'ws://example.test/', { agent: { addRequest } })
    await scope.settle()
    assert.deepEqual(events, [
      ['error', `Network error: ws://example.test/: ${reason}`], ['end', undefined], ['close', 1006]
    ])
  })
}

deviation('the constructor throws what an agent throws', () => {
  const agent = { addRequest () { throw new RangeError('made up') } }
  assert.throws(() => new WebSocket.Client('ws://example.test/', [], { agent }), { name: 'RangeError' })
})

const NO_AGENTS = {
  true: true,
  'a number': 5,
  'a string': 'http://user:secret@proxy/',
  'an empty object': {},
  'an object with createConnection()': { createConnection () {} },
  'a URL': new URL('http://u:secret@p/')
}
for (const [name, agent] of Object.entries(NO_AGENTS)) {
  deviation(`the constructor refuses an agent without addRequest(): ${name}`, () => {
    assert.throws(() => new WebSocket.Client('ws://example.test/', [], { agent }), {
      name: 'TypeError', message: `Invalid agent: a value of type ${typeof agent}; expected an http.Agent`
    })
  })
}

deviation('the constructor refuses an https.Agent for a ws: URL, and any agent for a Unix socket', () => {
  assert.throws(() => new WebSocket.Client('ws://user:secret@example.test/', [], { agent: new https.Agent() }), {
    name: 'TypeError', message: 'Invalid agent: its protocol is https:, but ws://example.test/ is not secure'
  })
  assert.throws(() => new WebSocket.Client('ws+unix:/a.sock:/', [], { agent: new http.Agent() }), {
    message: 'ws+unix:/a.sock:/ cannot be reached through an agent'
  })
})
