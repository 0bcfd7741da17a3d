'use strict'

const { Blob } = require('node:buffer')
const { isAnyArrayBuffer, isSharedArrayBuffer } = require('node:util').types
const { PreparedMessage } = require('../driver/prepared')

// The kinds of data that JavaScript has for bytes, to and from Buffers.

/**
 * What a driver sends for anything that an application may send: a string, a Buffer, what it has for a prepared
 * message; or a Blob, whose bytes have to be waited for.
 */
function messageOf (data) {
  if (typeof data === 'string') return data
  if (typeof data !== 'object' || data === null) return String(data)
  if (data instanceof Buffer || data instanceof Blob) return data
  if (ArrayBuffer.isView(data)) return view(data.buffer, data.byteOffset, data.byteLength)
  if (isAnyArrayBuffer(data)) return view(data, 0, data.byteLength)
  return PreparedMessage.messageOf(data) ?? String(data)
}

/** Of what another thread may write to, a copy: what is sent must stay what it is while it is checked and masked. */
function view (buffer, offset, length) {
  if (isSharedArrayBuffer(buffer)) return Buffer.from(new Uint8Array(buffer, offset, length))
  return Buffer.from(buffer, offset, length)
}

/** An ArrayBuffer with these bytes and no others. */
function arrayBufferOf ({ buffer, byteOffset, byteLength }) {
  if (byteLength === buffer.byteLength) return buffer
  return buffer.slice(byteOffset, byteOffset + byteLength)
}

module.exports = { messageOf, arrayBufferOf }
