// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { constants } = require('node:zlib')

/**
 * The negotiated parameters of one direction, RFC 7692 section 7.1.
 *
 * @typedef {{ context: boolean, windowBits: number }} Agreement
 * @typedef {import('./direction').Codec} Codec
 */

/**
 * The message that a stream processes.
 *
 * @typedef {object} Job
 * @property {Buffer} data the input
 * @property {Buffer[]} chunks the output
 * @property {number} length of the output
 * @property {number} streams the number of streams that were used
 * @property {import('./direction').Done} done
 */

/**
 * A codec that uses streams of a module with the interface of Node's zlib.
 *
 * @implements {Codec}
 */
class ZlibCodec {
  #open
  #feed
  #keepsContext
  #maxLength
  /** @type {any} the current stream, or the stream that keeps the context for the next message */
  #stream = null
  /** @type {Job | null} */
  #job = null
  /** The number of bytes that the stream had read before the current job. */
  #taken = 0

  /**
   * @param {object} given
   * @param {() => any} given.open returns a new stream
   * @param {(stream: any, data: Buffer, flushed: (error?: any) => void) => void} given.feed
   * @param {boolean} given.keepsContext whether later messages refer to earlier ones
   * @param {number} [given.maxLength] the maximum length of the output
   */
  constructor ({ open, feed, keepsContext, maxLength = Infinity }) {
    this.#open = open
    this.#feed = feed
    this.#keepsContext = keepsContext
    this.#maxLength = maxLength
  }

  /**
   * @param {Buffer} data
   * @param {import('./direction').Done} done
   */
  start (data, done) {
    this.#job = { data, chunks: [], length: 0, streams: 1, done }
    this.#begin()
  }

  cancel () {
    this.#job = null
    this.#closeStream()
  }

  #begin () {
    const job = this.#job
    if (job === null) return
    try {
      const stream = this.#stream ??= this.#opened()
      this.#taken = stream.bytesWritten
      this.#feed(stream, job.data, (error) => {
        // After an error, the stream emits the reason as an event.
        if (!error && this.#job === job && this.#stream === stream) this.#complete(null)
      })
    } catch (error) {
      this.#complete(error)
    }
  }

  #opened () {
    const stream = this.#open()
    stream.on('data', (/** @type {Buffer} */ chunk) => this.#collect(stream, chunk))
    stream.on('error', (/** @type {any} */ error) => {
      if (stream === this.#stream) this.#complete(error)
    })
    stream.on('end', () => {
      if (stream === this.#stream) this.#continue(stream)
    })
    return stream
  }

  /**
   * Continues with a new stream after a block with BFINAL, which ends a stream. The new stream has no context, so a
   * reference to earlier bytes is an error.
   *
   * @param {any} stream
   */
  #continue (stream) {
    this.#closeStream()
    if (this.#job === null) return
    const taken = stream.bytesWritten - this.#taken
    if (!(taken > 0 && taken < this.#job.data.length)) return this.#complete(null)
    if (++this.#job.streams > MAX_STREAMS) return this.#complete(new Error('too many final blocks'))
    this.#job.data = this.#job.data.subarray(taken)
    this.#begin()
  }

  /**
   * @param {any} stream
   * @param {Buffer} chunk
   */
  #collect (stream, chunk) {
    if (this.#job === null || stream !== this.#stream) return
    this.#job.chunks.push(chunk)
    this.#job.length += chunk.length
    if (this.#job.length <= this.#maxLength) return
    this.#complete(Object.assign(new Error('WebSocket frame length too large'), { code: 'too_large' }))
  }

  /** @param {any} error */
  #complete (error) {
    if (error || !this.#keepsContext) this.#closeStream()
    if (this.#job === null) return
    const { chunks, length, done } = this.#job
    this.#job = null
    if (error) done(error)
    else done(null, Buffer.concat(chunks, length))
  }

  #closeStream () {
    const stream = this.#stream
    this.#stream = null
    try {
      stream?.close()
    } catch (error) {
      // Some streams throw if they are closed twice, or after an error. They then hold no resources.
    }
  }
}

/**
 * @param {any} zlib
 * @param {Agreement} peer
 * @param {number} maxLength
 */
function inflater (zlib, { context, windowBits }, maxLength) {
  return new ZlibCodec({
    open: () => zlib.createInflateRaw({ windowBits: atLeast9(windowBits) }),
    feed (stream, data, flushed) {
      stream.write(data)
      stream.write(TAIL)
      stream.flush(flushed)
    },
    keepsContext: context,
    maxLength
  })
}

/**
 * @param {any} zlib
 * @param {Agreement} own
 * @param {any} options
 */
function deflater (zlib, { context, windowBits }, { level, memLevel, strategy }) {
  const codec = new ZlibCodec({
    open: () => zlib.createDeflateRaw({ windowBits: atLeast9(windowBits), level, memLevel, strategy }),
    feed (stream, data, flushed) {
      stream.write(data)
      stream.flush(constants.Z_SYNC_FLUSH, flushed)
    },
    keepsContext: context
  })
  return {
    /**
     * @param {Buffer} data
     * @param {import('./direction').Done} done
     */
    start: (data, done) => codec.start(data, (error, data) => done(error, data?.subarray(0, -TAIL.length))),
    cancel: () => codec.cancel()
  }
}

/**
 * Returns a window size that zlib supports. zlib uses 9 instead of 8, and inflaters accept that.
 *
 * @param {number} windowBits
 */
function atLeast9 (windowBits) {
  return Math.max(windowBits, 9)
}

/** The maximum number of streams per message. Two bytes of a peer can require a new stream, which costs much more. */
const MAX_STREAMS = 100
/** The end of the last block, which a message omits (RFC 7692 section 7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])

module.exports = { deflater, inflater }
