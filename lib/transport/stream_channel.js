// @ts-check
'use strict'

const { mayHoldStreams, nextTick } = require('../scheduling')
const { hasPassedOn, passesOn, putBack, take } = require('./scratch')

/**
 * The channel through Node's stream: any Duplex.
 *
 * @implements {Channel}
 * @typedef {import('../connection/seam').Channel} Channel
 * @typedef {import('../connection/seam').Connection} Connection
 */
class StreamChannel {
  #isFull
  #socket
  #connection
  #transport
  #onData
  /** @type {(() => void) | null} the listener for `drain`; most sockets are never full */
  #onDrain = null
  #isDetached = false

  /**
   * @param {any} socket
   * @param {Connection} connection
   * @param {import('./transport').Transport} transport
   */
  constructor (socket, connection, transport) {
    this.#socket = socket
    this.#connection = connection
    this.#transport = transport
    this.#onData = (/** @type {Buffer} */ chunk) => this.received(chunk)
    this.#isFull = socket.writableNeedDrain === true
    socket.on('data', this.#onData)
    if (this.#isFull) this.#awaitDrain()
    // Without this, a socket that was piped elsewhere before stays paused.
    this.startReading()
  }

  /** @param {Buffer} chunk */
  received (chunk) {
    this.#transport.received(chunk)
  }

  get isNative () {
    return false
  }

  get isBatching () {
    return false
  }

  get writableLength () {
    return this.#socket.writableLength || 0
  }

  isReplaced () {
    return false
  }

  get isFull () {
    return this.#isFull
  }

  /**
   * Writes a message from the memory that the next write uses again.
   *
   * @param {string | Buffer} message
   * @param {boolean} isMarked
   */
  sendNow (message, isMarked) {
    // The receipt of a message would be noted only after its write.
    if (isMarked || !passesOn(this.#socket)) return null
    const { outgoing } = this.#connection
    const memory = take()
    const length = outgoing.putFrame(message, memory)
    if (length > 0) this.#wrote(write(this.#socket, memory.subarray(0, length)))
    if (length === 0 || hasPassedOn(this.#socket)) putBack(memory)
    return length === 0 ? null : outgoing.outputLength
  }

  /** Returns true: the socket buffers the output, so that its `writableLength` and `drain` account for it. */
  writesWhenFull () {
    return true
  }

  write () {
    const hasRoom = writeOutput(this.#socket, this.#connection)
    // Null if there was no output.
    if (hasRoom !== null) this.#wrote(hasRoom)
    return this.#isFull
  }

  /** @param {boolean} hasRoom the result of a write */
  #wrote (hasRoom) {
    this.#isFull = hasRoom === false
    if (this.#isFull) this.#awaitDrain()
    if (this.#isFull && mayHoldStreams()) nextTick(() => this.#drain())
  }

  #awaitDrain () {
    if (this.#onDrain !== null || this.#isDetached) return
    // Node emits `drain` in the context of the write that has filled the socket.
    this.#onDrain = () => {
      this.#isFull = false
      this.#transport.run(() => this.#transport.drained())
    }
    this.#socket.on('drain', this.#onDrain)
  }

  /** Does the work of `drain` for a stream that cannot emit the event because a test has faked `nextTick`. */
  #drain () {
    if (!this.#isDetached && this.#socket.writableLength === 0) this.#onDrain?.()
  }

  get countsReplies () {
    return false
  }

  beginReplies () {
    return 0
  }

  endReplies () {}

  stopReading () {
    this.#socket.pause()
  }

  startReading () {
    this.#socket.resume()
    if (mayHoldStreams()) nextTick(() => this.#flow())
  }

  /** Reads for a stream that cannot resume because a test has faked `nextTick`. */
  #flow () {
    while (!this.#isDetached && this.#socket.readableFlowing && this.#socket.read() !== null);
  }

  detach () {
    this.#isDetached = true
    this.#socket.removeListener('data', this.#onData)
    if (this.#onDrain !== null) this.#socket.removeListener('drain', this.#onDrain)
  }
}

/**
 * Writes all output of a connection to a stream. Returns whether the stream has room, or null if there was no output.
 *
 * @param {any} socket
 * @param {Connection} connection
 */
function writeOutput (socket, { outgoing }) {
  let hasRoom = null
  while (passesOn(socket)) {
    const memory = take()
    const length = outgoing.takeOutputInto(memory)
    if (length > 0) hasRoom = write(socket, memory.subarray(0, length), outgoing.handOver(socket))
    if (length === 0 || hasPassedOn(socket)) putBack(memory)
    if (length < memory.length) return hasRoom
  }
  const bytes = outgoing.takeOutput()
  return bytes === null ? hasRoom : write(socket, bytes, outgoing.handOver(socket))
}

/**
 * @param {any} socket
 * @param {Buffer} bytes
 * @param {import('../connection/seam').Handed} [handed] the receipts that these bytes complete
 */
function write (socket, bytes, handed) {
  if (handed === undefined) return socket.write(bytes)
  const hasRoom = socket.write(bytes, handed.callback)
  handed.isWritten = socket.writableLength === 0
  if (handed.isWritten && mayHoldStreams()) nextTick(handed.callback)
  return hasRoom
}

module.exports = { StreamChannel, write, writeOutput }
