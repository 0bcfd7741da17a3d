// @ts-check
'use strict'

const native = require('../native')
const { adopt, qualifies } = require('./adoption')
const { channelOf } = require('./native_channel')
const { StreamChannel } = require('./stream_channel')
const { isEnding } = require('./tick')

/**
 * The channel of a server's connection that has exchanged nothing but its handshakes. Many connections exchange nothing
 * else, and others are idle for a long time. For them, Node's stream needs less time and memory than an adoption.
 *
 * The reactor adopts the socket before the first message in either direction. It then decodes the bytes that Node has
 * read in a batch, as all later bytes. If a program uses the socket itself by then, Node's stream keeps the socket.
 *
 * @typedef {import('../connection/seam').Connection} Connection
 * @typedef {import('./transport').Transport} Transport
 */
class QuietChannel extends StreamChannel {
  #socket
  #connection
  #transport
  #hasOpened = false

  /**
   * @param {any} socket
   * @param {Connection} connection
   * @param {Transport} transport
   */
  constructor (socket, connection, transport) {
    super(socket, connection, transport)
    this.#socket = socket
    this.#connection = connection
    this.#transport = transport
  }

  /** Whether the reactor will move the messages. */
  get isNative () {
    return this.#qualifies()
  }

  /** Returns whether the reactor could adopt the socket. Its only listener for `data` is ours. */
  #qualifies () {
    return qualifies(this.#socket, 1)
  }

  /**
   * Delivers the peer's close frame in the context of the connection, as the reactor does. Leaves other bytes to the
   * reactor.
   *
   * @param {Buffer} chunk
   */
  received (chunk) {
    const transport = this.#transport
    const { delivery, number, readyState } = this.#connection
    if (readyState !== OPEN || calls.wouldClose(number, chunk)) return transport.run(() => transport.received(chunk))
    if (!this.#qualifies()) {
      transport.moveToStream()
      return transport.received(chunk)
    }
    delivery.store(chunk)
    this.#adopt()
    // The reactor may lack resources of the machine.
    if (!transport.isNative) transport.batch(() => delivery.deliver())
  }

  /** Returns null: `write` leaves the message to the reactor. */
  sendNow () {
    return null
  }

  write () {
    const { outgoing, readyState } = this.#connection
    if (this.#hasOpened && readyState === OPEN && outgoing.hasOutput && this.#mayAdopt()) {
      this.#adopt()
      return false
    }
    this.#hasOpened = readyState === OPEN
    return super.write()
  }

  /** Leaves an open connection to the reactor. Node's stream would read one more chunk, and buffer it. */
  stopReading () {
    if (this.#mayAdopt()) this.#adopt()
    else super.stopReading()
  }

  /**
   * Returns whether the reactor may take over between two chunks. Bytes in the stream must not be overtaken. A stream
   * that has yet to emit `resume` would emit the event although the connection has paused.
   */
  #mayAdopt () {
    const { _readableState, readableFlowing, readableLength } = this.#socket
    const isFlowing = readableFlowing && readableLength === 0 && !_readableState.resumeScheduled
    return isFlowing && this.#connection.readyState === OPEN && !isEnding() && this.#qualifies()
  }

  /** Lets the reactor move the bytes from now on. */
  #adopt () {
    const [socket, connection] = [this.#socket, this.#connection]
    this.#transport.moveTo((transport, context) => {
      return channelOf(adopt(socket, connection), socket, connection, transport, context)
    })
  }
}

/**
 * Returns whether the reactor could adopt a socket later. Only the adoption shows whether a pipe is a socket, so a pipe
 * does not wait.
 *
 * @param {any} socket
 */
function mayWait (socket) {
  // Pipes have no `reset`.
  return qualifies(socket) && typeof socket._handle.reset === 'function'
}

const calls = native.calls()
const { Open: OPEN } = native.ReadyState

module.exports = { QuietChannel, mayWait }
