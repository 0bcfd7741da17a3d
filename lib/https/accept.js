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
 * client, which has no answer yet, Node accepts the connection and receives the same message. Its verdict and its error
 * stand.
 */
class Handshake {
  #server
  #socket
  #acceptByNode
  /** @type {import('../scheduling').Timer | null} */
  #timer = null
  #hasFailed = false

  /**
   * @param {any} server
   * @param {any} socket
   * @param {() => void} acceptByNode
   */
  constructor (server, socket, acceptByNode) {
    this.#server = server
    this.#socket = socket
    this.#acceptByNode = acceptByNode
  }

  /** @param {number} timeout */
  begin (timeout) {
    this.#socket.on('error', this.onFailed)
    this.#socket.on('close', this.#closed)
    this.#timer = clock.timeout(this.#timedOut, timeout).unref()
  }

  #end () {
    this.#timer?.stop()
    this.#socket.removeListener('error', this.onFailed)
    this.#socket.removeListener('close', this.#closed)
  }

  onSecure = () => {
    const [server, socket] = [this.#server, this.#socket]
    if (socket.destroyed) return
    declareTls(socket)
    declareResult(socket, server.requestCert)
    // Node closes this connection, too, without an alert.
    if (server.requestCert && server.rejectUnauthorized && !socket.authorized) return socket.destroy()
    this.#end()
    startReading(socket)
    server.emit('secureConnection', socket)
  }

  onReturned = () => {
    this.#end()
    this.#acceptByNode()
  }

  // The listener for errors remains: a program may write to the socket, or destroy it with an error.
  onFailed = (/** @type {any} */ error) => {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#timer?.stop()
    declareTls(this.#socket)
    this.#server.emit('tlsClientError', error, this.#socket)
  }

  #closed = () => this.onFailed(hangUp())

  #timedOut = () => this.onFailed(
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
