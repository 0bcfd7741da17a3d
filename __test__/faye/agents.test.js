'use strict'

// Clients whose connections are made by an agent or by a function of the program.

const assert = require('node:assert/strict')
const { AsyncLocalStorage } = require('node:async_hooks')
const http = require('node:http')
const https = require('node:https')
const net = require('node:net')
const { Duplex } = require('node:stream')
const tls = require('node:tls')

const { HttpsProxyAgent } = require('https-proxy-agent')
const httpsProxyAgent5 = require('https-proxy-agent-5')
const { SocksProxyAgent } = require('socks-proxy-agent')

const { createAuthority } = require('../support/certs')
const { basic, echoEach, record } = require('../support/client')
const { accept, eventually, listen, once, serve } = require('../support/peer')
const { missing, startTinyproxy } = require('../support/programs')
const { startProxy } = require('../support/proxy')
const { startSocks } = require('../support/socks')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')
const { upgradeResponse } = require('../support/wire')
const { usesReactor } = require('../support/transport')
const { UNAVAILABLE } = require('../support/native')

const authority = createAuthority()
const { ca } = authority

/** A client that ends with the test. */
function dial (scope, url, options) {
  const ws = new WebSocket.Client(url, null, options)
  scope.defer(() => ws.terminate())
  return { events: record(ws), ws }
}

/** A client that has been open, has had its large message echoed, and was closed. */
async function echo (scope, url, options) {
  const { events, ws } = dial(scope, url, options)
  ws.send('before open')
  assert.equal((await once(ws, 'message')).data, 'before open')
  const isNative = usesReactor(ws)
  const large = Buffer.alloc(500000, 'xyz')
  ws.send(large)
  assert.ok((await once(ws, 'message')).data.equals(large))
  ws.close(3000, 'done')
  assert.equal((await once(ws, 'close')).code, 3000)
  assert.deepEqual(events.map(([type]) => type), ['open', 'end', 'close'])
  return { isNative, ws }
}

/** The events of a client that does not open. */
async function failure (scope, url, options) {
  const { events, ws } = dial(scope, url, options)
  await once(ws, 'close')
  return { events, ws }
}

// ---- Agents that people use

/** As they are made by https-proxy-agent 7 and 5. */
const PROXY_AGENTS = {
  'https-proxy-agent 7': (origin, options) => new HttpsProxyAgent(origin, options),
  'https-proxy-agent 5': (origin, options) => httpsProxyAgent5({ ...partsOf(new URL(origin)), ...options })
}

/** What url.parse() gave, which version 5 wants. Its own ALPNProtocols, "http 1.1", are no name that servers know. */
function partsOf ({ protocol, hostname, port, username, password }) {
  const auth = username ? `${username}:${password}` : null
  return { protocol, host: hostname, port, auth, ALPNProtocols: ['http/1.1'] }
}

