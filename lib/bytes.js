// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { isSharedArrayBuffer, isUint8Array } = require('node:util').types

// Bytes of every realm: a Uint8Array of jest or vm is no `instanceof Uint8Array`, and neither is a Buffer there.

/**
 * The same bytes, copied if other threads may write to them, because code that reads twice needs the same bytes.
 *
 * @template {Uint8Array} T
 * @param {T} bytes
 * @returns {T | Buffer}
 */
function unshared (bytes) {
  return isSharedArrayBuffer(bytes.buffer) ? Buffer.from(bytes) : bytes
}

/**
 * A Buffer of the same memory.
 *
 * @param {Uint8Array} bytes
 * @returns {Buffer}
 */
function asBuffer (bytes) {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

module.exports = { asBuffer, isUint8Array, unshared }
