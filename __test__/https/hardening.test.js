'use strict'

// Peers that are slow, broken or hostile. The server survives them, releases them, and serves others meanwhile.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { createHash } = require('node:crypto')
const net = require('node:net')
const nodeHttps = require('node:https')
const { Duplex } = require('node:stream')
const tls = require('node:tls')

const https = require('../../lib/https')
const { UNAVAILABLE } = require('../support/native')
const { eventually, listen } = require('../support/peer')
const { certificate } = require('../support/certs')
const { test } = require('../support/test')
const { local, root } = require('../support/tls')

const VERSIONS = ['TLSv1.2', 'TLSv1.3']
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** Starts a server that counts its open connections and records its errors. */
async function serve (scope, options, listener = (request, response) => response.end('page')) {
  const server = https.createServer({ ...local, ...options }, listener)
  const errors = []
  server.on('tlsClientError', (error) => errors.push(error.code))
  const port = await listen(scope, server)
  assert.equal(server.isNative, !UNAVAILABLE)
  const count = () => new Promise((resolve) => server.getConnections((error, number) => resolve(error ?? number)))
  return {
    errors,
    port,
    server,
    idle: async () => {
      for (let round = 0; await count() > 0; round++) {
        if (round > 1000) throw new Error(`${await count()} connections remain`)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
  }
}

function connect (scope, port) {
  const socket = net.connect(port, '127.0.0.1')
  socket.on('error', () => {})
  scope.defer(() => socket.destroy())
  return new Promise((resolve) => socket.on('connect', () => resolve(socket)))
}

async function secure (scope, port, options) {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: root.cert, ...options })
  socket.on('error', () => {})
  scope.defer(() => socket.destroy())
  await new Promise((resolve) => socket.on('secureConnect', resolve))
  return socket
}

/** Asserts that the server still answers. */
function answers (port) {
  return new Promise((resolve, reject) => {
    nodeHttps.get({ port, host: 'localhost', ca: root.cert, agent: false }, (response) => {
      response.resume()
      response.on('end', resolve)
    }).on('error', reject)
  })
}

/** Resolves with everything that a client of Node writes in a handshake and a request, message by message. */
async function recordClient (scope, port, version) {
  const wire = await connect(scope, port)
  const written = []
  const through = new Duplex({
    read () {},
    write (chunk, encoding, callback) {
      written.push(chunk)
      wire.write(chunk, callback)
    }
  })
  wire.on('data', (chunk) => through.push(chunk))
  const client = tls.connect({ socket: through, servername: 'localhost', ca: root.cert, maxVersion: version })
  client.on('error', () => {})
  await new Promise((resolve) => client.once('secureConnect', resolve))
  client.write(GET)
  await new Promise((resolve) => client.once('data', resolve))
  wire.destroy()
  return written
}

/** With the name of the trusted authority, and another key. */
const IMPOSTOR = certificate(root.subject, { authority: true })
const IN_STORE = certificate('In the store', { version: 1 })
const FORGED = { ...IN_STORE, ...certificate(IN_STORE.subject, { version: 1 }) }

for (const [name, identity, authorized] of [
  ['version 3, signed by an authority', certificate('Client', { issuer: root }), true],
  ['version 1, signed by an authority', certificate('Client', { issuer: root, version: 1 }), true],
  ['version 1, itself trusted', IN_STORE, true],
  ['version 3, signed by a namesake of an authority', certificate('Client', { issuer: IMPOSTOR }), false],
  ['version 1, signed by a namesake of an authority', certificate('Client', { issuer: IMPOSTOR, version: 1 }), false],
  ['version 1, named like a trusted one', FORGED, false],
  ['version 1, signed by a client', certificate('Client', {
    issuer: certificate(root.subject, { issuer: root }), version: 1
  }), false]
]) {
  for (const maxVersion of VERSIONS) {
    const verdict = authorized ? 'authorized' : 'not authorized'
    test(`a certificate of a client, ${name}, over ${maxVersion}, is ${verdict}`, async (t) => {
      const options = { requestCert: true, rejectUnauthorized: false, ca: [root.cert, IN_STORE.cert] }
      const { port } = await serve(t, options, ({ socket }, response) => response.end(`${socket.authorized}`))
      const socket = await secure(t, port, { maxVersion, key: identity.key, cert: identity.cert })
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
      let text = ''
      socket.on('data', (chunk) => { text += chunk })
      await new Promise((resolve) => socket.on('end', resolve))
      assert.match(text, new RegExp(`\\b${authorized}$`))
    })
  }
}

