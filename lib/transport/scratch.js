// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const net = require('node:net')
const tls = require('node:tls')
const { writesByNode } = require('./untouched')

/**
 * Memory for the bytes of a write, which the next write uses again. New memory for each write costs more than copying
 * the bytes: an allocation, page faults, and work for the garbage collector.
 *
 * Only a write that keeps no reference to its bytes may use this memory. If nothing waits in a socket of Node, a write
 * passes the bytes on within the call. A TCP socket or a pipe then refers only to bytes that the kernel has not
 * accepted, and counts them in `writableLength`. A TLS socket encrypts or copies all bytes. Any other stream may keep a
 * reference.
 */

/** The size of the memory. Larger output needs several writes, which costs less than larger memory. */
const SIZE = 256 * 1024

/** Null while a write uses the memory, and after a socket has kept it. @type {Buffer | null} */
let memory = null

/** Returns the memory, until `putBack`. */
function take () {
  const taken = memory ?? Buffer.allocUnsafeSlow(SIZE)
  memory = null
  return taken
}

/** @param {Buffer} taken memory to which nothing refers */
function putBack (taken) {
  memory = taken
}

/**
 * Returns whether a write of this socket passes its bytes on within the call.
 *
 * @param {any} socket
 */
function passesOn (socket) {
  const prototype = Object.getPrototypeOf(socket)
  if (prototype !== net.Socket.prototype && prototype !== tls.TLSSocket.prototype) return false
  const state = socket._writableState
  return !state.writing && state.corked === 0 && !socket.connecting && writesByNode(socket)
}

/**
 * Returns whether a socket that passes bytes on has kept no reference to those of its last write.
 *
 * @param {any} socket
 */
function hasPassedOn (socket) {
  return socket.writableLength === 0 || Object.getPrototypeOf(socket) === tls.TLSSocket.prototype
}

module.exports = { hasPassedOn, passesOn, putBack, take }
