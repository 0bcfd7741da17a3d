// @ts-check
'use strict'

const { AGREED, Entry } = require('../native')
const { tlsError } = require('./errors')
const { NativeChannel } = require('./native_channel')
const { write } = require('./stream_channel')

/**
 * @typedef {object} Secure the TLS of a socket
 * @property {import('../../binding').TlsConfig} config
 * @property {string} host the host that the certificate must match
 * @property {() => void} onSecure called when the server is verified
 * @property {() => void} onRefused called when the reactor refuses the server; the owner then tries with Node's TLS
 */

/**
 * The channel through the reactor over TLS. The connection starts after the TLS handshake has succeeded, so there is no
 * output before that. A stream cannot read TLS records, so the socket is never given back. The channel ends the socket
 * at the end of TLS, or of the peer's half.
 */
class SecureChannel extends NativeChannel {
  #adoption
  #socket
  #connection
  #secure
  /** Whether the TLS handshake is in progress. Output must wait until it has succeeded. */
  #isHandshaking

  /**
   * @param {import('./adoption').Adoption} adoption
   * @param {any} socket
   * @param {import('../connection/seam').Connection} connection
   * @param {import('./transport').Transport} transport
   * @param {import('./context').Context} context of the connection
   * @param {Secure | null} secure null if the TLS handshake is complete
   */
  constructor (adoption, socket, connection, transport, context, secure) {
    super(adoption, socket, connection, transport, context)
    this.#adoption = adoption
    this.#socket = socket
    this.#connection = connection
    this.#secure = secure
    this.#isHandshaking = secure !== null
  }

  /** The bytes in TLS records that the kernel has not accepted. The connection keeps the output before encryption. */
  get writableLength () {
    return this.#adoption.pending
  }

  isReplaced () {
    return false
  }

  giveBack () {}

  writeRest () {
    const { rest } = this.#adoption
    if (rest.length > 0) write(this.#socket, rest, this.#connection.outgoing.handOverAll(this.#socket))
  }

  /** Ends the socket, and discards bytes after the end of TLS. */
  ended () {
    if (!this.#adoption.detach()) return
    this.writeRest()
    this.#socket.push(null)
    this.#socket.resume()
  }

  /**
   * @param {number} entry
   * @param {any} value
   */
  handleEntry (entry, value) {
    if (entry !== Entry.Secure) return super.handleEntry(entry, value)
    if (!this.#adoption.isActive) return
    if (value === AGREED) this.#agreed()
    else this.#refused(tlsError(value))
  }

  #agreed () {
    this.#isHandshaking = false
    this.#secure?.onSecure()
  }

  /** @param {Error} error */
  #refused (error) {
    if (this.#isHandshaking) this.#secure?.onRefused()
    else this.fail(error)
  }
}

module.exports = { SecureChannel }
