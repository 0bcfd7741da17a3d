// @ts-check
'use strict'

const { AGREED, Entry } = require('../native')
const { tlsError } = require('./errors')
const { NativeChannel } = require('./native_channel')
const { ProgramWrites } = require('./program_writes')
const { writeRaw } = require('./tls_socket')

/**
 * @typedef {object} Secure the TLS of a socket
 * @property {import('../../binding').TlsConfig} config
 * @property {string} host the host that the certificate must match
 * @property {() => void} onSecure called when the server is verified
 * @property {() => void} onRefused called when the reactor refuses the server; the owner then tries with Node's TLS
 */

/**
 * The channel through the reactor over TLS. The connection starts after the TLS handshake has succeeded, so there is no
 * output before that. A stream cannot read TLS records, so the socket is never given back. At the end of TLS, or of the
 * peer's half, the socket ends. The reactor encrypts output until the transport detaches.
 */
class SecureChannel extends NativeChannel {
  #adoption
  #socket
  #connection
  #transport
  #secure
  #writes
  /** Whether the TLS handshake is in progress. Output must wait until it has succeeded. */
  #isHandshaking
  #hasEnded = false

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
    this.#transport = transport
    this.#secure = secure
    this.#writes = new ProgramWrites(adoption)
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

  /**
   * @param {Uint8Array} bytes of the program
   * @param {(error?: any) => void} done
   */
  writeAround (bytes, done) {
    this.#writes.write(bytes, done)
  }

  /** @param {boolean} isPaused */
  pausedByProgram (isPaused) {
    this.#transport.pausedByProgram(isPaused)
  }

  leave () {
    this.#writes.flush()
    super.leave()
  }

  /** @param {any} [error] */
  detach (error) {
    // Node's stream still passes the writes that wait.
    if (this.#adoption.isOpen) this.#writes.passAll()
    else this.#writes.cancel(error)
    super.detach()
  }

  /** Writes the remaining records. The writes of Node's stream may wait because a program has corked the socket. */
  writeRest () {
    const { rest } = this.#adoption
    if (rest.length === 0) return
    const [socket, handed] = [this.#socket, this.#connection.outgoing.handOverAll(this.#socket)]
    writeRaw(socket, rest, (error) => {
      handed?.callback(error)
      if (error) socket.destroy(error)
    })
    if (handed) handed.isWritten = socket._handle?.writeQueueSize === 0
  }

  /** Ends the readable side of the socket. */
  ended () {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#adoption.setReading(false)
    this.#socket.push(null)
    // Emits the end even if no program reads the socket.
    this.#socket.read(0)
  }

  /**
   * @param {number} entry
   * @param {any} value
   */
  handleEntry (entry, value) {
    if (entry === Entry.Drained) this.#writes.flush()
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
