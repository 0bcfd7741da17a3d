// @ts-check
'use strict'

const { AGREED, Entry } = require('../native')
const { Context } = require('./context')
const { hangUp, systemError, tlsError } = require('./errors')
const { ProgramWrites } = require('./program_writes')

/**
 * The channel of a socket on which the reactor speaks TLS for a program, before a connection takes the socket over.
 * Puts the decrypted bytes into the socket, and passes the program's writes to the reactor.
 *
 * When a connection takes over the socket, the current batch may still contain entries for this channel. The channel
 * passes them on.
 *
 * @typedef {object} Handshake the TLS handshake
 * @property {() => void} onSecure called when the handshake is complete. A client has verified the server
 * @property {(error: Error) => void} onRefused called when the handshake has failed, or the socket has ended
 */
class RequestChannel {
  #adoption
  #socket
  #context
  #handshake
  #writes
  #isHandshaking = true
  #hasEnded = false

  /**
   * @param {import('./adoption').Adoption} adoption
   * @param {any} socket
   * @param {Handshake} handshake
   */
  constructor (adoption, socket, handshake) {
    this.#adoption = adoption
    this.#socket = socket
    this.#context = new Context(socket)
    this.#handshake = handshake
    this.#writes = new ProgramWrites(adoption)
    adoption.begin(this)
  }

  get isActive () {
    return this.#adoption.isActive
  }

  /** @param {() => void} work */
  runAlone (work) {
    this.#context.runAlone(work)
  }

  isReplaced () {
    return false
  }

  giveBack () {}

  received () {}

  /**
   * @param {Uint8Array} bytes of the program
   * @param {(error?: any) => void} done
   */
  writeAround (bytes, done) {
    this.#writes.write(bytes, done)
  }

  /**
   * Detaches from the socket, because it has closed or a connection has taken it over.
   *
   * @param {any} [error]
   */
  detach (error) {
    this.#context.release()
    this.#writes.cancel(error)
  }

  /**
   * @param {number} entry
   * @param {any} value
   */
  handleEntry (entry, value) {
    const { isActive, owner } = this.#adoption
    if (owner !== this) return owner.handleEntry(entry, value)
    if (!isActive) return
    switch (entry) {
      case Entry.Secure: return value === AGREED ? this.#agreed() : this.#failed(tlsError(value))
      case Entry.Bytes: return this.#receive(value)
      case Entry.Drained: return this.#writes.flush()
      case Entry.Ended: return this.#ended()
      case Entry.Failed: return this.#failed(systemError('read', value))
      case Entry.Unwritable: return this.#failed(systemError('write', value))
    }
  }

  #agreed () {
    this.#isHandshaking = false
    this.#handshake.onSecure()
  }

  /**
   * Puts decrypted bytes into the socket. A listener of these bytes may make a connection take over the socket.
   *
   * @param {Buffer} bytes
   */
  #receive (bytes) {
    this.#adoption.restartTimer()
    const hasRoom = this.#socket.push(bytes)
    if (!hasRoom && this.#adoption.owner === this) this.#adoption.setReading(false)
  }

  /** Ends the readable side of the socket, because the peer has ended its half. */
  #ended () {
    if (this.#isHandshaking) return this.#handshake.onRefused(hangUp())
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#socket.push(null)
    // Emits the end even if no program reads the socket, as Node does.
    this.#socket.read(0)
  }

  /** @param {Error} error */
  #failed (error) {
    if (this.#isHandshaking) this.#handshake.onRefused(error)
    else this.#socket.destroy(error)
  }
}

module.exports = { RequestChannel }
