// @ts-check
'use strict'

const { batch } = require('./native')
const { NotAdopted, Transport } = require('./transport')

/**
 * Connects a driver to a socket: natively where the socket and the application allow it.
 *
 * @param {any} socket
 * @param {import('../driver/driver').Driver} driver
 * @param {boolean} [isStream] by Node's stream in any case
 */
function connect (socket, driver, isStream = false) {
  return new Transport(socket, driver, isStream)
}

/**
 * The same by TLS, which our reactor speaks. Null where the reactor cannot have the socket.
 *
 * @param {any} socket
 * @param {import('../driver/driver').Driver} driver
 * @param {import('./native').Secure} secure
 */
function connectSecurely (socket, driver, secure) {
  try {
    return new Transport(socket, driver, false, secure)
  } catch (error) {
    driver.transport = null
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
 * Ends our half of a socket. A peer that takes no more of the rest, or does not end its own half, loses the socket.
 *
 * @param {any} socket
 */
function end (socket) {
  if (socket.destroyed) return
  socket.end()
  let last = unsent(socket)
  const timer = setInterval(() => {
    const left = unsent(socket)
    if (left >= last) socket.destroy()
    last = left
  }, END_TIMEOUT)
  timer.unref()
  socket.once('close', () => clearInterval(timer))
}

/** @param {any} socket */
function unsent (socket) {
  return socket._handle?.writeQueueSize ?? socket.writableLength
}

/** Milliseconds without progress. */
const END_TIMEOUT = 30000

module.exports = { batch, connect, connectSecurely, close, end }
