'use strict'

// Certificates, checked by the native transport and by Node: the verdict is the same.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const tls = require('node:tls')

const { certificate, der, extension, sequence } = require('../support/certs')
const { echoEach } = require('../support/client')
const { test } = require('../support/native')
const { eventually, listen, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { attempt, authority, both, dial, HAS_OPENSSL, issue, local, names, PATHS, root } = require('../support/tls')

const HOUR = 3600000

const intermediate = certificate('Between', { authority: true, issuer: root })
const below = certificate('localhost', { names, issuer: intermediate })
const selfSigned = certificate('localhost', { names })
const expiredRoot = certificate('Expired', { authority: true, notAfter: new Date(Date.now() - HOUR) })
const noAuthority = certificate('No authority', { isAuthority: false })
const noSigner = certificate('No signer', { authority: true, keyUsage: 0x80 })
const clientsRoot = certificate('For clients', { authority: true, usages: ['clientAuth'] })
const of = (issuer) => certificate('localhost', { names, issuer })

/** Issues a root, an intermediate authority and a server's certificate, for a client that trusts the root. */
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

// isNative: webpki accepts the certificate too. In all cases the verdict is Node's.
const CERTIFICATES = {
  'a valid certificate': { server: local, isNative: true },
  'a valid certificate below one of several authorities': {
    server: local, options: { ca: [certificate('Other', { authority: true }).cert, root.cert] }, isNative: true
  },
  'two authorities in one string': { server: local, options: { ca: selfSigned.cert + root.cert }, isNative: true },
  'ca as a Buffer': { server: local, options: { ca: Buffer.from(root.cert) }, isNative: true },
  'an expired certificate': { server: issue({ notAfter: new Date(Date.now() - HOUR) }) },
  'a certificate that is not valid yet': { server: issue({ notBefore: new Date(Date.now() + HOUR) }) },
  'a self-signed certificate': { server: selfSigned },
  'a certificate of an authority as the server\'s': {
    server: certificate('localhost', { authority: true, names, keyUsage: 0x86 }), options: {}
  },
  'a certificate for another name': { server: issue({ names: ['elsewhere.test'] }) },
  'a host name only in the common name': { server: issue({ names: [] }), host: 'localhost' },
  'a certificate for the host name': { server: local, host: 'localhost', isNative: true },
  'a wildcard': { server: issue({ names: ['*.example.test'] }), servername: 'a.example.test', isNative: true },
  'a wildcard that is too wide': { server: issue({ names: ['*.test'] }), servername: 'example.test' },
  'a wildcard for another level': { server: issue({ names: ['*.example.test'] }), servername: 'a.b.example.test' },
  'an address that is not among the names': { server: issue({ names: ['localhost'] }) },
  'an address only in the common name': { server: issue({ names: [] }) },
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
  'an issuer that is not an authority': { server: of(noAuthority), options: { ca: noAuthority.cert } },
  'an authority that may not sign certificates': { server: of(noSigner), options: { ca: noSigner.cert } },
  'an authority for clients': { server: of(clientsRoot), options: { ca: clientsRoot.cert } },
  'an empty list of authorities': { server: local, options: { ca: [] } },
  'ca that is not a certificate': { server: local, options: { ca: 'nonsense' } },
  'an unknown authority with rejectUnauthorized: false': {
    server: local, options: { ca: selfSigned.cert, rejectUnauthorized: false }, isNative: true
  },
  'a root that allows no other authority': twoBelow({ pathLength: 0 }),
  'a root that allows one other authority': { ...twoBelow({ pathLength: 1 }), isNative: true },
  'an authority that allows no other': { ...twoBelow({}, { pathLength: 0 }), isNative: true },
  'a root with an unknown critical extension': { server: of(strangeRoot), options: { ca: strangeRoot.cert } },
  'a root with an unknown extension': twoBelow(unknown(false)),
  'an authority with an unknown extension': twoBelow({}, unknown(false)),
  'a certificate with an unknown critical extension': { server: issue(unknown(true)) },
  'the additional extensions of public certificates': { ...twoBelow(harmless, harmless, harmless), isNative: true },
  'a certificate for Netscape\'s clients': { server: issue(netscape(0x80)) },
  'a certificate for Netscape\'s servers': { server: issue(netscape(0x40)) },
  'an authority that is limited to the server\'s name': twoBelow({}, allowed(DNS)),
  'an authority for all names but the server\'s': twoBelow({}, forbidden(DNS)),
  'a root for all names but the server\'s': twoBelow(forbidden(DNS)),
  'an authority that is limited to mail addresses': twoBelow({}, allowed(MAIL)),
  'an authority for all subjects but the server\'s': twoBelow({}, forbidden(COMMON_NAME)),
  'a root for all subjects but the server\'s': twoBelow(forbidden(COMMON_NAME)),
  'ECDSA P-384': { server: issue({ kind: 'ECDSA P-384' }), isNative: true },
  'ECDSA P-521': { server: issue({ kind: 'ECDSA P-521' }) },
  'RSA 2048': { server: issue({ kind: 'RSA 2048' }), isNative: true },
  Ed25519: { server: issue({ kind: 'Ed25519' }), isNative: true }
}
for (const kind of ['ECDSA P-384', 'RSA 2048', 'Ed25519']) {
  const ca = certificate(kind, { authority: true, kind })
  CERTIFICATES[`an authority with ${kind}`] = { server: of(ca), options: { ca: ca.cert }, isNative: true }
}

// A self-signed certificate that is both the server's and `ca`, by its extensions. OpenSSL accepts it even if it is not
// an authority and may not sign certificates. We refuse each certificate that OpenSSL refuses.
const keyOf = (id) => extension('subjectKey', false, der(0x04, [id]))
const signedBy = (...parts) => extension('authorityKey', false, sequence(...parts))
const ALONE = {
  'has no extensions': [{}, true],
  'is an authority': [{ authority: true, keyUsage: 0 }, true],
  'is an authority that signs certificates and handshakes': [{ authority: true, keyUsage: 0x86 }, true],
  'is an authority that signs handshakes only': [{ authority: true, keyUsage: 0x80 }, true],
  'is an authority without other authorities below': [{ authority: true, keyUsage: 0, pathLength: 0 }, true],
  'signs handshakes': [{ keyUsage: 0x80 }, true],
  'signs handshakes and enciphers keys': [{ keyUsage: 0xa0 }, true],
  'is for servers': [{ usages: ['serverAuth'] }, true],
  'is for clients and servers': [{ usages: ['clientAuth', 'serverAuth'] }, true],
  'names its own key': [{ others: [keyOf(1), signedBy(der(0x80, [1]))] }, true],
  'has other extensions': [harmless, true],
  'has an RSA key': [{ kind: 'RSA 2048', authority: true, keyUsage: 0 }, true],
  'has an Ed25519 key': [{ kind: 'Ed25519' }, true],
  'has a P-384 key': [{ kind: 'ECDSA P-384' }, true],
  'has a P-521 key': [{ kind: 'ECDSA P-521' }, false],
  'is an authority that signs certificates only': [{ authority: true }, false],
  'signs certificates only': [{ keyUsage: 0x04 }, false],
  'is for clients': [{ usages: ['clientAuth'] }, false],
  'is an authority for clients': [{ authority: true, keyUsage: 0, usages: ['clientAuth'] }, false],
  'names another key': [{ others: [keyOf(1), signedBy(der(0x80, [2]))] }, false],
  'has expired': [{ notAfter: new Date(Date.now() - HOUR) }, false],
  'is not valid yet': [{ notBefore: new Date(Date.now() + HOUR) }, false],
  'is for another name': [{ names: ['elsewhere.test'] }, false],
  'has its name only in the common name': [{ names: [] }, false],
  'has an unknown critical extension': [unknown(true), false],
  'is for Netscape\'s clients': [netscape(0x80), false],
  'allows only its own name': [{ authority: true, keyUsage: 0, ...allowed(DNS) }, false],
  'forbids its own name': [{ authority: true, keyUsage: 0, ...forbidden(DNS) }, false],
  // The issuer has the name of the certificate itself.
  'is signed by another key': [{ issuer: certificate('localhost', { authority: true }) }, false],
  'is signed by another kind of key': [{ issuer: certificate('localhost', { kind: 'RSA 2048' }) }, false]
}
for (const [name, [options, isNative]] of Object.entries(ALONE)) {
  const server = certificate('localhost', { names, ...options })
  CERTIFICATES[`a certificate in ca that ${name}`] = { server, options: { ca: server.cert }, isNative }
}
CERTIFICATES['a self-signed certificate among several in ca'] = {
  server: selfSigned, options: { ca: [root.cert, selfSigned.cert] }, isNative: true
}
CERTIFICATES['another certificate with the same name in ca'] = {
  server: selfSigned, options: { ca: certificate('localhost', { names }).cert }
}
CERTIFICATES['a certificate below an authority, in ca'] = { server: local, options: { ca: local.cert } }
CERTIFICATES['a certificate in ca, sent with another after it'] = {
  server: { key: selfSigned.key, cert: selfSigned.cert + root.cert }, options: { ca: selfSigned.cert }, isNative: true
}

for (const [name, row] of Object.entries(CERTIFICATES)) {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    test(`both transports report the same events for ${name} with ${version}`, async (scope) => {
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
  'a chain that is completed in ca': {
    tls: { cert: ownBelow.cert, key: ownBelow.key }, ca: [intermediate.cert, root.cert], isNative: true
  },
  'PFX': { tls: () => ({ pfx: pfxOf(own), passphrase: 'x' }), needsOpenssl: true },
  'missing': { tls: {}, isRefused: true },
  'of an unknown authority': { tls: { cert: selfSigned.cert, key: selfSigned.key }, isRefused: true }
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
    test(`a client certificate (${name}) with ${version}`, async (scope) => {
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

test('a wrong passphrase throws the error of Node', async (scope) => {
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

test('nothing is sent before the certificate of the server is verified', async (scope) => {
  const { server: expired } = CERTIFICATES['an expired certificate']
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
