'use strict'

// Requests of https over the TLS of the reactor, and connections that take over their sockets after an upgrade.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const https = require('node:https')
const net = require('node:net')
const tls = require('node:tls')

const { Connection } = require('../../lib/connection/connection')
const transports = require('../../lib/transport')
const { secureAgent } = require('../../lib/transport/secure_agent')
const { certificate, createAuthority } = require('../support/certs')
const { test } = require('../support/native')
const { accept, eventually, listen } = require('../support/peer')
const { issue, local, root } = require('../support/tls')
const { frame, upgradeResponse } = require('../support/wire')

const WAYS = ['reactor', 'node']
const UPGRADE = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' }

/** Sends a request and records its events. `by` selects the TLS; `late` delays the reading of the response, in ms. */
function ask (scope, port, { by = 'reactor', body, late = 0, ...given } = {}) {
  const options = { host: 'localhost', port, agent: false, ca: root.cert, headers: UPGRADE, ...given }
  const agent = secureAgent(options)
  assert.notEqual(agent, null)
  const request = https.request({ ...options, agent: by === 'reactor' ? agent : false })
  const seen = { request, events: [], socket: null, response: null, head: null, bytes: 0 }
  const note = (...event) => seen.events.push(event)
  request.on('socket', (socket) => {
    seen.socket = socket
    scope.defer(() => socket.destroy())
  })
  request.on('error', ({ code, message }) => note('error', code, message.replace(/[0-9A-F]{8,}:error/g, 'error')))
  request.on('close', () => note('close'))
  request.on('abort', () => note('abort'))
  request.on('timeout', () => note('timeout'))
  request.on('upgrade', (response, socket, head) => {
    note('upgrade')
    Object.assign(seen, { response, head, socket })
  })
  request.on('response', (response) => {
    note('response', response.statusCode)
    seen.response = response
    response.on('data', (chunk) => { seen.bytes += chunk.length })
    response.on('aborted', () => note('aborted'))
    response.on('error', ({ code, message }) => note('response error', code, message))
    response.on('end', () => note('end', seen.bytes))
    if (late === 0) return
    response.pause()
    setTimeout(() => response.resume(), late)
  })
  request.end(body)
  return seen
}

/** Returns whether the reactor encrypts the socket. */
const isOurs = (socket) => !(socket instanceof tls.TLSSocket)

/** Sends a request with each TLS, and checks that the events are equal. */
async function both (scope, port, options, isDone = ({ events }) => events.some(([type]) => type === 'close')) {
  const all = []
  for (const by of WAYS) {
    const seen = ask(scope, port, { ...options, by })
    await eventually(() => isDone(seen), `the end of a request with ${by}`)
    await scope.settle()
    all.push(seen)
  }
  assert.deepEqual(all[0].events, all[1].events)
  return all[0]
}

async function httpsServer (scope, onRequest, secure = local) {
  const server = https.createServer(secure, onRequest)
  return { server, port: await listen(scope, server) }
}

/** Makes a connection on the socket of an upgrade, and records the messages that it receives. */
function establish (socket, isStream) {
  const connection = Connection.established(true, {})
  const received = []
  const closed = []
  connection.observer = {
    wants: 0,
    received: (data) => received.push(data),
    drained () {},
    failed: (failure) => closed.push(failure),
    closed: (...how) => closed.push(how)
  }
  const transport = transports.connect(socket, connection, isStream)
  return { closed, connection, received, transport }
}

for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
  test(`with ${maxVersion}, a connection on the socket of an upgrade sends and receives messages`, async (scope) => {
    const server = await accept(scope, { secure: { ...local, maxVersion } })
    const seen = ask(scope, server.port)
    const peer = await server.accepted()
    assert.equal(peer.socket.getProtocol(), maxVersion)
    peer.write(Buffer.concat([Buffer.from(upgradeResponse(await peer.head())), frame('text', 'at once')]))
    await eventually(() => seen.head, 'an upgrade')
    assert.deepEqual(seen.head, frame('text', 'at once'))
    const { connection, received, transport } = establish(seen.socket)
    assert.equal(transport.isNative, true)
    connection.delivery.receive(seen.head)
    const large = Buffer.alloc(65536, 7)
    peer.write(frame('text', 'Hello'))
    for (let count = 0; count < 20; count++) peer.write(frame('binary', large))
    await eventually(() => received.length === 22, 'messages')
    assert.deepEqual(received, ['at once', 'Hello', ...Array(20).fill(large)])
    for (let count = 0; count < 20; count++) connection.outgoing.binary(large)
    const frames = await peer.frames(20)
    assert.deepEqual(frames.map(({ payload }) => payload), Array(20).fill(large))
  })
}

