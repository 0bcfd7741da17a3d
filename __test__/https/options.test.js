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
const { inherits } = require('node:util')

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

/** By description: the options of a server whose connections Node decrypts, and the reason. */
const BY_NODE = {
  ciphers: [{ key, cert, ciphers: tls.DEFAULT_CIPHERS }, 'The option ciphers is set'],
  'a curve': [{ key, cert, ecdhCurve: 'auto' }, 'The option ecdhCurve is set'],
  'signature algorithms': [{ key, cert, sigalgs: 'ecdsa_secp256r1_sha256' }, 'The option sigalgs is set'],
  'the order of clients': [{ key, cert, honorCipherOrder: false }, 'The option honorCipherOrder is set'],
  'options of OpenSSL': [{ key, cert, secureOptions: 0 }, 'The option secureOptions is set'],
  'an older version': [{ key, cert, minVersion: 'TLSv1.1' }, 'The option minVersion is TLSv1.1'],
  'a protocol by its older name': [{ key, cert, secureProtocol: 'TLSv1_2_method' }, 'The option secureProtocol is set'],
  'a function for names': [{ key, cert, SNICallback: ignore }, 'The option SNICallback is set'],
  'a function for shared keys': [{ key, cert, pskCallback: ignore }, 'The option pskCallback is set'],
  'Diffie-Hellman parameters': [{ key, cert, dhparam: 'auto' }, 'The option dhparam is set'],
  'a trace': [{ key, cert, enableTrace: false }, 'The option enableTrace is set'],
  'a buffer size of sockets': [{ key, cert, highWaterMark: 1000 }, 'The option highWaterMark is set'],
  'paused connections': [{ key, cert, pauseOnConnect: true }, 'The option pauseOnConnect is set'],
  'a P-521 key': [{ key: P521.key, cert: P521.cert }, 'rustls refuses'],
  'a small RSA key': [
    { key: small.privateKey.export({ type: 'pkcs8', format: 'pem' }), ciphers: 'DEFAULT@SECLEVEL=0' },
    'The option ciphers is set'
  ],
  'an option that Node does not have': [{ key, cert, other: true }, 'The option other is set'],
  'an option that is null': [{ key, cert, ciphers: null }, 'The option ciphers is set'],
  'a certificate without a key': [{ cert }, 'A certificate has no key'],
  'a key without a certificate': [{ key }, 'A key has no certificate']
}

for (const [name, options] of Object.entries(NATIVE)) {
  native.test(`the reactor decrypts connections with ${name}`, async (scope) => {
    const server = https.createServer(options)
    assert.deepEqual([server.isNative, server.nativeReason], [true, 'rustls decrypts connections'])
    if (Object.keys(options).length === 0) return
    assert.equal(await page(scope, server), 'page')
  })
}

