'use strict'

const assert = require('node:assert/strict')
const tls = require('node:tls')

const { WebSocket } = require('../support/subject')
const { test } = require('../support/test')
const { certificate, createAuthority } = require('../support/certs')
const { echoEach } = require('../support/client')
const { connectOpen, eventually, listen, once, serve } = require('../support/peer')
const { fromClient } = require('../support/wire')

const authority = createAuthority()

/** Connects a `wss:` client. Resolves with its events when it is open or closed. */
async function attempt (scope, url, options) {
  const ws = new WebSocket.Client(url, null, options)
  scope.defer(() => ws._stream.destroy())
  const events = []
  for (const type of ['open', 'error', 'close']) {
    ws.on(type, ({ message, code }) => events.push([type, message || code].filter((each) => each !== undefined)))
  }
  await eventually(() => events.some(([type]) => type !== 'error'), 'open or close')
  return { events, ws }
}

test('an https server accepts wss, and the url begins with wss:', async (scope) => {
  let server
  const onSocket = (ws) => {
    server = ws
    echoEach(ws)
  }
  const { port } = await serve(scope, WebSocket, { secure: authority.local, onSocket })
  const peer = await connectOpen(scope, port, {}, { secure: { ca: authority.ca } })
  peer.write(fromClient('text', 'secret'))
  assert.equal((await peer.frame()).payload.toString(), 'secret')
  assert.equal(server.url, 'wss://localhost/')
})

for (const [name, options] of Object.entries({
  'the option ca': { ca: authority.ca },
  'a list in the option ca': { ca: [authority.ca] },
  'the option tls.ca': { tls: { ca: authority.ca } },
  'tls.ca before ca': { tls: { ca: authority.ca }, ca: certificate('other', { authority: true }).cert }
})) {
  test(`a client trusts ${name}`, async (scope) => {
    const { url } = await serve(scope, WebSocket, { secure: authority.local, onSocket: echoEach })
    const { events, ws } = await attempt(scope, url, options)
    assert.deepEqual(events, [['open']])
    ws.send('Hello')
    assert.equal((await once(ws, 'message')).data, 'Hello')
    ws.close()
    assert.equal((await once(ws, 'close')).code, 1000)
  })
}

const REFUSED = {
  'a self-signed certificate': {
    server: certificate('localhost', { names: ['localhost', '127.0.0.1'] }), message: /self.signed certificate/
  },
  'a certificate of an unknown authority': {
    server: authority.local, options: {}, message: /unable to .* certificate/
  },
  'a certificate for another name': {
    server: authority.issue(['elsewhere.test']), message: /does not match certificate|Hostname\/IP/
  },
  'an expired certificate': {
    server: authority.issue(['127.0.0.1'], { notAfter: new Date(Date.now() - 86400000) }), message: /expired/
  }
}
for (const [name, { server, options = { ca: authority.ca }, message }] of Object.entries(REFUSED)) {
  test(`a client refuses ${name} and sends nothing`, async (scope) => {
    const received = []
    const listener = tls.createServer(server, (socket) => {
      socket.on('data', (chunk) => received.push(chunk))
      socket.on('error', () => {})
    })
    listener.on('tlsClientError', () => {})
    const port = await listen(scope, listener)
    const url = `wss://127.0.0.1:${port}/`
    const { events, ws } = await attempt(scope, url, options)
    assert.deepEqual(events.map(([type]) => type), ['error', 'close'])
    assert.ok(events[0][1].startsWith(`Network error: ${url}: `))
    assert.match(events[0][1], message)
    assert.equal(events[1][1], 1006)
    await scope.settle()
    assert.equal(received.length, 0)
    assert.equal(ws.readyState, 3)
  })
}

test('rejectUnauthorized: false applies to one client only', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: certificate('x', { names: ['x.test'] }), onSocket: echoEach })
  const lenient = await attempt(scope, url, { tls: { rejectUnauthorized: false } })
  const strict = await attempt(scope, url, {})
  assert.deepEqual(lenient.events, [['open']])
  assert.deepEqual(strict.events.map(([type]) => type), ['error', 'close'])
})

test('a client sends the host as the server name, or the option servername', async (scope) => {
  const names = []
  const secure = {
    ...authority.issue(['localhost', 'chosen.test']),
    SNICallback: (name, callback) => {
      names.push(name)
      callback(null, null)
    }
  }
  const { port } = await serve(scope, WebSocket, { secure })
  // localhost might resolve to another address.
  const lookup = (host, options, callback) =>
    options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4)
  const url = `wss://localhost:${port}/`
  const plain = await attempt(scope, url, { tls: { ca: authority.ca, lookup } })
  const chosen = await attempt(scope, url, { tls: { ca: authority.ca, lookup, servername: 'chosen.test' } })
  assert.deepEqual([plain.events, chosen.events], [[['open']], [['open']]])
  assert.deepEqual(names, ['localhost', 'chosen.test'])
})

test('a client sends its certificate', async (scope) => {
  const own = authority.issue(['client.test'])
  let seen
  const { url } = await serve(scope, WebSocket, {
    secure: { ...authority.local, ca: authority.ca, requestCert: true, rejectUnauthorized: true },
    onSocket: (ws, { socket }) => { seen = socket.getPeerCertificate().subject.CN }
  })
  const { events } = await attempt(scope, url, { ca: authority.ca, tls: { key: own.key, cert: own.cert } })
  assert.deepEqual(events, [['open']])
  assert.equal(seen, 'client.test')
})

test('a client emits error and close if the server does not use TLS', async (scope) => {
  const { port } = await serve(scope, WebSocket)
  const { events } = await attempt(scope, `wss://127.0.0.1:${port}/`, { ca: authority.ca })
  assert.deepEqual(events.map(([type]) => type), ['error', 'close'])
  assert.equal(events[1][1], 1006)
})

test('large messages arrive over TLS in both directions', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: authority.local, onSocket: echoEach })
  const { ws } = await attempt(scope, url, { ca: authority.ca })
  const values = [Buffer.alloc(3e6, 'abcdefg'), 'é'.repeat(1e6), Buffer.alloc(1)]
  const received = []
  ws.on('message', ({ data }) => received.push(data))
  for (const value of values) ws.send(value)
  await eventually(() => received.length === values.length, 'all echoes')
  assert.ok(received.every((data, index) => values[index].length === data.length))
  assert.ok(received[0].equals(values[0]))
})

test('close() during the TLS handshake emits one close', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: authority.local })
  for (const wait of [0, 1, 2, 4]) {
    const ws = new WebSocket.Client(url, null, { ca: authority.ca })
    const closes = []
    ws.on('close', ({ code }) => closes.push(code))
    await scope.settle(wait)
    ws.close()
    await eventually(() => closes.length > 0, 'close')
    await scope.settle()
    assert.deepEqual(closes, [1000])
  }
})
