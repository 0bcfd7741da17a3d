// @ts-check
'use strict'

/**
 * @typedef {import('../callback').Callback} Receipt called without an error when the kernel has accepted the message
 *
 * @typedef {object} Handed one write of a stream
 * @property {Receipt[]} receipts that the write completes
 * @property {any} stream
 * @property {boolean} isWritten whether the kernel has accepted the write at once
 * @property {(error?: Error | null) => void} callback of the write
 */

/**
 * The receipts of a connection, in the order of the core's marks.
 */
class Receipts {
  /** @type {Receipt[]} */
  #waiting = []
  /** Writes whose callback has not been called. */
  #handed = new Set()

  /** @param {Receipt} receipt for the message that has just been accepted */
  add (receipt) {
    this.#waiting.push(receipt)
  }

  /** @param {number} count the number of marks whose bytes the kernel has accepted */
  passed (count) {
    if (count > 0) complete(this.#waiting.splice(0, count))
  }

  /**
   * Assigns the next `count` receipts to a write of a stream.
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
      // Node calls back without an error for a write that was under way when the stream was destroyed.
      const isLost = Boolean(error) || (stream.destroyed && !handed.isWritten)
      if (all.delete(handed)) complete(handed.receipts, isLost ? lost() : undefined)
    }
    return handed
  }

  /**
   * Assigns all other receipts to a write of a stream.
   *
   * @param {any} stream
   */
  handOverAll (stream) {
    return this.handOver(this.#waiting.length, stream)
  }

  /** Fails all receipts, except those of completed writes and of streams that are not destroyed. */
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
 * Completes receipts, or fails them with an error. Each callback runs in a tick of its own: not inside a method that
 * the application has called, and unaffected by exceptions of other callbacks.
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

/**
 * Fails the receipt of a message that the connection has not accepted.
 *
 * @param {Receipt} receipt
 */
function refuse (receipt) {
  complete([receipt], new Error('The message was not sent: the connection is closing or closed, or supports text only'))
}

function lost () {
  return new Error('The connection ended before the message was sent')
}

module.exports = { Receipts, refuse, lost, complete }
