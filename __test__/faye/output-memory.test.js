'use strict'

// Memory for output that the peer has not read: it depends on `bufferedAmount`, not on the sum of all messages. Each
// case runs in its own process, whose memory is measured.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const { createAuthority } = require('../support/certs')
const { runChild } = require('../support/child')
const { accept, connectOpen, once } = require('../support/peer')
const { deviation } = require('../support/test')

const MiB = 1 << 20
/** More than the kernel accepts, so that bytes wait at any time. */
const WAITING = 12 * MiB
const TOTAL = 240 * MiB
/**
 * The limit of memory per waiting byte: buffers double when they grow, and with the stream transport some wait for the
 * garbage collector.
 */
const FACTOR = 10

/** Sends so that about `waiting` bytes wait at any time, and prints the growth of the process. */
const PUMP = `(ws, { waiting, total, bySocket }) => {
  const piece = Buffer.alloc(32768)
  const before = process.memoryUsage.rss()
  let sent = 0
  let most = 0
  const pump = () => {
    for (; sent < total && ws.bufferedAmount < waiting; sent += piece.length) {
      if (bySocket) ws._stream.write(piece)
      else ws.send(piece)
    }
    most = Math.max(most, process.memoryUsage.rss())
    if (sent < total) return setImmediate(pump)
    console.log(most - before)
    process.exit()
  }
  pump()
}`
const SERVER = `(WebSocket, support, argument) => {
  const options = JSON.parse(argument)
  const server = options.secure ? require('https').createServer(options.secure) : require('http').createServer()
  server.on('upgrade', (request, socket, body) => {
    const ws = new WebSocket(request, socket, body)
    const start = () => (${PUMP})(ws, options)
    if (ws.readyState === 1) start()
    else ws.on('open', start)
  })
  server.listen(options.path || { port: 0, host: '127.0.0.1' }, () => console.log(server.address().port || 0))
}`
const CLIENT = `(WebSocket, support, argument) => {
  const options = JSON.parse(argument)
  const ws = new WebSocket.Client(options.url, [], options.ca && { ca: options.ca })
  ws.on('open', () => (${PUMP})(ws, options))
}`

const authority = createAuthority()

async function ofServer (scope, { secure, isUnix, ...options }) {
  if (isUnix) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'faye-'))
    scope.defer(() => fs.rmSync(folder, { recursive: true }))
    options.path = path.join(folder, 'socket')
  }
  const argument = JSON.stringify({ ...options, secure: secure && authority.local })
  const child = runChild(scope, SERVER, { argument, timeout: 60000 })
  const port = Number(await once(child.child.stdout, 'data', 20000))
  const target = { path: options.path, secure: secure && { ca: authority.ca } }
  return { child, peer: await connectOpen(scope, port, {}, target) }
}

async function ofClient (scope, { secure, ...options }) {
  const server = await accept(scope, { secure: secure && authority.local })
  const argument = JSON.stringify({ ...options, url: server.url, ca: secure && authority.ca })
  const child = runChild(scope, CLIENT, { argument, timeout: 60000 })
  return { child, peer: await server.acceptedOpen() }
}

const steadily = () => {}
const inBursts = (socket) => {
  let read = 0
  socket.on('data', ({ length }) => {
    read += length
    if (read < 2 * MiB) return
    read = 0
    socket.pause()
    setTimeout(() => socket.resume(), 5)
  })
}

const CASES = {
  'a server with a peer that reads steadily': [ofServer, {}, steadily],
  'a server with a peer that reads in bursts': [ofServer, {}, inBursts],
  'a server on a Unix socket': [ofServer, { isUnix: true }, steadily],
  'a server over TLS': [ofServer, { secure: true }, steadily],
  'a client with a peer that reads in bursts': [ofClient, {}, inBursts],
  'a client over TLS': [ofClient, { secure: true }, steadily],
  'a client over TLS with a peer that reads in bursts': [ofClient, { secure: true }, inBursts],
  'a client over TLS whose program writes to the socket': [ofClient, { secure: true, bySocket: true }, inBursts]
}
for (const [name, [open, options, read]] of Object.entries(CASES)) {
  const skip = options.isUnix && process.platform === 'win32' ? 'Windows has no Unix sockets' : false
  deviation(`memory is limited by the waiting bytes: ${name}`, async (scope) => {
    const { child, peer } = await open(scope, { ...options, waiting: WAITING, total: TOTAL })
    peer.socket.removeAllListeners('data')
    peer.socket.on('data', () => {})
    peer.socket.resume()
    read(peer.socket)
    const { stdout, stderr, code } = await child.finished
    assert.deepEqual([code, stderr], [0, ''])
    const grown = Number(stdout.trim().split('\n').pop())
    assert.ok(grown < FACTOR * WAITING, `${grown} bytes for ${WAITING} waiting bytes, ${TOTAL} sent`)
  }, { timeout: 70000, skip })
}