test('bytes after an upgrade wait for the connection, however late it is made', async (scope) => {
  const server = await accept(scope, { secure: local })
  const seen = ask(scope, server.port)
  const peer = await server.acceptedOpen()
  await eventually(() => seen.head, 'an upgrade')
  const sent = Array.from({ length: 400 }, (_, index) => Buffer.alloc(5000, index))
  for (const each of sent) peer.write(frame('binary', each))
  await eventually(() => seen.socket.readableLength > 0, 'bytes')
  await scope.settle()
  const { connection, received, transport } = establish(seen.socket)
  assert.equal(transport.isNative, true)
  connection.delivery.deliver()
  await eventually(() => received.length === sent.length, 'all messages')
  assert.deepEqual(received, sent)
})

test('a connection made in the upgrade handler receives the rest of the batch', async (scope) => {
  const server = await accept(scope, { secure: local })
  const seen = ask(scope, server.port)
  let established
  seen.request.on('upgrade', (response, socket, head) => {
    established = establish(socket)
    established.connection.delivery.receive(head)
  })
  const peer = await server.accepted()
  peer.write(upgradeResponse(await peer.head()))
  peer.write(frame('text', 'a'))
  peer.socket.end(frame('text', 'b'))
  await eventually(() => established?.received.length === 2, 'both messages')
  await eventually(() => seen.socket.readableEnded, 'the end')
  assert.deepEqual(established.received, ['a', 'b'])
})

const OBSTACLES = {
  'a listener of data': (socket) => socket.on('data', () => {}),
  'its own write method': (socket) => { socket.write = (...args) => net.Socket.prototype.write.apply(socket, args) },
  'an encoding': (socket) => socket.setEncoding('latin1'),
  'the option transport: stream': () => true
}
for (const [name, prepare] of Object.entries(OBSTACLES)) {
  test(`a socket with ${name} uses the stream transport, and stays encrypted`, async (scope) => {
    const server = await accept(scope, { secure: local })
    const seen = ask(scope, server.port)
    const peer = await server.acceptedOpen()
    await eventually(() => seen.head, 'an upgrade')
    const isStream = prepare(seen.socket) === true
    const { connection, received, transport } = establish(seen.socket, isStream)
    assert.equal(transport.isNative, false)
    connection.outgoing.text('to the server')
    assert.equal((await peer.frame()).payload.toString(), 'to the server')
    if (name === 'an encoding') return
    peer.write(frame('text', 'to the client'))
    await eventually(() => received.length === 1, 'a message')
  })
}

const BODIES = [0, 1, 16383, 16384, 16385, 65536, 3e7]
for (const version of ['TLSv1.2', 'TLSv1.3']) {
  test(`bodies of all sizes are complete over ${version}, with a length, in chunks or until the end`, async (scope) => {
    const { port } = await httpsServer(scope, ({ url }, response) => {
      const [, length, how] = url.split('/')
      const body = Buffer.alloc(Number(length), 'x')
      if (how === 'length') response.setHeader('Content-Length', body.length)
      if (how === 'end') response.useChunkedEncodingByDefault = false
      if (how === 'end') response.setHeader('Connection', 'close')
      response.write(body.subarray(0, 10))
      response.end(body.subarray(10))
    }, { ...local, maxVersion: version })
    for (const length of BODIES) {
      for (const how of ['length', 'chunks', 'end']) {
        const { events, socket } = await both(scope, port, { path: `/${length}/${how}` })
        assert.deepEqual(events, [['response', 200], ['end', length], ['close']], `${length} bytes, ${how}`)
        assert.ok(isOurs(socket))
        await eventually(() => socket.destroyed, 'the end of the socket')
      }
    }
  })
}

