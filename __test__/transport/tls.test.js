'use strict'

// Clients by TLS that the reactor speaks, and by Node's: what a program sees of the two is the same.

const assert = require('node:assert/strict')
const { execFileSync, spawn } = require('node:child_process')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const tls = require('node:tls')

const { WebSocket } = require('../support/subject')
const support = require('../support/test')
const { certificate, createAuthority, der, extension, sequence } = require('../support/certs')
const { echoEach } = require('../support/client')
const { accept, eventually, listen, once, serve } = require('../support/peer')
const { frame, upgradeResponse } = require('../support/wire')
const { usesReactor } = require('../support/transport')
const { test } = require('../support/native')

const authority = createAuthority()
const { local, root } = authority
const HOUR = 3600000
/** For programs of their own. */
const TRANSPORT = JSON.stringify(require.resolve('../support/transport'))
const PATHS = { native: {}, stream: { transport: 'stream' } }
const HAS_OPENSSL = succeeds(() => execFileSync('openssl', ['version']))

function succeeds (attempt) {
  try {
    attempt()
    return true
  } catch {
    return false
  }
}

/** A client, and what it sees. */
function dial (scope, url, options) {
  const ws = new WebSocket.Client(url, null, options)
  scope.defer(() => ws._stream.destroy())
  const events = []
  for (const type of ['open', 'message', 'error', 'end', 'close']) {
    ws.on(type, (event) => events.push([type, event && (event.data || event.message || event.code)].filter(Boolean)))
  }
  return { events, ws }
}

/** The same, open or closed. */
async function attempt (scope, url, options) {
  const dialled = dial(scope, url, options)
  await eventually(() => dialled.events.some(([type]) => type === 'open' || type === 'close'), 'open or close')
  const isOpen = dialled.ws.readyState === 1
  return { ...dialled, isOpen, isNative: isOpen && usesReactor(dialled.ws) }
}

async function echoes (ws, data) {
  const message = once(ws, 'message')
  ws.send(data)
  assert.deepEqual((await message).data, data)
}

/** What differs from one connection to the next: ports, and OpenSSL's names of threads. */
const withoutNumbers = (events, url) =>
  JSON.parse(JSON.stringify(events).replaceAll(url, 'URL').replace(/[0-9A-F]{8,}:error/g, 'error'))

/** Both ways to the same server. */
async function both (scope, url, options) {
  const seen = {}
  for (const [name, { transport }] of Object.entries(PATHS)) {
    seen[name] = await attempt(scope, url, { ...options, transport })
  }
  const [native, stream] = Object.values(seen).map(({ events }) => withoutNumbers(events, url))
  assert.deepEqual(native, stream)
  assert.equal(seen.stream.isNative, false)
  if (seen.native.isOpen) await echoes(seen.native.ws, 'Hello')
  return seen.native
}

const names = ['localhost', '127.0.0.1']
const intermediate = certificate('Between', { authority: true, issuer: root })
const below = certificate('localhost', { names, issuer: intermediate })
const selfSigned = certificate('localhost', { names })
const issue = (options) => certificate('localhost', { names, issuer: root, ...options })
const expiredRoot = certificate('Expired', { authority: true, notAfter: new Date(Date.now() - HOUR) })
const noAuthority = certificate('No authority', { isAuthority: false })
const noSigner = certificate('No signer', { authority: true, keyUsage: 0x80 })
const clientsRoot = certificate('For clients', { authority: true, usages: ['clientAuth'] })
const of = (issuer) => certificate('localhost', { names, issuer })

/** A server's certificate below an authority between it and this root, and what a client trusts. */
function twoBelow (rootOptions, betweenOptions, leafOptions) {
  const top = certificate('Top', { authority: true, ...rootOptions })
  const between = certificate('Middle', { authority: true, issuer: top, ...betweenOptions })
  const { key, cert } = certificate('localhost', { names, issuer: between, ...leafOptions })
  return { server: { key, cert: cert + between.cert }, options: { ca: top.cert } }
}
const constraints = (tag, name) => ({
  others: [extension('nameConstraints', true, sequence(der(tag, sequence(name))))]
})
const allowed = (name) => constraints(0xa0, name)
const forbidden = (name) => constraints(0xa1, name)
const DNS = der(0x82, Buffer.from('localhost'))
const MAIL = der(0x81, Buffer.from('a@b.test'))
const COMMON_NAME = der(0xa4, sequence(der(0x31, sequence(der(0x06, [0x55, 0x04, 0x03]),
  der(0x0c, Buffer.from('localhost'))))))
const unknown = (isCritical) => ({ others: [extension('unknown', isCritical, [0x05, 0x00])] })
const netscape = (bits) => ({ others: [extension('netscapeType', false, der(0x03, [0x00, bits]))] })
const harmless = {
  others: [
    extension('certificatePolicies', false, sequence(sequence(der(0x06, [0x67, 0x81, 0x0c, 0x01, 0x02, 0x01])))),
    extension('transparency', false, der(0x04, [0x00, 0x00]))
  ]
}
const strangeRoot = certificate('Strange', { authority: true, ...unknown(true) })

