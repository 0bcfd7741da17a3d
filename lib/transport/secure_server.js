// @ts-check
'use strict'

// TLS in the reactor for servers.

const { adoptForServer } = require('./adoption')
const { RequestChannel } = require('./request_channel')

/**
 * @typedef {import('../../binding').TlsServerConfig} Config
 *
 * @typedef {object} Handlers
 * @property {(socket: any) => void} onSecure called after the handshake. From then on, the socket reads decrypted bytes
 * and encrypts those written to it. The method `agreementOf` of agreement.js returns the result of the handshake
 * @property {(error: Error) => void} onFailed called instead of `onSecure`: the handshake has failed, or the peer has
 * ended its half. The socket is still open, and the reactor has offered the alert to the kernel
 */

/**
 * Speaks TLS over a socket that a server has accepted. Returns false if the reactor cannot adopt the socket. It has not
 * changed the socket then.
 *
 * `onFailed` is not called if the socket closes by itself before the end of the handshake.
 *
 * @param {any} socket of Node's event `connection`
 * @param {Config} config
 * @param {Handlers} handlers
 */
function acceptTls (socket, config, { onSecure, onFailed }) {
  const adoption = adoptForServer(socket, config)
  if (adoption === null) return false
  // Node's HTTP parser would read encrypted bytes from the handle, unless another parser has done so.
  socket._handle._consumed = true
  new RequestChannel(adoption, socket, { onSecure: () => onSecure(socket), onRefused: onFailed })
  return true
}

module.exports = { acceptTls }
