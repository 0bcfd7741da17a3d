// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const Stream = require('node:stream')
const { isUint8Array } = require('../bytes')

/**
 * @typedef {Uint8Array | number[] | string} Chunk what may be given to a driver as bytes
 * @typedef {import('../connection/connection').Connection} Connection
 */

/**
 * The two duplex streams of a driver, in the manner of Node's first streams: flags, advice, nothing buffered. The
 * wire is `io`, to be piped to and from a socket; what travels over it is `messages`.
 *
 * ```text
 *              write ──► io ──► parse ──► messages ──► 'data'
 *              'data' ◄── io ◄── frame ◄── messages ◄── write
 * ```
 *
 * What comes out of `io` is caused by both inputs, so a full socket pauses both; what comes out of `messages` is
 * caused by `io` alone.
 */
class IO extends Stream {
  #driver
  #connection
  isPaused = false
  /** Who has enough to do with what has been written to us. */
  #reasons = new Set()
  /** `write()` has told its caller to wait. */
  #owesDrain = false

  /**
   * @param {any} driver what parses, and has the messages
   * @param {Connection | null} [connection] where the bytes come from, once it is known
   */
  constructor (driver, connection = null) {
    super()
    this.#driver = driver
    this.#connection = connection
    this.readable = this.writable = true
  }

  /** @param {Connection} connection */
  attach (connection) {
    this.#connection = connection
  }

  pause () {
    this.isPaused = true
    this.#driver.messages.isPaused = true
  }

  resume () {
    this.isPaused = false
    this.emit('drain')
    this.#driver.messages.isPaused = false
    this.#driver.messages.emit('drain')
  }

  /** @param {Chunk} chunk */
  write (chunk) {
    if (!this.writable) return false
    this.#driver.parse(chunk)
    this.#owesDrain ||= this.#reasons.size > 0
    return !this.isPaused && this.#reasons.size === 0
  }

  /** @param {Chunk} [chunk] */
  end (chunk) {
    if (!this.writable) return
    if (chunk !== undefined) this.write(chunk)
    this.writable = false
    this.#driver.messages.emitEnd()
  }

  destroy () {
    this.end()
  }

  /** As a driver's transport: emits each head and each frame, in order, whatever the listeners do. */
  offer () {
    if (this.#connection === null) return false
    const { outgoing } = this.#connection
    for (let bytes = outgoing.takeWrite(); bytes !== null; bytes = outgoing.takeWrite()) {
      if (this.readable) this.emit('data', bytes)
    }
    return true
  }

  get isManual () {
    return true
  }

  hasRoom () {
    return true
  }

  /** @param {() => void} work */
  enter (work) {
    work()
  }

  // The program reads the socket and writes to us. `write()` tells it to wait.

  /** @param {import('../connection/seam').StopReason} reason */
  stopReading (reason) {
    this.#reasons.add(reason)
  }

  /** @param {import('../connection/seam').StopReason} reason */
  startReading (reason) {
    this.#reasons.delete(reason)
    if (!this.#owesDrain || this.#reasons.size > 0 || this.isPaused) return
    this.#owesDrain = false
    this.emit('drain')
  }

  notifySender () {}
  applicationPaused () {}
  applicationResumed () {}
}

class Messages extends Stream {
  #driver
  isPaused = false

  /** @param {any} driver */
  constructor (driver) {
    super()
    this.#driver = driver
    this.readable = this.writable = true
    // Protocol errors are informational: a listener is not required.
    this.on('error', () => {})
  }

  pause () {
    this.#driver.io.isPaused = true
  }

  resume () {
    this.#driver.io.isPaused = false
    this.#driver.io.emit('drain')
  }

  /** @param {any} message */
  write (message) {
    if (!this.writable) return false
    if (typeof message === 'string') this.#driver.text(message)
    else this.#driver.binary(message)
    return !this.isPaused
  }

  /**
   * Many streams may be piped into one connection: that one of them ends does not end it.
   *
   * @param {any} [message]
   */
  end (message) {
    if (message !== undefined) this.write(message)
  }

  destroy () {}

  /** Nothing more will come out. */
  emitEnd () {
    if (!this.readable) return
    this.readable = this.writable = false
    this.emit('end')
  }
}

/**
 * @param {Chunk | null} [chunk] nothing is as good as no bytes
 * @returns {Uint8Array}
 */
function bytesOf (chunk) {
  return isUint8Array(chunk) ? chunk : Buffer.from(chunk || [])
}

module.exports = { IO, Messages, bytesOf }
