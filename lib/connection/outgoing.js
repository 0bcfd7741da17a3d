// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const native = require('../native')
const { Receipts, refuse } = require('./receipts')
const repeated = require('./repeated')
const { ReadyState } = require('./seam')
const { MAX_HELD } = require('./sessions')

/**
 * The connection that sends.
 *
 * @typedef {object} Host
 * @property {number} number identifies the connection to the native functions
 * @property {import('../../binding').Connection} native for what those functions do not provide
 * @property {number} readyState
 * @property {import('./seam').Transport | null} transport
 * @property {boolean} isBusy whether work remains for the next turn of the event loop
 * @property {() => void} continueLater
 *
 * @typedef {import('./prepared').Message} Prepared
 * @typedef {import('./receipts').Receipt} Receipt
 */

const calls = native.calls()
const { FULL_CHUNK } = native
const { Open } = ReadyState
/** Results of native sends that are not a number of bytes. */
const { Refused: REFUSED, WaitsForWork: WAITS_FOR_WORK } = native.Sent

/**
 * Sends messages, and keeps their receipts, until a transport has taken their bytes. Methods that send return false if
 * the connection is closing or closed, or if the sender should wait for `drained`.
 */
class Outgoing {
  #host
  #number
  /** @type {import('./sessions').Sessions | null} */
  #sessions = null
  /** @type {Receipts | null} most connections need none */
  #receipts = null
  /** Bytes of messages that were announced and have not been sent. */
  #announced = 0

  /** @param {Host} host */
  constructor (host) {
    this.#host = host
    this.#number = host.number
  }

  /** @param {import('./sessions').Sessions} sessions that transform messages from now on */
  use (sessions) {
    this.#sessions = sessions
  }

