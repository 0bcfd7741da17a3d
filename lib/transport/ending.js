// @ts-check
'use strict'

const { clock } = require('../scheduling')

// How the socket of a connection ends. Knows sockets and time limits; does not know connections.

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
 * Ends our half of a socket, once. The peer has a limited time to take the rest and to end its own half. Progress does
 * not extend it: a peer that takes a byte at a time would hold the socket, and all that waits for it, as long as it
 * likes.
 *
 * @param {any} socket
 * @param {number} [milliseconds]
 */
function end (socket, milliseconds = END_TIMEOUT) {
  if (socket.destroyed || ended.has(socket)) return
  ended.add(socket)
  socket.end()
  const timer = clock.timeout(() => socket.destroy(), milliseconds).unref()
  socket.once('close', () => {
    timer.stop()
    // A program may connect it again.
    ended.delete(socket)
  })
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

/** Sockets whose end has a timer. */
const ended = new WeakSet()
/** Milliseconds. */
const END_TIMEOUT = 30000
/** Bytes a millisecond: 64 KiB a second. */
const MIN_RATE = 65.536

module.exports = { close, end, endSlowly }
