// @ts-check
'use strict'

const { isUint8Array } = require('../bytes')
const { Prepared } = require('../native')
const { NAME } = require('../scheduling')

/** The method that lets copies of this package read each other's messages. Jest loads one copy per test file. */
const CONTENT = Symbol.for(NAME + '.prepared')
/** @type {WeakMap<object, Message | null>} messages of other copies, converted once */
const converted = new WeakMap()

/**
 * A message that is encoded once for any number of connections. A program cannot change it.
 *
 * @typedef {object} Message
 * @property {import('../../binding').Prepared} native
 * @property {number} number identifies the message to the native functions
 * @property {boolean} isText
 */
class PreparedMessage {
  /** @type {Message} */
  #message

  /** @param {string | Uint8Array} data a string is sent as text, bytes are sent as binary */
  constructor (data) {
    const isText = typeof data === 'string'
    const native = isText ? Prepared.text(data) : Prepared.binary(data)
    this.#message = { native, number: native.number, isText }
    Object.freeze(this)
  }

  /**
   * Returns the message of a PreparedMessage of this or another copy of the package; otherwise null.
   *
   * @param {any} data
   * @returns {Message | null}
   */
  static messageOf (data) {
    if (typeof data !== 'object' || data === null) return null
    if (#message in data) return data.#message
    return typeof data[CONTENT] === 'function' ? PreparedMessage.#converted(data) : null
  }

  /** @param {any} message of another copy of this package */
  static #converted (message) {
    let own = converted.get(message)
    if (own === undefined) {
      const data = message[CONTENT]()
      own = typeof data === 'string' || isUint8Array(data) ? new PreparedMessage(data).#message : null
      converted.set(message, own)
    }
    return own
  }

  [CONTENT] () {
    const { isText, native } = this.#message
    const bytes = native.payload()
    return isText ? bytes.toString() : bytes
  }

  /** Throws, because other libraries would send the text "[object Object]". */
  [Symbol.toPrimitive] () {
    throw new TypeError('A prepared message can only be sent with send() of a WebSocket of the package that prepared ' +
      'it')
  }
}

module.exports = { PreparedMessage }
