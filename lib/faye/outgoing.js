'use strict'

const { Buffer } = require('node:buffer')
const { Callback } = require('../callback')
const { reasonOf } = require('../reason')
const { lost, refuse, settle } = require('../connection/receipts')
const { nextTick } = require('../runtime')
const { isBlob, messageOf, takesBinary } = require('./binary')
const { OPEN } = require('./ready_state')

/**
 * `send()` of what is neither a string nor a Buffer, or has options or a callback, or comes behind a Blob. Ignores
 * other values in the place of these, such as the index that `forEach(ws.send, ws)` gives.
 */
function send (socket, data, options, callback) {
  if (typeof options === 'function') callback = options
  // First, as these may run the application's code, and throw.
  const isPlain = options?.compress === false
  const message = messageOf(data)
  const receipt = typeof callback === 'function' ? new Callback(callback) : null
  if (socket.readyState > OPEN) {
    if (receipt !== null) refuse(receipt)
    return false
  }
  if (socket._queue === null && isBlob(message)) {
    if (!takesBinary(socket)) {
      if (receipt !== null) refuse(receipt)
      return false
    }
    socket._queue = new Queue(socket)
  }
  if (socket._queue !== null) return socket._queue.push(message, receipt, isPlain)
  return transmit(socket._driver, message, receipt, isPlain)
}

function transmit (driver, message, receipt, isPlain) {
  if (receipt !== null || isPlain) return driver.sendWith(message, receipt, isPlain)
  if (typeof message === 'string') return driver.text(message)
  return message instanceof Buffer ? driver.binary(message) : driver.prepared(message)
}

/** A Blob that is being read, and whatever was sent behind it. */
class Queue {
  #socket
  #items = []
  #onEnd = null
  #isOver = false

  constructor (socket) {
    this.#socket = socket
  }

  push (message, receipt, isPlain) {
    const bytes = sizeOf(message)
    // The application may change it meanwhile.
    if (message instanceof Buffer) message = Buffer.from(message)
    this.#items.push({ message, receipt, isPlain, bytes })
    if (this.#items.length === 1) this.#read(message)
    return this.#socket._driver.announce(bytes)
  }

  /** Calls back when everything has been sent. */
  end (callback) {
    this.#onEnd = callback
  }

  /** The connection is gone. */
  abandon () {
    this.#isOver = true
    settle(this.#items.splice(0).flatMap(({ receipt }) => receipt ?? []), lost())
  }

  #read (blob) {
    // Handlers are called behind the promise, so that what they throw is an uncaught exception as ever.
    const whenRead = (buffer) => nextTick(() => this.#isOver || this.#enter(() => this.#send(buffer)))
    const whenFailed = (error) => nextTick(() => this.#isOver || this.#enter(() => this.#fail(error)))
    bytesOf(blob).then(whenRead, whenFailed)
  }

  /** Runs work in the context of the connection, not in that of `send()`, because it may call handlers. */
  #enter (work) {
    this.#socket._enter(work)
  }

  /** Sends what the first Blob has turned out to be, and what waits behind it, up to the next one. */
  #send (buffer) {
    const { _driver: driver } = this.#socket
    this.#items[0].message = buffer
    let bytes = 0
    while (this.#items.length > 0 && !isBlob(this.#items[0].message)) {
      const item = this.#items.shift()
      transmit(driver, item.message, item.receipt, item.isPlain)
      bytes += item.bytes
    }
    if (this.#items.length > 0) this.#read(this.#items[0].message)
    else this.#finish()
    // Last, as it calls handlers.
    driver.arrived(bytes)
  }

  #finish () {
    this.#socket._queue = null
    this.#onEnd?.()
  }

  /** A stream of messages with a hole in it is worse than its end. */
  #fail (error) {
    try {
      this.#socket._emitError(`Could not read a Blob: ${reasonOf(error)}`)
    } finally {
      this.#socket._abort()
    }
  }
}

async function bytesOf (blob) {
  return Buffer.from(await blob.arrayBuffer())
}

function sizeOf (message) {
  if (typeof message === 'string') return Buffer.byteLength(message)
  if (isBlob(message)) return message.size
  return message instanceof Buffer ? message.length : message.native.length
}

module.exports = { send }
