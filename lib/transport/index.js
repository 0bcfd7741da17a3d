// @ts-check
'use strict'

const { batch } = require('./dispatcher')
const { close, end, endSlowly } = require('./ending')
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

module.exports = { batch, connect, connectSecurely, close, end, endSlowly }
