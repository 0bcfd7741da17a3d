// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const net = require('node:net')
const { nextTick } = require('../scheduling')
const { ADOPTION, AdoptedSocket } = require('./adopted')
const { FORMER_SERVER_SOCKET, SERVER_METHODS } = require('./server_members')

/** @type {any} */
const Socket = net.Socket

/**
 * A socket whose connection speaks TLS in the reactor. The socket cannot be given back. The reactor encrypts bytes that
 * a program writes, and the connection receives bytes that a program puts into the socket. Other methods have no effect
 * on the bytes.
 */
class SecureSocket extends AdoptedSocket {
  static endsTls = true

  /**
   * @param {any} chunk
   * @param {any} [encoding]
   * @param {any} [done]
   */
  write (chunk, encoding, done) {
    const hasRoom = this[ADOPTION].writeAround(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
    const callback = typeof encoding === 'function' ? encoding : done
    if (callback) nextTick(callback)
    return hasRoom
  }

  /** @param {any[]} args */
  end (...args) {
    const callback = args.find((each) => typeof each === 'function')
    if (args[0] !== undefined && args[0] !== callback) this.write(args[0], args[1])
    const rest = this[ADOPTION].closeTls()
    if (rest.length > 0) Socket.prototype.write.call(this, rest)
    return Socket.prototype.end.call(this, callback)
  }

  pause () {
    this[ADOPTION].setReading(false)
    return this
  }

  resume () {
    this[ADOPTION].setReading(true)
    return this
  }

  /**
   * @param {any} chunk
   * @param {any} [encoding]
   */
  push (chunk, encoding) {
    if (!this[ADOPTION].isActive || chunk === null) return Socket.prototype.push.call(this, chunk, encoding)
    this[ADOPTION].received(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
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
class SecureServerSocket extends SecureSocket {
  static former = FORMER_SERVER_SOCKET
}

SecureServerSocket.prototype.constructor = net.Socket
Object.defineProperties(SecureServerSocket.prototype, SERVER_METHODS)

module.exports = { SecureServerSocket, SecureSocket }