// isNative: what webpki finds good as well. The verdict is Node's in any case.
const CERTIFICATES = {
  'a good certificate': { server: local, isNative: true },
  'a good certificate of a given list': {
    server: local, options: { ca: [certificate('Other', { authority: true }).cert, root.cert] }, isNative: true
  },
  'two authorities in one text': { server: local, options: { ca: selfSigned.cert + root.cert }, isNative: true },
  'ca that is a Buffer': { server: local, options: { ca: Buffer.from(root.cert) }, isNative: true },
  'a good certificate of yesterday': { server: issue({ notAfter: new Date(Date.now() - HOUR) }) },
  'a certificate of tomorrow': { server: issue({ notBefore: new Date(Date.now() + HOUR) }) },
  'a certificate that nobody has signed': { server: selfSigned },
  'a certificate that nobody has signed, given as ca': { server: selfSigned, options: { ca: selfSigned.cert } },
  'an authority as server': {
    server: certificate('localhost', { authority: true, names, keyUsage: 0x86 }), options: {}
  },
  'an authority as server, given as ca': (() => {
    const server = certificate('localhost', { authority: true, names, keyUsage: 0x86 })
    return { server, options: { ca: server.cert } }
  })(),
  'another name': { server: issue({ names: ['elsewhere.test'] }) },
  'a name in the common name only': { server: issue({ names: [] }), host: 'localhost' },
  'a name of the server': { server: local, host: 'localhost', isNative: true },
  'a wildcard': { server: issue({ names: ['*.example.test'] }), servername: 'a.example.test', isNative: true },
  'a wildcard that is too wide': { server: issue({ names: ['*.test'] }), servername: 'example.test' },
  'a wildcard for another level': { server: issue({ names: ['*.example.test'] }), servername: 'a.b.example.test' },
  'an address that is no alternative name': { server: issue({ names: ['localhost'] }) },
  'an address as a name': { server: issue({ names: [] }) },
  'a certificate for clients': { server: issue({ usages: ['clientAuth'] }) },
  'a certificate for servers': { server: issue({ usages: ['serverAuth'] }), isNative: true },
  'a certificate for signing certificates': { server: issue({ keyUsage: 0x04 }) },
  'an unknown authority': { server: local, options: {} },
  'a complete chain': { server: { key: below.key, cert: below.cert + intermediate.cert }, isNative: true },
  'a chain with its root': {
    server: { key: below.key, cert: below.cert + intermediate.cert + root.cert }, isNative: true
  },
  'an incomplete chain': { server: below },
  'an incomplete chain, with the rest in ca': { server: below, options: { ca: [intermediate.cert, root.cert] } },
  'an intermediate authority as ca': { server: below, options: { ca: intermediate.cert } },
  'an authority that has expired': { server: of(expiredRoot), options: { ca: expiredRoot.cert } },
  'an authority that is none': { server: of(noAuthority), options: { ca: noAuthority.cert } },
  'an authority that may not sign certificates': { server: of(noSigner), options: { ca: noSigner.cert } },
  'an authority for clients': { server: of(clientsRoot), options: { ca: clientsRoot.cert } },
  'no authority at all': { server: local, options: { ca: [] } },
  'nonsense as ca': { server: local, options: { ca: 'nonsense' } },
  'an unknown authority, and nobody minds': {
    server: local, options: { ca: selfSigned.cert, rejectUnauthorized: false }, isNative: true
  },
  'a root that allows no other authority': twoBelow({ pathLength: 0 }),
  'a root that allows one other authority': { ...twoBelow({ pathLength: 1 }), isNative: true },
  'an authority that allows no other': { ...twoBelow({}, { pathLength: 0 }), isNative: true },
  'a root that says something critical': { server: of(strangeRoot), options: { ca: strangeRoot.cert } },
  'a root with an extension that nobody knows': twoBelow(unknown(false)),
  'an authority with an extension that nobody knows': twoBelow({}, unknown(false)),
  'a certificate that says something critical': { server: issue(unknown(true)) },
  'what public certificates say besides': { ...twoBelow(harmless, harmless, harmless), isNative: true },
  'a certificate for Netscape\'s clients': { server: issue(netscape(0x80)) },
  'a certificate for Netscape\'s servers': { server: issue(netscape(0x40)) },
  'an authority for the server\'s name': twoBelow({}, allowed(DNS)),
  'an authority for any other name': twoBelow({}, forbidden(DNS)),
  'a root for any other name': twoBelow(forbidden(DNS)),
  'an authority for mail': twoBelow({}, allowed(MAIL)),
  'an authority for any other subject': twoBelow({}, forbidden(COMMON_NAME)),
  'a root for any other subject': twoBelow(forbidden(COMMON_NAME)),
  'ECDSA P-384': { server: issue({ kind: 'ECDSA P-384' }), isNative: true },
  'ECDSA P-521': { server: issue({ kind: 'ECDSA P-521' }) },
  'RSA 2048': { server: issue({ kind: 'RSA 2048' }), isNative: true },
  Ed25519: { server: issue({ kind: 'Ed25519' }), isNative: true }
}
for (const kind of ['ECDSA P-384', 'RSA 2048', 'Ed25519']) {
  const ca = certificate(kind, { authority: true, kind })
  CERTIFICATES[`an authority with ${kind}`] = { server: of(ca), options: { ca: ca.cert }, isNative: true }
}

for (const [name, row] of Object.entries(CERTIFICATES)) {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    test(`${name}: natively the same as by Node, with ${version}`, async (scope) => {
      const { cert, key } = row.server
      const secure = { cert, key, maxVersion: version }
      const { port } = await serve(scope, WebSocket, { secure, onSocket: echoEach })
      const { ca = row.options ? undefined : root.cert, rejectUnauthorized } = row.options || {}
      const options = { ca, tls: { servername: row.servername, rejectUnauthorized } }
      if (rejectUnauthorized === undefined) delete options.tls.rejectUnauthorized
      const url = `wss://${row.host || '127.0.0.1'}:${port}/`
      if (row.host) options.tls.lookup = toLoopback
      const { isNative } = await both(scope, url, options)
      assert.equal(isNative, row.isNative === true)
    })
  }
}

