// @ts-check
'use strict'

const { clock } = require('../scheduling')

// Closes and ends the socket of a connection, with time limits. Knows nothing about connections.

/**
 * Closes a socket after the closing handshake, or after a refusal. The last bytes still reach the peer: the kernel has
 * already accepted them, or the socket ends only after that.
 *
 * @param {any} socket
 */
function close (socket) {
  if (unsent(socket) > 0) end(socket)
  else socket.destroy()
}

/**
 * Ends our half of a socket, once. The peer has a limited time to read the rest and to end its own half. Progress does
 * not extend the time, because a peer that reads one byte at a time could otherwise keep the socket and its buffers
 * without a limit.
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
    // The program may connect the socket again.
    ended.delete(socket)
  })
}

/**
 * Ends our half of a socket whose peer only reads, perhaps slowly. The time limit grows with the unsent bytes.
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

/** The sockets that are ending. */
const ended = new WeakSet()
/** The time limit of `end`, in milliseconds. */
const END_TIMEOUT = 30000
/** The lowest rate that `endSlowly` waits for, in bytes per millisecond: 64 KiB per second. */
const MIN_RATE = 65.536

module.exports = { close, end, endSlowly }
