// @ts-check
'use strict'

// TLS in the reactor for servers.

const { adoptForServer } = require('./adoption')
const { RequestChannel } = require('./request_channel')

/**
 * @typedef {import('../../binding').TlsServerConfig} Config
 *
 * @typedef {object} Handlers
 * @property {() => void} onSecure called after the handshake. From then on, the socket reads decrypted bytes and
 * encrypts those written to it. `agreementOf` of agreement.js returns the result of the handshake
 * @property {(error: Error) => void} onFailed called instead of `onSecure` if the handshake fails after the first
 * answer, and again for each later error of the socket. The socket is still open, and the reactor has offered an alert
 * to the kernel
 * @property {() => void} onReturned called instead of both if the handshake fails before the first answer. The socket
 * is as before, and contains the bytes that the client has sent
 */

/**
 * Speaks TLS over a socket that a server has accepted. Returns false if the reactor cannot adopt the socket, and then
 * leaves it unchanged. Calls no handler if the socket closes before the end of the handshake.
 *
 * @param {any} socket of Node's event `connection`
 * @param {Config} config
 * @param {Handlers} handlers
 */
function acceptTls (socket, config, { onSecure, onFailed, onReturned }) {
  const adoption = adoptForServer(socket, config)
  if (adoption === null) return false
  const channel = new RequestChannel(adoption, socket, {
    onSecure,
    onRefused (error) {
      const flight = isOfSystem(error) ? null : adoption.takeFlight()
      if (flight === null) return onFailed(error)
      channel.detach()
      adoption.returnToNode()
      if (flight.length > 0) socket.unshift(flight)
      onReturned()
    }
  })
  return true
}

/** @param {any} error */
function isOfSystem (error) {
  return error.syscall !== undefined
}

module.exports = { acceptTls }
