// @ts-check
'use strict'

const { createHash, randomBytes } = require('node:crypto')

/** RFC 6455 section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** A key that carries a fresh nonce. */
function newKey () {
  return randomBytes(16).toString('base64')
}

/** @param {string} key whose nonce the answer proves to have been read */
function acceptValue (key) {
  return createHash('sha1').update(key + GUID).digest('base64')
}

module.exports = { acceptValue, newKey }
