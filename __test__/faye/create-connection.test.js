'use strict'

// Clients with createConnection: how connections are made and ended, and options that exclude each other.

const assert = require('node:assert/strict')
const { AsyncLocalStorage } = require('node:async_hooks')
const http = require('node:http')
const net = require('node:net')
const { Duplex } = require('node:stream')
const tls = require('node:tls')

const { createAuthority } = require('../support/certs')
const { echoEach } = require('../support/client')
const { dial, echo, failure } = require('../support/dial')
const { UNAVAILABLE } = require('../support/native')
const { accept, eventually, listen, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')
const { upgradeResponse } = require('../support/wire')

const authority = createAuthority()
const { ca } = authority

/** Functions for `createConnection`, by the way in which they pass the connection to the client. */
const FUNCTIONS = {
  'returns a connecting socket': (options) => connectTo(options),
  'returns a socket and calls back when the socket is connected': (options, callback) => {
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

/** Returns a Duplex that reads from and writes to the socket. */
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
    deviation(`a ${scheme} client connects when createConnection ${name}`, async (scope) => {
      const { url } = await serve(scope, WebSocket, { secure: scheme === 'wss' && authority.local, onSocket: echoEach })
      const { isNative } = await echo(scope, url, { createConnection, ca })
      assert.equal(isNative, !UNAVAILABLE && scheme === 'ws' && !name.includes('another'))
    })
  }
}

deviation('createConnection can make the TLS connection itself, with the options that it receives', async (scope) => {
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

deviation('a client verifies the certificate of a TLS socket of createConnection before it writes', async (scope) => {
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

deviation('a client adds TLS to a plain stream for a wss: URL, and verifies the certificate', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: authority.issue(['elsewhere.test']), onSocket: echoEach })
  for (const options of [{ createConnection: connectTo }, { agent: new http.Agent() }]) {
    const { events } = await failure(scope, url, { ...options, ca })
    assert.match(events[0][1], /does not match certificate's altnames/)
  }
})

deviation('createConnection receives the path of the Unix socket in a URL', async () => {
  const seen = []
  const createConnection = (options) => {
    seen.push(options.path)
    return new net.Socket().destroy()
  }
  const ws = new WebSocket.Client('ws+unix:/a.sock:/', [], { createConnection })
  await once(ws, 'close')
  assert.deepEqual(seen, ['/a.sock'])
})

deviation('a client opens when its stream has the response before the constructor returns', async () => {
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
  'calls back with an error later': [(options, callback) => {
    setImmediate(callback, new Error('made up'))
  }, 'made up'],
  'calls back with a string as the error': [(options, callback) => { callback('made up') }, 'made up'],
  'calls back without arguments': [(options, callback) => { callback() },
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
  deviation(`a client emits one error and one close when createConnection ${name}`, async (scope) => {
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
  ['returns a string', () => 'socket', { message: 'Invalid connection: [object String]; expected a Duplex' }]
]) {
  deviation(`the constructor throws when createConnection ${name}`, () => {
    assert.throws(() => new WebSocket.Client('ws://example.test/', [], { createConnection }), expected)
  })
}

/** Functions that end a client, and the code of `close`. */
const ENDS = {
  'close()': [(ws) => ws.close(3000), 3000],
  'terminate()': [(ws) => ws.terminate(), 1006],
  'its signal': [(ws, controller) => controller.abort(), 1006]
}
/**
 * States of a client before it is open. Each function returns the options; `reached` waits for the state, and `late`
 * passes a stream to the client afterwards.
 */
const STATES = {
  'that waits for its agent': () => {
    let request
    return {
      options: { agent: { addRequest: (each) => { request = each } } },
      late: (stream) => request.onSocket(stream)
    }
  },
  'that waits for createConnection': () => {
    let callback
    return {
      options: { createConnection: (options, each) => { callback = each } },
      late: (stream) => callback(null, stream)
    }
  },
  'while the stream of its agent connects': () => {
    const stream = new net.Socket()
    stream.connecting = true
    return { options: { agent: { addRequest: (request) => request.onSocket(stream) } }, stream }
  },
  'while the stream of createConnection connects': () => {
    const stream = new net.Socket()
    stream.connecting = true
    return { options: { createConnection: () => stream }, stream }
  },
  'during the TLS handshake': async (scope) => {
    const silent = await accept(scope)
    const stream = net.connect(silent.port, '127.0.0.1')
    return { options: { createConnection: () => stream }, scheme: 'wss', stream, reached: () => silent.accepted() }
  },
  'before the response': async (scope) => {
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
      // The client destroys a stream that arrives after its end.
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

deviation('a client whose signal is already aborted calls neither agent nor createConnection', async (scope) => {
  const asked = []
  for (const options of [
    { agent: { addRequest: () => asked.push('agent') } }, { createConnection: () => asked.push('createConnection') }
  ]) {
    const { events } = await failure(scope, 'ws://example.test/', { ...options, signal: AbortSignal.abort() })
    assert.deepEqual(events, [['end', undefined], ['close', 1006]])
  }
  assert.deepEqual(asked, [])
})

deviation('handlers run in the context of the client when createConnection calls back in another', async (scope) => {
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
  // With the stream transport, `open` runs in the context in which the stream was made.
  if (!UNAVAILABLE) assert.equal(opened, 'here')
})

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

deviation('undefined, null and false are the same as no agent, createConnection or proxy', async (scope) => {
  const { url } = await serve(scope, WebSocket, { onSocket: echoEach })
  for (const nothing of [undefined, null, false]) {
    await echo(scope, url, { agent: nothing, createConnection: nothing, proxy: nothing })
  }
  await echo(scope, url, { agent: new http.Agent(), proxy: { origin: '' } })
})

deviation('a server ignores agent and createConnection', async (scope) => {
  const { url } = await serve(scope, WebSocket, { options: { agent: true, createConnection: 5 }, onSocket: echoEach })
  await echo(scope, url, {})
})