  /** @param {string} message */
  text (message) {
    if (this.#sessions !== null) return this.#sendTransformed(message, null, false)
    return this.#offer(this.#acceptText(message, false))
  }

  /** @param {Buffer} message */
  binary (message) {
    if (this.#sessions !== null) return this.#sendTransformed(message, null, false)
    return this.#offer(this.#acceptBinary(message, false))
  }

  /** @param {Buffer} message UTF-8 */
  encodedText (message) {
    if (this.#sessions !== null) return this.#transform(true, message, false, false)
    return this.#offer(calls.bytes(this.#number, true, message))
  }

  /**
   * Sends one frame unchanged. The caller must send frames in a valid sequence.
   *
   * @param {boolean} fin
   * @param {number} rsv RSV1, RSV2 and RSV3 as a number below 8
   * @param {number} opcode
   * @param {Buffer} payload
   * @param {object} [options]
   * @param {boolean | Uint8Array} [options.mask] whether the frame is masked, or the four bytes of its key; default:
   * as the policy requires
   * @param {Receipt | null} [options.receipt] called when the kernel has accepted the frame
   */
  frame (fin, rsv, opcode, payload, { mask, receipt = null } = {}) {
    return this.#accepted(this.#host.native.sendFrame(fin, rsv, opcode, payload, mask), receipt)
  }

  /** @param {Prepared} message encoded once for many connections */
  prepared (message) {
    if (this.#sessions !== null) return this.#sendTransformed(message, null, false)
    return this.#offer(calls.prepared(this.#number, message.number))
  }

  /**
   * Sends a message as `text`, `binary` and `prepared` do, with a receipt or uncompressed if the caller wants that.
   *
   * @param {string | Buffer | Prepared} message
   * @param {Receipt | null} receipt called when the kernel has accepted the message
   * @param {boolean} isPlain whether to send uncompressed, even if permessage-deflate was negotiated
   */
  sendWith (message, receipt, isPlain) {
    if (this.#sessions !== null) return this.#sendTransformed(message, receipt, isPlain)
    return this.#accepted(this.#accept(message, receipt !== null, isPlain), receipt)
  }

  /**
   * @param {number} pending the result of a native send
   * @param {Receipt | null} receipt
   */
  #accepted (pending, receipt) {
    if (pending === REFUSED) return refused(receipt)
    if (receipt !== null) {
      // Before the write, whose callback completes the receipt if a stream writes the message.
      this.#host.native.mark()
      this.#expect(receipt)
    }
    return this.#offer(pending)
  }

  /**
   * @param {string | Buffer | Prepared} message
   * @param {boolean} isMarked whether the message has a receipt
   * @param {boolean} isPlain
   */
  #accept (message, isMarked, isPlain) {
    const isPrepared = typeof message !== 'string' && !Buffer.isBuffer(message)
    if (isPlain) return calls.plain(this.#number, isPrepared ? message.number : message)
    if (isPrepared) return calls.prepared(this.#number, message.number)
    if (typeof message === 'string') return this.#acceptText(message, isMarked)
    return this.#acceptBinary(message, isMarked)
  }

  /**
   * @param {string} message
   * @param {boolean} isMarked whether the message has a receipt
   */
  #acceptText (message, isMarked) {
    const pending = message.length < FULL_CHUNK ? null : this.#sendNow(message, isMarked)
    if (pending !== null) return pending
    const prepared = repeated.countText(message, this.#number)
    return prepared >= 0 ? calls.prepared(this.#number, prepared) : calls.text(this.#number, message)
  }

  /**
   * @param {Buffer} message
   * @param {boolean} isMarked whether the message has a receipt
   */
  #acceptBinary (message, isMarked) {
    const pending = message.length < FULL_CHUNK ? null : this.#sendNow(message, isMarked)
    return pending ?? calls.bytes(this.#number, false, message)
  }

  /**
   * Sends a message of at least FULL_CHUNK bytes, if the transport writes it at once, without a copy in the output.
   * Returns null if the transport does not.
   *
   * @param {string | Buffer} message
   * @param {boolean} isMarked whether the message has a receipt
   */
  #sendNow (message, isMarked) {
    const { transport } = this.#host
    return transport === null ? null : transport.sendNow(message, isMarked)
  }

  /**
   * Sends a message of at least FULL_CHUNK bytes. The native half writes it, unless other output precedes it.
   *
   * @param {string | Buffer} message
   */
  now (message) {
    return calls.now(this.#number, message)
  }

  /**
   * Sends a message of at least FULL_CHUNK bytes, if no other output precedes it, by putting its frame into this memory
   * and the rest into the output. Returns the number of bytes in the memory.
   *
   * @param {string | Buffer} message
   * @param {Buffer} memory
   */
  putFrame (message, memory) {
    const length = calls.frame(this.#number, message, memory)
    // A panic may have ended the connection.
    if (length === 0 && calls.hasWork(this.#number)) this.#host.continueLater()
    return length
  }

  /**
   * @param {string | Buffer | Prepared} message
   * @param {Receipt | null} receipt
   * @param {boolean} isPlain
   */
  #sendTransformed (message, receipt, isPlain) {
    if (this.#host.readyState > Open) return refused(receipt)
    if (receipt !== null) this.#expect(receipt)
    const isMarked = receipt !== null
    if (typeof message === 'string') return this.#transform(true, Buffer.from(message), isMarked, isPlain)
    if (Buffer.isBuffer(message)) return this.#transform(false, message, isMarked, isPlain)
    return this.#transform(message.isText, message.native.payload(), isMarked, isPlain)
  }

  /**
   * @param {boolean} isText
   * @param {Buffer} payload
   * @param {boolean} isMarked whether the message has a receipt
   * @param {boolean} isPlain
   */
  #transform (isText, payload, isMarked, isPlain) {
    if (this.#sessions === null || this.#host.readyState > Open) return false
    this.#sessions.outgoing(isText, payload, isMarked, isPlain)
    return this.#host.transport === null || this.#host.transport.hasRoom(0, this.#sessionsAreFull)
  }

  /** @param {Receipt} receipt */
  #expect (receipt) {
    this.#receipts ??= new Receipts()
    this.#receipts.add(receipt)
  }

  /** @param {number} pending the result of a native send */
  #offer (pending) {
    if (pending === REFUSED) return false
    const { transport } = this.#host
    if (transport === null) return true
    if (pending === WAITS_FOR_WORK) {
      this.#host.continueLater()
      // Writes the output before this message. At the end of the process, also compresses and writes the message.
      transport.offer()
      return transport.hasRoom(0, this.isBacklogged)
    }
    const isWritten = transport.offer()
    return transport.hasRoom(isWritten ? 0 : pending)
  }

  /**
   * Counts a message whose bytes are not available yet. Returns false if its sender should wait.
   *
   * @param {number} bytes
   */
  announce (bytes) {
    this.#announced += bytes
    return this.#host.transport === null || this.#host.transport.hasRoom(0, this.isFull)
  }

  /** @param {number} bytes that were announced and have been sent */
  arrived (bytes) {
    this.#announced -= bytes
    this.#host.transport?.notifySender()
  }

  /** Returns all output, or null if there is none. */
  takeOutput () {
    const length = calls.outputLength(this.#number)
    if (length === 0) return null
    const bytes = Buffer.allocUnsafe(length)
    if (calls.takeOutput(this.#number, bytes) === length) return bytes
    // A panic has ended the connection, so the memory may be uninitialised.
    if (calls.hasWork(this.#number)) this.#host.continueLater()
    return null
  }

  /**
   * Takes the first bytes of the output, as many as fit. Returns their number.
   *
   * @param {Buffer} memory
   */
  takeOutputInto (memory) {
    const length = calls.takeOutput(this.#number, memory)
    // A panic may have ended the connection.
    if (length === 0 && calls.hasWork(this.#number)) this.#host.continueLater()
    return length
  }

  /** Returns the first head or frame of the output, or null if there is none. */
  takeWrite () {
    return this.#host.native.takeWrite()
  }

  /** The number of bytes of the output. */
  get outputLength () {
    return calls.outputLength(this.#number)
  }

  get hasOutput () {
    return this.outputLength > 0
  }

  /** Completes the receipts of messages that the kernel has accepted. */
  passed () {
    if (this.#receipts !== null) this.#receipts.passed(this.#host.native.takePassed())
  }

  /**
   * Returns the receipts of the output that a stream writes, or undefined.
   *
   * @param {any} stream
   */
  handOver (stream) {
    return this.#receipts === null ? undefined : this.#receipts.handOver(this.#host.native.takePassed(), stream)
  }

  /**
   * Returns all receipts for one write of a stream, or undefined. Used for TLS records, whose bytes do not correspond
   * to marks.
   *
   * @param {any} stream
   */
  handOverAll (stream) {
    return this.#receipts?.handOverAll(stream)
  }

  /** Whether senders should wait, even if the socket has room. */
  get isFull () {
    return this.#sessionsAreFull || this.isBacklogged || this.#announced > MAX_HELD
  }

  /**
   * Whether many bytes wait to be compressed. Delivery then waits as well: a chunk of a few kilobytes may inflate to
   * hundreds of messages, and an application may answer each of them.
   */
  get isBacklogged () {
    return calls.hasWork(this.#number) && calls.bufferedAmount(this.#number) > MAX_HELD
  }

  get #sessionsAreFull () {
    return this.#sessions !== null && this.#sessions.outgoingBytes > MAX_HELD
  }

  /** Writes a message that sessions have passed to the core. */
  transformed () {
    if (calls.hasWork(this.#number)) this.#host.continueLater()
    this.#host.transport?.offer()
    this.#host.transport?.notifySender()
  }

  /** Whether messages may wait in the connection that the transport cannot take yet. */
  get isBehindSenders () {
    return this.#host.isBusy || this.#announced > 0 || this.#sessions !== null
  }

  /** Bytes that were sent and that the transport has not taken. */
  get bufferedAmount () {
    return calls.bufferedAmount(this.#number) + (this.#sessions?.outgoingBytes ?? 0) + this.#announced
  }

  /** Fails the receipts of messages that cannot be written any more. */
  failReceipts () {
    this.#receipts?.fail()
  }

  /** Discards the messages that wait, because the connection has ended. */
  abandon () {
    this.#announced = 0
    this.#receipts?.fail()
    this.#sessions?.abandon()
  }
}

/** @param {Receipt | null} receipt of a message that was not accepted */
function refused (receipt) {
  if (receipt !== null) refuse(receipt)
  return false
}

module.exports = { Outgoing }