function toLoopback (host, options, callback) {
  return options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4)
}

const RSA_ONLY = 'AES128-SHA256'
const CONFIGURATIONS = {
  'TLS 1.2 at most': { tls: { maxVersion: 'TLSv1.2' }, isNative: true },
  'TLS 1.3 at least': { tls: { minVersion: 'TLSv1.3' }, isNative: true },
  'no version in common': { secure: { maxVersion: 'TLSv1.2' }, tls: { minVersion: 'TLSv1.3' } },
  'a cipher that rustls lacks': {
    secure: { ...issue({ kind: 'RSA 2048' }), ciphers: RSA_ONLY, maxVersion: 'TLSv1.2' }
  },
  'a curve that rustls lacks': { secure: { ecdhCurve: 'secp521r1' } },
  'protocols in common': {
    secure: { ALPNProtocols: ['http/1.1'] }, tls: { ALPNProtocols: ['x', 'http/1.1'] }, isNative: true
  },
  'protocols as bytes': {
    secure: { ALPNProtocols: ['http/1.1'] }, tls: { ALPNProtocols: Buffer.from('\x08http/1.1') }, isNative: true
  },
  // Node 18 goes on without one, others refuse.
  'no protocol in common': { secure: { ALPNProtocols: ['y'] }, tls: { ALPNProtocols: ['x'] }, isNative: null },
  'ciphers that are chosen': { tls: { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } },
  'an identity check of the program': { tls: { checkServerIdentity: () => new Error('not you') } },
  'a secure context': { tls: { secureContext: tls.createSecureContext({ ca: root.cert }) } },
  'a session': { tls: { session: undefined }, isNative: true },
  'an option of net.connect': { tls: { family: 4, noDelay: true, keepAlive: true }, isNative: true }
}
for (const [name, { secure, isNative = false, ...row }] of Object.entries(CONFIGURATIONS)) {
  test(`${name}: natively the same as by Node`, async (scope) => {
    const { url } = await serve(scope, WebSocket, { secure: { ...local, ...secure }, onSocket: echoEach })
    const seen = await both(scope, url, { ca: root.cert, ...row })
    assert.equal(seen.isNative, isNative ?? seen.isOpen)
  })
}

const own = authority.issue(['client.test'])
const ownBelow = certificate('client.test', { issuer: intermediate })
const ownRsa = certificate('client.test', { issuer: root, kind: 'RSA 2048' })
const encrypted = own.key && require('node:crypto').createPrivateKey(own.key)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' })
const IDENTITIES = {
  'PEM': { tls: own, isNative: true },
  'PEM in Buffers': { tls: { cert: Buffer.from(own.cert), key: Buffer.from(own.key) }, isNative: true },
  'RSA': { tls: { cert: ownRsa.cert, key: ownRsa.key }, isNative: true },
  'encrypted PEM': { tls: { cert: own.cert, key: encrypted, passphrase: 'open sesame' }, isNative: true },
  'a chain': { tls: { cert: ownBelow.cert + intermediate.cert, key: ownBelow.key }, isNative: true },
  'a chain that ca completes': {
    tls: { cert: ownBelow.cert, key: ownBelow.key }, ca: [intermediate.cert, root.cert], isNative: true
  },
  'PFX': { tls: () => ({ pfx: pfxOf(own), passphrase: 'x' }), needsOpenssl: true },
  'none': { tls: {}, isRefused: true },
  'somebody else\'s': { tls: { cert: selfSigned.cert, key: selfSigned.key }, isRefused: true }
}

const REFUSALS = /alert (certificate required|unknown ca)|handshake failure|ECONNRESET/

function pfxOf ({ cert, key }) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tls-'))
  try {
    const file = (name, text) => {
      fs.writeFileSync(path.join(directory, name), text)
      return path.join(directory, name)
    }
    return execFileSync('openssl', ['pkcs12', '-export', '-passout', 'pass:x', '-in', file('cert', cert), '-inkey',
      file('key', key)])
  } finally {
    fs.rmSync(directory, { recursive: true })
  }
}

for (const [name, { isNative = false, isRefused = false, ca = root.cert, ...row }] of Object.entries(IDENTITIES)) {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    test(`a client certificate, ${name}, with ${version}`, async (scope) => {
      const { url } = await serve(scope, WebSocket, {
        secure: { ...local, ca: root.cert, requestCert: true, maxVersion: version },
        onSocket: echoEach
      })
      const options = { ca, tls: typeof row.tls === 'function' ? row.tls() : row.tls }
      for (const [path, { transport }] of Object.entries(PATHS)) {
        const seen = await attempt(scope, url, { ...options, transport })
        if (isRefused) {
          const error = seen.events.find(([type]) => type === 'error')
          assert.match(error ? error[1] : 'ECONNRESET', REFUSALS)
          assert.deepEqual(seen.events.at(-1), ['close', 1006], path)
        } else {
          assert.deepEqual(seen.events, [['open']], path)
          assert.equal(seen.isNative, isNative && path === 'native')
        }
      }
    }, { skip: row.needsOpenssl && !HAS_OPENSSL && 'there is no openssl command' })
  }
}

test('a wrong passphrase is Node\'s to complain of', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: local })
  const messages = Object.values(PATHS).map((options) => {
    try {
      dial(scope, url, { ...options, tls: { cert: own.cert, key: encrypted, passphrase: 'wrong' } })
    } catch (error) {
      return error.message
    }
  })
  assert.equal(typeof messages[0], 'string')
  assert.equal(messages[0], messages[1])
})

