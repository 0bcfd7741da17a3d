// @ts-check
'use strict'

const { asBuffer, unshared } = require('../bytes')
const { exempt } = require('../permessage-deflate/session')

/**
 * What the sessions need of their connection.
 *
 * @typedef {object} Owner
 * @property {(outcome: import('../../binding').Outcome) => unknown} caused
 * @property {(message: string | Buffer) => void} received
 * @property {() => void} sent bytes wait to be written
 * @property {(isFull: boolean) => void} full the sessions hold so much that reading should wait, or no longer do
 * @property {() => void} idle they hold nothing that came in
 */

/**
 * The negotiated sessions of one connection at work: messages go to them as the core hands them out, and what they
 * make of them goes back to it. They may take their time; order and limits are kept.
 */
class Sessions {
  #native
  #pipeline
  #owner
  /** Bytes of messages that came in and that the sessions have not finished. */
  #incoming = 0
  /** Messages that came in and that they have not finished. */
  #unfinished = 0
  #isFull = false
  /** The connection closes when they have finished. */
  #isClosing = false
  /** Bytes of messages that go out and that they have not finished. */
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
   * @param {boolean} isMarked whether its sender waits for it to leave
   * @param {boolean} isPlain whether permessage-deflate leaves it uncompressed
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
      // The connection may have ended while a session was at work.
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

  /** The sessions finish what they hold; then the connection closes. */
  close () {
    this.#isClosing = true
    this.#pipeline.close(() => {
      this.#isClosing = false
      this.#owner.caused(this.#native.drained())
      if (!this.#isAbandoned) this.#owner.idle()
    })
  }

  /** The connection is gone: drops what sessions still do, and gives their resources back. */
  abandon () {
    this.#isAbandoned = true
    this.#pipeline.abandon()
  }

  /**
   * @param {boolean} isText
   * @param {Buffer} data
   */
  #transformed (isText, data) {
    // The core must check the bytes that are delivered.
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
/** Bytes. A peer that sends faster than sessions work is not read from meanwhile; a sender is told to wait. */
const MAX_HELD = 1024 * 1024

module.exports = { Sessions, MAX_HELD }
