// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { bytes, string } = require('./convert')
const { Handle, call } = require('./current')
const { PRIVATE, mustBePrivate } = require('./private')

/**
 * @typedef {object} Message a message in JavaScript, where it outlives an instance
 * @property {string | Buffer} data
 * @property {Handle} handle the message in an instance
 */

/** @type {Map<number, Message>} by the numbers that JavaScript assigns */
const messages = new Map()
let last = 0

/** A message for many connections. */
class Prepared {
  #number = ++last
  #message

  /**
   * @param {symbol} key
   * @param {string | Buffer} data
   */
  constructor (key, data) {
    mustBePrivate(key)
    this.#message = { data, handle: hold(data) }
    messages.set(this.#number, this.#message)
    registry.register(this, this.#number)
  }

  /** @param {string} message */
  static text (message) {
    return new Prepared(PRIVATE, string(message))
  }

  /** @param {Uint8Array} message */
  static binary (message) {
    return new Prepared(PRIVATE, Buffer.from(bytes(message)))
  }

  get number () {
    return this.#number
  }

  get length () {
    return Buffer.byteLength(this.#message.data)
  }

  payload () {
    const { data } = this.#message
    return Buffer.from(/** @type {any} */ (data))
  }
}

/** @param {string | Buffer} data */
function hold (data) {
  return new Handle('prepared', call('prepare', data))
}

/**
 * Returns the number of a message in the instance; undefined if there is no such message.
 *
 * @param {number} number
 */
function innerNumber (number) {
  const message = messages.get(number)
  if (message === undefined) return undefined
  if (!message.handle.isCurrent) message.handle = hold(message.data)
  return message.handle.number
}

const registry = new FinalizationRegistry((/** @type {number} */ number) => {
  messages.get(number)?.handle.release()
  messages.delete(number)
})

module.exports = { Prepared, innerNumber }