test('a body that the program does not read stops the server until the program reads it', async (scope) => {
  let written = 0
  const { port } = await httpsServer(scope, async (request, response) => {
    const chunk = Buffer.alloc(65536)
    while (written < 5e7) {
      written += chunk.length
      if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve))
    }
    response.end()
  })
  const seen = ask(scope, port)
  await eventually(() => seen.response, 'a response')
  assert.ok(isOurs(seen.socket))
  seen.response.pause()
  let before = -1
  while (written !== before) {
    before = written
    await scope.settle()
  }
  assert.ok(written < 4e7, `${written} bytes written`)
  seen.response.resume()
  await eventually(() => seen.events.some(([type]) => type === 'end'), 'the end')
  assert.equal(seen.bytes, written)
})

test('a body that the server reads late arrives complete', async (scope) => {
  const body = Buffer.from(Array.from({ length: 1e6 }, (_, index) => `${index};`).join(''))
  const { port } = await httpsServer(scope, async (request, response) => {
    await new Promise((resolve) => setTimeout(resolve, 50))
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    response.end(String(Buffer.concat(chunks).equals(body)))
  })
  const seen = ask(scope, port, { method: 'POST', body })
  await eventually(() => seen.events.some(([type]) => type === 'close'), 'the end')
  assert.equal(seen.bytes, 'true'.length)
})

test('the peer can still send after our half has ended', async (scope) => {
  const server = await accept(scope, { secure: local })
  for (const by of WAYS) {
    const seen = ask(scope, server.port, { by })
    const peer = await server.acceptedOpen()
    await eventually(() => seen.head, 'an upgrade')
    const chunks = []
    seen.socket.on('data', (chunk) => chunks.push(chunk))
    seen.socket.end('last words')
    await peer.until(() => peer.bytes.toString() === 'last words')
    assert.equal(await peer.ended(), 'fin')
    peer.write('answer')
    peer.socket.end(' and end')
    await eventually(() => seen.socket.readableEnded && seen.socket.destroyed, 'the end')
    assert.equal(Buffer.concat(chunks).toString(), 'answer and end')
  }
})

test('the callback of a write runs once the kernel has the bytes or the socket is destroyed', async (scope) => {
  const server = await accept(scope, { secure: local })
  const seen = ask(scope, server.port)
  const peer = await server.acceptedOpen()
  await eventually(() => seen.head, 'an upgrade')
  const { socket } = seen
  peer.socket.pause()
  const called = []
  assert.equal(socket.write('short', () => called.push('short')), true)
  await scope.settle()
  assert.deepEqual(called, ['short'])
  socket.on('error', () => {})
  let count = 0
  const chunk = Buffer.alloc(1e5)
  while (socket.writableLength < 1e6) socket.write(chunk, (error) => called.push(error ? 'error' : ++count))
  await scope.settle()
  assert.ok(socket.writableLength > 0)
  assert.equal(socket.writableNeedDrain, true)
  const drained = new Promise((resolve) => socket.once('drain', resolve))
  peer.socket.resume()
  await drained
  assert.equal(socket.writableLength, 0)
  peer.socket.pause()
  called.length = 0
  socket.write(Buffer.alloc(3e7), (error) => called.push(error?.message))
  await scope.settle()
  assert.deepEqual(called, [])
  socket.destroy()
  await eventually(() => called.length === 1, 'the callback')
  assert.equal(called[0], 'write ECANCELED')
})

const other = createAuthority()
const MISTRUSTED = {
  'of another authority': [other.local, {}],
  'for another name': [issue({ names: ['other.example'] }), {}],
  'that has expired': [issue({ notAfter: new Date(Date.now() - 3600000) }), {}],
  'that does not match the option servername': [local, { servername: 'other.example' }],
  'that does not match the header Host': [local, { headers: { ...UPGRADE, Host: 'other.example' } }],
  'that does not match the address': [issue({ names: ['localhost'] }), { host: '127.0.0.1' }],
  'that is self-signed': [certificate('localhost', { names: ['localhost'] }), {}]
}
for (const [name, [secure, options]] of Object.entries(MISTRUSTED)) {
  test(`a request to a server with a certificate ${name} emits the error of Node`, async (scope) => {
    const { port } = await httpsServer(scope, () => assert.fail('A request has arrived'), secure)
    const { events } = await both(scope, port, options)
    assert.equal(events.length, 2)
    assert.deepEqual([events[0][0], events[1][0]], ['error', 'close'])
  })
}

