'use strict'

// The same cases with Node's https.createServer and with ours: a program observes the same events, fields and errors.

const assert = require('node:assert/strict')
const { AsyncLocalStorage } = require('node:async_hooks')
const http2 = require('node:http2')
const nodeHttps = require('node:https')
const net = require('node:net')
const { Duplex } = require('node:stream')
const tls = require('node:tls')

const ours = require('../../lib/https')
const { UNAVAILABLE } = require('../support/native')
const { listen } = require('../support/peer')
const { test } = require('../support/test')
const { issue, root } = require('../support/tls')
const { certificate } = require('../support/certs')
const { Run, until } = require('./run')

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
const OTHER = certificate('Another authority', { authority: true })

/** The members of a socket that a program reads. */
function facts (socket) {
  const own = socket.getCertificate()
  return {
    encrypted: socket.encrypted,
    authorized: socket.authorized,
    authorizationError: socket.authorizationError,
    alpnProtocol: socket.alpnProtocol,
    servername: socket.servername,
    secureConnecting: socket.secureConnecting,
    protocol: socket.getProtocol(),
    cipher: socket.getCipher(),
    isReused: socket.isSessionReused(),
    ephemeral: socket.getEphemeralKeyInfo(),
    peer: described(socket.getPeerCertificate()),
    detailed: described(socket.getPeerCertificate(true)),
    x509: socket.getPeerX509Certificate()?.subject,
    own: [own?.subject?.CN, own?.fingerprint256],
    ownX509: socket.getX509Certificate()?.fingerprint256,
    address: [socket.remoteAddress, socket.remoteFamily, socket.localAddress, typeof socket.remotePort],
    timeout: socket.timeout,
    state: [socket.readyState, socket.readable, socket.writable, socket.connecting, socket.pending],
    server: typeof socket.server
  }
}

function described (certificate) {
  if (certificate === null) return null
  const { issuerCertificate, pubkey, raw, ...rest } = certificate
  return { ...rest, issuer2: issuerCertificate && issuerCertificate.subject?.CN, sizes: [pubkey?.length, raw?.length] }
}

