// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { constants } = require('node:zlib')

/**
 * What one end keeps to, by RFC 7692 section 7.1.
 *
 * @typedef {{ context: boolean, windowBits: number }} Agreement
 * @typedef {import('./direction').Codec} Codec
 */

/**
 * A message that a stream works on.
 *
 * @typedef {object} Job
 * @property {Buffer} data what the stream is given
 * @property {Buffer[]} chunks what has come out
 * @property {number} length of that
 * @property {number} streams how many it took
 * @property {import('./direction').Done} done
 */

/**
 * A module with the interface of Node's zlib as a codec: streams that work on one message at a time.
 *
 * @implements {Codec}
 */
class ZlibCodec {
  #open
  #feed
  #keepsContext
  #maxLength
  /** @type {any} the stream that works, or that waits with its context */
  #stream = null
  /** @type {Job | null} */
  #job = null
  /** How many bytes the stream had taken before it was given those of the job. */
  #taken = 0

  /**
   * @param {object} given
   * @param {() => any} given.open makes a stream
   * @param {(stream: any, data: Buffer, flushed: (error?: any) => void) => void} given.feed
   * @param {boolean} given.keepsContext from message to message
   * @param {number} [given.maxLength] of what comes out
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

  stop () {
    this.#job = null
    this.#drop()
  }

  #begin () {
    const job = this.#job
    if (job === null) return
    try {
      const stream = this.#stream ??= this.#opened()
      this.#taken = stream.bytesWritten
      this.#feed(stream, job.data, (error) => {
        // After an error there is an event, which says what it was.
        if (!error && this.#job === job && this.#stream === stream) this.#finish(null)
      })
    } catch (error) {
      this.#finish(error)
    }
  }

  #opened () {
    const stream = this.#open()
    stream.on('data', (/** @type {Buffer} */ chunk) => this.#collect(stream, chunk))
    stream.on('error', (/** @type {any} */ error) => {
      if (stream === this.#stream) this.#finish(error)
    })
    stream.on('end', () => {
      if (stream === this.#stream) this.#goOn(stream)
    })
    return stream
  }

  /**
   * After a block with BFINAL a stream takes nothing any more. What is behind it goes to another, without context: to
   * refer to that is an error then.
   *
   * @param {any} stream
   */
  #goOn (stream) {
    this.#drop()
    if (this.#job === null) return
    const taken = stream.bytesWritten - this.#taken
    if (!(taken > 0 && taken < this.#job.data.length)) return this.#finish(null)
    if (++this.#job.streams > MAX_STREAMS) return this.#finish(new Error('too many final blocks'))
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
    this.#finish(Object.assign(new Error('WebSocket frame length too large'), { code: 'too_large' }))
  }

  /** @param {any} error */
  #finish (error) {
    if (error || !this.#keepsContext) this.#drop()
    if (this.#job === null) return
    const { chunks, length, done } = this.#job
    this.#job = null
    if (error) done(error)
    else done(null, Buffer.concat(chunks, length))
  }

  #drop () {
    const stream = this.#stream
    this.#stream = null
    try {
      stream?.close()
    } catch (error) {
      // Some streams cannot be closed twice, or not after an error: they have nothing to give back then.
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
    stop: () => codec.stop()
  }
}

/**
 * What zlib takes for the smallest window, and nobody's inflater minds.
 *
 * @param {number} windowBits
 */
function atLeast9 (windowBits) {
  return Math.max(windowBits, 9)
}

/** For one message. Two bytes of the peer's are enough to need another stream, which costs far more. */
const MAX_STREAMS = 100
/** The end of a block that a message leaves out (RFC 7692 section 7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])

module.exports = { deflater, inflater }
