// @ts-check
'use strict'

/**
 * @typedef {import('../callback').Callback} Receipt called without an error when the kernel has taken the message
 *
 * @typedef {object} Handed what a stream has been given
 * @property {Receipt[]} receipts
 * @property {any} stream
 * @property {boolean} isWritten the kernel has taken it at once
 * @property {(error?: Error | null) => void} callback of that write
 */

/**
 * The receipts of a connection, in the order of the core's marks.
 */
class Receipts {
  /** @type {Receipt[]} */
  #waiting = []
  /** What a stream has been given and has not said to have written. */
  #handed = new Set()

  /** @param {Receipt} receipt for the message that has just been accepted */
  add (receipt) {
    this.#waiting.push(receipt)
  }

  /** @param {number} count how many marks the kernel has passed */
  passed (count) {
    if (count > 0) complete(this.#waiting.splice(0, count))
  }

  /**
   * The bytes before so many marks go to a stream.
   *
   * @param {number} count
   * @param {any} stream
   * @returns {Handed | undefined}
   */
  handOver (count, stream) {
    if (count === 0) return undefined
    /** @type {Handed} */
    const handed = { receipts: this.#waiting.splice(0, count), stream, isWritten: false, callback }
    const all = this.#handed.add(handed)
    /** @param {Error | null} [error] */
    function callback (error) {
      // Node says of what was under way when the stream was destroyed that it has been written.
      const isLost = Boolean(error) || (stream.destroyed && !handed.isWritten)
      if (all.delete(handed)) complete(handed.receipts, isLost ? lost() : undefined)
    }
    return handed
  }

  /**
   * All that is left goes to a stream.
   *
   * @param {any} stream
   */
  handOverAll (stream) {
    return this.handOver(this.#waiting.length, stream)
  }

  /** The connection has ended: completes all receipts but those of a stream that is still there. */
  fail () {
    for (const handed of this.#handed) {
      if (!handed.stream.destroyed) continue
      this.#handed.delete(handed)
      complete(handed.receipts, handed.isWritten ? undefined : lost())
    }
    complete(this.#waiting.splice(0), lost())
  }
}

/**
 * Never from inside a method that the application has called. What one of them throws does not concern the others.
 *
 * @param {Receipt[]} receipts
 * @param {Error} [error]
 */
function complete (receipts, error) {
  for (const receipt of receipts) {
    if (error) receipt.schedule(error)
    else receipt.schedule()
  }
}

/** @param {Receipt} receipt of a message that was not accepted */
function refuse (receipt) {
  complete([receipt], new Error('The message was not sent: the connection is closing, closed, or takes text only'))
}

function lost () {
  return new Error('The connection has ended before the message was sent')
}

module.exports = { Receipts, refuse, lost, complete }
