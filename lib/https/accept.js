// @ts-check
'use strict'

const { clock } = require('../scheduling')
const { acceptTls } = require('../transport/secure_server')
const { declareResult, declareTls } = require('./peer')

/**
 * Lets the reactor accept a connection of a server. Returns false if it cannot; then the socket is unchanged.
 *
 * @param {any} server
 * @param {any} socket
 * @param {any} config
 * @param {number} timeout for the handshake, in milliseconds
 */
function accept (server, socket, config, timeout) {
  const handshake = new Handshake(server, socket)
  const isAccepted = acceptTls(socket, config, handshake)
  if (isAccepted) handshake.begin(timeout)
  return isAccepted
}

/**
 * The TLS handshake of one connection, with the events of Node's server: either `secureConnection`, or `tlsClientError`
 * once.
 */
class Handshake {
  #server
  #socket
  /** @type {import('../scheduling').Timer | null} */
  #timer = null
  #hasFailed = false

  /**
   * @param {any} server
   * @param {any} socket
   */
  constructor (server, socket) {
    this.#server = server
    this.#socket = socket
  }

  /** @param {number} timeout */
  begin (timeout) {
    const socket = this.#socket
    declareTls(socket)
    socket.on('error', this.onFailed)
    socket.on('close', this.#closed)
    this.#timer = clock.timeout(this.#timedOut, timeout).unref()
  }

  onSecure = () => {
    const [server, socket] = [this.#server, this.#socket]
    if (socket.destroyed) return
    this.#timer?.stop()
    declareResult(socket, server.requestCert)
    // Node closes this connection, too, without an alert.
    if (server.requestCert && server.rejectUnauthorized && !socket.authorized) return socket.destroy()
    socket.removeListener('error', this.onFailed)
    socket.removeListener('close', this.#closed)
    server.emit('secureConnection', socket)
  }

  // The listener for errors remains: a program may write to the socket, or destroy it with an error.
  onFailed = (/** @type {any} */ error) => {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#timer?.stop()
    this.#server.emit('tlsClientError', error, this.#socket)
  }

  #closed = () => this.onFailed(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }))

  #timedOut = () => this.onFailed(
    Object.assign(new Error('TLS handshake timeout'), { code: 'ERR_TLS_HANDSHAKE_TIMEOUT' }))
}

module.exports = { accept }