test('nothing is sent before the server is known to be right', async (scope) => {
  const { server: expired } = CERTIFICATES['a good certificate of yesterday']
  for (const [name, { cert, key }] of Object.entries({ expired, selfSigned })) {
    const received = []
    const listener = tls.createServer({ cert, key }, (socket) => {
      socket.on('data', (chunk) => received.push(chunk))
      socket.on('error', () => {})
    })
    listener.on('tlsClientError', () => {})
    const port = await listen(scope, listener)
    const { events, ws } = dial(scope, `wss://127.0.0.1:${port}/`, { ca: root.cert })
    ws.send('early')
    await eventually(() => events.some(([type]) => type === 'close'), 'close')
    await scope.settle()
    assert.deepEqual(received, [], name)
  }
})

/** A server that gets the connection before TLS does. */
async function rawServer (scope, onSocket) {
  const sockets = []
  const server = net.createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    onSocket(socket, sockets.length)
  })
  const port = await listen(scope, server)
  return { sockets, url: `wss://127.0.0.1:${port}/` }
}

/** Passes bytes on to a server, by `pass(chunk, forward, client)`. */
async function proxyTo (scope, port, pass) {
  return rawServer(scope, (client) => {
    const server = net.connect(port, '127.0.0.1')
    scope.defer(() => server.destroy())
    server.on('error', () => client.destroy())
    client.setNoDelay(true)
    client.pipe(server)
    server.on('data', (chunk) => pass(chunk, (bytes) => client.destroyed || client.write(bytes), client))
    server.on('end', () => client.end())
    client.on('close', () => server.destroy())
  })
}

const HOSTILE = {
  'plaintext': (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
  'plaintext, and the end': (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  'zeros': (socket) => socket.write(Buffer.alloc(70000)),
  'a record that is too long': (socket) => socket.write(Buffer.from([22, 3, 3, 0xff, 0xff, ...Buffer.alloc(66000)])),
  'the beginning of a record, and the end': (socket) => socket.end(Buffer.from([22, 3, 3, 0, 100, 2])),
  'an alert': (socket) => socket.write(Buffer.from([21, 3, 3, 0, 2, 2, 40])),
  'a goodbye': (socket) => socket.end(Buffer.from([21, 3, 3, 0, 2, 1, 0])),
  'the end': (socket) => socket.once('data', () => socket.end()),
  'the end at once': (socket) => socket.end(),
  'a reset': (socket) => socket.once('data', () => socket.resetAndDestroy()),
  'a reset behind the beginning of a record': (socket) => socket.once('data', () => {
    socket.write(Buffer.from([22, 3, 3, 0, 100, 2]))
    setTimeout(() => socket.resetAndDestroy(), 20)
  })
}
for (const [name, onSocket] of Object.entries(HOSTILE)) {
  test(`a server that answers with ${name}: natively the same as by Node`, async (scope) => {
    const { url } = await rawServer(scope, onSocket)
    const seen = await both(scope, url, { ca: root.cert })
    assert.equal(seen.isOpen, false)
    assert.deepEqual(seen.events.filter(([type]) => type === 'close'), [['close', 1006]])
  })
}

test('a server that says nothing: close() ends it, with one close event', async (scope) => {
  for (const options of Object.values(PATHS)) {
    const { sockets, url } = await rawServer(scope, () => {})
    const { events, ws } = dial(scope, url, options)
    await eventually(() => sockets.length === 1, 'a connection')
    await scope.settle()
    assert.deepEqual(events, [])
    ws.close()
    await eventually(() => events.length > 0, 'close')
    await scope.settle()
    assert.deepEqual(events, [['end'], ['close', 1000]])
    assert.equal(sockets.length, 1)
  }
})

for (const [how, end] of [['resets', (client) => client.resetAndDestroy()], ['ends', (client) => client.end()]]) {
  for (const after of [1, 6, 100, 300]) {
    test(`a server that ${how} the connection after ${after} bytes: one close event`, async (scope) => {
      const { port } = await serve(scope, WebSocket, { secure: local })
      let count = 0
      const { url } = await proxyTo(scope, port, (chunk, forward, client) => {
        forward(chunk.subarray(0, Math.max(0, after - count)))
        count += chunk.length
        if (count >= after) setTimeout(end, 5, client)
      })
      const { events } = dial(scope, url, { ca: root.cert })
      await eventually(() => events.some(([type]) => type === 'close'), 'close')
      await scope.settle()
      assert.deepEqual(events.filter(([type]) => type === 'close'), [['close', 1006]])
      assert.ok(!events.some(([type]) => type === 'open'))
    })
  }
}

for (const version of ['TLSv1.2', 'TLSv1.3']) {
  test(`records split at every byte, with ${version}`, async (scope) => {
    const { port } = await serve(scope, WebSocket, { secure: { ...local, maxVersion: version }, onSocket: echoEach })
    const { url } = await rawServer(scope, async (client) => {
      const server = net.connect(port, '127.0.0.1')
      scope.defer(() => server.destroy())
      client.setNoDelay(true)
      client.pipe(server)
      for await (const chunk of server) {
        for (const byte of chunk) await new Promise((resolve) => client.write(Buffer.from([byte]), resolve))
      }
      client.end()
    })
    const { isNative, ws } = await attempt(scope, url, { ca: root.cert })
    assert.ok(isNative)
    await echoes(ws, 'byte by byte')
    await echoes(ws, Buffer.alloc(700, 'b'))
    ws.close()
    assert.equal((await once(ws, 'close')).code, 1000)
  })
}

test('a record that was changed on its way ends the connection', async (scope) => {
  const { port } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  let changes = false
  const { url } = await proxyTo(scope, port, (chunk, forward) => {
    if (changes) chunk[chunk.length - 1] ^= 1
    forward(chunk)
  })
  const { events, isNative, ws } = await attempt(scope, url, { ca: root.cert })
  assert.ok(isNative)
  changes = true
  ws.send('Hello')
  await eventually(() => events.some(([type]) => type === 'close'), 'close')
  assert.deepEqual(events.map(([type]) => type), ['open', 'error', 'end', 'close'])
  assert.ok(events[1][1].startsWith(`Network error: ${url}: `))
})

test('messages at the borders of records, both ways', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const { isNative, ws } = await attempt(scope, url, { ca: root.cert })
  assert.ok(isNative)
  const borders = [16384, 32768, 65536].flatMap((border) => [-14, -8, -1, 0, 1].map((offset) => border + offset))
  for (const length of [0, 1, ...borders, 3e6]) await echoes(ws, Buffer.alloc(length, length & 255))
  await echoes(ws, 'é'.repeat(500000))
})

test('many messages in one tick arrive in order', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const { ws } = await attempt(scope, url, { ca: root.cert })
  const received = []
  ws.on('message', ({ data }) => received.push(data))
  const sent = Array.from({ length: 3000 }, (_, index) => `${index}`.padEnd(index % 300, '.'))
  for (const each of sent) ws.send(each)
  await eventually(() => received.length === sent.length, 'all echoes')
  assert.deepEqual(received, sent)
})

