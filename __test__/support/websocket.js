'use strict'

// Connections of our `websocket` interface, or of the original, with a raw peer. With WEBSOCKET=original, the behaviour
// tests run with the original.

const http = require('node:http')
const net = require('node:net')
const { Duplex } = require('node:stream')

const { accept, connect, connectOpen, listen, Peer } = require('./peer')
const { test } = require('./test')
const { frame, fromClient } = require('./wire')

const usesOriginal = process.env.WEBSOCKET === 'original'

const original = {
  Connection: require('websocket/lib/WebSocketConnection'),
  Frame: require('websocket/lib/WebSocketFrame'),
  websocket: require('websocket')
}

const ours = {
  Connection: require('../../lib/websocket/connection'),
  Frame: require('../../lib/websocket/frame'),
  websocket: require('../../lib/websocket')
}

const subject = usesOriginal ? original : ours

const SENDING = { fragmentOutgoingMessages: true, fragmentationThreshold: 0x4000, assembleFragments: true }
const SOCKET = { disableNagleAlgorithm: true, closeTimeout: 5000 }

/** The default configurations without keep-alive, whose timers are longer than most tests. */
const CONFIGS = {
  server: { maxReceivedFrameSize: 0x10000, maxReceivedMessageSize: 0x100000, ...SENDING, ...SOCKET },
  client: { maxReceivedFrameSize: 0x100000, maxReceivedMessageSize: 0x800000, ...SENDING, ...SOCKET }
}

/**
 * Resolves with both ends of a TCP connection. Our end has the options that the `http` module uses for a server or a
 * client.
 *
 * @returns {Promise<{ socket: net.Socket, peer: Peer }>}
 */
async function tcpPair (scope, role) {
  if (role === 'server') {
    const server = net.createServer({ allowHalfOpen: true })
    const arrived = new Promise((resolve) => server.once('connection', resolve))
    const peer = await connect(scope, await listen(scope, server))
    return { socket: await arrived, peer }
  }
  const server = await accept(scope)
  const socket = net.connect({ host: '127.0.0.1', port: server.port })
  scope.defer(() => socket.destroy())
  await new Promise((resolve) => socket.once('connect', resolve))
  return { socket, peer: await server.accepted() }
}

/** One of two streams that write to each other. It has the methods that a connection calls on a socket. */
class StreamEnd extends Duplex {
  constructor (options) {
    super({ allowHalfOpen: true, emitClose: false, ...options })
    this.remoteAddress = '127.0.0.1'
    this.other = null
  }

  _read () {}

  _write (chunk, encoding, done) {
    if (!this.other.destroyed) this.other.push(Buffer.from(chunk))
    done()
  }

  _final (done) {
    if (!this.other.destroyed) this.other.push(null)
    done()
  }

  _destroy (error, done) {
    if (!this.writableFinished && !this.other.destroyed && !this.other.readableEnded) this.other.push(null)
    done(error)
    setImmediate(() => this.emit('close', Boolean(error)))
  }

  setNoDelay () { return this }
  setTimeout () { return this }
  setKeepAlive () { return this }
}

/**
 * Resolves with the same as `tcpPair`, without a network: bytes written at one end are readable at the other in the
 * next tick.
 */
async function streamPair (scope, role) {
  const socket = new StreamEnd({ allowHalfOpen: role === 'server' })
  const far = new StreamEnd()
  socket.other = far
  far.other = socket
  scope.defer(() => {
    socket.destroy()
    far.destroy()
  })
  return { socket, peer: new Peer(far) }
}

/**
 * Opens a connection. Calls `before(connection, socket)` before the connection listens to its socket.
 *
 * @returns {Promise<{ connection, socket, peer: Peer, frame: Function }>} `frame` makes frames as the peer sends them
 */
async function openConnection (scope, { Connection = subject.Connection, role = 'server', pair = tcpPair, config,
  protocol, before } = {}) {
  const { socket, peer } = await pair(scope, role)
  const connection = new Connection(socket, [], protocol, role === 'client', { ...CONFIGS[role], ...config })
  if (before) before(connection, socket)
  connection._addSocketEventListeners()
  return { connection, socket, peer, frame: role === 'client' ? frame : fromClient }
}

/**
 * Starts a server of the package. `open(headers)` connects a raw peer to it.
 *
 * @param {object} [given]
 * @param {object} [given.config] the configuration of the server
 * @param {(connection) => void} [given.onConnection] is called with each new connection
 */
async function startServer (scope, { config, onConnection } = {}) {
  const httpServer = http.createServer()
  const port = await listen(scope, httpServer)
  const server = new subject.websocket.server({ httpServer, autoAcceptConnections: true, keepalive: false, ...config })
  const open = async (headers) => {
    const connected = new Promise((resolve, reject) => {
      server.once('upgradeError', reject)
      server.once('connect', (connection) => {
        if (onConnection) onConnection(connection)
        resolve(connection)
      })
    })
    const peer = await connectOpen(scope, port, headers)
    return { connection: await connected, frame: fromClient, peer }
  }
  return { httpServer, open, port, server }
}

/** Opens a client of the package, connected to a raw server. */
async function openClient (scope, { config, headers, onConnection } = {}) {
  const server = await accept(scope)
  const client = new subject.websocket.client(config)
  const connected = new Promise((resolve, reject) => {
    client.on('connectFailed', reject)
    client.on('connect', (connection) => {
      scope.defer(() => connection.socket.destroy())
      if (onConnection) onConnection(connection)
      resolve(connection)
    })
  })
  client.connect(server.url)
  const peer = await server.acceptedOpen(headers)
  return { connection: await connected, frame, peer }
}

async function openServer (scope, { headers, ...given } = {}) {
  const { open } = await startServer(scope, given)
  return open(headers)
}

/** Functions that open a connection with a handshake, by the role of our end. `headers` are those of the raw peer. */
const roles = { server: openServer, client: openClient }

/** Records all events of a connection in order: their names and arguments. */
function eventsOf (connection) {
  const events = []
  for (const type of ['message', 'frame', 'pong', 'error', 'close']) {
    connection.on(type, (...given) => events.push([type, ...given]))
  }
  return events
}

/** A test of behaviour that differs from the original on purpose. */
function deviation (name, body, options = {}) {
  test(name, body, { ...options, skip: usesOriginal && 'websocket 1.0.35 behaves differently here' })
}

module.exports = {
  CONFIGS, deviation, eventsOf, openConnection, original, roles, startServer, streamPair, subject, tcpPair, usesOriginal
}