test('a request to a server that only Node trusts uses the TLS of Node', async (scope) => {
  const nameless = issue({ names: undefined })
  const { port } = await httpsServer(scope, (request, response) => response.end('x'), nameless)
  const { events, socket } = await both(scope, port)
  assert.deepEqual(events, [['response', 200], ['end', 1], ['close']])
  assert.ok(!isOurs(socket))
})

/** Actions of a server before or during the TLS handshake. */
const HOSTILE = {
  'answers in plaintext': (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
  'ends at once': (socket) => socket.end(),
  'ends after our first record': (socket) => socket.once('data', () => socket.end()),
  'resets after our first record': (socket) => socket.once('data', () => socket.resetAndDestroy()),
  'sends a fatal alert': (socket) => socket.write(Buffer.from([21, 3, 3, 0, 2, 2, 40]))
}
for (const [name, onSocket] of Object.entries(HOSTILE)) {
  test(`a request to a server that ${name} emits the error of Node`, async (scope) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {})
      onSocket(socket)
    })
    const port = await listen(scope, server)
    const { events } = await both(scope, port)
    assert.deepEqual([events[0][0], events[1][0]], ['error', 'close'])
  })
}

test('a request without a server or a host emits the error of Node', async (scope) => {
  const refused = await both(scope, 1)
  assert.equal(refused.events[0][1], 'ECONNREFUSED')
  const lookup = (host, options, callback) => callback(Object.assign(new Error('no host'), { code: 'ENOTFOUND' }))
  const { events } = await both(scope, 1, { lookup })
  assert.deepEqual(events, [['error', 'ENOTFOUND', 'no host'], ['close']])
})

for (const [name, end] of [['resets', (socket) => socket.resetAndDestroy()], ['ends', (socket) => socket.end()]]) {
  test(`a request to a server that ${name} in the middle of a body emits the events of Node`, async (scope) => {
    const server = await accept(scope, { secure: local })
    const isDone = ({ events }) => events.some(([type]) => type === 'close')
    const answer = async () => {
      const peer = await server.accepted()
      await peer.head()
      peer.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
      await new Promise((resolve) => setTimeout(resolve, 30))
      const socket = name === 'resets' ? peer.socket._parent ?? peer.socket : peer.socket
      end(socket)
    }
    const answers = Promise.all([answer(), answer()])
    const { events } = await both(scope, server.port, {}, isDone)
    await answers
    assert.deepEqual(events[0], ['response', 200])
    assert.ok(events.some(([type]) => type === 'aborted'))
  })
}

test('a request that is cut off in a body without close_notify emits the events of Node', async (scope) => {
  const server = await accept(scope, { secure: local })
  const proxy = net.createServer((client) => {
    const far = net.connect(server.port, '127.0.0.1')
    scope.defer(() => far.destroy())
    client.on('error', () => {}).pipe(far).on('error', () => {})
    far.on('data', (chunk) => client.write(chunk))
    setTimeout(() => client.end(), 200)
  })
  const port = await listen(scope, proxy)
  const answer = async () => {
    const peer = await server.accepted()
    await peer.head()
    peer.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
  }
  const answers = Promise.all([answer(), answer()])
  const { events, bytes } = await both(scope, port)
  await answers
  assert.deepEqual(events.slice(0, 2), [['response', 200], ['aborted']])
  assert.equal(bytes, 4)
})

test('a program that reads late receives the whole body and its end', async (scope) => {
  const { port } = await httpsServer(scope, (request, response) => {
    response.setHeader('Connection', 'close')
    response.end(Buffer.alloc(150000))
  })
  const { events } = await both(scope, port, { late: 150 })
  assert.deepEqual(events, [['response', 200], ['end', 150000], ['close']])
})

const NONSENSE = {
  'other text than HTTP': 'nonsense\r\n\r\n',
  'a head without an end': `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100000)}`,
  'a wrong length': 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n'
}
for (const [name, answer] of Object.entries(NONSENSE)) {
  test(`a request to a server that answers with ${name} emits the error of Node`, async (scope) => {
    const server = await accept(scope, { secure: local })
    const answered = Promise.all(WAYS.map(async () => (await server.accepted()).write(answer)))
    const { events } = await both(scope, server.port)
    await answered
    assert.deepEqual([events[0][0], events[0][1].slice(0, 4), events[1]], ['error', 'HPE_', ['close']])
  })
}

