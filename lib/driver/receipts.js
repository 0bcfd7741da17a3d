// @ts-check
'use strict'

/** @typedef {(error?: Error) => void} Receipt called once: without an error, the kernel has taken the message */

/**
 * Who waits for messages of a driver to leave, in the order of the marks that the core has set behind them.
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
    if (count > 0) settle(this.#waiting.splice(0, count))
  }

  /**
   * The bytes before so many marks go to a stream. What to give it as the callback of that write.
   *
   * @param {number} count
   * @param {any} stream
   */
  handOver (count, stream) {
    if (count === 0) return undefined
    const handed = { receipts: this.#waiting.splice(0, count), stream }
    this.#handed.add(handed)
    return (/** @type {Error | null | undefined} */ error) => {
      if (this.#handed.delete(handed)) settle(handed.receipts, error ? lost() : undefined)
    }
  }

  /** The connection has ended: nobody has to wait any longer. */
  end () {
    // What a stream has written and not yet said: it says so in a later tick.
    for (const { receipts, stream } of this.#handed) settle(receipts, stream.writableLength === 0 ? undefined : lost())
    this.#handed.clear()
    settle(this.#waiting.splice(0), lost())
  }
}

/**
 * Never from inside a method that the application has called. What one of them throws does not concern the others.
 *
 * @param {Receipt[]} receipts
 * @param {Error} [error]
 */
function settle (receipts, error) {
  for (const receipt of receipts) {
    if (error) process.nextTick(receipt, error)
    else process.nextTick(receipt)
  }
}

/** @param {Receipt} receipt of a message that was not accepted */
function refuse (receipt) {
  settle([receipt], new Error('The message was not sent: the connection is closing, closed, or takes text only'))
}

function lost () {
  return new Error('The connection has ended before the message was sent')
}

module.exports = { Receipts, refuse, lost, settle }
