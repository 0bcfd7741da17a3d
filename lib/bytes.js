// @ts-check
'use strict'

const { Blob, Buffer } = require('node:buffer')
const { isSharedArrayBuffer, isUint8Array } = require('node:util').types

// Bytes of every realm: a Uint8Array or a Buffer from Jest or `vm` is not an `instanceof Uint8Array` here.

/**
 * Returns the same bytes, copied if other threads may write to them. Code that reads memory twice must read the same
 * bytes.
 *
 * @template {Uint8Array} T
 * @param {T} bytes
 * @returns {T | Buffer}
 */
function unshared (bytes) {
  return isSharedArrayBuffer(bytes.buffer) ? Buffer.from(bytes) : bytes
}

/**
 * Returns a Buffer of the same memory.
 *
 * @param {Uint8Array} bytes
 * @returns {Buffer}
 */
function asBuffer (bytes) {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * Returns an ArrayBuffer that contains exactly these bytes.
 *
 * @param {Uint8Array} bytes
 */
function arrayBufferOf ({ buffer, byteOffset, byteLength }) {
  if (byteLength === buffer.byteLength) return buffer
  return buffer.slice(byteOffset, byteOffset + byteLength)
}

/**
 * Returns whether a value is a Blob of Node, or one of jsdom, undici or a polyfill that can be read. Its size must be a
 * number of bytes, because `bufferedAmount` counts it.
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
