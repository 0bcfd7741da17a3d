// @ts-check
'use strict'

const { take } = require('./adoption')
const { batch } = require('./dispatcher')
const { close, end, endSlowly } = require('./ending')
const { NativeChannel } = require('./native_channel')
const { SecureChannel } = require('./secure_channel')
const { StreamChannel } = require('./stream_channel')
const { Transport } = require('./transport')

/** @typedef {import('../connection/seam').Connection} Connection */

/**
 * Moves the bytes of a connection over a socket: natively where the socket and the application allow it.
 *
 * @param {any} socket
 * @param {Connection} connection
 * @param {boolean} [isStream] by Node's stream in any case
 */
function connect (socket, connection, isStream = false) {
  const adoption = isStream ? null : take(socket, connection)
  return new Transport(socket, connection, (transport, context) => adoption === null
    ? new StreamChannel(socket, connection, transport)
    : new NativeChannel(adoption, socket, connection, transport, context))
}

/**
 * The same by TLS, which our reactor speaks. Null where the reactor cannot have the socket.
 *
 * @param {any} socket
 * @param {Connection} connection
 * @param {import('./secure_channel').Secure} secure
 */
function connectSecurely (socket, connection, secure) {
  const adoption = take(socket, connection, secure)
  if (adoption === null) return null
  return new Transport(socket, connection, (transport, context) =>
    new SecureChannel(adoption, socket, connection, transport, context, secure))
}

module.exports = { batch, connect, connectSecurely, close, end, endSlowly }
