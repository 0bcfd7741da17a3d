// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { inspect } = require('node:util')
const { asBuffer, isUint8Array, unshared } = require('../bytes')

/**
 * Returns the bytes of a message. Strings and numbers are encoded as UTF-8.
 *
 * @param {any} message
 * @param {boolean} [isDraft] whether the connection supports text only, so that an array is converted to text
 * @returns {Buffer}
 */
function payloadOf (message, isDraft = false) {
  if (Buffer.isBuffer(message)) return message
  if (typeof message === 'number' || (isDraft && Array.isArray(message))) message = String(message)
  if (typeof message === 'string' || Array.isArray(message)) return Buffer.from(message)
  if (isUint8Array(message)) return asBuffer(message)
  throw new TypeError(`A message is a string, a number, or bytes; got ${inspect(message)}`)
}

/**
 * Returns the bytes of a ping or pong, in memory that other threads cannot change. The frame and the key of a callback
 * must be equal.
 *
 * @param {any} message
 * @param {boolean} [isDraft]
 */
function controlPayloadOf (message, isDraft = false) {
  return asBuffer(unshared(payloadOf(message || '', isDraft)))
}

module.exports = { controlPayloadOf, payloadOf }
