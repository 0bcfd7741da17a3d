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

module.exports = { connect, end }
