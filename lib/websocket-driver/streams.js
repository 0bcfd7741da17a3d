// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const Stream = require('node:stream')
const { isUint8Array } = require('../bytes')

/**
 * @typedef {Uint8Array | number[] | string} Chunk bytes for a driver
 * @typedef {import('../connection/connection').Connection} Connection
 */

/**
 * The two duplex streams of a driver, of Node's first kind: they buffer nothing, and emit data even after `pause()`.
 * `io` carries bytes, to pipe to and from a socket; `messages` carries the messages in them.
 *
 * ```text
 *              write ──► io ──► parse ──► messages ──► 'data'
 *              'data' ◄── io ◄── frame ◄── messages ◄── write
 * ```
 *
 * Input of either stream causes output of `io`, so a full socket pauses both. Only input of `io` causes output of
 * `messages`.
 */
class IO extends Stream {
  #driver
  #connection
  isPaused = false
  /** Why the connection wants no more bytes. */
  #reasons = new Set()
  /** Whether `write()` has returned false, so that `drain` must follow. */
  #owesDrain = false

  /**
   * @param {any} driver parses the bytes, and has the stream of messages
   * @param {Connection | null} [connection] the source of output; null until a Server has parsed the request
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

  /** Emits each head and each frame, in order, as a connection's transport. */
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

  sendNow () {
    return null
  }

  hasRoom () {
    return true
  }

  /** @param {() => void} work */
  enter (work) {
    work()
  }

  // The program reads the socket. If the connection wants no more bytes, `write()` returns false.

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
    // Protocol errors are informational and require no listener.
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
   * Sends a last message. Does not close the connection, because a program may pipe many streams into one.
   *
   * @param {any} [message]
   */
  end (message) {
    if (message !== undefined) this.write(message)
  }

  destroy () {}

  /** Emits `end`, once. */
  emitEnd () {
    if (!this.readable) return
    this.readable = this.writable = false
    this.emit('end')
  }
}

/**
 * Converts a chunk to bytes. Null and undefined are empty.
 *
 * @param {Chunk | null} [chunk]
 * @returns {Uint8Array}
 */
function bytesOf (chunk) {
  return isUint8Array(chunk) ? chunk : Buffer.from(chunk || [])
}

module.exports = { IO, Messages, bytesOf }
