// @ts-check
'use strict'

const { Entry } = require('../native')
const { isReplaced } = require('./adopted')
const { systemError } = require('./errors')
const { StreamChannel, writeOutput } = require('./stream_channel')

/**
 * The channel through the reactor. Passes the reactor's entries for the socket to the transport and the connection.
 *
 * @implements {Channel}
 * @typedef {import('../connection/seam').Channel} Channel
 * @typedef {import('../connection/seam').Connection} Connection
 * @typedef {import('./adoption').Adoption} Adoption
 * @typedef {import('./context').Context} Context
 * @typedef {import('./transport').Transport} Transport
 */
class NativeChannel {
  #adoption
  #socket
  #connection
  #transport
  #context

  /**
   * @param {Adoption} adoption
   * @param {any} socket
   * @param {Connection} connection
   * @param {Transport} transport
   * @param {Context} context of the connection
   */
  constructor (adoption, socket, connection, transport, context) {
    this.#adoption = adoption
    this.#socket = socket
    this.#connection = connection
    this.#transport = transport
    this.#context = context
    adoption.begin(this)
  }

  get isNative () {
    return true
  }

  get isActive () {
    return this.#adoption.isActive
  }

  get isBatching () {
    return this.#adoption.isBatching
  }

  // The connection keeps the bytes that the kernel has not accepted.
  get writableLength () {
    return 0
  }

  /** Returns whether a program has replaced methods of this socket. */
  isReplaced () {
    return this.#adoption.isActive && isReplaced(this.#socket)
  }

  /**
   * Returns false unless this call has given the socket back. The connection keeps the output, and a native call would
   * only report again that the kernel is full.
   */
  writesWhenFull () {
    return this.#adoption.isGivenBack()
  }

  /** @param {string | Buffer} message */
  sendNow (message) {
    if (this.isReplaced() || this.#adoption.isGivenBack() || !this.#adoption.isActive) return null
    return this.#connection.outgoing.now(message)
  }

  /** Returns false: `write` reports that the kernel has not accepted all bytes of a message. */
  get isFull () {
    return false
  }

  write () {
    if (!this.#adoption.isActive || this.#adoption.isGivenBack()) return false
    const isFull = !this.#adoption.flush()
    this.#connection.outgoing.passed()
    return isFull
  }

  get countsReplies () {
    return true
  }

  beginReplies () {
    return this.#adoption.beginReplies()
  }

  /** @param {number} before */
  endReplies (before) {
    this.#adoption.endReplies(before)
  }

  stopReading () {
    this.#adoption.setReading(false)
  }

  startReading () {
    this.#adoption.setReading(true)
  }

  /** Switches to Node's stream, because a program uses the socket. */
  giveBack () {
    this.#transport.moveToStream()
  }

  /** @param {Buffer} bytes that a program has put into the socket */
  received (bytes) {
    this.#transport.receivedFromProgram(bytes)
  }

  /** Ends the adoption of a socket that is about to be destroyed, so that Node reads its counters only once. */
  leave () {
    this.#adoption.detach()
  }

  /** Detaches from the socket, and lets libuv read it again. */
  detach () {
    const adoption = this.#adoption
    const streamWrites = adoption.isOpen
    const owesDrain = adoption.waiting > 0
    if (!adoption.detach(streamWrites) || !streamWrites) return
    this.writeRest()
    if (owesDrain) adoption.promiseDrain()
    adoption.startStream()
  }

  /** Writes the remaining output through libuv, which continues when the kernel accepts bytes again. */
  writeRest () {
    writeOutput(this.#socket, this.#connection)
  }

  /**
   * Runs the work of a batch in the context of the connection.
   *
   * @param {() => void} work
   */
  runAlone (work) {
    this.#context.runAlone(work)
  }

  /**
   * @param {number} entry
   * @param {any} value
   */
  handleEntry (entry, value) {
    // Delivers the arrived bytes and messages, even if a handler has detached the channel from the socket.
    switch (entry) {
      case Entry.Message:
        this.#adoption.restartTimer()
        return this.#connection.delivery.receiveMessage(value, this.#adoption.isLate)
      case Entry.Poll:
        this.#adoption.restartTimer()
        return this.#transport.batch(() => this.#connection.delivery.receiveOthers())
    }
    if (!this.#adoption.isActive) return
    switch (entry) {
      // A batch may contain such bytes after those with which the connection has taken over the socket.
      case Entry.Bytes: return this.#transport.receivedFromProgram(value)
      case Entry.Drained: return this.#drained()
      case Entry.Ended: return this.ended()
      case Entry.Failed: return this.fail(systemError('read', value))
      case Entry.Unwritable: return this.fail(systemError('write', value))
      case Entry.Passed: return this.#connection.outgoing.passed()
    }
  }

  /** Notifies the transport. Also emits `drain` of the socket, for programs that listen to it. */
  #drained () {
    const isEmpty = this.#adoption.waiting === 0
    this.#transport.drained()
    // Node's stream emits the event itself after writes of a program.
    if (isEmpty && !this.#socket._writableState.needDrain) this.#socket.emit('drain')
  }

  /** Switches to Node's stream, because the peer has ended its half. Node ends the socket as usual. */
  ended () {
    this.#transport.moveToStream()
  }

  /**
   * Destroys the socket with an error, as Node does.
   *
   * @param {Error} error
   */
  fail (error) {
    this.#adoption.detach()
    this.#socket.destroy(error)
  }
}

/**
 * Returns the channel of an adopted socket, or that of Node's stream if the reactor could not adopt the socket.
 *
 * @param {Adoption | null} adoption
 * @param {any} socket
 * @param {Connection} connection
 * @param {Transport} transport
 * @param {Context} context
 */
function channelOf (adoption, socket, connection, transport, context) {
  return adoption === null
    ? new StreamChannel(socket, connection, transport)
    : new NativeChannel(adoption, socket, connection, transport, context)
}

module.exports = { NativeChannel, channelOf }
