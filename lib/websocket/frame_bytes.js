// @ts-check
'use strict'

// Helpers of the class WebSocketFrame for the header and the payload of a frame.

const { Buffer } = require('node:buffer')
const { isCloseCode } = require('./close_codes')

const CLOSE = 0x08

/**
 * Moves the close code from the payload of a close frame to `closeStatus`. A payload of one byte is invalid (RFC 6455
 * section 5.5.1).
 *
 * @param {any} frame
 */
function splitClosePayload (frame) {
  if (frame.length === 1) {
    frame.binaryPayload = Buffer.alloc(0)
    frame.invalidCloseFrameLength = true
  } else if (frame.length > 1) {
    frame.closeStatus = frame.binaryPayload.readUInt16BE(0)
    frame.binaryPayload = frame.binaryPayload.subarray(2)
  }
}

/**
 * Returns the payload as sent on the wire. In a close frame, it begins with the close code.
 *
 * @param {any} frame
 * @returns {Buffer}
 */
function payloadOf ({ opcode, closeStatus, binaryPayload }) {
  const payload = binaryPayload || Buffer.alloc(0)
  if (opcode !== CLOSE) return payload
  const code = Buffer.alloc(2)
  code.writeUInt16BE(closeStatus, 0)
  return Buffer.concat([code, payload])
}

/** @param {any} frame whose `length` is set */
function headerOf ({ fin, rsv1, rsv2, rsv3, mask, opcode, length }) {
  const first = (fin ? 0x80 : 0) | rsvOf({ rsv1, rsv2, rsv3 }) << 4 | (opcode & 0x0f)
  const masked = mask ? 0x80 : 0
  if (length <= 125) return Buffer.from([first, masked | length])
  const header = Buffer.alloc(length <= 0xffff ? 4 : 10)
  header[0] = first
  if (length <= 0xffff) {
    header[1] = masked | 126
    header.writeUInt16BE(length, 2)
  } else {
    header[1] = masked | 127
    header.writeBigUInt64BE(BigInt(length), 2)
  }
  return header
}

/**
 * Returns the reserved bits in the engine's form: a number below 8.
 *
 * @param {any} frame
 */
function rsvOf ({ rsv1, rsv2, rsv3 }) {
  return (rsv1 ? 4 : 0) | (rsv2 ? 2 : 0) | (rsv3 ? 1 : 0)
}

/**
 * Throws for a frame that the peer must reject (RFC 6455 sections 5.2 and 5.5). Does not check the order of frames: the
 * program is responsible for it.
 *
 * @param {any} frame
 * @param {boolean} hasExtensions whether extensions are in use, which may define reserved bits
 */
function checkFrame (frame, hasExtensions) {
  const opcode = frame.opcode & 0x0f
  if (!OPCODES.includes(opcode)) throw new Error('Unrecognized Opcode: 0x' + opcode.toString(16))
  if (opcode >= CLOSE && !frame.fin) throw new Error('Control frames must not be fragmented.')
  if (rsvOf(frame) !== 0 && (opcode >= CLOSE || !hasExtensions)) {
    throw new Error('Unsupported usage of rsv bits without negotiated extension.')
  }
  if (opcode === CLOSE && !isCloseCode(frame.closeStatus)) {
    throw new Error('Close code ' + frame.closeStatus + ' is not valid.')
  }
}

const OPCODES = [0, 1, 2, CLOSE, 9, 10]

/**
 * @param {Buffer} bytes
 * @param {Buffer} key
 */
function mask (bytes, key) {
  for (let i = 0; i < bytes.length; i++) bytes[i] ^= key[i & 3]
}

module.exports = { CLOSE, checkFrame, headerOf, mask, payloadOf, rsvOf, splitClosePayload }
