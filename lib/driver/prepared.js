// @ts-check
'use strict'

const { Prepared } = require('../native')

/** A message that is converted and framed once, for any number of connections. Whoever has it cannot change it. */
class PreparedMessage {
  /** @type {import('../../binding').Prepared} */
  #native

  /** @param {string | Buffer} data as it is received: a string as text, a Buffer as binary */
  constructor (data) {
    this.#native = typeof data === 'string' ? Prepared.text(data) : Prepared.binary(data)
    Object.freeze(this)
  }

  /**
   * What a driver sends, or null for anything that is not one of ours.
   *
   * @param {any} data
   * @returns {import('../../binding').Prepared | null}
   */
  static nativeOf (data) {
    return typeof data === 'object' && data !== null && #native in data ? data.#native : null
  }

  /** Whatever else it is given to would send its name. */
  [Symbol.toPrimitive] () {
    throw new TypeError('A prepared message is for send() of a WebSocket of the package that has prepared it')
  }
}

module.exports = { PreparedMessage }
