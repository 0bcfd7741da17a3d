// @ts-check
'use strict'

const { Duplex } = require('node:stream')
const net = require('node:net')
const { types } = require('node:util')
const { ADOPTION } = require('./adopted')
const { SecureServerSocket, SecureSocket } = require('./secure_socket')
const { SERVER_METHODS } = require('./server_members')
const { TlsSocket } = require('./tls_socket')
const { SOCKET_METHODS, classIsUntouched } = require('./untouched')

/**
 * A socket over which the reactor speaks TLS for code that uses it like any other socket: `http`, until a connection
 * takes over the socket.
 */
class RequestSocket extends TlsSocket {
  /** The class of the socket when a connection has taken it over. */
  static secure = SecureSocket

  _read () {
    this[ADOPTION].setReading(true)
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
  static secure = SecureServerSocket
}

ServerSocket.prototype.constructor = net.Socket
Object.defineProperties(ServerSocket.prototype, SERVER_METHODS)

/**
 * Returns whether a socket is of such a class, and no program has replaced methods that see its bytes.
 *
 * @param {any} socket
 */
function isRequestSocket (socket) {
  const prototype = Object.getPrototypeOf(socket)
  if (prototype !== RequestSocket.prototype && prototype !== ServerSocket.prototype) return false
  return !types.isProxy(socket) && classIsUntouched() && !METHODS.some((name) => Object.hasOwn(socket, name))
}

const METHODS = [...Object.keys(SOCKET_METHODS), 'emit']

module.exports = { RequestSocket, ServerSocket, isRequestSocket }
