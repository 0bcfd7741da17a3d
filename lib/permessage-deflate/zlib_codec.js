// @ts-check
'use strict'

const { constants } = require('node:zlib')

/**
 * What one end keeps to, by RFC 7692 section 7.1.
 *
 * @typedef {{ context: boolean, windowBits: number }} Agreement
 * @typedef {import('./direction').Codec} Codec
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
  /** @type {{ chunks: Buffer[], length: number, done: import('./direction').Done } | null} */
  #job = null

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
    const job = this.#job = { chunks: [], length: 0, done }
    try {
      this.#stream ??= this.#opened()
      this.#feed(this.#stream, data, (error) => {
        // After an error there is an event, which says what it was.
        if (!error && this.#job === job) this.#finish(null)
      })
    } catch (error) {
      this.#finish(error)
    }
  }

  stop () {
    this.#job = null
    this.#drop()
  }

  #opened () {
    const stream = this.#open()
    stream.on('data', (/** @type {Buffer} */ chunk) => this.#collect(stream, chunk))
    stream.on('error', (/** @type {any} */ error) => {
      if (stream === this.#stream) this.#finish(error)
    })
    // After a block with BFINAL a stream takes nothing any more.
    stream.on('end', () => {
      if (stream !== this.#stream) return
      this.#drop()
      this.#finish(null)
    })
    return stream
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

/** The end of a block that a message leaves out (RFC 7692 section 7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])

module.exports = { deflater, inflater }