test('a peer that does not read: send() says so, bufferedAmount counts, drain follows', async (scope) => {
  const server = await accept(scope, { secure: local })
  const { events, ws } = dial(scope, server.url, { ca: root.cert })
  const peer = await server.acceptedOpen()
  await eventually(() => events.length === 1, 'open')
  assert.ok(usesReactor(ws))
  peer.socket.pause()
  const message = Buffer.alloc(1e6)
  let count = 0
  while (ws.send(message)) count += 1
  assert.ok(count < 100)
  await scope.settle()
  const waiting = ws.bufferedAmount
  assert.ok(waiting > 0 && waiting < (count + 2) * 1.01e6, `${waiting} bytes wait`)
  const drained = once(ws, 'drain')
  peer.socket.resume()
  await drained
  assert.equal(ws.bufferedAmount, 0)
  const length = (count + 1) * (1e6 + 14)
  await peer.until(() => peer.bytes.length === length, 'everything')
})

test('the server says goodbye, and what it said before is delivered', async (scope) => {
  for (const options of Object.values(PATHS)) {
    const server = await accept(scope, { secure: local })
    const { events, ws } = dial(scope, server.url, { ca: root.cert, ...options })
    const peer = await server.acceptedOpen()
    await eventually(() => events.length === 1, 'open')
    peer.socket.end(Buffer.concat([frame('text', 'last'), frame('text', 'words')]))
    await once(ws, 'close')
    assert.deepEqual(events, [['open'], ['message', 'last'], ['message', 'words'], ['end'], ['close', 1006]])
    // Ours is a goodbye as well: no error, and an end.
    assert.equal(await peer.ended(), 'fin')
  }
})

test('a closing handshake ends with our goodbye', async (scope) => {
  const { url, server } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const errors = []
  server.on('tlsClientError', (error) => errors.push(error))
  server.on('secureConnection', (socket) => socket.on('error', (error) => errors.push(error)))
  const { ws } = await attempt(scope, url, { ca: root.cert })
  ws.close(3000, 'enough')
  const { code, reason } = await once(ws, 'close')
  assert.deepEqual([code, reason], [3000, 'enough'])
  await scope.settle()
  assert.deepEqual(errors, [])
})

test('pause() holds messages back, and resume() goes on', async (scope) => {
  const server = await accept(scope, { secure: local })
  const { events, ws } = dial(scope, server.url, { ca: root.cert })
  const peer = await server.acceptedOpen()
  await eventually(() => events.length === 1, 'open')
  ws.pause()
  peer.write(frame('text', 'a'))
  peer.write(frame('text', 'b'))
  await scope.settle()
  assert.deepEqual(events, [['open']])
  ws.resume()
  await eventually(() => events.length === 3, 'both messages')
  assert.deepEqual(events, [['open'], ['message', 'a'], ['message', 'b']])
})

test('an end behind messages that a pause holds back waits for them', async (scope) => {
  for (const options of Object.values(PATHS)) {
    const server = await accept(scope, { secure: local })
    const { events, ws } = dial(scope, server.url, { ca: root.cert, ...options })
    ws.once('message', () => ws.pause())
    const peer = await server.acceptedOpen()
    peer.socket.end(Buffer.concat(['a', 'b', 'c'].map((text) => frame('text', text))))
    await eventually(() => events.length > 1, 'a message')
    await scope.settle()
    assert.deepEqual(events, [['open'], ['message', 'a']])
    ws.resume()
    await once(ws, 'close')
    assert.deepEqual(events.slice(2), [['message', 'b'], ['message', 'c'], ['end'], ['close', 1006]])
  }
})

test('the option tls.signal ends a connection', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: local })
  const messages = []
  for (const options of Object.values(PATHS)) {
    const controller = new AbortController()
    const { events } = await attempt(scope, url, { ca: root.cert, tls: { signal: controller.signal }, ...options })
    controller.abort()
    await eventually(() => events.length === 4, 'the end')
    messages.push(withoutNumbers(events, url))
  }
  assert.deepEqual(messages[0], messages[1])
})

