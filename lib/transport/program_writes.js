// @ts-check
'use strict'

const { constants } = require('node:os')
const { setImmediate } = require('../scheduling')
const { systemError } = require('./errors')

/**
 * The writes of a program that the reactor encrypts. Node's stream passes them one after the other. A write is done
 * when the kernel has accepted its bytes.
 */
class ProgramWrites {
  #adoption
  /** @type {((error?: any) => void) | null} called when the kernel has accepted the current write */
  #done = null
  /** Whether a write is done when the reactor has stored its bytes. */
  #passesAll = false

  /** @param {import('./adoption').Adoption} adoption */
  constructor (adoption) {
    this.#adoption = adoption
  }

  /**
   * @param {Uint8Array} bytes
   * @param {(error?: any) => void} done
   */
  write (bytes, done) {
    this.#done = done
    if (!this.#adoption.isActive) return this.#complete(systemError('write', constants.errno.EPIPE))
    const isAccepted = this.#adoption.writeAround(bytes)
    if (this.#passesAll) return this.#complete()
    if (!isAccepted) return
    if (!this.#adoption.isBatching) return this.#complete()
    // The reactor may write the bytes at the end of the batch.
    setImmediate(() => { if (this.#done === done) this.flush() })
  }

  /** Completes the current write if the kernel has accepted its bytes. */
  flush () {
    if (this.#done !== null && this.#adoption.isActive && this.#adoption.flush()) this.#complete()
  }

  /** Makes the reactor store the current write and those that follow at once, because the adoption ends. */
  passAll () {
    this.#passesAll = true
    this.#complete()
  }

  /** Fails the current write. @param {any} [error] */
  cancel (error) {
    this.#complete(error ?? systemError('write', constants.errno.ECANCELED))
  }

  /** @param {any} [error] */
  #complete (error) {
    const done = this.#done
    this.#done = null
    if (done !== null) done(error)
  }
}

module.exports = { ProgramWrites }
