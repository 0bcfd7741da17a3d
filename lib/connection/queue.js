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
 * @typedef {object} Item what waits
 * @property {any} message a Message, a Blob, or a function that sends something else
 * @property {Callback | null} receipt
 * @property {boolean} isPlain
 * @property {number} bytes
 *
 * @typedef {object} Owner whose messages wait
 * @property {Engine} engine
 * @property {Queue | null} queue
 * @property {(work: () => void) => void} enter runs work in the context of the connection
 * @property {(message: string) => void} emitError
 * @property {() => void} abort ends the connection at once
 */

/** A Blob that is being read, and whatever was sent behind it. */
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
    // The application may change it meanwhile.
    if (message instanceof Buffer) message = Buffer.from(message)
    return this.#push({ message, receipt, isPlain, bytes })
  }

  /**
   * @param {number} bytes that `send` sends
   * @param {() => void} send called when everything before has been sent; not if the connection ends before
   * @param {Callback | null} receipt that `send` hands on
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

  /** The connection is gone. */
  abandon () {
    this.#isAbandoned = true
    complete(this.#items.splice(0).flatMap(({ receipt }) => receipt ?? []), lost())
  }

  /** @param {any} blob */
  #read (blob) {
    // Handlers are called behind the promise, so that what they throw is an uncaught exception as ever. They run in the
    // context of the connection, not in that of `send()`.
    const later = (/** @type {() => void} */ work) => nextTick(() => {
      if (!this.#isAbandoned) this.#connection.enter(work)
    })
    const whenRead = (/** @type {Buffer} */ buffer) => later(() => this.#send(buffer))
    const whenFailed = (/** @type {any} */ error) => later(() => this.#fail(error))
    bytesOf(blob).then(whenRead, whenFailed)
  }

  /**
   * Sends what the first Blob has turned out to be, and what waits behind it, up to the next one.
   *
   * @param {Buffer} buffer
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
    // Last, as it calls handlers.
    outgoing.arrived(bytes)
  }

  #emptied () {
    this.#connection.queue = null
    this.#onEmpty?.()
  }

  /**
   * A stream of messages with a hole in it is worse than its end.
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
