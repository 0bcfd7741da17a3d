// @ts-check
'use strict'

const { clock } = require('../scheduling')
const { hangUp } = require('../transport/errors')
const { acceptTls } = require('../transport/secure_server')
const { declareResult, declareTls } = require('../transport/server_members')

/**
 * Lets the reactor accept a connection of a server. Returns false if it cannot, and leaves the socket unchanged.
 *
 * @param {any} server
 * @param {any} socket
 * @param {any} config
 * @param {number} timeout for the handshake, in milliseconds
 * @param {() => void} acceptByNode lets Node accept the connection
 */
function accept (server, socket, config, timeout, acceptByNode) {
  const handshake = new Handshake(server, socket, acceptByNode)
  const isAccepted = acceptTls(socket, config, handshake)
  if (isAccepted) handshake.begin(timeout)
  return isAccepted
}

/**
 * The TLS handshake of one connection, with the events of Node's server: `secureConnection`, or `tlsClientError` once.
 *
 * The reactor refuses some clients that Node accepts, and its errors differ. If it refuses the first message of a
 * client, which has no answer yet, Node accepts the connection and receives the same message. Node then decides, and
 * reports its own error.
 */
class Handshake {
  #server
  #socket
  #acceptByNode
  /** @type {import('../scheduling').Timer | null} */
  #timer = null
  #hasReported = false
  /** Whether a client must be trusted. As in Node, a later change of the server does not concern this connection. */
  #rejectsUnauthorized

  /**
   * @param {any} server
   * @param {any} socket
   * @param {() => void} acceptByNode
   */
  constructor (server, socket, acceptByNode) {
    this.#server = server
    this.#socket = socket
    this.#acceptByNode = acceptByNode
    this.#rejectsUnauthorized = server.rejectUnauthorized
  }

  /** @param {number} timeout */
  begin (timeout) {
    this.#socket.on('error', this.#report)
    this.#socket.on('close', this.#closed)
    this.#timer = clock.timeout(this.#timedOut, timeout).unref()
  }

  #end () {
    this.#timer?.stop()
    this.#socket.removeListener('error', this.#report)
    this.#socket.removeListener('close', this.#closed)
  }

  onSecure = () => {
    const [server, socket] = [this.#server, this.#socket]
    if (socket.destroyed) return
    declareTls(socket)
    declareResult(socket)
    // Node closes this connection, too, without an alert.
    if (socket.authorizationError && this.#rejectsUnauthorized) return socket.destroy()
    socket.secureConnecting = false
    this.#end()
    startReading(socket)
    server.emit('secureConnection', socket)
  }

  onReturned = () => {
    this.#end()
    this.#acceptByNode()
  }

  /** Destroys the socket before the event, as Node does. */
  onFailed = (/** @type {any} */ error) => {
    this.#socket.destroy()
    this.#report(error)
  }

  // Also a listener for errors: a program may write to the socket, or destroy it with an error.
  #report = (/** @type {any} */ error) => {
    if (this.#hasReported) return
    this.#hasReported = true
    this.#timer?.stop()
    const socket = this.#socket
    // A refused client has the result of the handshake.
    if (!socket.encrypted) declareTls(socket)
    this.#server.emit('tlsClientError', error, socket)
  }

  #closed = () => this.#report(hangUp())

  /** Leaves the socket open, as Node does. The handshake may still succeed. */
  #timedOut = () => this.#report(
    Object.assign(new Error('TLS handshake timeout'), { code: 'ERR_TLS_HANDSHAKE_TIMEOUT' }))
}

/**
 * Makes a socket flow as soon as a program listens to its bytes. A program may have paused the encrypted bytes, for
 * example with `pauseOnConnect`. In Node, that does not concern the decrypted ones.
 *
 * @param {any} socket
 */
function startReading (socket) {
  const hasReader = socket.listenerCount('data') + socket.listenerCount('readable') > 0
  if (!hasReader) socket.readableFlowing = null
}

module.exports = { accept }
