// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { isAnyArrayBuffer } = require('node:util').types
const { isBlob } = require('../bytes')
const { PreparedMessage } = require('./prepared')

// Converts the data that applications send.

/**
 * Converts any value to a message: a string, a Buffer, a prepared message, or a Blob, whose bytes are read later.
 *
 * @param {any} data
 */
function messageOf (data) {
  return typeof data === 'string' ? data : binaryOf(data) ?? String(data)
}

/**
 * Converts a value that is sent as binary. Returns null for strings and for other values, which are sent as text.
 *
 * @param {any} data
 */
function binaryOf (data) {
  if (typeof data !== 'object' || data === null) return null
  if (data instanceof Buffer) return data
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  if (isAnyArrayBuffer(data)) return Buffer.from(data, 0, data.byteLength)
  if (isBlob(data)) return data
  return PreparedMessage.messageOf(data)
}

/**
 * Returns whether a connection can send binary messages. The drafts have text messages only.
 *
 * @param {{ version: string }} connection
 */
function takesBinary ({ version }) {
  return !String(version).startsWith('hixie')
}

module.exports = { binaryOf, messageOf, takesBinary }