for (const version of VERSIONS) {
  test(`a client may close at every byte of its first message with ${version}`, async (scope) => {
    const { errors, port, idle } = await serve(scope, { maxVersion: version })
    const [hello] = await recordClient(scope, port, version)
    for (let length = 0; length < hello.length; length += length < 100 ? 1 : 13) {
      const client = await connect(scope, port)
      if (length % 2 === 0) client.end(hello.subarray(0, length))
      else client.write(hello.subarray(0, length), () => client.destroy())
    }
    await idle()
    assert.deepEqual([...new Set(errors)], ['ECONNRESET'])
    await answers(port)
  })

  test(`a client may close at every byte of a handshake with ${version}`, async (scope) => {
    const { port, idle } = await serve(scope, { maxVersion: version })
    const clients = []
    for (let limit = 200; limit < 900; limit += 7) clients.push(closeAfter(scope, port, version, limit))
    await Promise.all(clients)
    await idle()
    await answers(port)
  })

  test(`a client may send its first message byte by byte with ${version}`, async (scope) => {
    const { port } = await serve(scope, { maxVersion: version })
    const wire = await connect(scope, port)
    wire.setNoDelay(true)
    const through = new Duplex({
      read () {},
      async write (chunk, encoding, callback) {
        for (const byte of chunk) {
          wire.write(Buffer.of(byte))
          await new Promise((resolve) => setImmediate(resolve))
        }
        callback()
      }
    })
    wire.on('data', (chunk) => through.push(chunk))
    const client = tls.connect({ socket: through, servername: 'localhost', ca: root.cert })
    await new Promise((resolve) => client.once('secureConnect', resolve))
    client.write(GET)
    const answer = await new Promise((resolve) => client.once('data', resolve))
    assert.match(String(answer), /^HTTP\/1.1 200/)
  })

  test(`a record that was changed ends the connection with ${version}`, async (scope) => {
    const { port, idle, server } = await serve(scope, { maxVersion: version })
    const seen = []
    server.on('clientError', (error, socket) => {
      seen.push(error.code)
      socket.destroy()
    })
    const wire = await connect(scope, port)
    let breaks = false
    const through = new Duplex({
      read () {},
      write (chunk, encoding, callback) {
        if (breaks) chunk[chunk.length - 1] ^= 1
        wire.write(chunk, callback)
      }
    })
    wire.on('data', (chunk) => through.push(chunk))
    const client = tls.connect({ socket: through, servername: 'localhost', ca: root.cert })
    client.on('error', () => {})
    await new Promise((resolve) => client.once('secureConnect', resolve))
    breaks = true
    client.write(GET)
    await idle()
    assert.equal(seen.length, 1)
    await answers(port)
  })
}

/** Runs a handshake and a request whose wire is destroyed after a number of bytes in both directions. */
async function closeAfter (scope, port, version, limit) {
  const wire = await connect(scope, port)
  const closed = new Promise((resolve) => wire.on('close', resolve))
  let count = 0
  const passes = (chunk) => {
    const rest = chunk.subarray(0, Math.max(0, limit - count))
    count += chunk.length
    return rest
  }
  const through = new Duplex({
    read () {},
    write (chunk, encoding, callback) {
      wire.write(passes(chunk), callback)
      if (count >= limit) wire.destroy()
    }
  })
  wire.on('data', (chunk) => {
    through.push(passes(chunk))
    if (count >= limit) wire.destroy()
  })
  const client = tls.connect({ socket: through, servername: 'localhost', ca: root.cert })
  client.on('error', () => {})
  client.on('secureConnect', () => client.write(GET))
  client.on('data', () => wire.destroy())
  await closed
}

const GARBAGE = {
  'a handshake record of 65535 bytes': Buffer.concat([Buffer.of(0x16, 3, 1, 0xff, 0xff), Buffer.alloc(70000)]),
  'an endless first message': Buffer.concat(Array.from({ length: 40 }, (_, index) =>
    Buffer.concat([Buffer.of(0x16, 3, 1, 0x40, 0), Buffer.of(1, 0xff, 0xff, 0xff), Buffer.alloc(16380, index)]))),
  'empty handshake records': Buffer.concat(Array(5000).fill(Buffer.of(0x16, 3, 1, 0, 0))),
  'warning alerts': Buffer.concat(Array(5000).fill(Buffer.of(0x15, 3, 1, 0, 2, 1, 90))),
  'changes of the cipher': Buffer.concat(Array(5000).fill(Buffer.of(0x14, 3, 3, 0, 1, 1))),
  'application data': Buffer.concat(Array(500).fill(Buffer.concat([Buffer.of(0x17, 3, 3, 1, 0), Buffer.alloc(256)]))),
  'a message of SSL 2': Buffer.from('802e0100020015000000100100800200800600400300800700c0', 'hex'),
  'random bytes': createHash('sha512').update('seed').digest()
}
for (const [name, bytes] of Object.entries(GARBAGE)) {
  test(`${name} instead of a handshake end the connection`, async (scope) => {
    const { errors, port, idle } = await serve(scope, { handshakeTimeout: 500 })
    const client = await connect(scope, port)
    client.resume()
    client.write(bytes)
    await idle()
    assert.equal(errors.length, 1)
    await answers(port)
  })
}

test('a client that sends nothing, or one byte at a time, is closed in time', async (scope) => {
  const { errors, port, idle } = await serve(scope, { handshakeTimeout: 100 })
  const clients = [await connect(scope, port), await connect(scope, port)]
  clients[1].write(Buffer.of(0x16, 3, 1, 2, 0))
  const timer = setInterval(() => clients[1].write(Buffer.of(0)), 10)
  scope.defer(() => clearInterval(timer))
  await idle()
  assert.deepEqual(errors, Array(2).fill('ERR_TLS_HANDSHAKE_TIMEOUT'))
})