test('what is sent before process.exit() arrives', async (scope) => {
  const server = await accept(scope, { secure: local })
  const child = inChild({ URL: server.url }, [], `
    ws.on('open', () => {
      ws.send('in the handler')
      setTimeout(() => {
        ws.send('a'.repeat(1e5))
        ws.send('bye')
        process.exit()
      }, 20)
    })`)
  const peer = await server.acceptedOpen()
  const frames = await peer.frames(3)
  assert.deepEqual(frames.map(({ payload }) => payload.length), [14, 1e5, 3])
  await child
})

test('an unreferenced connection does not keep the process alive, others do', async (scope) => {
  const server = await accept(scope, { secure: local })
  const unreferenced = inChild({ URL: server.url }, [], "ws.on('open', () => ws._stream.unref())")
  const peer = await server.acceptedOpen()
  await unreferenced
  await peer.ended()
  const child = inChild({ URL: server.url }, [], "ws.on('message', () => ws.close())")
  const other = await server.acceptedOpen()
  await scope.settle(300)
  assert.equal(other.ending, null)
  other.write(frame('text', 'go'))
  await other.frame()
  other.socket.end(frame('close', ''))
  await child
})

test('_stream is a net.Socket that counts bytes, and whose write() is secret', async (scope) => {
  const server = await accept(scope, { secure: local })
  const { events, ws } = dial(scope, server.url, { ca: root.cert })
  const peer = await server.acceptedOpen()
  await eventually(() => events.length === 1, 'open')
  const stream = ws._stream
  assert.ok(stream instanceof net.Socket && !(stream instanceof tls.TLSSocket))
  assert.ok(stream.bytesRead > 500 && stream.bytesWritten > 300, `${stream.bytesRead}, ${stream.bytesWritten}`)
  stream.write(frame('text', 'raw', { mask: Buffer.alloc(4) }))
  assert.equal((await peer.frame()).payload.toString(), 'raw')
  stream.end()
  assert.equal(await peer.ended(), 'fin')
})

test('destroy() and resetAndDestroy() of the stream are one close event', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: local })
  for (const method of ['destroy', 'resetAndDestroy']) {
    const { events, ws } = await attempt(scope, url, { ca: root.cert })
    ws._stream[method]()
    await once(ws, 'close')
    await scope.settle()
    assert.deepEqual(events.filter(([type]) => type === 'close'), [['close', 1006]], method)
  }
})

test('a timeout of the stream comes only when nothing happens', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const { ws } = await attempt(scope, url, { ca: root.cert })
  let timeouts = 0
  ws._stream.setTimeout(400, () => { timeouts += 1 })
  for (let turn = 0; turn < 8; turn++) {
    await echoes(ws, 'still here')
    await new Promise((resolve) => setTimeout(resolve, 80))
  }
  assert.equal(timeouts, 0)
  await eventually(() => timeouts > 0, 'a timeout')
})

test('a message that takes its time is no silence', async (scope) => {
  let server
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: (ws) => { server = ws } })
  const { ws } = await attempt(scope, url, { ca: root.cert })
  let timeouts = 0
  ws._stream.setTimeout(400, () => { timeouts += 1 })
  // A frame of 256 bytes, of which these are the first.
  server._stream.write(Buffer.from([0x82, 0x7e, 0x01, 0x00]))
  for (let turn = 0; turn < 8; turn++) {
    server._stream.write('x')
    await new Promise((resolve) => setTimeout(resolve, 80))
  }
  assert.equal(timeouts, 0)
  await eventually(() => timeouts > 0, 'a timeout')
})

test('two connections, one of which floods, both get on', async (scope) => {
  const { url } = await serve(scope, WebSocket, {
    secure: local,
    onSocket: (ws) => ws.on('message', ({ data }) => {
      if (data === 'flood') for (let index = 0; index < 200; index++) ws.send(Buffer.alloc(100000))
      else ws.send(data)
    })
  })
  const flooded = (await attempt(scope, url, { ca: root.cert })).ws
  const other = (await attempt(scope, url, { ca: root.cert })).ws
  let bytes = 0
  flooded.on('message', ({ data }) => { bytes += data.length })
  flooded.send('flood')
  for (let turn = 0; turn < 5; turn++) await echoes(other, 'me too')
  await eventually(() => bytes === 2e7, 'the flood')
})

test('what rustls refuses is tried once more, and never more often', async (scope) => {
  const { sockets, url } = await rawServer(scope, (socket) => socket.write('nonsense '.repeat(10)))
  const { events, ws } = dial(scope, url, { ca: root.cert })
  await once(ws, 'close')
  await scope.settle()
  assert.equal(sockets.length, 2)
  assert.deepEqual(events.map(([type]) => type), ['error', 'end', 'close'])
})

for (const [name, change] of [
  ['tls.connect is replaced', () => replace(tls, 'connect', (...args) => AS_IT_WAS(...args))],
  ['tls.checkServerIdentity is replaced', () => replace(tls, 'checkServerIdentity', () => undefined)],
  ['tls.DEFAULT_MAX_VERSION is changed', () => replace(tls, 'DEFAULT_MAX_VERSION', 'TLSv1.2')],
  ['tls.DEFAULT_CIPHERS is changed', () => replace(tls, 'DEFAULT_CIPHERS', 'ECDHE-ECDSA-AES128-GCM-SHA256')]
]) {
  test(`when ${name}, connections are Node's`, async (scope) => {
    const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
    scope.defer(change())
    const { isNative, isOpen } = await attempt(scope, url, { ca: root.cert })
    assert.deepEqual([isOpen, isNative], [true, false])
  })
}