for (const [name, agentFor] of Object.entries(PROXY_AGENTS)) {
  for (const secureProxy of [false, true]) {
    for (const secureServer of [false, true]) {
      const way = `${secureServer ? 'wss' : 'ws'} through an ${secureProxy ? 'https' : 'http'} proxy`
      deviation(`${name}: ${way}`, async (scope) => {
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
    deviation(`${name}: the refusal of a proxy is the answer, ${scheme}`, async (scope) => {
      const proxy = await startProxy(scope, { authorization: basic('user:pass') })
      const { events, ws } = await failure(scope, `${scheme}://example.test/`, { agent: agentFor(proxy.origin()) })
      const message = 'Error during WebSocket handshake: Unexpected response code: 407'
      assert.deepEqual(events, [['error', message], ['end', undefined], ['close', 1002]])
      assert.equal(ws.statusCode, 407)
      assert.equal(ws.headers['proxy-authenticate'], 'Basic')
    })

    deviation(`${name}: a proxy that cannot be reached is one error and one close, ${scheme}`, async (scope) => {
      const agent = agentFor('http://user:secret@127.0.0.1:1')
      const { events } = await failure(scope, `${scheme}://example.test/`, { agent })
      const message = `Network error: ${scheme}://example.test/: connect ECONNREFUSED 127.0.0.1:1`
      assert.deepEqual(events, [['error', message], ['end', undefined], ['close', 1006]])
    })
  }

  deviation(`${name}: the certificate of the server is verified`, async (scope) => {
    const { url } = await serve(scope, WebSocket, { secure: authority.issue(['elsewhere.test']) })
    const proxy = await startProxy(scope)
    const { events } = await failure(scope, url.replace('127.0.0.1', 'localhost'), {
      agent: agentFor(proxy.origin()), ca
    })
    assert.match(events[0][1], /^Network error: wss:.* does not match certificate's altnames/)
    assert.deepEqual(events.slice(1), [['end', undefined], ['close', 1006]])
  })

  deviation(`${name}: a certificate is verified for the address of the server, not the proxy's`, async (scope) => {
    const { url } = await serve(scope, WebSocket, { secure: authority.issue(['localhost', 'elsewhere.test']) })
    // The agent has forgotten the address by then, and would ask for localhost.
    const proxy = await startProxy(scope)
    const { events } = await failure(scope, url, { agent: agentFor(proxy.origin()), ca })
    // Version 5 gives the address as the name of the server, which Node 26 refuses.
    assert.match(events[0][1], /IP: 127\.0\.0\.1 is not in the cert's list|to an IP address is not permitted/)
    assert.deepEqual(events.slice(1), [['end', undefined], ['close', 1006]])
  })

  deviation(`${name}: tinyproxy`, async (scope) => {
    const { url } = await serve(scope, WebSocket, { onSocket: echoEach })
    const { port } = await startTinyproxy(scope, 'BasicAuth user pass\n')
    await echo(scope, url, { agent: agentFor(`http://user:pass@127.0.0.1:${port}`) })
  }, { skip: missing('tinyproxy') })
}

for (const scheme of ['ws', 'wss']) {
  deviation(`socks-proxy-agent: ${scheme}`, async (scope) => {
    const { port } = await serve(scope, WebSocket, { secure: scheme === 'wss' && authority.local, onSocket: echoEach })
    const socks = await startSocks(scope)
    await echo(scope, `${scheme}://localhost:${port}/`, { agent: new SocksProxyAgent(socks.origin), ca })
    assert.deepEqual(socks.requests, [`localhost:${port}`])
  })
}

// ---- Node's agents

for (const [name, scheme, agentFor] of [
  ['http.Agent', 'ws', () => new http.Agent()],
  ['http.Agent that keeps connections', 'ws', () => new http.Agent({ keepAlive: true, timeout: 60000 })],
  ['http.Agent, and TLS over its stream', 'wss', () => new http.Agent()],
  ['https.Agent', 'wss', () => new https.Agent()],
  ['https.Agent with certificates of its own', 'wss', () => new https.Agent({ ca, keepAlive: true })],
  ['http.globalAgent', 'ws', () => http.globalAgent]
]) {
  deviation(`${scheme} by Node's ${name}`, async (scope) => {
    const { url } = await serve(scope, WebSocket, { secure: scheme === 'wss' && authority.local, onSocket: echoEach })
    const agent = agentFor()
    const { isNative, ws } = await echo(scope, url, { agent, ...(!agent.options.ca && { ca }) })
    assert.equal(isNative, !UNAVAILABLE && scheme === 'ws')
    assert.equal(Boolean(ws._stream.encrypted), scheme === 'wss')
    assert.deepEqual(Object.keys({ ...agent.sockets, ...agent.requests, ...agent.freeSockets }), [])
  })
}

deviation('the net options reach an agent, and so do those of TLS', async (scope) => {
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

deviation('a connection that an agent has kept for requests may become a WebSocket', async (scope) => {
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

deviation('a WebSocket is none of the connections that an agent counts', async (scope) => {
  const { url } = await serve(scope, WebSocket, { onSocket: echoEach })
  const agent = new http.Agent({ maxSockets: 1 })
  for (let count = 0; count < 3; count++) {
    const { ws } = dial(scope, url, { agent })
    await once(ws, 'open')
  }
})

deviation('a client that waits for its turn at an agent can be closed, and the next one has it', async (scope) => {
  const silent = await accept(scope)
  const agent = new http.Agent({ maxSockets: 1, keepAlive: true })
  scope.defer(() => agent.destroy())
  // An answer that does not come holds the agent's only connection.
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

deviation('an agent sees the request, without credentials and key', async (scope) => {
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

/** What an agent may do with a request, and what a client says to it. */
const AGENTS_THAT_FAIL = {
  'gives an error': [(request) => request.onSocket(null, new Error('made up')), 'made up'],
  'gives an error, later': [(request) => setTimeout(() => request.onSocket(null, new Error('made up')), 10), 'made up'],
  'emits an error': [(request) => request.emit('error', new Error('made up')), 'made up'],
  'destroys the request': [(request) => request.destroy(new Error('made up')), 'made up'],
  'destroys the request without a word': [(request) => request.destroy(), 'The agent has given up'],
  'gives no stream': [(request) => request.onSocket(undefined),
    'Invalid connection: [object Undefined]; expected a Duplex'],
  'gives a promise': [(request) => request.onSocket(Promise.resolve()),
    'Invalid connection: [object Promise]; expected a Duplex'],
  'gives a destroyed socket': [(request) => request.onSocket(new net.Socket().destroy()), 'The connection has ended'],
  'gives an error and two streams': [(request) => {
    request.onSocket(null, new Error('made up'))
    request.onSocket(new net.Socket())
    request.onSocket(null)
  }, 'made up']
}
for (const [name, [addRequest, reason]] of Object.entries(AGENTS_THAT_FAIL)) {
  deviation(`an agent that ${name}: one error and one close`, async (scope) => {
    const { events } = await failure(scope, 'ws://example.test/', { agent: { addRequest } })
    await scope.settle()
    assert.deepEqual(events, [
      ['error', `Network error: ws://example.test/: ${reason}`], ['end', undefined], ['close', 1006]
    ])
  })
}

deviation('what an agent throws is thrown by the constructor', () => {
  const agent = { addRequest () { throw new RangeError('made up') } }
  assert.throws(() => new WebSocket.Client('ws://example.test/', [], { agent }), { name: 'RangeError' })
})

// ---- Functions

/** Ways to make a connection, by what `createConnection` does with its arguments. */
const FUNCTIONS = {
  'returns a socket that is about to connect': (options) => connectTo(options),
  'returns a socket and calls back when it is connected': (options, callback) => {
    const socket = connectTo(options, () => callback(null, socket))
    return socket
  },
  'calls back when the socket is connected': (options, callback) => {
    const socket = connectTo(options, () => callback(null, socket))
  },
  'calls back at once': (options, callback) => callback(null, connectTo(options)),
  'calls back later': (options, callback) => { setTimeout(() => callback(null, connectTo(options)), 10) },
  'returns another Duplex': (options) => wrapped(connectTo(options))
}

function connectTo (options, callback) {
  return net.connect({ host: options.host, port: options.port }, callback)
}

/** A Duplex that is no socket, to the same place. */
function wrapped (socket) {
  const duplex = new Duplex({
    read: () => socket.resume(),
    write: (chunk, encoding, callback) => socket.write(chunk, callback),
    final: (callback) => socket.end(callback),
    destroy: (error, callback) => {
      socket.destroy()
      callback(error)
    }
  })
  socket.on('data', (chunk) => duplex.push(chunk) || socket.pause())
  socket.on('end', () => duplex.push(null))
  socket.on('error', (error) => duplex.destroy(error))
  return duplex
}

for (const [name, createConnection] of Object.entries(FUNCTIONS)) {
  for (const scheme of ['ws', 'wss']) {
    deviation(`createConnection ${name}: ${scheme}`, async (scope) => {
      const { url } = await serve(scope, WebSocket, { secure: scheme === 'wss' && authority.local, onSocket: echoEach })
      const { isNative } = await echo(scope, url, { createConnection, ca })
      assert.equal(isNative, !UNAVAILABLE && scheme === 'ws' && !name.includes('another'))
    })
  }
}

deviation('createConnection may speak TLS itself, with the options that it is given', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: authority.local, onSocket: echoEach })
  const seen = []
  const { ws } = await echo(scope, url, {
    ca,
    createConnection: (options) => {
      seen.push(options)
      return tls.connect(options)
    }
  })
  assert.ok(ws._stream instanceof tls.TLSSocket)
  assert.deepEqual([seen[0].host, seen[0].ca, seen[0].protocol], ['127.0.0.1', ca, 'wss:'])
})

deviation('TLS by createConnection: nothing is written before the certificate is verified', async (scope) => {
  const received = []
  const listener = tls.createServer(authority.issue(['elsewhere.test']), (socket) => {
    socket.on('data', (chunk) => received.push(chunk))
    socket.on('error', () => {})
  })
  const port = await listen(scope, listener)
  const { events } = await failure(scope, `wss://localhost:${port}/`, { ca, createConnection: tls.connect })
  assert.match(events[0][1], /does not match certificate's altnames/)
  await scope.settle()
  assert.deepEqual(received, [])
})

deviation('a plain stream for a wss: URL is encrypted, and the certificate verified', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: authority.issue(['elsewhere.test']), onSocket: echoEach })
  for (const options of [{ createConnection: connectTo }, { agent: new http.Agent() }]) {
    const { events } = await failure(scope, url, { ...options, ca })
    assert.match(events[0][1], /does not match certificate's altnames/)
  }
})

deviation('createConnection reaches the Unix socket of a URL', async () => {
  const seen = []
  const createConnection = (options) => {
    seen.push(options.path)
    return new net.Socket().destroy()
  }
  const ws = new WebSocket.Client('ws+unix:/a.sock:/', [], { createConnection })
  await once(ws, 'close')
  assert.deepEqual(seen, ['/a.sock'])
})

deviation('a stream in memory, whose answer is there before the constructor returns', async () => {
  let head = ''
  const createConnection = () => new Duplex({
    read () {},
    write (chunk, encoding, callback) {
      head += chunk
      if (head.endsWith('\r\n\r\n')) this.push(upgradeResponse(head))
      callback()
    }
  })
  const ws = new WebSocket.Client('ws://in-memory.test/', [], { createConnection })
  await once(ws, 'open')
  ws.terminate()
})

const FUNCTIONS_THAT_FAIL = {
  'calls back with an error': [(options, callback) => { callback(new Error('made up')) }, 'made up'],
  'calls back with an error, later': [(options, callback) => {
    setImmediate(callback, new Error('made up'))
  }, 'made up'],
  'calls back with an error that is none': [(options, callback) => { callback('made up') }, 'made up'],
  'calls back with nothing': [(options, callback) => { callback() },
    'Invalid connection: [object Undefined]; expected a Duplex'],
  'calls back with a web stream': [(options, callback) => { callback(null, new ReadableStream()) },
    'Invalid connection: [object ReadableStream]; expected a Duplex'],
  'returns a socket that cannot connect': [() => net.connect(1, '127.0.0.1'), 'connect ECONNREFUSED 127.0.0.1:1'],
  'returns a destroyed socket': [() => new net.Socket().destroy(), 'The connection has ended'],
  'returns a socket that fails in this tick': [() => {
    const socket = new net.Socket()
    socket.destroy(new Error('made up'))
    return socket
  }, 'The connection has ended']
}
const ReadableStream = globalThis.ReadableStream
for (const [name, [createConnection, reason]] of Object.entries(FUNCTIONS_THAT_FAIL)) {
  deviation(`createConnection ${name}: one error and one close`, async (scope) => {
    const { events } = await failure(scope, 'ws://example.test/', { createConnection })
    await scope.settle()
    assert.deepEqual(events, [
      ['error', `Network error: ws://example.test/: ${reason}`], ['end', undefined], ['close', 1006]
    ])
  })
}

for (const [name, createConnection, expected] of [
  ['throws', () => { throw new RangeError('made up') }, { name: 'RangeError', message: 'made up' }],
  ['returns a promise', async () => new net.Socket(), {
    name: 'TypeError', message: 'Invalid connection: [object Promise]; expected a Duplex'
  }],
  ['returns something else', () => 'socket', { message: 'Invalid connection: [object String]; expected a Duplex' }]
]) {
  deviation(`createConnection ${name}: the constructor throws`, () => {
    assert.throws(() => new WebSocket.Client('ws://example.test/', [], { createConnection }), expected)
  })
}

// ---- Ends, in every state

/** How a program ends a client, and the code of `close`. */
const ENDS = {
  'close()': [(ws) => ws.close(3000), 3000],
  'terminate()': [(ws) => ws.terminate(), 1006],
  'its signal': [(ws, controller) => controller.abort(), 1006]
}
/** Where a client is on its way; each gives the options, and waits until it is there. */
const STATES = {
  'while the agent has said nothing': () => {
    let request
    return {
      options: { agent: { addRequest: (each) => { request = each } } },
      late: (stream) => request.onSocket(stream)
    }
  },
  'while createConnection has said nothing': () => {
    let callback
    return {
      options: { createConnection: (options, each) => { callback = each } },
      late: (stream) => callback(null, stream)
    }
  },
  'while the stream of an agent connects': () => {
    const stream = new net.Socket()
    stream.connecting = true
    return { options: { agent: { addRequest: (request) => request.onSocket(stream) } }, stream }
  },
  'while the stream of createConnection connects': () => {
    const stream = new net.Socket()
    stream.connecting = true
    return { options: { createConnection: () => stream }, stream }
  },
  'while TLS is under way': async (scope) => {
    const silent = await accept(scope)
    const stream = net.connect(silent.port, '127.0.0.1')
    return { options: { createConnection: () => stream }, scheme: 'wss', stream, reached: () => silent.accepted() }
  },
  'before the answer': async (scope) => {
    const silent = await accept(scope)
    const stream = net.connect(silent.port, '127.0.0.1')
    const reached = async () => (await silent.accepted()).head()
    return { options: { createConnection: () => stream }, stream, reached }
  }
}
for (const [state, reach] of Object.entries(STATES)) {
  for (const [how, [end, code]] of Object.entries(ENDS)) {
    deviation(`${how} ends a client ${state}`, async (scope) => {
      const { options, scheme = 'ws', stream, reached, late } = await reach(scope)
      const controller = new AbortController()
      const { events, ws } = dial(scope, `${scheme}://example.test/`, { ...options, signal: controller.signal })
      await (reached ? reached() : scope.settle(5))
      const close = once(ws, 'close')
      end(ws, controller)
      await close
      // What comes now is not used, and not left behind.
      const another = new net.Socket()
      if (late) late(another)
      await eventually(() => (stream || another).destroyed, 'the end of the stream')
      assert.deepEqual(events, [['end', undefined], ['close', code]])
    })
  }

  deviation(`handshakeTimeout ends a client ${state}`, async (scope) => {
    const { options, scheme = 'ws', stream } = await reach(scope)
    const { events } = await failure(scope, `${scheme}://example.test/`, { ...options, handshakeTimeout: 0.05 })
    assert.match(events[0][1], /the opening handshake has taken more than 0\.05 seconds$/)
    assert.deepEqual(events.slice(1), [['end', undefined], ['close', 1006]])
    if (stream) await eventually(() => stream.destroyed, 'the end of the stream')
  })
}

deviation('a client whose signal is aborted already asks for no connection', async (scope) => {
  const asked = []
  for (const options of [
    { agent: { addRequest: () => asked.push('agent') } }, { createConnection: () => asked.push('createConnection') }
  ]) {
    const { events } = await failure(scope, 'ws://example.test/', { ...options, signal: AbortSignal.abort() })
    assert.deepEqual(events, [['end', undefined], ['close', 1006]])
  }
  assert.deepEqual(asked, [])
})

deviation('handlers run in the context of the client, wherever createConnection calls back', async (scope) => {
  const { url } = await serve(scope, WebSocket, { onSocket: echoEach })
  const storage = new AsyncLocalStorage()
  const createConnection = (options, callback) => {
    storage.run('elsewhere', () => setTimeout(() => callback(null, connectTo(options)), 5))
  }
  const failing = (options, callback) => {
    storage.run('elsewhere', () => setImmediate(callback, new Error('made up')))
  }
  const [opened, closed] = await storage.run('here', () => Promise.all([
    new Promise((resolve) => {
      dial(scope, url, { createConnection }).ws.on('open', () => resolve(storage.getStore()))
    }),
    new Promise((resolve) => {
      dial(scope, url, { createConnection: failing }).ws.on('close', () => resolve(storage.getStore()))
    })
  ]))
  assert.equal(closed, 'here')
  // By the stream, what it reads comes in the context in which it was made.
  if (!UNAVAILABLE) assert.equal(opened, 'here')
})

// ---- Options that are wrong

const NO_AGENTS = [true, 5, 'http://user:secret@proxy/', {}, { createConnection () {} }, new URL('http://u:secret@p/')]
for (const agent of NO_AGENTS) {
  deviation(`an agent without addRequest() is refused: a value of type ${typeof agent}`, () => {
    assert.throws(() => new WebSocket.Client('ws://example.test/', [], { agent }), {
      name: 'TypeError', message: `Invalid agent: a value of type ${typeof agent}; expected an http.Agent`
    })
  })
}

deviation('createConnection must be a function', () => {
  assert.throws(() => new WebSocket.Client('ws://example.test/', [], { createConnection: {} }), {
    name: 'TypeError', message: 'Invalid createConnection: a value of type object; expected a function'
  })
})

const agent = { addRequest () { assert.fail('asked') } }
const createConnection = () => assert.fail('called')
const proxy = { origin: 'http://127.0.0.1:1' }
for (const [names, options] of [
  ['proxy and agent', { agent, proxy }],
  ['proxy and createConnection', { createConnection, proxy }],
  ['agent and createConnection', { agent, createConnection }],
  ['proxy and agent and createConnection', { agent, createConnection, proxy }]
]) {
  deviation(`${names} exclude each other`, () => {
    assert.throws(() => new WebSocket.Client('ws://example.test/', [], options), {
      name: 'TypeError', message: `The options ${names} exclude each other`
    })
  })
}

deviation('what is no agent, no function and no proxy is as if it was not given', async (scope) => {
  const { url } = await serve(scope, WebSocket, { onSocket: echoEach })
  for (const nothing of [undefined, null, false]) {
    await echo(scope, url, { agent: nothing, createConnection: nothing, proxy: nothing })
  }
  await echo(scope, url, { agent: new http.Agent(), proxy: { origin: '' } })
})

deviation('an agent of https: does not take a ws: URL, and none leads to a Unix socket', () => {
  assert.throws(() => new WebSocket.Client('ws://user:secret@example.test/', [], { agent: new https.Agent() }), {
    name: 'TypeError', message: 'Invalid agent: its protocol is https:, and ws://example.test/ is not secure'
  })
  assert.throws(() => new WebSocket.Client('ws+unix:/a.sock:/', [], { agent }), {
    message: 'ws+unix:/a.sock:/ cannot be reached through an agent'
  })
})

deviation('a server takes these options, and ignores them', async (scope) => {
  const { url } = await serve(scope, WebSocket, { options: { agent: true, createConnection: 5 }, onSocket: echoEach })
  await echo(scope, url, {})
})
