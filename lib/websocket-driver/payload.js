// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { inspect } = require('node:util')
const { asBuffer, isUint8Array, unshared } = require('../bytes')

/**
 * The bytes of a message: a string or a number as UTF-8, or bytes.
 *
 * @param {any} message
 * @param {boolean} [isDraft] whether the connection has text only, so that an array is text too
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
 * The bytes of a ping or pong. Other threads cannot change them: the frame and the key of a callback must be the same.
 *
 * @param {any} message
 * @param {boolean} [isDraft]
 */
function controlPayloadOf (message, isDraft = false) {
  return asBuffer(unshared(payloadOf(message || '', isDraft)))
}

module.exports = { controlPayloadOf, payloadOf }
