// @ts-check
'use strict'

const { AGREED, Entry } = require('../native')
const { tlsError } = require('./errors')
const { NativeChannel } = require('./native_channel')
const { write } = require('./stream_channel')

/**
 * @typedef {object} Secure TLS on a socket
 * @property {import('../../binding').TlsConfig} config
 * @property {string} host the server that the socket should lead to
 * @property {() => void} onSecure it does
 * @property {() => void} onRefused it does not, or not by our rules: the owner tries otherwise
 */

/**
 * The channel through the reactor by TLS. The connection starts when the handshake of TLS has succeeded, so nothing
 * waits to be sent before. A stream cannot read the records, so the socket is never given back: at the end of TLS, or
 * of the peer's half, the channel ends it.
 */
class SecureChannel extends NativeChannel {
  #adoption
  #socket
  #connection
  #secure
  /** Nothing of the connection's may be sent yet. */
  #isHandshaking

  /**
   * @param {import('./adoption').Adoption} adoption
   * @param {any} socket
   * @param {import('../connection/seam').Connection} connection
   * @param {import('./transport').Transport} transport
   * @param {import('./context').Context} context of the connection
   * @param {Secure | null} secure null when TLS has been agreed on before
   */
  constructor (adoption, socket, connection, transport, context, secure) {
    super(adoption, socket, connection, transport, context)
    this.#adoption = adoption
    this.#socket = socket
    this.#connection = connection
    this.#secure = secure
    this.#isHandshaking = secure !== null
  }

  /** Records that the kernel has not taken; what is not in records is the connection's. */
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

  /** Bytes after the end of TLS are discarded. */
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
  happened (entry, value) {
    if (entry !== Entry.Secure) return super.happened(entry, value)
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
