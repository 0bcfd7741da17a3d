// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { isAnyArrayBuffer } = require('node:util').types
const { isBlob } = require('../bytes')
const { PreparedMessage } = require('./prepared')

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
 * Whether a connection can send bytes: the drafts have text only.
 *
 * @param {{ version: string }} connection
 */
function takesBinary ({ version }) {
  return !String(version).startsWith('hixie')
}

module.exports = { messageOf, takesBinary }
