// @ts-check
'use strict'

const { ReadyState } = require('../native')
const { nextTick } = require('../scheduling')
const { take, takeOver } = require('./adoption')
const { batch } = require('./dispatcher')
const { close, end, endSlowly } = require('./ending')
const { NativeChannel } = require('./native_channel')
const { SecureChannel } = require('./secure_channel')
const { StreamChannel } = require('./stream_channel')
const { Transport } = require('./transport')

/**
 * A transport moves bytes between a connection and a socket in the order given and never looks inside. What holds for
 * all is `Transport`; under it is a channel.
 *
 * One write per batch: a batch is one chunk, or what the reactor has found ready, with all that its handlers do. What
 * they send leaves in one write per socket. Outside of a batch, the first send of a tick is written at once, and what
 * follows in that tick at its end (`tick.js`). At the end of the process, what waits is written.
 *
 * Taking and giving back: the `net.Socket` remains the owner of its descriptor. Methods by which a program would use
 * the socket itself give it back first. A socket whose methods a program has replaced is not taken, because those
 * methods must see the bytes; one whose methods have changed since is given back before the next write.
 *
 * Contexts: what the reactor delivers, and what comes in a turn of the event loop that others have asked for, runs in
 * the context of the connection (`context.js`). Bytes that come by the stream bring their own along.
 *
 * TLS of clients is ours where `planOf` finds that the reactor does what `tls.connect` would; a refusal by rustls is
 * Node's to confirm, so verdicts and texts of errors are Node's. The same holds for requests of `https` by our agent
 * (`secure_agent.js`): their socket speaks TLS for `http` first, and then for the connection that takes it.
 *
 * @typedef {import('../connection/seam').Channel} Channel
 * @typedef {import('../connection/seam').Connection} Connection
 */

/**
 * Moves the bytes of a connection over a socket: natively where the socket and the application allow it.
 *
 * @param {any} socket
 * @param {Connection} connection
 * @param {boolean} [isStream] by Node's stream in any case
 */
function connect (socket, connection, isStream = false) {
  const transport = new Transport(socket, connection, channelMaker(socket, connection, isStream))
  // What the socket held waits for the opening handshake, which an open connection has behind it.
  if (connection.readyState === ReadyState.Open) nextTick(() => deliver(connection, transport))
  return transport
}

/**
 * @param {any} socket
 * @param {Connection} connection
 * @param {boolean} isStream
 * @returns {(transport: Transport, context: import('./context').Context) => Channel}
 */
function channelMaker (socket, connection, isStream) {
  const secure = isStream ? null : takeOver(socket, connection)
  if (secure !== null) {
    return (transport, context) => new SecureChannel(secure, socket, connection, transport, context, null)
  }
  const adoption = isStream ? null : take(socket, connection)
  return (transport, context) => adoption === null
    ? new StreamChannel(socket, connection, transport)
    : new NativeChannel(adoption, socket, connection, transport, context)
}

/**
 * @param {Connection} connection
 * @param {Transport} transport
 */
function deliver (connection, transport) {
  if (connection.readyState === ReadyState.Open) transport.enter(() => connection.delivery.receiveOthers())
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

/**
 * Ends the use of a socket by a connection: through its transport, if it has one yet. Methods of a program's stream may
 * throw: the socket is aborted then, and the exception goes on.
 *
 * @param {any} socket
 * @param {Transport | null} transport
 * @param {'close' | 'end' | 'abort'} how
 */
function disconnect (socket, transport, how) {
  try {
    if (transport !== null) transport[how]()
    else WITHOUT_TRANSPORT[how](socket)
  } catch (error) {
    if (transport !== null) transport.abort()
    else socket.destroy()
    throw error
  }
}

const WITHOUT_TRANSPORT = { close, end, abort: (/** @type {any} */ socket) => socket.destroy() }

module.exports = { batch, connect, connectSecurely, disconnect, endSlowly }
