// @ts-check
'use strict'

const { clearImmediate, setImmediate } = require('../scheduling')

/** @typedef {import('./direction').Codec} Codec */

/**
 * The codec of the core. Processes a large message in slices, one per turn of the event loop.
 *
 * @implements {Codec}
 */
class NativeCodec {
  #begin
  #proceed
  /** @type {any} an immediate */
  #next = null

  /**
   * @param {(data: Buffer) => Buffer | null} begin
   * @param {() => Buffer | null} proceed
   */
  constructor (begin, proceed) {
    this.#begin = begin
    this.#proceed = proceed
  }

  /**
   * @param {Buffer} data
   * @param {import('./direction').Done} done
   */
  start (data, done) {
    this.#step(() => this.#begin(data), done)
  }

  cancel () {
    if (this.#next) clearImmediate(this.#next)
  }

  /**
   * @param {() => Buffer | null} work
   * @param {import('./direction').Done} done
   */
  #step (work, done) {
    let result
    try {
      result = work()
    } catch (error) {
      return done(error)
    }
    if (result !== null) return done(null, result)
    this.#next = setImmediate(() => this.#step(this.#proceed, done))
  }
}

module.exports = { NativeCodec }
