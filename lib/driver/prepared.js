// @ts-check
'use strict'

const { Prepared } = require('../native')

/**
 * A message that is converted and framed once, for any number of connections. Whoever has it cannot change it.
 *
 * @typedef {object} Message
 * @property {import('../../binding').Prepared} native
 * @property {number} number what the native functions know it by
 * @property {boolean} isText
 */
class PreparedMessage {
  /** @type {Message} */
  #message

  /** @param {string | Buffer} data as it is received: a string as text, a Buffer as binary */
  constructor (data) {
    const isText = typeof data === 'string'
    const native = isText ? Prepared.text(data) : Prepared.binary(data)
    this.#message = { native, number: native.number, isText }
    Object.freeze(this)
  }

  /**
   * What a driver sends, or null for anything that is not one of ours.
   *
   * @param {any} data
   * @returns {Message | null}
   */
  static messageOf (data) {
    return typeof data === 'object' && data !== null && #message in data ? data.#message : null
  }

  /** Whatever else it is given to would send its name. */
  [Symbol.toPrimitive] () {
    throw new TypeError('A prepared message is for send() of a WebSocket of the package that has prepared it')
  }
}

module.exports = { PreparedMessage }
