// @ts-check
'use strict'

const { Blob, Buffer } = require('node:buffer')
const { isSharedArrayBuffer, isUint8Array } = require('node:util').types

// Bytes of every realm, in the kinds that JavaScript has for them: a Uint8Array of jest or vm is no
// `instanceof Uint8Array`, and neither is a Buffer there.

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

/**
 * An ArrayBuffer with these bytes and no others.
 *
 * @param {Uint8Array} bytes
 */
function arrayBufferOf ({ buffer, byteOffset, byteLength }) {
  if (byteLength === buffer.byteLength) return buffer
  return buffer.slice(byteOffset, byteOffset + byteLength)
}

/**
 * Whether this is a Blob of Node's, or a readable one of jsdom, undici or a polyfill. Its size must
 * be a number of bytes, because `bufferedAmount` counts it.
 *
 * @param {any} value
 */
function isBlob (value) {
  if (value instanceof Blob) return true
  const tag = value[Symbol.toStringTag]
  if ((tag !== 'Blob' && tag !== 'File') || typeof value.arrayBuffer !== 'function') return false
  return Number.isSafeInteger(value.size) && value.size >= 0
}

module.exports = { arrayBufferOf, asBuffer, isBlob, isUint8Array, unshared }
