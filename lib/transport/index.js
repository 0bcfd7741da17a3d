// @ts-check
'use strict'

const { clock } = require('../runtime')
const { batch } = require('./dispatcher')
const { NotAdopted, Transport } = require('./transport')

/**
 * Moves the bytes of a connection over a socket: natively where the socket and the application allow it.
 *
 * @param {any} socket
 * @param {import('../connection/seam').Connection} connection
 * @param {boolean} [isStream] by Node's stream in any case
 */
function connect (socket, connection, isStream = false) {
  return new Transport(socket, connection, isStream)
}

/**
 * The same by TLS, which our reactor speaks. Null where the reactor cannot have the socket.
 *
 * @param {any} socket
 * @param {import('../connection/seam').Connection} connection
 * @param {import('./native_channel').Secure} secure
 */
function connectSecurely (socket, connection, secure) {
  try {
    return new Transport(socket, connection, false, secure)
  } catch (error) {
    connection.transport = null
    if (error instanceof NotAdopted) return null
    throw error
  }
}

/**
 * Closes a socket whose connection has ended properly. The close frame, or a refusal, still reaches the peer: the
 * kernel has it, or the socket ends only when the kernel has taken what is before it.
 *
 * @param {any} socket
 */
function close (socket) {
  if (unsent(socket) > 0) end(socket)
  else socket.destroy()
}

/**
 * Ends our half of a socket. The peer has a limited time to take the rest and to end its own half. Progress does not
 * extend it: a peer that takes a byte at a time would hold the socket, and all that waits for it, as long as it likes.
 *
 * @param {any} socket
 * @param {number} [milliseconds]
 */
function end (socket, milliseconds = END_TIMEOUT) {
  if (socket.destroyed) return
  socket.end()
  const timer = clock.timeout(() => socket.destroy(), milliseconds).unref()
  socket.once('close', () => timer.stop())
}

/**
 * Ends our half of a socket whose peer only reads, and may do so slowly: the time is in proportion to what waits.
 *
 * @param {any} socket
 */
function endSlowly (socket) {
  end(socket, END_TIMEOUT + Math.max(unsent(socket), socket.writableLength) / MIN_RATE)
}

/** @param {any} socket */
function unsent (socket) {
  return socket._handle?.writeQueueSize ?? socket.writableLength
}

/** Milliseconds. */
const END_TIMEOUT = 30000
/** Bytes a millisecond: 64 KiB a second. */
const MIN_RATE = 65.536

module.exports = { batch, connect, connectSecurely, close, end, endSlowly }