/** The moments at which a program cancels a request. */
const MOMENTS = {
  'in the same tick': () => {},
  'while it connects': () => new Promise((resolve) => process.nextTick(() => process.nextTick(resolve))),
  'during the TLS handshake': () => new Promise((resolve) => setTimeout(resolve, 40))
}
const CANCELS = {
  'abort()': (request) => request.abort(),
  'destroy()': (request) => request.destroy(),
  'destroy(error)': (request) => request.destroy(Object.assign(new Error('mine'), { code: 'MINE' })),
  'a signal': (request, controller) => controller.abort()
}
for (const [moment, wait] of Object.entries(MOMENTS)) {
  for (const [how, cancel] of Object.entries(CANCELS)) {
    test(`${how} of a request ${moment} closes the socket and emits close`, async (scope) => {
      const sockets = []
      const server = net.createServer((socket) => {
        socket.on('error', () => {}).resume()
        sockets.push(socket)
      })
      const port = await listen(scope, server)
      const seen = []
      for (const by of WAYS) {
        const controller = new AbortController()
        const { events, request } = ask(scope, port, { by, ...(how === 'a signal' && { signal: controller.signal }) })
        await wait()
        cancel(request, controller)
        await eventually(() => events.some(([type]) => type === 'close'), 'close')
        await scope.settle()
        assert.ok(sockets.every(({ destroyed, readableEnded }) => destroyed || readableEnded), by)
        seen.push(events.filter(([type]) => type !== 'abort'))
      }
      // Node emits no error if the request has no socket yet.
      if (moment !== 'in the same tick' || how !== 'abort()') assert.deepEqual(seen[0], seen[1])
      else assert.deepEqual(seen[0], [['error', 'ECONNRESET', 'socket hang up'], ['close']])
    })
  }
}

const REFUSED = {
  'an agent': { agent: new https.Agent() },
  'no agent': { agent: undefined },
  'the option createConnection': { agent: false, createConnection: () => {} }
}
for (const [name, options] of Object.entries(REFUSED)) {
  test(`a request with ${name} does not use our agent`, () => {
    assert.equal(secureAgent(options), null)
  })
}

const REPLACED = [
  [https, 'request'], [https.Agent.prototype, 'createConnection'], [https.Agent.prototype, 'addRequest']
]
for (const [object, name] of REPLACED) {
  test(`a request does not use our agent while a program has replaced ${name}`, () => {
    const own = Object.getOwnPropertyDescriptor(object, name)
    const original = object[name]
    object[name] = function (...args) { return original.apply(this, args) }
    try {
      assert.equal(secureAgent({ agent: false }), null)
    } finally {
      if (own) Object.defineProperty(object, name, own)
      else delete object[name]
    }
    assert.notEqual(secureAgent({ agent: false }), null)
  })
}

test('a request does not use our agent if a program has replaced the module https', () => {
  const path = require.resolve('../../lib/transport/secure_agent')
  const output = execFileSync(process.execPath, ['-e', `
    const Module = require('node:module')
    const load = Module._load
    Module._load = (name, ...rest) => name === 'node:https' ? { request () {} } : load(name, ...rest)
    console.log(require(${JSON.stringify(path)}).secureAgent({ agent: false }))`])
  assert.equal(output.toString(), 'null\n')
})

