// @ts-check
'use strict'

/**
 * Node's stream: any Duplex.
 *
 * @implements {Channel}
 * @typedef {import('./transport').Channel} Channel
 */
class StreamChannel {
  isBatching = false
  #isFull
  #socket
  #driver
  #onData
  #onDrain

  /**
   * @param {any} socket
   * @param {import('../driver/driver').Driver} driver
   * @param {import('./transport').Transport} transport
   */
  constructor (socket, driver, transport) {
    this.#socket = socket
    this.#driver = driver
    this.#onData = (/** @type {Buffer} */ chunk) => transport.received(chunk)
    // Node emits this in the context of the write that has filled the socket.
    this.#onDrain = () => {
      this.#isFull = false
      transport.context.run(() => transport.drained())
    }
    this.#isFull = socket.writableNeedDrain === true
    socket.on('data', this.#onData)
    socket.on('drain', this.#onDrain)
    // A socket that has been piped elsewhere before stays paused otherwise.
    socket.resume()
  }

  get writableLength () {
    return this.#socket.writableLength || 0
  }

  isReplaced () {
    return false
  }

  /** What waits is the socket's, so that its `writableLength` and `drain` tell of it. */
  takesWhenFull () {
    return true
  }

  write () {
    const hasRoom = writeOutput(this.#socket, this.#driver)
    // Null when there was nothing to write.
    if (hasRoom !== null) this.#isFull = hasRoom === false
    return this.#isFull
  }

  stop () {
    this.#socket.pause()
  }

  start () {
    this.#socket.resume()
  }

  detach () {
    this.#socket.removeListener('data', this.#onData)
    this.#socket.removeListener('drain', this.#onDrain)
  }
}

/**
 * Gives a stream all that a driver has to write. Null when that is nothing.
 *
 * @param {any} socket
 * @param {import('../driver/driver').Driver} driver
 */
function writeOutput (socket, driver) {
  const bytes = driver.takeOutput()
  if (bytes === null) return null
  return write(socket, bytes, driver.handOver(socket))
}

/**
 * @param {any} socket
 * @param {Buffer} bytes
 * @param {import('../driver/receipts').Handed} [handed] who is to hear when they are written
 */
function write (socket, bytes, handed) {
  if (handed === undefined) return socket.write(bytes)
  const hasRoom = socket.write(bytes, handed.callback)
  handed.isWritten = socket.writableLength === 0
  return hasRoom
}

module.exports = { StreamChannel, write, writeOutput }
