// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { isAnyArrayBuffer } = require('node:util').types
const { isBlob } = require('../bytes')
const { PreparedMessage } = require('./prepared')

// What a connection sends for the kinds of data that applications give it.

/**
 * What a connection sends for anything that an application may send: a string, a Buffer, what it has for a prepared
 * message; or a Blob, whose bytes have to be waited for.
 *
 * @param {any} data
 */
function messageOf (data) {
  return typeof data === 'string' ? data : binaryOf(data) ?? String(data)
}

/**
 * The same for what is no text; null for text and for what is sent as text.
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
 * Whether a connection can send bytes: the drafts have text only.
 *
 * @param {{ version: string }} connection
 */
function takesBinary ({ version }) {
  return !String(version).startsWith('hixie')
}

module.exports = { binaryOf, messageOf, takesBinary }