/** By name: the case, which records what the program observes. `isNative` is false where only Node has the feature. */
const CASES = {
  'answers requests of one connection': async (run) => {
    await run.serve({}, (request, response) => {
      run.log('request', request.method, request.url, request.headers, facts(request.socket))
      response.end(`Hello ${request.url}`)
    })
    const client = await run.connect()
    client.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.received('Hello /1')
    client.write('GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await client.ended
    run.log('client', withoutDate(client.text))
  },

  'answers pipelined requests in order': async (run) => {
    await run.serve({}, (request, response) => {
      setTimeout(() => response.end(request.url), request.url === '/1' ? 20 : 0)
    })
    const client = await run.connect()
    client.write(['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
    await client.received('/3')
    run.log('client', withoutDate(client.text))
  },

  'reads and writes bodies': async (run) => {
    await run.serve({}, (request, response) => {
      let length = 0
      request.on('data', (chunk) => { length += chunk.length })
      request.on('end', () => {
        run.log('request', length, request.complete)
        response.write('first,')
        response.end('second')
      })
    })
    run.log('client', await run.request({ method: 'POST' }, Buffer.alloc(300_000, 'x')))
  },

  'sends a large response to a client that reads late': async (run) => {
    const body = Buffer.alloc(4_000_000, 'x')
    await run.serve({}, (request, response) => {
      run.log('request', response.write(body))
      response.on('drain', () => {
        run.log('request', 'drain')
        response.end()
      })
    })
    const client = await run.connect()
    client.pause()
    client.write(GET)
    await new Promise((resolve) => setTimeout(resolve, 50))
    client.resume()
    await until(() => client.text.endsWith('0\r\n\r\n'))
    run.log('client', client.text.length)
  },

  'sends 100 Continue': async (run) => {
    await run.serve({}, (request, response) => {
      request.resume()
      request.on('end', () => response.end('done'))
    })
    run.log('client', await run.request({ method: 'POST', headers: { Expect: '100-continue' } }, 'body'))
  },

  'emits checkContinue': async (run) => {
    await run.serve()
    run.server.on('checkContinue', (request, response) => response.writeHead(403).end())
    run.log('client', await run.request({ method: 'POST', headers: { Expect: '100-continue' } }, 'body'))
  },

  'emits upgrade with the first bytes': async (run) => {
    await run.serve()
    run.server.on('upgrade', (request, socket, head) => {
      run.log('upgrade', request.url, String(head), socket === request.socket, facts(socket))
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
      socket.on('data', (chunk) => socket.write(chunk))
      socket.on('end', () => run.log('upgrade', 'end'))
      socket.on('close', (hadError) => run.log('upgrade', 'close', hadError))
      socket.unshift(head)
    })
    const client = await run.connect()
    client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst')
    await client.received('first')
    client.end('last')
    await client.ended
    await until(() => run.seen.upgrade.length === 3)
    run.log('client', client.text)
  },

  'emits connect': async (run) => {
    await run.serve()
    run.server.on('connect', (request, socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${request.url}`))
    const client = await run.connect()
    client.write('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n')
    await client.ended
    run.log('client', client.text)
  },

  'refuses bytes that are not HTTP': async (run) => {
    await run.serve()
    const client = await run.connect()
    client.write('nonsense\r\n\r\n')
    await client.ended
    run.log('client', client.text)
  },

  'lets the program answer bytes that are not HTTP': async (run) => {
    await run.serve()
    run.server.on('clientError', (error, socket) => {
      run.log('program', error.code, error.rawPacket.length, socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\nno')
    })
    const client = await run.connect()
    client.write('nonsense\r\n\r\n')
    await client.ended
    run.log('client', client.text)
  },

  'refuses a request without Host': async (run) => {
    await run.serve({}, (request, response) => response.end())
    const client = await run.connect()
    client.write('GET / HTTP/1.1\r\n\r\n')
    await client.ended
    run.log('client', withoutDate(client.text))
  },

  'reports a request that the client aborts': async (run) => {
    await run.serve({}, (request, response) => {
      request.on('aborted', () => run.log('request', 'aborted'))
      request.on('error', (error) => run.log('request', 'error', error))
      request.on('close', () => run.log('request', 'close', request.complete))
      response.on('close', () => run.log('response', 'close', response.writableEnded))
      request.resume()
    })
    const client = await run.connect()
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')
    await until(() => run.seen.server.length === 3)
    // A client that has not read the tickets of its sessions would reset the connection.
    await run.scope.settle()
    client.destroy()
    await until(() => run.seen.response && run.seen.request.length === 3)
  },

  'answers a client that has ended its half': async (run) => {
    await run.serve({}, (request, response) => setTimeout(() => response.end('late'), 20))
    const client = await run.connect()
    client.end(GET)
    await client.ended
    run.log('client', withoutDate(client.text))
  },

  'lets the program destroy the socket': async (run) => {
    await run.serve({}, (request, response) => {
      request.socket.on('close', (hadError) => run.log('socket', 'close', hadError))
      response.destroy()
    })
    run.log('client', await run.request())
    await until(() => run.seen.socket)
  },

  'sends close_notify at the end only': async (run) => {
    await run.serve({}, ({ socket, url }) => {
      if (url === '/end') socket.end('part')
      else socket.write('part', () => socket.destroy())
    })
    for (const path of ['/end', '/destroy']) {
      const wire = await run.raw()
      const through = new Duplex({ read () {}, write: (chunk, encoding, callback) => wire.write(chunk, callback) })
      wire.on('data', (chunk) => through.push(chunk))
      const client = tls.connect({ servername: 'localhost', ca: root.cert, socket: through })
      client.on('error', () => {})
      client.write(GET.replace('/', path))
      await wire.ended
      run.log('client', path, recordsIn(Buffer.from(wire.text, 'latin1')).at(-1))
    }
  },

  'keeps what it knows of a closed connection': async (run) => {
    await run.serve({}, (request, response) => {
      request.socket.on('close', () => {
        const { address, timeout, state, ...rest } = facts(request.socket)
        run.log('closed', rest)
      })
      response.end()
    })
    run.log('client', await run.request())
    await until(() => run.seen.closed)
  },

  'limits the time of headers': async (run) => {
    await run.serve({ headersTimeout: 30, requestTimeout: 60, connectionsCheckingInterval: 10 })
    const client = await run.connect()
    client.write('GET / HTTP/1.1\r\nHost:')
    await client.ended
    run.log('client', client.text)
  },

  'closes an idle connection': async (run) => {
    await run.serve({ keepAliveTimeout: 20 }, (request, response) => response.end())
    const client = await run.connect()
    client.write(GET)
    await client.ended
    run.log('client', withoutDate(client.text))
  },

  'emits timeout': async (run) => {
    await run.serve({}, () => {})
    run.server.setTimeout(30, (socket) => {
      run.log('program', 'timeout', socket.encrypted)
      socket.destroy()
    })
    const client = await run.connect()
    client.write(GET)
    await client.ended
  },

  'closes idle connections, and then all': async (run) => {
    await run.serve({}, (request, response) => request.url === '/' && response.end('idle'))
    const idle = await run.connect()
    idle.write(GET)
    await idle.received('idle')
    const busy = await run.connect()
    busy.write('GET /busy HTTP/1.1\r\nHost: a\r\n\r\n')
    await until(() => run.seen.server.filter(([name]) => name === 'request').length === 2)
    run.server.close(() => run.log('program', 'closed'))
    run.server.closeIdleConnections()
    await idle.ended
    run.log('program', busy.destroyed, await connections(run.server))
    run.server.closeAllConnections()
    await busy.ended
    await until(() => run.seen.program.length === 2)
  },

  'limits requests of a connection': async (run) => {
    await run.serve({}, (request, response) => response.end(request.url))
    run.server.maxRequestsPerSocket = 1
    const client = await run.connect()
    client.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.ended
    run.log('client', withoutDate(client.text))
  },

  'limits connections': async (run) => {
    await run.serve({}, (request, response) => response.end('first'))
    run.server.maxConnections = 1
    const first = await run.connect()
    first.write(GET)
    await first.received('first')
    await (await run.connect()).ended
  },

  'keeps the context of a request': async (run) => {
    const storage = new AsyncLocalStorage()
    await run.serve({}, (request, response) => {
      storage.run(request.url, () => {
        request.on('end', () => setImmediate(() => response.end(storage.getStore())))
        request.resume()
      })
    })
    run.log('client', await Promise.all(['/1', '/2', '/3'].map((path) => run.request({ path }))))
    // The order of different connections may differ.
    run.seen.server.sort()
  },

  'chooses a certificate by the name': async (run) => {
    const server = await run.serve({}, (request, response) => {
      run.log('request', facts(request.socket))
      response.end()
    })
    for (const [name, context] of CONTEXTS) server.addContext(name, context)
    for (const servername of ['localhost', 'a.test', 'x.b.test', 'c.b.test', 'x.y.b.test', 'unknown']) {
      const client = await run.connect({ servername, rejectUnauthorized: false })
      run.log('client', client.getPeerCertificate().subjectaltname)
      client.end(GET)
      await client.ended
    }
  },

  'presents its certificate to clients without a name': async (run) => {
    await run.serve({}, (request, response) => response.end(String(request.socket.servername)))
    run.log('client', await run.request({ servername: '', rejectUnauthorized: false }))
  },

  'uses new certificates for new connections': async (run) => {
    const server = await run.serve({}, (request, response) => response.end('answer'))
    const first = await run.connect()
    server.setSecureContext({ ...NEXT, minVersion: run.version, maxVersion: run.version })
    const second = await run.connect({ servername: 'next' })
    run.log('client', [first, second].map((each) => each.getPeerCertificate().subjectaltname))
    first.write(GET)
    await first.received('answer')
  },

  'agrees on an application protocol': async (run) => {
    await run.serve({ ALPNProtocols: ['x', 'http/1.1'] }, (request, response) => response.end())
    for (const ALPNProtocols of [['http/1.1', 'x'], ['http/1.1'], undefined, ['y']]) {
      const client = await run.connect({ ALPNProtocols })
      run.log('client', client.alpnProtocol)
      client.end()
      await client.ended
    }
  },

  'lets a program speak HTTP/2 over the socket': async (run) => {
    const inner = http2.createServer((request, response) => response.end(request.url))
    await run.serve({ ALPNProtocols: ['h2'] })
    run.server.removeAllListeners('secureConnection')
    run.server.on('secureConnection', (socket) => inner.emit('connection', socket))
    const client = http2.connect(`https://localhost:${run.port}`, { createConnection: () => tls.connect({
      ...run.target(), ALPNProtocols: ['h2']
    }) })
    run.scope.defer(() => client.destroy())
    client.on('error', ({ code }) => run.log('client', code))
    const stream = client.request({ ':path': '/page' })
    stream.on('error', ({ code }) => run.log('client', code))
    stream.on('data', (chunk) => run.log('client', String(chunk)))
    await new Promise((resolve) => stream.on('close', resolve))
  },

  'resumes sessions': async (run) => {
    await run.serve({}, (request, response) => response.end(String(request.socket.isSessionReused())))
    let session
    for (let round = 0; round < 3; round++) {
      const client = await run.connect({ session })
      client.on('session', (next) => { session = next })
      client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      await client.ended
      run.log('client', client.isSessionReused(), client.text.slice(-5))
    }
  },

  'resumes no session after new ticket keys': async (run) => {
    const server = await run.serve({ ticketKeys: Buffer.alloc(48, 1) }, (request, response) => response.end())
    run.log('program', server.getTicketKeys().equals(Buffer.alloc(48, 1)))
    let session
    for (const fill of [1, 1, 2]) {
      server.setTicketKeys(Buffer.alloc(48, fill))
      const client = await run.connect({ session })
      client.on('session', (next) => { session = next })
      client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      await client.ended
      run.log('client', client.isSessionReused())
    }
  },

  'asks for a certificate': async (run) => {
    await run.serve({ requestCert: true, rejectUnauthorized: false, ca: root.cert }, (request, response) => {
      run.log('request', facts(request.socket))
      response.end()
    })
    for (const identity of IDENTITIES) {
      const client = await run.connect(identity)
      client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      await client.ended
      run.log('client', client.text.slice(0, 15))
    }
  },

  'refuses certificates': async (run) => {
    await run.serve({ requestCert: true, ca: root.cert }, (request, response) => response.end())
    run.server.on('tlsClientError', (error, socket) => {
      const { authorized, authorizationError, alpnProtocol, servername, secureConnecting } = socket
      run.log('socket', error.code, { authorized, authorizationError, secureConnecting })
      // Node also knows the name in a handshake that fails.
      if (authorizationError) run.log('socket', alpnProtocol, servername)
    })
    for (const identity of IDENTITIES) {
      const client = await run.connect(identity)
      client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      await client.ended
    }
    // The alert, and whether the connection is reset, may differ.
    delete run.seen.client
  },

  'decides about certificates as it asked for them': async (run) => {
    await run.serve({ ca: root.cert }, ({ socket }, response) => {
      run.log('request', socket.authorized, socket.authorizationError)
      response.end()
    })
    // After the server has begun to accept the connection.
    run.server.on('connection', () => { run.server.requestCert = true })
    run.log('client', await run.request())
    run.server.rejectUnauthorized = false
    run.server.on('connection', () => { run.server.rejectUnauthorized = true })
    run.log('client', await run.request())
  },

  'refuses a request without TLS': async (run) => {
    await run.serve()
    const client = await run.raw()
    client.write(GET)
    await client.ended
    run.log('client', client.text)
  },

  'refuses bytes that are not TLS': async (run) => {
    await run.serve()
    const client = await run.raw()
    client.write(Buffer.alloc(200, 0x55))
    await client.ended
    run.log('client', client.text)
  },

  'lets the program answer bytes that are not TLS': async (run) => {
    await run.serve()
    run.server.on('clientError', (error, socket) => {
      run.log('program', error.code, socket.writable, socket.destroyed, socket.encrypted)
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\nno')
    })
    const client = await run.raw()
    client.write(GET)
    await client.ended
    run.log('client', client.text.includes('HTTP'))
  },

  'refuses a client of another version': async (run) => {
    await run.serve()
    const other = run.version === 'TLSv1.2' ? 'TLSv1.3' : 'TLSv1.2'
    await run.connect({ minVersion: other, maxVersion: other })
  },

  'refuses a client without a common cipher': async (run) => {
    if (run.version !== 'TLSv1.2') return
    await run.serve({}, (request, response) => response.end())
    await run.connect({ ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' })
  },

  'accepts a client whose ciphers rustls lacks': async (run) => {
    if (run.version !== 'TLSv1.2') return
    await run.serve(RSA, (request, response) => response.end(request.socket.getCipher().name))
    run.log('client', await run.request({ ciphers: 'AES128-SHA256' }))
  },

  'reports a client that refuses the certificate': async (run) => {
    await run.serve()
    await run.connect({ ca: OTHER.cert })
    await until(() => run.seen.server.length > 1)
  },

  'reports a client that closes before the handshake': async (run) => {
    await run.serve()
    run.server.on('tlsClientError', (error, socket) => run.log('program', error, socket.destroyed, socket.encrypted))
    const client = await run.raw()
    client.end()
    await client.ended
    await until(() => run.seen.program)
  },

  'reports a client that resets before the handshake': async (run) => {
    await run.serve()
    const client = await run.raw()
    await until(() => run.seen.server)
    client.resetAndDestroy()
    await until(() => run.seen.server.length > 1)
  },

  ...Object.fromEntries(Object.entries({
    'refuses the certificate': (run) => run.connect({ ca: OTHER.cert }),
    'ends after the first answer': (run) => leaving(run, (wire) => wire.end()),
    'resets after the first answer': (run) => leaving(run, (wire) => wire.resetAndDestroy())
  }).flatMap(([what, act]) => [false, true].map((answers) => [
    `closes the connection of a client that ${what}, if the program ${answers ? 'answers' : 'only listens'}`,
    async (run) => {
      await run.serve()
      run.server.on('clientError', (error, socket) => {
        run.log('program', error.code, socket.destroyed, socket.writable)
        if (!answers || error.code === 'ECONNRESET' || !socket.writable) return
        socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
      })
      await act(run)
      await until(() => run.seen.server.length > 1)
      await closed(run.server)
    }
  ]))),

  'completes a handshake after its time, if the program leaves the connection open': async (run) => {
    await run.serve({ handshakeTimeout: 30 }, (request, response) => response.end('page'))
    run.server.on('clientError', ({ code }, socket) => run.log('program', code, socket.destroyed, socket.writable))
    const wire = await run.raw()
    const client = tls.connect({ ...run.target(), socket: through(wire, () => until(() => run.seen.program)) })
    client.on('error', () => {})
    client.write(GET)
    await new Promise((resolve) => client.once('data', resolve))
    wire.destroy()
    await closed(run.server)
  },

  'limits the time of the handshake': async (run) => {
    await run.serve({ handshakeTimeout: 30 })
    const client = await run.raw()
    client.write(Buffer.from([0x16, 3, 1, 2, 0]))
    await client.ended
    run.log('client', client.text)
  },

  'reads a socket that another server has paused': async (run) => {
    for (const [pauseOnConnect, change] of [
      [true, () => {}], [true, (socket) => socket.resume()], [false, (socket) => socket.pause()]
    ]) {
      const server = await run.serve({}, (request, response) => response.end('answer'))
      const outer = net.createServer({ pauseOnConnect }, (socket) => {
        if (!pauseOnConnect) socket.pause()
        server.emit('connection', socket)
        change(socket)
      })
      run.port = await listen(run.scope, outer)
      run.log('client', await run.request())
    }
  },

  'has the events of Node alone if a program listens to them': async (run) => {
    await run.serve({}, (request, response) => response.end())
    run.server.on('keylog', (line) => run.log('program', String(line).split(' ').length))
    run.log('client', await run.request())
    run.log('program', run.server.isNative ?? false)
  }
}

/** Starts a handshake, and ends it in the way of `leave` when the server has answered. */
async function leaving (run, leave) {
  const wire = await run.raw()
  let writes = 0
  // Only the first message leaves.
  const socket = through(wire, () => writes++ === 0)
  tls.connect({ ...run.target(), socket }).on('error', () => {})
  wire.once('data', () => leave(wire))
}

/** Returns a stream over a socket, which discards a write if `passes` returns false. */
function through (wire, passes) {
  const stream = new Duplex({
    read () {},
    async write (chunk, encoding, callback) {
      if (await passes() === false) callback()
      else wire.write(chunk, () => callback())
    }
  })
  wire.on('data', (chunk) => stream.push(chunk))
  return stream
}

/** Resolves when a server has no connection. */
async function closed (server) {
  for (let round = 0; await connections(server) > 0; round++) {
    if (round > 1000) throw new Error('a connection remains open')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const CONTEXTS = ['a.test', '*.b.test', 'c.b.test'].map((name) => [name, identity({ names: [name] })])
const NEXT = identity({ names: ['next'] })
const RSA = identity({ kind: 'RSA 2048' })
const IDENTITIES = [
  issue({ usages: ['clientAuth'] }),
  {},
  certificate('Unknown'),
  issue({ issuer: OTHER }),
  issue({ notAfter: new Date(0) }),
  issue({ notBefore: new Date(Date.now() + 864e5) }),
  issue({ usages: ['serverAuth'] }),
  ...[
    {}, { kind: 'RSA 2048' }, { kind: 'ECDSA P-384' }, { kind: 'Ed25519' }, { issuer: OTHER }, { notAfter: new Date(0) }
  ].map((options) => issue({ version: 1, ...options })),
  certificate('Unknown', { version: 1 })
]

/** Options of a server or a client. */
function identity (options) {
  const { key, cert } = issue(options)
  return { key, cert }
}

/** Returns the types and lengths of records. */
function recordsIn (bytes) {
  const records = []
  for (let start = 0; start < bytes.length; start += 5 + bytes.readUInt16BE(start + 3)) {
    records.push([bytes[start], bytes.readUInt16BE(start + 3)])
  }
  return records
}

function connections (server) {
  return new Promise((resolve) => server.getConnections((error, count) => resolve(error ?? count)))
}

const withoutDate = (text) => text.replace(/Date: [^\r]*/g, 'Date')

const OF_NODE = ['emits connect', 'has the events of Node alone if a program listens to them']

for (const [name, body] of Object.entries(CASES)) {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    test(`a server ${name}, as Node's with ${version}`, async (scope) => {
      const [expected, seen] = [nodeHttps, ours].map(({ createServer }) => new Run(scope, createServer, version))
      await body(expected)
      await body(seen)
      assert.deepEqual(seen.seen, expected.seen)
      if (seen.server) assert.equal(seen.server.isNative, !UNAVAILABLE && !OF_NODE.includes(name))
    })
  }
}
