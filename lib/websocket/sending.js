// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { finished } = require('node:stream')
const { isBlob } = require('../bytes')
const { Callback } = require('../callback')
const { binaryOf } = require('../connection/messages')
const { Queue } = require('../connection/queue')
const { refuse } = require('../connection/receipts')
const { CLOSE_REASONS, isCloseCode } = require('./close_codes')
const { SERVER_DEFAULTS, fragmentAt } = require('./config')
const WebSocketFrame = require('./frame')
const { checkFrame, payloadOf, rsvOf } = require('./frame_bytes')
const { linkOf } = require('./link')
const { State } = require('./state')

// The sending methods of a WebSocketConnection: for messages, control frames and single frames.

const TEXT = 0x01
const BINARY = 0x02

/** @type {Record<string, (this: any, ...args: any[]) => any>} */
const methods = {
  send (data, cb) {
    if (binaryOf(data) !== null) this.sendBytes(data, cb)
    else if (typeof data.toString === 'function') this.sendUTF(data, cb)
    else throw new Error('Data provided must either be a Node Buffer or implement toString()')
  },

  sendUTF (data, cb) {
    const text = textOf(data)
    if (isPatched(this)) this.fragmentAndSend(frameWith(this, TEXT, Buffer.from(text)), cb)
    else sendMessage(this, text, cb)
  },

  sendBytes (data, cb) {
    const message = binaryOf(data)
    if (message === null) {
      throw new Error('You must pass a Node Buffer object to WebSocketConnection.prototype.sendBytes()')
    }
    if (isPatched(this) && Buffer.isBuffer(message)) this.fragmentAndSend(frameWith(this, BINARY, message), cb)
    else sendMessage(this, message, cb)
  },

  ping (data) {
    this._debug('ping')
    linkOf(this).engine.ping(data ? controlPayload(data) : NOTHING)
  },

  pong (binaryPayload) {
    this._debug('pong')
    linkOf(this).engine.pong(binaryPayload ? controlPayload(binaryPayload) : NOTHING)
  },

  sendCloseFrame (reasonCode, description, cb) {
    if (typeof reasonCode !== 'number') reasonCode = CLOSE_REASONS.CLOSE_REASON_NORMAL
    this._debug('sendCloseFrame state: %s, reasonCode: %d, description: %s', this.state, reasonCode, description)
    if (!isCloseCode(reasonCode)) throw new Error('Close code ' + reasonCode + ' is not valid.')
    if (this.state !== State.Open && this.state !== State.PeerRequestedClose) return
    const link = linkOf(this)
    const reason = typeof description === 'string' ? description : ''
    const send = () => {
      link.engine.close(reasonCode, reason)
      link.end()
    }
    // The close frame is the last output, so the kernel has accepted it when our half of the socket has finished.
    if (typeof cb === 'function') finished(this.socket, { readable: false }, cb)
    if (link.queue === null) send()
    else link.queue.whenEmpty(send)
  },

  sendFrame (frame, cb) {
    this._debug('sendFrame')
    frame.mask = this.maskOutgoingPackets
    checkFrame(frame, this.extensions?.length > 0)
    const payload = payloadOf(frame)
    frame.length = payload.length
    const link = linkOf(this)
    const receipt = receiptOf(cb)
    const isFlushed = link.queue === null
      ? link.engine.outgoing.frame(Boolean(frame.fin), rsvOf(frame), frame.opcode & 0x0f, payload, { receipt })
      : queueFrame(this, frame, Buffer.from(payload), receipt)
    this.outputBufferFull = !isFlushed
    return isFlushed
  },

  fragmentAndSend (frame, cb) {
    this._debug('fragmentAndSend')
    if (frame.opcode > 0x07) throw new Error('You cannot fragment control frames.')
    const threshold = fragmentAt(this.config) ?? SERVER_DEFAULTS.fragmentationThreshold
    const { length } = frame.binaryPayload
    if (!(length > threshold)) {
      frame.fin = true
      this.sendFrame(frame, cb)
      return
    }
    const sent = whenAll(Math.ceil(length / threshold), cb)
    for (let start = 0; start < length; start += threshold) {
      const end = start + threshold
      const part = frameWith(this, start === 0 ? frame.opcode : 0, frame.binaryPayload.subarray(start, end))
      part.fin = end >= length
      this.sendFrame(part, sent)
    }
  }
}