const AS_IT_WAS = tls.connect

function replace (object, name, value) {
  const before = object[name]
  object[name] = value
  return () => { object[name] = before }
}

/** What a program of its own says, whose client is `ws`. */
const inChild = (environment, flags, body) => new Promise((resolve) => {
  const options = body === undefined ? {} : { ca: root.cert }
  const script = `
    const WebSocket = require(${JSON.stringify(require.resolve('../../index.js'))})
    const ws = new WebSocket.Client(process.env.URL, null, ${JSON.stringify(options)})
    ws.on('error', ({ message }) => console.log(message))
    const { usesReactor } = require(${TRANSPORT})
    ws.on('open', () => console.log('open', usesReactor(ws)))
    ws.on('close', ({ code }) => console.log('close', code))
    ${body ?? "ws.on('open', () => ws.close())"}`
  const child = spawn(process.execPath, [...flags || [], '-e', script], { env: { ...process.env, ...environment } })
  let output = ''
  child.stdout.on('data', (chunk) => { output += chunk })
  child.on('close', () => resolve(output.split('\n').filter(Boolean)))
})

test('Node\'s environment variables and flags count', async (scope) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tls-'))
  scope.defer(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'ca.pem')
  fs.writeFileSync(file, root.cert)
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const open = (isNative) => [`open ${isNative}`, 'close 1000']
  for (const [name, expected, environment, flags] of [
    ['NODE_EXTRA_CA_CERTS', open('getCACertificates' in tls), { NODE_EXTRA_CA_CERTS: file }],
    ['NODE_TLS_REJECT_UNAUTHORIZED', open(false), { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
    ['a flag', open(false), { NODE_EXTRA_CA_CERTS: file }, ['--tls-max-v1.2']],
    ['NODE_OPTIONS', open(false), { NODE_EXTRA_CA_CERTS: file, NODE_OPTIONS: '--tls-max-v1.2' }],
    ['openssl\'s own authorities', open(false), { SSL_CERT_FILE: file }, ['--use-openssl-ca']]
  ]) {
    const seen = await inChild({ URL: url, ...environment }, flags)
    assert.deepEqual(seen, expected, name)
  }
})

test('NODE_EXTRA_CA_CERTS counts as it was when the process started', async (scope) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tls-'))
  scope.defer(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'ca.pem')
  fs.writeFileSync(file, root.cert)
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const preload = path.join(directory, 'preload.js')
  fs.writeFileSync(preload, `process.env.NODE_EXTRA_CA_CERTS = ${JSON.stringify(file)}`)
  const dialling = `
    const WebSocket = require(${JSON.stringify(require.resolve('../../index.js'))})
    const ws = new WebSocket.Client(${JSON.stringify(url)})
    ws.on('error', () => {})
    ws.on('open', () => ws.close())
    ws.on('close', ({ code }) => console.log('close', code))`
  const inWorker = `
    const { Worker } = require('node:worker_threads')
    new Worker(${JSON.stringify(dialling)}, { eval: true, env: { NODE_EXTRA_CA_CERTS: ${JSON.stringify(file)} } })`
  const seen = [['-r', preload, '-e', dialling], ['-e', inWorker]].map(output)
  for (const text of await Promise.all(seen)) assert.equal(text, 'close 1006\n')
})

/** What a program prints. */
const output = (args, env = process.env) => new Promise((resolve) => {
  const child = spawn(process.execPath, args, { env })
  let text = ''
  child.stdout.on('data', (chunk) => { text += chunk })
  child.on('close', () => resolve(text))
})

const FLAG = '--use-openssl-ca'
const ON_ITS_OWN = '{ execArgv: [], env: {} }'
const KNOWS = process.platform === 'linux'
for (const [name, isNative, { worker = ON_ITS_OWN, before = '', flags = [], environment = {} }] of [
  ['of a process as it is', KNOWS, {}],
  ['with flags that show in the defaults of tls', KNOWS, { flags: ['--tls-min-v1.2'] }],
  ['that has not inherited a flag', false, { flags: [FLAG] }],
  ['that has not inherited --openssl-…', false, { flags: ['--openssl-shared-config'] }],
  ['that has not inherited NODE_OPTIONS', false, { environment: { NODE_OPTIONS: FLAG } }],
  ['that has not inherited OPENSSL_CONF', false, { environment: { OPENSSL_CONF: '/dev/null' } }],
  ['that has not inherited NODE_USE_SYSTEM_CA', false, { environment: { NODE_USE_SYSTEM_CA: '1' } }],
  ['with a flag of its own', false, { worker: "{ execArgv: ['--trace-tls'] }" }],
  ['that shares variables which were deleted', false, {
    worker: '{ execArgv: [], env: SHARE_ENV }', before: 'delete process.env.NODE_OPTIONS',
    environment: { NODE_OPTIONS: FLAG }
  }],
  ['of a process with another title', false, { before: "process.title = 'a program'" }],
  ['of a process with a title like its first argument', false, { before: 'process.title = process.argv0' }],
  ['of a process whose variables come from a file', false, {
    flags: Number(process.versions.node.split('.')[0]) >= 20 ? ['--env-file=/dev/null'] : [FLAG]
  }]
]) {
  test(`a client in a worker ${name} is ${isNative ? 'native' : 'Node\'s'}`, async (scope) => {
    const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
    const inWorker = `
      const WebSocket = require(${JSON.stringify(require.resolve('../../index.js'))})
      const ws = new WebSocket.Client(${JSON.stringify(url)}, null, ${JSON.stringify({ ca: root.cert })})
      ws.on('open', () => {
        require('node:worker_threads').parentPort.postMessage(require(${TRANSPORT}).usesReactor(ws))
        ws.close()
      })`
    const program = `
      const { Worker, SHARE_ENV } = require('node:worker_threads')
      ${before}
      new Worker(${JSON.stringify(inWorker)}, { eval: true, ...${worker} }).on('message', console.log)`
    const { NODE_OPTIONS, ...rest } = process.env
    assert.equal(await output([...flags, '-e', program], { ...rest, ...environment }), `${isNative}\n`)
  })
}

