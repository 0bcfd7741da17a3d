// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { Duplex } = require('node:stream')
const net = require('node:net')
const { types } = require('node:util')
const { ADOPTION, AdoptedSocket } = require('./adopted')
const { SecureServerSocket, SecureSocket } = require('./secure_socket')
const { FORMER_SERVER_SOCKET, SERVER_METHODS } = require('./server_members')
const { SOCKET_METHODS, classIsUntouched } = require('./untouched')

/** @type {any} */
const Socket = net.Socket

/**
 * A socket over which the reactor speaks TLS for code that uses it like any other socket: `http`, until the response
 * has arrived. The reactor does the work of the kernel. Node's stream provides buffers, backpressure, ends and events.
 */
class RequestSocket extends AdoptedSocket {
  /** The class of the socket when a connection has taken it over. */
  static secure = SecureSocket

  /**
   * @param {boolean} isMany
   * @param {any} data
   * @param {any} encoding
   * @param {(error?: any) => void} done
   */
  _writeGeneric (isMany, data, encoding, done) {
    const bytes = isMany ? joined(data) : bytesOf(data, encoding)
    this._unrefTimer()
    this[ADOPTION].owner.write(bytes, done)
  }

  _read () {
    this[ADOPTION].setReading(true)
  }

  /** @param {(error?: any) => void} done */
  _final (done) {
    const end = () => Socket.prototype._final.call(this, done)
    const rest = this[ADOPTION].closeTls()
    if (rest.length > 0) Socket.prototype._writeGeneric.call(this, false, rest, 'buffer', end)
    else end()
  }

  /**
   * @param {any} error
   * @param {(error?: any) => void} done
   */
  _destroy (error, done) {
    const { owner } = this[ADOPTION]
    super._destroy(error, (/** @type {any} */ reason) => {
      done(reason)
      owner.detach(reason)
    })
  }

  /** The length of Node's buffer, which includes the bytes that the kernel has not accepted. */
  get writableLength () {
    return Reflect.get(Duplex.prototype, 'writableLength', this)
  }

  get writableNeedDrain () {
    return Reflect.get(Duplex.prototype, 'writableNeedDrain', this)
  }
}

RequestSocket.prototype.constructor = net.Socket

/** A socket of a server. */
class ServerSocket extends RequestSocket {
  static former = FORMER_SERVER_SOCKET
  static secure = SecureServerSocket
}

ServerSocket.prototype.constructor = net.Socket
Object.defineProperties(ServerSocket.prototype, SERVER_METHODS)

/**
 * Joins chunks. An empty one is frequent: `http` ends a response with it.
 *
 * @param {any[]} chunks
 */
function joined (chunks) {
  const full = chunks.filter(({ chunk }) => chunk.length > 0)
  if (full.length === 1) return bytesOf(full[0].chunk, full[0].encoding)
  return Buffer.concat(full.map(({ chunk, encoding }) => bytesOf(chunk, encoding)))
}

/**
 * @param {any} chunk
 * @param {any} encoding
 * @returns {Uint8Array}
 */
function bytesOf (chunk, encoding) {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
}

/**
 * Returns whether a socket is of such a class, and no program has replaced methods that see its bytes.
 *
 * @param {any} socket
 */
function isRequestSocket (socket) {
  return CLASSES.some((each) => Object.getPrototypeOf(socket) === each.prototype) && !types.isProxy(socket) &&
    classIsUntouched() && !METHODS.some((name) => Object.hasOwn(socket, name))
}

const CLASSES = [RequestSocket, ServerSocket]
const METHODS = [...Object.keys(SOCKET_METHODS), 'emit']

module.exports = { RequestSocket, ServerSocket, isRequestSocket }
