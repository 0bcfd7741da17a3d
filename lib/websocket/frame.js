// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { randomFillSync } = require('node:crypto')
const { CLOSE, headerOf, mask, payloadOf, splitClosePayload } = require('./frame_bytes')

/**
 * A frame (RFC 6455 section 5.2), as the event `frame` passes it and `sendFrame()` accepts it. Programs may also parse
 * and serialise frames with this class. Connections do not: the engine has a codec of its own.
 *
 * @this {any}
 * @param {Buffer} maskBytes four bytes for a masking key
 * @param {Buffer} frameHeader ten bytes for a header
 * @param {any} config
 */
function WebSocketFrame (maskBytes, frameHeader, config) {
  this.maskBytes = maskBytes
  this.frameHeader = frameHeader
  this.config = config
  this.maxReceivedFrameSize = config.maxReceivedFrameSize
  this.protocolError = false
  this.frameTooLarge = false
  this.invalidCloseFrameLength = false
  this.parseState = State.Header
  this.closeStatus = -1
}

/** The part of the frame that the parser reads next. */
const State = { Header: 1, Length16: 2, Length64: 3, MaskKey: 4, Payload: 5, Complete: 6 }

/**
 * Parses the frame from the front of a list of buffers. Returns true if the frame is complete or invalid, false if the
 * list contains too few bytes.
 *
 * @this {any}
 * @param {any} bufferList
 * @returns {boolean}
 */
WebSocketFrame.prototype.addData = function (bufferList) {
  if (this.parseState === State.Header && bufferList.length >= 2) readHeader(this, take(this, bufferList, 0, 2))
  if (this.protocolError) return true
  if (this.parseState === State.Length16 && bufferList.length >= 2) {
    this.length = take(this, bufferList, 2, 2).readUInt16BE(2)
    this.parseState = State.MaskKey
  } else if (this.parseState === State.Length64 && bufferList.length >= 8) {
    const header = take(this, bufferList, 2, 8)
    if (header.readUInt32BE(2) !== 0) return fail(this, 'Unsupported 64-bit length frame received')
    this.length = header.readUInt32BE(6)
    this.parseState = State.MaskKey
  }
  if (this.parseState === State.MaskKey && (!this.mask || bufferList.length >= 4)) {
    if (this.mask) {
      bufferList.joinInto(this.maskBytes, 0, 0, 4)
      bufferList.advance(4)
    }
    this.parseState = State.Payload
  }
  return this.parseState === State.Payload && readPayload(this, bufferList)
}

/**
 * @param {any} frame
 * @param {any} bufferList
 * @param {number} offset in the header
 * @param {number} length
 * @returns {Buffer} the header
 */
function take ({ frameHeader }, bufferList, offset, length) {
  bufferList.joinInto(frameHeader, offset, 0, length)
  bufferList.advance(length)
  return frameHeader
}

/**
 * @param {any} frame
 * @param {Buffer} header
 */
function readHeader (frame, [first, second]) {
  frame.fin = Boolean(first & 0x80)
  frame.rsv1 = Boolean(first & 0x40)
  frame.rsv2 = Boolean(first & 0x20)
  frame.rsv3 = Boolean(first & 0x10)
  frame.mask = Boolean(second & 0x80)
  frame.opcode = first & 0x0f
  frame.length = second & 0x7f
  if (frame.opcode >= CLOSE && frame.length > 125) fail(frame, 'Illegal control frame longer than 125 bytes.')
  else if (frame.opcode >= CLOSE && !frame.fin) fail(frame, 'Control frames must not be fragmented.')
  else if (frame.length === 126) frame.parseState = State.Length16
  else if (frame.length === 127) frame.parseState = State.Length64
  else frame.parseState = State.MaskKey
}

/**
 * @param {any} frame
 * @param {string} reason
 */
function fail (frame, reason) {
  frame.protocolError = true
  frame.dropReason = reason
  return true
}

/**
 * @param {any} frame
 * @param {any} bufferList
 */
function readPayload (frame, bufferList) {
  const { length } = frame
  if (length > frame.maxReceivedFrameSize) {
    frame.frameTooLarge = true
    frame.dropReason = `Frame size of ${length} bytes exceeds maximum accepted frame size`
    return true
  }
  if (length === 0) {
    frame.binaryPayload = Buffer.alloc(0)
  } else {
    if (bufferList.length < length) return false
    frame.binaryPayload = bufferList.take(length)
    bufferList.advance(length)
    if (frame.mask) mask(frame.binaryPayload, frame.maskBytes)
    if (frame.opcode === CLOSE) splitClosePayload(frame)
  }
  frame.parseState = State.Complete
  return true
}

/**
 * Skips the payload. Returns false if the list contains only a part of it.
 *
 * @this {any}
 * @param {any} bufferList
 */
WebSocketFrame.prototype.throwAwayPayload = function (bufferList) {
  if (bufferList.length < this.length) return false
  bufferList.advance(this.length)
  this.parseState = State.Complete
  return true
}

/**
 * Serialises the frame. If `mask` is set, masks the payload: with a random key, or with zeros if `nullMask` is true.
 *
 * @this {any}
 * @param {boolean} [nullMask]
 * @returns {Buffer}
 */
WebSocketFrame.prototype.toBuffer = function (nullMask) {
  const payload = payloadOf(this)
  this.length = payload.length
  const header = headerOf(this)
  if (!this.mask) return Buffer.concat([header, payload])
  if (nullMask) this.maskBytes.fill(0)
  else randomFillSync(this.maskBytes, 0, 4)
  const masked = Buffer.from(payload)
  mask(masked, this.maskBytes)
  return Buffer.concat([header, this.maskBytes.subarray(0, 4), masked])
}

/** @this {any} */
WebSocketFrame.prototype.toString = function () {
  return `Opcode: ${this.opcode}, fin: ${this.fin}, length: ${this.length}, ` +
    `hasPayload: ${Boolean(this.binaryPayload)}, masked: ${this.mask}`
}

module.exports = WebSocketFrame