for (const [name, [options, reason]] of Object.entries(BY_NODE)) {
  test(`Node decrypts connections with ${name}`, async () => {
    const server = https.createServer(options)
    assert.equal(server.isNative, false)
    if (!native.UNAVAILABLE) assert.ok(server.nativeReason.startsWith(reason), server.nativeReason)
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

for (const [name, [reason, change]] of Object.entries({
  'adds a version for a name': [
    'The option minVersion or maxVersion is set, for a.test',
    (server) => server.addContext('a.test', { key, cert, maxVersion: 'TLSv1.2' })
  ],
  'listens to keylog': ['There is a listener for keylog', (server) => server.on('keylog', ignore)],
  'listens to newSession': [
    'There is a listener for newSession',
    (server) => server.on('newSession', (id, data, done) => done())
  ],
  'listens to resumeSession': [
    'There is a listener for resumeSession',
    (server) => server.on('resumeSession', (id, done) => done())
  ],
  'listens to OCSPRequest': [
    'There is a listener for OCSPRequest',
    (server) => server.on('OCSPRequest', (own, issuer, done) => done())
  ],
  'listens to connect': [
    'There is a listener for connect',
    (server) => server.on('connect', (request, socket) => new tls.TLSSocket(socket))
  ],
  'sets ciphers later': [
    'The option ciphers is set',
    (server) => server.setSecureContext({ key, cert, ciphers: tls.DEFAULT_CIPHERS })
  ],
  'adds a context with other options': [
    'The option sigalgs is set, for a.test',
    (server) => server.addContext('a.test', { key, cert, sigalgs: 'ed25519' })
  ],
  'adds a context of Node': [
    'The option context is set, for a.test',
    (server) => server.addContext('a.test', tls.createSecureContext({ key, cert }))
  ],
  'adds a context by itself': [
    'A program has added a context without addContext()',
    (server) => server._contexts.push([/a.test/, tls.createSecureContext({ key, cert })])
  ],
  'replaces the credentials': [
    'A program has replaced the credentials',
    (server) => { server._sharedCreds = tls.createSecureContext({ key, cert }) }
  ],
  // Node 24 has removed this method.
  ...('setOptions' in tls.Server.prototype &&
    { 'sets options as before Node 11': [
      'A program has called setOptions()', (server) => server.setOptions({ key, cert })
    ] })
})) {
  test(`Node decrypts connections of a server whose program ${name}`, async (scope) => {
    const server = https.createServer({ key, cert })
    assert.equal(server.isNative, !native.UNAVAILABLE)
    change(server)
    assert.equal(server.isNative, false)
    if (!native.UNAVAILABLE) assert.equal(server.nativeReason, reason)
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

/** By description: a function that makes a server, as programs do with Node's class. */
const MAKERS = {
  'createServer()': (...args) => https.createServer(...args),
  'new Server()': (...args) => new https.Server(...args),
  'Server()': (...args) => https.Server(...args),
  'a class': (...args) => new (class extends https.Server {})(...args),
  'a class in the older form': (...args) => {
    function Older () {
      https.Server.apply(this, args)
    }
    inherits(Older, https.Server)
    return new Older()
  }
}
for (const [name, make] of Object.entries(MAKERS)) {
  test(`${name} makes a server with the classes of Node`, async (scope) => {
    const server = make({ key, cert }, ignore)
    for (const type of [https.Server, nodeHttps.Server, tls.Server, net.Server]) assert.ok(server instanceof type)
    assert.deepEqual([server.isNative, server.listenerCount('request')], [!native.UNAVAILABLE, 1])
    assert.equal(https.Server.name, 'Server')
    server.removeAllListeners('request')
    assert.equal(await page(scope, server), 'page')
  })
}

test('the exports are those of Node', () => {
  assert.deepEqual(Object.keys(https).sort(), Object.keys(nodeHttps).sort())
  for (const name of ['Agent', 'get', 'globalAgent', 'request']) assert.equal(https[name], nodeHttps[name])
})

for (const name of ['get', 'globalAgent']) {
  test(`a program replaces ${name} in Node's module and here at once`, (scope) => {
    const original = nodeHttps[name]
    scope.defer(() => { nodeHttps[name] = original })
    const [first, second] = [{}, {}]
    nodeHttps[name] = first
    assert.equal(https[name], first)
    https[name] = second
    assert.equal(nodeHttps[name], second)
  })
}

test('a name with capital letters matches', async (scope) => {
  const other = issue({ names: ['upper.test'] })
  const server = https.createServer({ key, cert })
  server.addContext('UPPER.test', { key: other.key, cert: other.cert })
  for (const servername of native.UNAVAILABLE ? ['UPPER.test'] : ['upper.test', 'UPPER.test']) {
    assert.equal(await page(scope, server, { servername }), 'page')
    server.removeAllListeners('request')
    server.close()
  }
})

native.test('Node decrypts connections if the environment or a flag changes its TLS', async (scope) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'https-'))
  scope.defer(() => fs.rmSync(folder, { recursive: true }))
  const script = `
    const { isNative, nativeReason } = require(${JSON.stringify(require.resolve('../../lib/https'))})
      .createServer(${JSON.stringify({ key, cert })})
    console.log(isNative + ': ' + nativeReason)`
  const [yes, changed] = ['true: rustls decrypts', 'false: A flag or a variable of the environment changes the TLS']
  for (const [name, expected, flags, environment] of [
    ['nothing', yes, [], {}],
    ['a variable that concerns clients', yes, [], { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
    ['a maximum version', 'false: tls.DEFAULT_MAX_VERSION is changed', ['--tls-max-v1.2'], {}],
    ['ciphers', 'false: tls.DEFAULT_CIPHERS is changed', ['--tls-cipher-list=ECDHE-ECDSA-AES128-GCM-SHA256'], {}],
    ['a log of keys', changed, [`--tls-keylog=${path.join(folder, 'keys')}`], {}],
    ['a configuration of OpenSSL', changed, [], { OPENSSL_CONF: '/dev/null' }],
    ['the stream transport', 'false: FAYE_WEBSOCKET_TRANSPORT is "stream"', [], { FAYE_WEBSOCKET_TRANSPORT: 'stream' }],
    ['WebAssembly', 'false: WebAssembly runs the protocol', [], { FAYE_WEBSOCKET_RUNTIME: 'wasm' }]
  ]) {
    const env = { ...process.env, ...environment }
    const { stdout } = spawnSync(process.execPath, [...flags, '-e', script], { env })
    assert.ok(String(stdout).startsWith(expected), `${name}: ${stdout}`)
  }
})
