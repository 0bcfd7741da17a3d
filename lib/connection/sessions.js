// @ts-check
'use strict'

const { asBuffer, unshared } = require('../bytes')
const { exempt } = require('../permessage-deflate/session')

/**
 * The part of a connection that its sessions use.
 *
 * @typedef {object} Owner
 * @property {(outcome: import('../../binding').Outcome) => unknown} caused
 * @property {(message: string | Buffer) => void} received
 * @property {() => void} sent writes the output
 * @property {(isFull: boolean) => void} full called when the sessions hold enough bytes to stop reading, and when they
 * no longer do
 * @property {() => void} idle reports that the sessions hold no received message
 */

/**
 * The negotiated sessions of one connection. Passes the core's messages to the sessions, and their results to the core.
 * Sessions may be asynchronous; the order of messages and the limits of the core still apply.
 */
class Sessions {
  #native
  #pipeline
  #owner
  /** Bytes of received messages that the sessions still process. */
  #incoming = 0
  /** The number of received messages that the sessions still process. */
  #unfinished = 0
  #isFull = false
  /** Whether the connection closes as soon as the sessions have closed. */
  #isClosing = false
  /** Bytes of sent messages that the sessions still process. */
  outgoingBytes = 0
  #isAbandoned = false

  /**
   * @param {import('../../binding').Connection} native
   * @param {import('./pipeline').Pipeline} pipeline
   * @param {Owner} owner
   */
  constructor (native, pipeline, owner) {
    this.#native = native
    this.#pipeline = pipeline
    this.#owner = owner
  }

  /**
   * @param {boolean} isText
   * @param {Buffer} bytes
   * @param {boolean} isMarked whether the message has a receipt
   * @param {boolean} isPlain whether permessage-deflate sends it uncompressed
   */
  outgoing (isText, bytes, isMarked, isPlain) {
    const data = asBuffer(unshared(bytes))
    const message = { rsv1: false, rsv2: false, rsv3: false, opcode: isText ? TEXT : BINARY, data }
    if (isPlain) exempt(message)
    const { length } = data
    this.outgoingBytes += length
    this.#pipeline.outgoing(message, (error, message) => {
      if (this.#isAbandoned) return
      this.outgoingBytes -= length
      if (error || message === null) return this.#failed(error)
      const { rsv1, rsv2, rsv3, opcode, data } = message
      const isSent = this.#native.sendTransformed(opcode === TEXT, rsv1, rsv2, rsv3, data)
      if (isSent && isMarked) this.#native.mark()
      this.#owner.sent()
    })
  }

  /** @param {import('../../binding').ConnectionEvent} event */
  incoming ({ isText, rsv = [], payload }) {
    const [rsv1, rsv2, rsv3] = rsv
    const data = /** @type {Buffer} */ (payload)
    const { length } = data
    this.#holds(length, 1)
    this.#pipeline.incoming({ rsv1, rsv2, rsv3, opcode: isText ? TEXT : BINARY, data }, (error, message) => {
      // The connection may have ended before the session called back.
      if (this.#isAbandoned) return
      try {
        if (error || message === null) this.#failed(error)
        else this.#transformed(message.opcode === TEXT, message.data)
      } finally {
        this.#holds(-length, -1)
      }
    })
  }

  get isIdle () {
    return this.#isAbandoned || (this.#unfinished === 0 && !this.#isClosing)
  }

  /** Closes the sessions after the messages that they hold, and then the connection. */
  close () {
    this.#isClosing = true
    this.#pipeline.close(() => {
      this.#isClosing = false
      this.#owner.caused(this.#native.sessionsClosed())
      if (!this.#isAbandoned) this.#owner.idle()
    })
  }

  /** Discards the results of the sessions, and closes the sessions now, because the connection has ended. */
  abandon () {
    this.#isAbandoned = true
    this.#pipeline.abandon()
  }

  /**
   * @param {boolean} isText
   * @param {Buffer} data
   */
  #transformed (isText, data) {
    // The core must check the same bytes that are delivered, so the session must not share them.
    data = asBuffer(unshared(data))
    const outcome = this.#native.transformed(isText, data)
    if (outcome.accepted) this.#owner.received(isText ? data.toString() : data)
    else this.#owner.caused(outcome)
  }

  /** @param {any} error */
  #failed (error) {
    const { type, message } = error
    const isCode = typeof type === 'string' || (Number.isInteger(type) && type >= 0 && type < 65536)
    this.#owner.caused(this.#native.failExtension(isCode ? type : undefined, message))
  }

  /**
   * @param {number} bytes
   * @param {number} messages
   */
  #holds (bytes, messages) {
    if (this.#isAbandoned) return
    this.#incoming += bytes
    this.#unfinished += messages
    const isFull = this.#incoming > MAX_HELD
    if (isFull !== this.#isFull) {
      this.#isFull = isFull
      this.#owner.full(isFull)
    }
    if (this.isIdle) this.#owner.idle()
  }
}

const TEXT = 1
const BINARY = 2
/** Bytes of messages that sessions may hold. Above it, the connection stops reading, and senders should wait. */
const MAX_HELD = 1024 * 1024

module.exports = { Sessions, MAX_HELD }
