// @ts-check
'use strict'

const { Socket } = require('node:net')
const { ReadyState } = require('../native')
const { nextTick } = require('../scheduling')
const { adopt, transferFromRequest } = require('./adoption')
const { batch } = require('./dispatcher')
const { close, end, endSlowly } = require('./ending')
const { channelOf } = require('./native_channel')
const { QuietChannel, mayWait } = require('./quiet_channel')
const { SecureChannel } = require('./secure_channel')
const { batchNumber } = require('./tick')
const { Transport } = require('./transport')

/**
 * A transport moves bytes between a connection and a socket, in order, and never interprets them. `Transport` contains
 * the common behaviour. Below it, a channel moves the bytes through the reactor or through Node's stream.
 *
 * One write per batch: a batch is one chunk, or one round of the reactor, with everything that its handlers send. The
 * transport writes a batch in one write per socket. Outside a batch, the transport writes the first message of a tick
 * at once, and later messages at the end of the tick (`tick.js`). At the end of the process, it writes all remaining
 * output.
 *
 * A server's connection that has exchanged only its handshakes uses Node's stream (`quiet_channel.js`). The reactor
 * adopts its socket before the first message.
 *
 * Adopting and giving back: the `net.Socket` remains the owner of its descriptor. A method by which a program uses the
 * socket itself gives the socket back first. The reactor does not adopt a socket whose methods a program has replaced,
 * because those methods must see the bytes. If methods change later, the reactor gives the socket back before the next
 * write.
 *
 * Contexts: entries of the reactor, and work in a turn of the event loop that other code has scheduled, run in the
 * context of the connection (`context.js`). Bytes from Node's stream arrive in the context of the stream.
 *
 * TLS of clients: the reactor speaks TLS if `planOf` finds that it does exactly what `tls.connect()` would. If rustls
 * refuses a server, Node tries again, so that verdicts and messages of errors are Node's. The same applies to requests
 * of `https` with our agent (`secure_agent.js`). The reactor speaks TLS over their socket for `http` first, and then
 * for the connection that takes over the socket.
 *
 * TLS of servers: `acceptTls` (`secure_server.js`) lets the reactor speak TLS over a socket that a server has accepted.
 * If rustls refuses the first message of a client, Node's TLS receives the same message. The HTTP parser of Node reads
 * the socket until a connection takes it over after an upgrade.
 *
 * A socket that has spoken TLS keeps a class of ours until it closes (`tls_socket.js`), so that no byte of a program
 * reaches the peer without encryption.
 *
 * @typedef {import('../connection/seam').Channel} Channel
 * @typedef {import('../connection/seam').Connection} Connection
 */

/**
 * Moves the bytes of a connection over a socket: through the reactor if the socket and the program allow that,
 * otherwise through Node's stream.
 *
 * @param {any} socket
 * @param {Connection} connection
 * @param {boolean} [isStream] whether to use Node's stream in any case
 */
function connect (socket, connection, isStream = false) {
  const transport = new Transport(socket, connection, channelMaker(socket, connection, isStream))
  // Bytes that the socket has buffered wait for the opening handshake. An open connection has completed it.
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
  const secure = isStream ? null : transferFromRequest(socket, connection)
  if (secure !== null) {
    return (transport, context) => new SecureChannel(secure, socket, connection, transport, context, null)
  }
  if (!isStream && connection.readyState === ReadyState.Connecting && mayWait(socket)) {
    return (transport) => new QuietChannel(socket, connection, transport)
  }
  const adoption = isStream ? null : adopt(socket, connection)
  return (transport, context) => channelOf(adoption, socket, connection, transport, context)
}

/**
 * @param {Connection} connection
 * @param {Transport} transport
 */
function deliver (connection, transport) {
  if (connection.readyState === ReadyState.Open) transport.enter(() => connection.delivery.receiveOthers())
}

/**
 * Moves the bytes of a connection over TLS in the reactor. Returns null if the reactor cannot adopt the socket.
 *
 * @param {any} socket
 * @param {Connection} connection
 * @param {import('./secure_channel').Secure} secure
 */
function connectSecurely (socket, connection, secure) {
  const adoption = adopt(socket, connection, secure)
  if (adoption === null) return null
  return new Transport(socket, connection, (transport, context) =>
    new SecureChannel(adoption, socket, connection, transport, context, secure))
}

/**
 * Returns whether a socket has a handle, which the system and Node keep until the socket closes. Other streams may be
 * collected without an event.
 *
 * @param {any} socket
 */
function hasHandle (socket) {
  return socket instanceof Socket && Boolean(/** @type {any} */ (socket)._handle)
}

/**
 * Closes, ends or aborts the socket of a connection, through its transport if it already has one. If a method of the
 * program's stream throws, aborts the socket and throws the same exception.
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

module.exports = { batch, batchNumber, connect, connectSecurely, disconnect, endSlowly, hasHandle }