test('flags count that a program has removed from process.execArgv', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const program = `
    process.execArgv.length = 0
    const WebSocket = require(${JSON.stringify(require.resolve('../../index.js'))})
    const ws = new WebSocket.Client(${JSON.stringify(url)}, null, ${JSON.stringify({ ca: root.cert })})
    ws.on('open', () => {
      console.log(require(${TRANSPORT}).usesReactor(ws))
      ws.close()
    })`
  assert.equal(await output([FLAG, '-e', program]), 'false\n')
}, { skip: !KNOWS && 'only Linux tells' })

test('a Node that was built to trust the authorities of openssl is asked, unless it lists what it trusts', async () => {
  const program = `
    const config = { ...process.config, target_defaults: { defines: ['NODE_OPENSSL_CERT_STORE'] } }
    Object.defineProperty(process, 'config', { value: config })
    const { planOf } = require(${JSON.stringify(require.resolve('../../lib/transport/tls.js'))})
    console.log(planOf({ host: 'localhost' }) !== null)`
  const { NODE_EXTRA_CA_CERTS, ...environment } = process.env
  assert.equal(await output(['-e', program], environment), `${'getCACertificates' in tls}\n`)
})

test('a tls.connect that is replaced by one of the same name before all others is not Node\'s', async (scope) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tls-'))
  scope.defer(() => fs.rmSync(directory, { recursive: true }))
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  for (const name of ['connect', 'createSecureContext', 'checkServerIdentity', 'TLSSocket']) {
    const preload = path.join(directory, `${name}.js`)
    fs.writeFileSync(preload, `
      const tls = require('node:tls')
      const before = tls.${name}
      tls.${name} = function ${name} (...args) {
        return new.target ? new before(...args) : before.apply(this, args)
      }`)
    const seen = await inChild({ URL: url }, ['-r', preload], "ws.on('open', () => ws.close())")
    assert.deepEqual(seen, ['open false', 'close 1000'], name)
  }
})

/** openssl s_server, whose commands are letters on its standard input. */
async function startOpenssl (scope, version) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tls-'))
  scope.defer(() => fs.rmSync(directory, { recursive: true }))
  fs.writeFileSync(path.join(directory, 'pem'), local.key + local.cert)
  const child = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', '-cert', path.join(directory, 'pem'), version])
  scope.defer(() => child.kill())
  let output = ''
  child.stdout.on('data', (chunk) => { output += chunk.toString('latin1') })
  await eventually(() => /ACCEPT 127\.0\.0\.1:\d+/.test(output), 'a server of openssl')
  const [, port] = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(output)
  const request = async () => {
    await eventually(() => /GET [^]*\r\n\r\n/.test(output), 'a request')
    return /GET [^]*\r\n\r\n/.exec(output)[0]
  }
  return { child, request, url: `wss://127.0.0.1:${port}/` }
}

for (const [name, version, command] of [
  ['new keys', '-tls1_3', 'k\n'],
  ['new keys, and asks for ours', '-tls1_3', 'K\n']
]) {
  test(`a server of openssl that wants ${name} is no trouble`, async (scope) => {
    const { child, request, url } = await startOpenssl(scope, version)
    const { events, ws } = dial(scope, url, { ca: root.cert })
    child.stdin.write(upgradeResponse(await request()))
    await eventually(() => events.length > 0, 'an event')
    assert.deepEqual(events, [['open']])
    assert.ok(usesReactor(ws))
    for (const text of ['a', 'b']) {
      child.stdin.write(command)
      await scope.settle()
      child.stdin.write(frame('text', text))
      assert.equal((await once(ws, 'message')).data, text)
      ws.send(text)
    }
    assert.deepEqual(events.map(([type]) => type), ['open', 'message', 'message'])
  }, { skip: !HAS_OPENSSL && 'there is no openssl command' })
}

test('a server of openssl that wants a new handshake does not get it', async (scope) => {
  const { child, request, url } = await startOpenssl(scope, '-tls1_2')
  const { events, ws } = dial(scope, url, { ca: root.cert })
  child.stdin.write(upgradeResponse(await request()))
  await eventually(() => events.length > 0, 'an event')
  await scope.settle(100)
  child.stdin.write('r\n')
  await once(ws, 'close')
  // OpenSSL does not go on without.
  assert.match(events[1][1], /alert handshake failure/)
  assert.deepEqual(events.map(([type]) => type), ['open', 'error', 'end', 'close'])
}, { skip: !HAS_OPENSSL && 'there is no openssl command' })

support.test('with transport: stream, connections are Node\'s', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const { isNative, isOpen, ws } = await attempt(scope, url, { ca: root.cert, transport: 'stream' })
  assert.deepEqual([isOpen, isNative], [true, false])
  assert.ok(ws._stream instanceof tls.TLSSocket)
})
