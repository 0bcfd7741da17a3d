// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const net = require('node:net')
const { ADOPTION } = require('./adopted')
const { SERVER_METHODS } = require('./server_members')
const { TlsSocket } = require('./tls_socket')

/** @type {any} */
const Socket = net.Socket

/**
 * A socket whose connection speaks TLS in the reactor. The socket cannot be given back. The connection receives bytes
 * that a program puts into the socket, and stops reading while a program pauses the socket. After the adoption, the
 * socket discards the bytes that it reads, which are encrypted.
 */
class SecureSocket extends TlsSocket {
  static endsTls = true

  pause () {
    super.pause()
    this[ADOPTION].pausedByProgram(true)
    return this
  }

  resume () {
    super.resume()
    this[ADOPTION].pausedByProgram(false)
    return this
  }

  /**
   * @param {any} chunk
   * @param {any} [encoding]
   */
  push (chunk, encoding) {
    if (chunk === null) return Socket.prototype.push.call(this, chunk)
    const adoption = this[ADOPTION]
    if (adoption.isActive) adoption.received(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
    return true
  }

  /**
   * @param {any} chunk
   * @param {any} [encoding]
   */
  unshift (chunk, encoding) {
    return this.push(chunk, encoding)
  }

  /** @param {any[]} args */
  emit (...args) {
    if (args[0] === 'data' && this[ADOPTION].isActive) this.push(args[1])
    return Socket.prototype.emit.apply(this, /** @type {any} */ (args))
  }
}

SecureSocket.prototype.constructor = net.Socket

/** A socket of a server. */
class SecureServerSocket extends SecureSocket {}

SecureServerSocket.prototype.constructor = net.Socket
Object.defineProperties(SecureServerSocket.prototype, SERVER_METHODS)

module.exports = { SecureServerSocket, SecureSocket }
