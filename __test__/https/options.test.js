'use strict'

// The options with which the reactor decrypts the connections of a server, and those with which Node does. Wrong
// options throw Node's errors.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { generateKeyPairSync } = require('node:crypto')
const fs = require('node:fs')
const http = require('node:http')
const nodeHttps = require('node:https')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const tls = require('node:tls')

const https = require('../../lib/https')
const native = require('../support/native')
const { listen } = require('../support/peer')
const { test } = require('../support/test')
const { issue, local, root } = require('../support/tls')

const { key, cert } = local
const RSA = issue({ kind: 'RSA 2048' })
const ED25519 = issue({ kind: 'Ed25519' })
const P521 = issue({ kind: 'ECDSA P-521' })
const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
const own = issue()
const locked = own.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
const both = (...identities) => ({ key: identities.map((each) => each.key), cert: identities.map((each) => each.cert) })
const ignore = () => {}

/** By description: the options of a server that the reactor decrypts. */
const NATIVE = {
  'a key and a certificate': { key, cert },
  'Buffers': { key: Buffer.from(key), cert: Buffer.from(cert) },
  'a chain in one text': { key, cert: cert + root.cert },
  'an RSA key': { key: RSA.key, cert: RSA.cert },
  'an Ed25519 key': { key: ED25519.key, cert: ED25519.cert },
  'two kinds of keys': both(local, RSA),
  'two kinds of keys, in another order': { key: [RSA.key, key], cert: [cert, RSA.cert] },
  'a passphrase': { key: locked, cert: own.cert, passphrase: 'secret' },
  'a passphrase of a key': { key: [{ pem: locked, passphrase: 'secret' }], cert: own.cert },
  'authorities': { key, cert, ca: [root.cert] },
  'TLS 1.2 at most': { key, cert, maxVersion: 'TLSv1.2' },
  'TLS 1.3 at least': { key, cert, minVersion: 'TLSv1.3' },
  'application protocols': { key, cert, ALPNProtocols: ['http/1.1', 'x'] },
  'ticket keys, and a lifetime of sessions': { key, cert, ticketKeys: Buffer.alloc(48), sessionTimeout: 10 },
  'a context of sessions': { key, cert, sessionIdContext: 'mine' },
  'a limit for the handshake': { key, cert, handshakeTimeout: 1000 },
  'options of http': {
    key, cert, IncomingMessage: http.IncomingMessage, ServerResponse: http.ServerResponse, keepAliveTimeout: 1,
    maxHeaderSize: 1000, requestTimeout: 1, headersTimeout: 1, connectionsCheckingInterval: 1, requireHostHeader: false,
    joinDuplicateHeaders: true, insecureHTTPParser: false
  },
  'options of sockets': { key, cert, noDelay: false, keepAlive: true, keepAliveInitialDelay: 1, allowHalfOpen: false },
  'options without a value': { key, cert, ciphers: undefined, SNICallback: undefined },
  'no certificate': {}
}

/** By description: the options of a server whose connections Node decrypts. */
const BY_NODE = {
  ciphers: { key, cert, ciphers: tls.DEFAULT_CIPHERS },
  'a curve': { key, cert, ecdhCurve: 'auto' },
  'signature algorithms': { key, cert, sigalgs: 'ecdsa_secp256r1_sha256' },
  'the order of clients': { key, cert, honorCipherOrder: false },
  'options of OpenSSL': { key, cert, secureOptions: 0 },
  'an older version': { key, cert, minVersion: 'TLSv1.1' },
  'a protocol by its older name': { key, cert, secureProtocol: 'TLSv1_2_method' },
  'a function for names': { key, cert, SNICallback: ignore },
  'a function for shared keys': { key, cert, pskCallback: ignore },
  'Diffie-Hellman parameters': { key, cert, dhparam: 'auto' },
  'a trace': { key, cert, enableTrace: false },
  'a buffer size of sockets': { key, cert, highWaterMark: 1000 },
  'paused connections': { key, cert, pauseOnConnect: true },
  'a P-521 key': { key: P521.key, cert: P521.cert },
  'a small RSA key': { key: small.privateKey.export({ type: 'pkcs8', format: 'pem' }), ciphers: 'DEFAULT@SECLEVEL=0' },
  'an option that Node does not have': { key, cert, other: true }
}

for (const [name, options] of Object.entries(NATIVE)) {
  native.test(`the reactor decrypts connections with ${name}`, async (scope) => {
    const server = https.createServer(options)
    assert.equal(server.isNative, true)
    if (Object.keys(options).length === 0) return
    assert.equal(await page(scope, server), 'page')
  })
}

for (const [name, options] of Object.entries(BY_NODE)) {
  test(`Node decrypts connections with ${name}`, async () => {
    assert.equal(https.createServer(options).isNative, false)
  })
}

/** Resolves with the page that a client gets. */
async function page (scope, server, options) {
  server.on('request', (request, response) => response.end('page'))
  const port = await listen(scope, server)
  return new Promise((resolve, reject) => {
    nodeHttps.get({ port, host: 'localhost', ca: root.cert, agent: false, ...options }, (response) => {
      response.on('data', (chunk) => resolve(String(chunk)))
    }).on('error', reject)
  })
}

