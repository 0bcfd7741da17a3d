// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { isBlob } = require('../bytes')
const { reasonOf } = require('../reason')
const { nextTick } = require('../scheduling')
const { lost, complete } = require('./receipts')

/**
 * @typedef {import('./connection').Connection} Engine
 * @typedef {import('../callback').Callback} Callback
 * @typedef {string | Buffer | import('./prepared').Message} Message
 *
 * @typedef {object} Item
 * @property {any} message a Message, a Blob, or a function that sends a frame
 * @property {Callback | null} receipt
 * @property {boolean} isPlain
 * @property {number} bytes
 *
 * @typedef {object} Owner the connection of an interface
 * @property {Engine} engine
 * @property {Queue | null} queue
 * @property {(work: () => void) => void} enter runs work in the context of the connection
 * @property {(message: string) => void} emitError
 * @property {() => void} abort
 */

/** A Blob that is being read, and the messages that were sent after it. */
class Queue {
  #connection
  /** @type {Item[]} */
  #items = []
  /** @type {(() => void) | null} */
  #onEmpty = null
  #isAbandoned = false

  /** @param {Owner} connection */
  constructor (connection) {
    this.#connection = connection
  }

  /**
   * @param {any} message a Message, or a Blob
   * @param {Callback | null} receipt
   * @param {boolean} isPlain
   */
  push (message, receipt, isPlain) {
    const bytes = sizeOf(message)
    // The application may change its Buffer before it is sent.
    if (message instanceof Buffer) message = Buffer.from(message)
    return this.#push({ message, receipt, isPlain, bytes })
  }

  /**
   * @param {number} bytes the length of the payload that `send` sends
   * @param {() => void} send called after all earlier items; never called if the connection ends before
   * @param {Callback | null} receipt that `send` passes on
   */
  pushSend (bytes, send, receipt) {
    return this.#push({ message: send, receipt, isPlain: false, bytes })
  }

  /** @param {Item} item */
  #push (item) {
    this.#items.push(item)
    if (this.#items.length === 1) this.#read(item.message)
    return this.#connection.engine.outgoing.announce(item.bytes)
  }

  /** @param {() => void} callback called when everything has been sent */
  whenEmpty (callback) {
    this.#onEmpty = callback
  }

  /** Discards all items and fails their receipts, because the connection has ended. */
  abandon () {
    this.#isAbandoned = true
    complete(this.#items.splice(0).flatMap(({ receipt }) => receipt ?? []), lost())
  }

  /** @param {any} blob */
  #read (blob) {
    // Handlers run outside of the promise, so that their exceptions are uncaught exceptions, not rejections. They run
    // in the context of the connection, not in that of `send()`.
    const later = (/** @type {() => void} */ work) => nextTick(() => {
      if (!this.#isAbandoned) this.#connection.enter(work)
    })
    const whenRead = (/** @type {Buffer} */ buffer) => later(() => this.#send(buffer))
    const whenFailed = (/** @type {any} */ error) => later(() => this.#fail(error))
    bytesOf(blob).then(whenRead, whenFailed)
  }

  /**
   * Sends the first Blob and the items behind it, up to the next Blob.
   *
   * @param {Buffer} buffer the bytes of the first Blob
   */
  #send (buffer) {
    this.#items[0].message = buffer
    const { outgoing } = this.#connection.engine
    let bytes = 0
    while (this.#items.length > 0 && !isBlob(this.#items[0].message)) {
      const item = /** @type {Item} */ (this.#items.shift())
      if (typeof item.message === 'function') item.message()
      else outgoing.sendWith(item.message, item.receipt, item.isPlain)
      bytes += item.bytes
    }
    if (this.#items.length > 0) this.#read(this.#items[0].message)
    else this.#emptied()
    // Last, because this calls handlers.
    outgoing.arrived(bytes)
  }

  #emptied () {
    this.#connection.queue = null
    this.#onEmpty?.()
  }

  /**
   * Ends the connection, because later messages must not be sent without this one.
   *
   * @param {any} error
   */
  #fail (error) {
    try {
      this.#connection.emitError(`Could not read a Blob: ${reasonOf(error)}`)
    } finally {
      this.#connection.abort()
    }
  }
}

/** @param {any} blob */
async function bytesOf (blob) {
  return Buffer.from(await blob.arrayBuffer())
}

/** @param {any} message a Message, or a Blob */
function sizeOf (message) {
  if (typeof message === 'string') return Buffer.byteLength(message)
  if (isBlob(message)) return message.size
  return message instanceof Buffer ? message.length : message.native.length
}

module.exports = { Queue }
