'use strict'

// permessage-deflate with Node's zlib, so that our code does not check itself, and test messages.

const zlib = require('node:zlib')

const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])
const STRICT = 64

/**
 * Both directions of one endpoint, one message at a time. Without `context`, each message is compressed independently,
 * and a reference to another message is an error.
 */
class Codec {
  constructor ({ windowBits = 15, context = true, ...options } = {}) {
    this.windowBits = windowBits
    // zlib cannot compress with a window of 256 bytes. With a window of 512, it uses 250 bytes.
    this.options = { ...options, windowBits: Math.max(windowBits, 9) }
    this.memory = context ? 1 << windowBits : 0
    this.sent = this.received = Buffer.alloc(0)
  }

  deflate (data) {
    const bytes = Buffer.from(data)
    const compressed = zlib.deflateRawSync(bytes, {
      ...this.options, ...dictionary(this.sent), finishFlush: zlib.constants.Z_SYNC_FLUSH
    })
    this.sent = this.#last(this.sent, bytes)
    return compressed.subarray(0, -TAIL.length)
  }

  /**
   * zlib accepts references beyond the window into the output of the same call. With `strict`, calls return so few
   * bytes that zlib refuses such references. This is slow.
   */
  inflate (payload, { strict = false } = {}) {
    const bytes = zlib.inflateRawSync(Buffer.concat([payload, TAIL]), {
      windowBits: this.windowBits,
      ...dictionary(this.received),
      ...(strict && { chunkSize: STRICT }),
      finishFlush: zlib.constants.Z_SYNC_FLUSH
    })
    this.received = this.#last(this.received, bytes)
    return bytes
  }

  #last (past, bytes) {
    return this.memory === 0 ? past : Buffer.concat([past, bytes]).subarray(-this.memory)
  }
}

function dictionary (past) {
  return past.length > 0 && { dictionary: past }
}

/** Compresses one message independently. */
const compress = (data, options) => new Codec(options).deflate(data)

/** Returns incompressible bytes, the same in every run. */
function noise (length, seed = 1) {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    bytes[index] = state >>> 16
  }
  return bytes
}

module.exports = { Codec, compress, noise }
