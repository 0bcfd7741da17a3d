// @ts-check
'use strict'

const { Callback } = require('../callback')

/** The callbacks of unanswered pings, by payload. */
class Pings {
  /** @type {Map<string, Callback>} */
  #callbacks = new Map()

  /**
   * @param {string} payload
   * @param {(...args: any[]) => void} callback called when a pong with this payload arrives
   */
  expect (payload, callback) {
    this.#callbacks.get(payload)?.discard()
    this.#callbacks.set(payload, new Callback(callback))
  }

  /**
   * Calls the callback of an answered ping.
   *
   * @param {string} payload
   * @param {boolean} throwsLater whether to throw an exception of the callback in the callback's context, not to our
   * caller
   */
  answered (payload, throwsLater) {
    const callback = this.#callbacks.get(payload)
    if (callback === undefined) return
    this.#callbacks.delete(payload)
    callback.call(throwsLater)
  }

  /** Discards all callbacks, because no pong can arrive any more. */
  discard () {
    for (const callback of this.#callbacks.values()) callback.discard()
    this.#callbacks.clear()
  }
}

module.exports = { Pings }