const FOR_NODE = {
  'accepts every certificate': { rejectUnauthorized: false },
  'chooses ciphers': { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256' },
  'checks the name itself': { checkServerIdentity: () => undefined },
  'passes a session': { session: Buffer.alloc(1) }
}
for (const [name, options] of Object.entries(FOR_NODE)) {
  test(`a request of a program that ${name} uses the TLS of Node`, async (scope) => {
    const { port } = await httpsServer(scope, (request, response) => response.end('x'))
    const seen = ask(scope, port, options)
    await eventually(() => seen.socket, 'a socket')
    assert.ok(!isOurs(seen.socket))
    seen.request.destroy()
  })
}

const FACTS = ['encrypted', 'authorized', 'authorizationError', 'alpnProtocol', 'servername']
const QUESTIONS = ['getPeerCertificate', 'getProtocol', 'getCipher', 'isSessionReused']

/** Returns the properties of a socket that describe the server. */
function describe (socket) {
  const answers = Object.fromEntries([...FACTS.map((name) => [name, socket[name]]),
    ...QUESTIONS.map((name) => [name, socket[name]()])])
  const chain = []
  let each = socket.getPeerCertificate(true)
  while (each && chain.length < 3) {
    chain.push(each.fingerprint256)
    each = each.issuerCertificate === each ? null : each.issuerCertificate
  }
  return { ...answers, chain, x509: socket.getPeerX509Certificate()?.fingerprint256 }
}

const SUITES = ['AES256-GCM-SHA384', 'AES128-GCM-SHA256', 'CHACHA20-POLY1305'].map((name) => `ECDHE-ECDSA-${name}`)
const SERVERS = {
  'TLS 1.3': {},
  'an application protocol': { ALPNProtocols: ['http/1.1'] },
  'a chain': { cert: local.cert + root.cert },
  ...Object.fromEntries(SUITES.map((ciphers) => [ciphers, { ciphers, maxVersion: 'TLSv1.2' }]))
}
for (const [name, options] of Object.entries(SERVERS)) {
  test(`the socket describes a server with ${name} as the socket of Node does`, async (scope) => {
    const server = await accept(scope, { secure: { ...local, ...options } })
    const { ALPNProtocols } = options
    for (const host of ['localhost', '127.0.0.1']) {
      const described = []
      for (const by of WAYS) {
        const seen = ask(scope, server.port, { by, host, headers: { ...UPGRADE, Host: host }, ALPNProtocols })
        await server.acceptedOpen()
        await eventually(() => seen.head, 'an upgrade')
        assert.equal(isOurs(seen.socket), by === 'reactor')
        const first = describe(seen.socket)
        establish(seen.socket)
        if (by === 'reactor') assert.deepEqual(describe(seen.socket), first)
        seen.socket.destroy()
        await eventually(() => seen.socket.closed, 'the end')
        described.push(first, describe(seen.socket))
      }
      const [ours, oursClosed, nodes, nodesClosed] = described
      // Node adds the authority from its own store.
      if (name !== 'a chain') nodes.chain.pop()
      assert.deepEqual(ours, nodes)
      assert.deepEqual(oursClosed, nodesClosed)
    }
  })
}

test('the socket counts its bytes, and its timeout fires', async (scope) => {
  const server = await accept(scope, { secure: local })
  const seen = ask(scope, server.port)
  const peer = await server.acceptedOpen()
  await eventually(() => seen.head, 'an upgrade')
  const { socket } = seen
  assert.ok(isOurs(socket) && socket instanceof net.Socket)
  assert.equal(socket.remotePort, server.port)
  assert.ok(socket.bytesRead > 500 && socket.bytesWritten > 200)
  let timeouts = 0
  socket.setTimeout(150, () => { timeouts += 1 })
  for (let turn = 0; turn < 6; turn++) {
    peer.write('x')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.equal(timeouts, 0)
  await eventually(() => timeouts === 1, 'a timeout')
})

test('events of a request and its socket run in the asynchronous context of the request', async (scope) => {
  const { AsyncLocalStorage } = require('node:async_hooks')
  const storage = new AsyncLocalStorage()
  const server = await accept(scope, { secure: local })
  const stores = {}
  storage.run('mine', () => {
    const { request } = ask(scope, server.port)
    for (const event of ['socket', 'upgrade']) request.on(event, () => { stores[event] = storage.getStore() })
    request.on('upgrade', (response, socket) => {
      socket.on('data', () => { stores.data = storage.getStore() })
      socket.on('end', () => { stores.end = storage.getStore() })
    })
  })
  const peer = await server.acceptedOpen()
  await eventually(() => stores.upgrade, 'an upgrade')
  peer.socket.end('bytes')
  await eventually(() => stores.end, 'the end')
  assert.deepEqual(stores, { socket: 'mine', upgrade: 'mine', data: 'mine', end: 'mine' })
})
