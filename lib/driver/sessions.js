// @ts-check
'use strict'

/**
 * What the sessions of a connection need of its driver.
 *
 * @typedef {object} Owner
 * @property {(outcome: import('../../binding').Outcome) => unknown} caused
 * @property {(message: string | Buffer) => void} received
 * @property {() => void} sent
 * @property {(isFull: boolean) => void} full the sessions hold so much that reading should wait, or no longer do
 */

/**
 * The negotiated sessions of one connection at work: messages go to them as the core hands them out, and what they
 * make of them goes back to it. They may take their time; order and limits are kept.
 */
class Sessions {
  #native
  #pipeline
  #owner
  /** Bytes of messages that came in and that sessions have not finished. */
  #held = 0
  #isFull = false
  #isGone = false

  /**
   * @param {import('../../binding').Driver} native
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
   * @param {Buffer} data
   */
  outgoing (isText, data) {
    const message = { rsv1: false, rsv2: false, rsv3: false, opcode: isText ? TEXT : BINARY, data }
    this.#pipeline.outgoing(message, (error, message) => {
      if (this.#isGone) return
      if (error || message === null) return this.#failed(error)
      const { rsv1, rsv2, rsv3, opcode, data } = message
      this.#native.sendTransformed(opcode === TEXT, rsv1, rsv2, rsv3, data)
      this.#owner.sent()
    })
  }

  /** @param {import('../../binding').DriverEvent} event */
  incoming ({ isText, rsv = [], payload }) {
    const [rsv1, rsv2, rsv3] = rsv
    const data = /** @type {Buffer} */ (payload)
    const { length } = data
    this.#holds(length)
    this.#pipeline.incoming({ rsv1, rsv2, rsv3, opcode: isText ? TEXT : BINARY, data }, (error, message) => {
      // The connection may have ended while a session was at work.
      if (this.#isGone) return
      this.#holds(-length)
      if (error || message === null) return this.#failed(error)
      this.#transformed(message.opcode === TEXT, message.data)
    })
  }

  /** The sessions finish what they hold; then the connection closes. */
  drain () {
    this.#pipeline.close(() => this.#owner.caused(this.#native.drained()))
  }

  /** The connection is gone. Sessions hold resources of their own, which they give back when they have finished. */
  abandon () {
    this.#isGone = true
    this.#pipeline.close(() => {})
  }

  /**
   * @param {boolean} isText
   * @param {Buffer} data
   */
  #transformed (isText, data) {
    const outcome = this.#native.transformed(isText, data)
    if (outcome.accepted) this.#owner.received(isText ? data.toString() : data)
    else this.#owner.caused(outcome)
  }

  /** @param {any} error */
  #failed (error) {
    const type = error?.type
    const code = typeof type === 'string' || typeof type === 'number' ? type : undefined
    this.#owner.caused(this.#native.failExtension(code, messageOf(error)))
  }

  /** @param {number} bytes */
  #holds (bytes) {
    this.#held += bytes
    const isFull = this.#held > MAX_HELD
    if (isFull === this.#isFull) return
    this.#isFull = isFull
    this.#owner.full(isFull)
  }
}

/** @param {any} error */
function messageOf (error) {
  return error instanceof Error ? error.message : String(error)
}

const TEXT = 1
const BINARY = 2
/** Bytes as they came from the wire. A peer that sends faster than sessions work is not read from meanwhile. */
const MAX_HELD = 1024 * 1024

module.exports = { Sessions, messageOf }