for (const [name, change] of Object.entries({
  'listens to keylog': (server) => server.on('keylog', ignore),
  'listens to newSession': (server) => server.on('newSession', (id, data, done) => done()),
  'listens to resumeSession': (server) => server.on('resumeSession', (id, done) => done()),
  'listens to OCSPRequest': (server) => server.on('OCSPRequest', (own, issuer, done) => done()),
  'listens to connect': (server) => server.on('connect', (request, socket) => new tls.TLSSocket(socket)),
  'sets ciphers later': (server) => server.setSecureContext({ key, cert, ciphers: tls.DEFAULT_CIPHERS }),
  'adds a context with other options': (server) => server.addContext('a.test', { key, cert, sigalgs: 'ed25519' }),
  'adds a context of Node': (server) => server.addContext('a.test', tls.createSecureContext({ key, cert })),
  'adds a context by itself': (server) => server._contexts.push([/a.test/, tls.createSecureContext({ key, cert })]),
  'replaces the credentials': (server) => { server._sharedCreds = tls.createSecureContext({ key, cert }) },
  // Node 24 has removed this method.
  ...('setOptions' in tls.Server.prototype &&
    { 'sets options as before Node 11': (server) => server.setOptions({ key, cert }) })
})) {
  test(`Node decrypts connections of a server whose program ${name}`, async (scope) => {
    const server = https.createServer({ key, cert })
    assert.equal(server.isNative, !native.UNAVAILABLE)
    change(server)
    assert.equal(server.isNative, false)
    assert.equal(await page(scope, server), 'page')
  })
}

native.test('the reactor decrypts connections again when the program no longer needs Node', async () => {
  const server = https.createServer({ key, cert })
  server.on('keylog', ignore)
  server.removeListener('keylog', ignore)
  assert.equal(server.isNative, true)
  server.setSecureContext({ key, cert, ciphers: tls.DEFAULT_CIPHERS })
  server.setSecureContext({ key, cert })
  assert.equal(server.isNative, true)
})

native.test('a program may change its buffers after it has passed them', async (scope) => {
  const given = { key: Buffer.from(key), cert: Buffer.from(cert) }
  const server = https.createServer(given)
  for (const buffer of Object.values(given)) buffer.fill(0)
  assert.equal(await page(scope, server), 'page')
})

for (const [name, args] of Object.entries({
  'a number as options': [1],
  'a string as options': ['options'],
  'a key that does not belong to the certificate': [{ key: own.key, cert }],
  'a certificate that is none': [{ key, cert: 'none' }],
  'a key that is none': [{ key: 'none', cert }],
  'a number as a key': [{ key: 1, cert }],
  'a wrong passphrase': [{ key: locked, cert: own.cert, passphrase: 'wrong' }],
  'an unknown version': [{ key, cert, minVersion: 'TLSv9' }],
  'a wrong limit for the handshake': [{ key, cert, handshakeTimeout: 'long' }],
  'ticket keys of a wrong length': [{ key, cert, ticketKeys: Buffer.alloc(4) }],
  'an authority that is none': [{ key, cert, ca: 5 }],
  'a function and protocols for ALPN': [{ key, cert, ALPNProtocols: ['x'], ALPNCallback: ignore }],
  'a wrong option of http': [{ key, cert, requestTimeout: 'long' }],
  'a listener that is none': [{ key, cert }, 'listener']
})) {
  test(`${name} has the effect that it has in Node`, async () => {
    const [expected, seen] = [nodeHttps, https].map(({ createServer }) => outcome(() => createServer(...args)))
    assert.deepEqual(seen, expected)
  })
}

test('methods throw the errors of Node', async () => {
  const [expected, seen] = [nodeHttps, https].map(({ createServer }) => {
    const server = createServer({ key, cert })
    return [
      () => server.addContext('', { key, cert }),
      () => server.addContext('a.test', { key: own.key, cert }),
      () => server.setSecureContext(),
      () => server.setSecureContext({ key: 'none', cert }),
      () => server.setTicketKeys(Buffer.alloc(4)),
      () => server.setTicketKeys('keys')
    ].map(outcome)
  })
  assert.deepEqual(seen, expected)
})

function outcome (work) {
  try {
    work()
    return null
  } catch ({ name, code, message }) {
    return { name, code, message: message.replace(/^[0-9A-F]{8,}:error/, 'error') }
  }
}

test('a server has the classes of Node', () => {
  const server = https.createServer(ignore)
  for (const type of [nodeHttps.Server, tls.Server, net.Server]) assert.ok(server instanceof type)
  assert.equal(server.listenerCount('request'), 1)
  assert.equal(server.constructor.name, 'Server')
})

native.test('Node decrypts connections if the environment or a flag changes its TLS', async (scope) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'https-'))
  scope.defer(() => fs.rmSync(folder, { recursive: true }))
  const script = `
    const { createServer } = require(${JSON.stringify(require.resolve('../../lib/https'))})
    console.log(createServer(${JSON.stringify({ key, cert })}).isNative)`
  for (const [name, expected, flags, environment] of [
    ['nothing', true, [], {}],
    ['a variable that concerns clients', true, [], { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
    ['a maximum version', false, ['--tls-max-v1.2'], {}],
    ['ciphers', false, ['--tls-cipher-list=ECDHE-ECDSA-AES128-GCM-SHA256'], {}],
    ['a log of keys', false, [`--tls-keylog=${path.join(folder, 'keys')}`], {}],
    ['a configuration of OpenSSL', false, [], { OPENSSL_CONF: '/dev/null' }],
    ['the stream transport', false, [], { FAYE_WEBSOCKET_TRANSPORT: 'stream' }]
  ]) {
    const env = { ...process.env, ...environment }
    const { stdout } = spawnSync(process.execPath, [...flags, '-e', script], { env })
    assert.equal(String(stdout), `${expected}\n`, name)
  }
})