test('a program that adds no listener survives errors of clients', async (scope) => {
  const server = https.createServer(local)
  const port = await listen(scope, server)
  for (const bytes of [GET, Buffer.alloc(100), Buffer.of(0x15, 3, 1, 0, 2, 2, 40)]) {
    const client = await connect(scope, port)
    const closed = new Promise((resolve) => client.on('close', resolve))
    client.resume()
    client.write(bytes)
    await closed
  }
})

test('a flood of handshakes is answered, and leaves nothing', async (scope) => {
  const { port, idle } = await serve(scope)
  for (let round = 0; round < 5; round++) {
    const clients = await Promise.all(Array.from({ length: 40 }, () => secure(scope, port)))
    for (const client of clients) client.destroy()
  }
  await idle()
  await answers(port)
})

test('a large body is received while other clients are answered', async (scope) => {
  const { port } = await serve(scope, {}, (request, response) => {
    let length = 0
    request.on('data', (chunk) => { length += chunk.length })
    request.on('end', () => response.end(String(length)))
  })
  const size = 20_000_000
  const text = await new Promise((resolve, reject) => {
    const options = { port, host: 'localhost', ca: root.cert, method: 'POST', agent: false }
    const request = nodeHttps.request(options, (response) => response.on('data', resolve))
    request.on('error', reject)
    request.end(Buffer.alloc(size))
    answers(port).catch(reject)
  })
  assert.equal(String(text), String(size))
})

test('a client that does not read stops a response, and memory stays bounded', async (scope) => {
  const chunk = Buffer.alloc(64 * 1024)
  let written = 0
  const { port, idle } = await serve(scope, {}, (request, response) => {
    const send = () => {
      while (written < 200_000_000) {
        written += chunk.length
        if (!response.write(chunk)) return response.once('drain', send)
      }
      response.end()
    }
    send()
  })
  const client = await secure(scope, port)
  client.pause()
  client.write(GET)
  await scope.settle(200)
  const stopped = written
  await scope.settle(50)
  assert.equal(written, stopped)
  assert.ok(written < 20_000_000, `${written} bytes`)
  client.resume()
  await eventually(() => written > stopped, 'more bytes')
  client.destroy()
  await idle()
})

test('a program that does not read stops a client', async (scope) => {
  const requests = []
  const { port } = await serve(scope, {}, (request) => requests.push(request))
  const client = await secure(scope, port)
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n')
  await eventually(() => requests.length === 1, 'the request')
  let accepted = 0
  const chunk = Buffer.alloc(64 * 1024)
  const send = () => { while (accepted < 1e8 && client.write(chunk)) accepted += chunk.length }
  client.on('drain', send)
  send()
  await scope.settle(200)
  const stopped = requests[0].socket.bytesRead
  await scope.settle(50)
  assert.equal(requests[0].socket.bytesRead, stopped)
  assert.ok(stopped < 20_000_000, `${stopped} bytes`)
  requests[0].resume()
  await eventually(() => requests[0].socket.bytesRead > stopped, 'more bytes')
})

test('a client that resets the connection ends its requests', async (scope) => {
  const events = []
  const { port, idle } = await serve(scope, {}, (request, response) => {
    request.on('error', ({ code }) => events.push(code))
    response.on('close', () => events.push('close'))
    response.write('first')
  })
  const wire = await connect(scope, port)
  const client = tls.connect({ socket: wire, servername: 'localhost', ca: root.cert })
  client.on('error', () => {})
  client.write(GET)
  await new Promise((resolve) => client.once('data', resolve))
  wire.resetAndDestroy()
  await idle()
  await eventually(() => events.length > 0, 'the end')
  assert.ok(events.includes('close'))
})

test('an exception in a handler reaches the program once, and other connections continue', async (scope) => {
  const { port } = await serve(scope, {}, (request, response) => {
    if (request.url === '/throw') throw new Error('thrown')
    response.end()
  })
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  const seen = []
  process.on('uncaughtException', ({ message }) => seen.push(message))
  scope.defer(() => {
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
  })
  const client = await secure(scope, port)
  client.write('GET /throw HTTP/1.1\r\nHost: a\r\n\r\n')
  await eventually(() => seen.length > 0, 'the exception')
  await answers(port)
  assert.deepEqual(seen, ['thrown'])
})

test('a process ends by itself after its last connection', async () => {
  const script = `
    const https = require(${JSON.stringify(require.resolve('../../lib/https'))})
    const server = https.createServer(${JSON.stringify(local)}, (request, response) => {
      response.end()
      server.close()
    })
    server.listen(0, () => require('node:https').get({
      port: server.address().port, host: 'localhost', ca: ${JSON.stringify(root.cert)}
    }, (response) => response.resume()))`
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { timeout: 15000 })
  assert.deepEqual([status, String(stderr)], [0, ''])
})
