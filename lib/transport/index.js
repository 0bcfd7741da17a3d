// @ts-check
'use strict'

const { StreamTransport } = require('./stream')

/**
 * Connects a driver to a socket: the one place that chooses how.
 *
 * @param {any} socket
 * @param {import('../driver/driver').Driver} driver
 * @param {() => void} notifyDrain called once for every time that a sender was told to wait
 */
function connect (socket, driver, notifyDrain) {
  return new StreamTransport(socket, driver, notifyDrain)
}

/**
 * Closes a socket whose connection has ended properly. The close frame, or a refusal, still reaches the peer: the
 * kernel has it, or the socket ends only when the kernel has taken what is before it.
 *
 * @param {any} socket
 */
function close (socket) {
  const pending = socket._handle?.writeQueueSize ?? socket.writableLength
  if (pending > 0) end(socket)
  else socket.destroy()
}

/**
 * Ends our half of a socket. A peer that neither reads the rest nor ends its own half loses the socket in the end.
 *
 * @param {any} socket
 */
function end (socket) {
  if (socket.destroyed) return
  socket.end()
  if (!socket.setTimeout) return
  socket.setTimeout(END_TIMEOUT)
  socket.once('timeout', () => socket.destroy())
}

/** Milliseconds without any progress. */
const END_TIMEOUT = 30000

module.exports = { connect, close, end }
