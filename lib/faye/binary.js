// @ts-check
'use strict'

const { Blob, Buffer } = require('node:buffer')
const { isAnyArrayBuffer } = require('node:util').types
const { PreparedMessage } = require('../connection/prepared')

// The kinds of data that JavaScript has for bytes, to and from Buffers.

/**
 * What a connection sends for anything that an application may send: a string, a Buffer, what it has for a prepared
 * message; or a Blob, whose bytes have to be waited for.
 *
 * @param {any} data
 */
function messageOf (data) {
  if (typeof data === 'string') return data
  if (typeof data !== 'object' || data === null) return String(data)
  if (data instanceof Buffer) return data
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  if (isAnyArrayBuffer(data)) return Buffer.from(data, 0, data.byteLength)
  if (isBlob(data)) return data
  return PreparedMessage.messageOf(data) ?? String(data)
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
 * Whether a connection can send bytes: the drafts have text only.
 *
 * @param {{ version: string }} connection
 */
function takesBinary ({ version }) {
  return !String(version).startsWith('hixie')
}

module.exports = { arrayBufferOf, isBlob, messageOf, takesBinary }
