// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { asBuffer, isUint8Array, unshared } = require('../bytes')
const { clearImmediate, nextTick, setImmediate } = require('../scheduling')

/**
 * A message of the framework. A session changes it in place.
 *
 * @typedef {{ rsv1: boolean, data: Buffer }} Message
 * @typedef {(error: any, message: any) => void} Callback
 *
 * Inflates or compresses one message at a time. `start` calls `done` once, synchronously or later. `cancel` discards
 * the current message, and releases the codec.
 *
 * @typedef {(error: any, data?: Buffer) => void} Done
 * @typedef {{ start: (data: Buffer, done: Done) => void, cancel: () => void }} Codec
 */

/**
 * One direction of a session. Passes messages to the codec one at a time, and calls back in their order. After a
 * limited number of bytes it waits for the next turn of the event loop.
 */
class Direction {
  #codec
  #passes
  #copies
  /** @type {Array<{ message: Message, callback: Callback }>} */
  #jobs = []
  /** The index of the current or next job. */
  #first = 0
  #isAtWork = false
  #isRunning = false
  #isClosed = false
  /** @type {any} the first error, with which all later messages fail as well */
  #error = null
  /** Bytes in and out in this turn of the event loop. */
  #spent = 0
  /** @type {any} an immediate */
  #pause = null

  /**
   * @param {Codec} codec
   * @param {(message: any) => boolean} passes returns whether a message passes unchanged
   * @param {{ copies: boolean }} options whether to copy messages that wait, because the caller may change their bytes
   */
  constructor (codec, passes, { copies }) {
    this.#codec = codec
    this.#passes = passes
    this.#copies = copies
  }

  /**
   * @param {Message} message
   * @param {Callback} callback
   */
  add (message, callback) {
    if (this.#isClosed) return
    // The caller may change its buffer while the message waits.
    if (this.#jobs.length > 0 && this.#copies) message.data = Buffer.from(message.data)
    this.#jobs.push({ message, callback })
    this.#run()
  }

  close () {
    this.#isClosed = true
    this.#jobs = []
    this.#first = 0
    if (this.#pause) clearImmediate(this.#pause)
    this.#codec.cancel()
  }

  #run () {
    if (this.#isRunning) return
    this.#isRunning = true
    while (this.#first < this.#jobs.length && !this.#isAtWork && this.#pause === null) {
      if (this.#spent < TURN) this.#work(this.#jobs[this.#first].message)
      else this.#wait()
    }
    this.#isRunning = false
  }

  /** @param {Message} message */
  #work (message) {
    this.#isAtWork = true
    if (this.#error) return this.#complete(this.#error)
    if (this.#passes(message)) return this.#complete(null)
    if (!isUint8Array(message?.data)) return this.#complete(new TypeError('the message has no bytes as its data'))
    const { length } = message.data
    this.#codec.start(asBuffer(unshared(message.data)), (error, data) => {
      if (this.#isClosed) return
      this.#spent += length + (data?.length ?? 0) + COST
      if (data) {
        message.data = data
        message.rsv1 = true
      } else {
        this.#error = error
      }
      this.#complete(error)
    })
  }

  /** @param {any} error of the current job */
  #complete (error) {
    const { message, callback } = this.#jobs[this.#first]
    this.#first += 1
    if (this.#first === this.#jobs.length) {
      this.#jobs = []
      this.#first = 0
    }
    this.#isAtWork = false
    try {
      if (error) callback(failure(error), null)
      else callback(null, message)
    } catch (thrown) {
      // The framework would treat this exception of the application as an error of the session, and discard it.
      nextTick(() => { throw thrown })
    }
    this.#run()
  }

  #wait () {
    this.#pause = setImmediate(() => {
      this.#pause = null
      this.#spent = 0
      this.#run()
    })
  }
}

/**
 * Returns an error of a codec in the form of the framework: `type` is the name of a close code. Creates a new error for
 * each message, because the framework changes it.
 *
 * @param {any} error
 */
function failure ({ message, code }) {
  return Object.assign(new Error(message), { code }, code === 'too_large' && { type: code })
}

/** The maximum of bytes in and out per turn of the event loop. */
const TURN = 1024 * 1024
/** The fixed cost of a message, in bytes. */
const COST = 512

module.exports = { Direction }