const { fragmentAndSend, sendFrame } = methods

/**
 * Returns whether the program has replaced neither this method of a connection nor one that `isPatched` checks.
 *
 * @param {any} connection
 * @param {'sendUTF' | 'sendBytes'} method
 */
function isUsual (connection, method) {
  return connection[method] === methods[method] && !isPatched(connection)
}

/**
 * Returns whether the program has replaced one of the methods through which the original sends messages. If so, our
 * messages also pass through those methods, as frames.
 *
 * @param {any} connection
 */
function isPatched (connection) {
  return connection.sendFrame !== sendFrame || connection.fragmentAndSend !== fragmentAndSend
}

/**
 * @param {any} connection
 * @param {any} message a string, a Buffer, a Blob, or the engine's form of a prepared message
 * @param {any} cb
 */
function sendMessage (connection, message, cb) {
  const link = linkOf(connection)
  const receipt = receiptOf(cb)
  if (!connection.connected) {
    if (receipt !== null) refuse(receipt)
    return
  }
  if (link.queue === null && typeof message !== 'string' && isBlob(message)) link.queue = new Queue(link)
  const isFlushed = link.queue === null
    ? link.engine.outgoing.sendWith(message, receipt, false)
    : link.queue.push(message, receipt, false)
  connection.outputBufferFull = !isFlushed
}

/**
 * Queues a frame behind a Blob that is being read.
 *
 * @param {any} connection
 * @param {any} frame
 * @param {Buffer} payload a copy, because the program may change the original before the frame is sent
 * @param {Callback | null} receipt
 */
function queueFrame (connection, frame, payload, receipt) {
  const { engine: { outgoing }, queue } = linkOf(connection)
  if (!connection.connected || queue === null) {
    if (receipt !== null) refuse(receipt)
    return false
  }
  const { fin, opcode } = frame
  const rsv = rsvOf(frame)
  return queue.pushSend(payload.length,
    () => outgoing.frame(Boolean(fin), rsv, opcode & 0x0f, payload, { receipt }), receipt)
}

/**
 * Returns the text to send for a value. If `toString()` returns no string, Buffer converts the result, or throws, as in
 * the original.
 *
 * @param {any} data
 * @returns {string}
 */
function textOf (data) {
  const text = data.toString()
  return typeof text === 'string' ? text : Buffer.from(text, 'utf8').toString()
}

/** @param {any} cb */
function receiptOf (cb) {
  return typeof cb === 'function' ? new Callback(cb) : null
}

/**
 * Returns a callback to pass with each of `count` frames. It calls `cb` once: with the first error, or after the last
 * frame.
 *
 * @param {number} count
 * @param {any} cb
 */
function whenAll (count, cb) {
  if (typeof cb !== 'function') return undefined
  return (/** @type {any} */ error) => {
    if (count <= 0) return
    count = error ? 0 : count - 1
    if (error) cb(error)
    else if (count === 0) cb()
  }
}

/**
 * @param {any} connection
 * @param {number} opcode
 * @param {Buffer} payload
 */
function frameWith ({ maskBytes, frameHeader, config }, opcode, payload) {
  const frame = /** @type {any} */ (new WebSocketFrame(maskBytes, frameHeader, config))
  frame.opcode = opcode
  frame.binaryPayload = payload
  return frame
}

/**
 * Returns the bytes of a frame as the peer would send them.
 *
 * @param {any} frame
 * @param {boolean} isMasked
 */
function bytesOf (frame, isMasked) {
  frame.mask = isMasked
  return frame.toBuffer()
}

/**
 * Returns the payload of a control frame. A payload above 125 bytes, the limit of RFC 6455 section 5.5, is cut to 124
 * bytes, as in the original.
 *
 * @param {any} data
 */
function controlPayload (data) {
  const bytes = binaryOf(data)
  const payload = Buffer.isBuffer(bytes) ? bytes : Buffer.from(String(data))
  return payload.length > 125 ? payload.subarray(0, 124) : payload
}

const NOTHING = Buffer.alloc(0)

module.exports = { bytesOf, isUsual, methods, sendMessage, textOf }
