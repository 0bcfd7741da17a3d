// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { asBuffer, isUint8Array, unshared } = require('../bytes')
const { clearImmediate, nextTick, setImmediate } = require('../scheduling')

/**
 * A message on its way through sessions, in the framework's form. It is changed in place.
 *
 * @typedef {{ rsv1: boolean, data: Buffer }} Message
 * @typedef {(error: any, message: any) => void} Callback
 *
 * What inflates or deflates one message at a time: `start` calls `done` once, in the same call or later; `stop` ends
 * that for good.
 *
 * @typedef {(error: any, data?: Buffer) => void} Done
 * @typedef {{ start: (data: Buffer, done: Done) => void, stop: () => void }} Codec
 */

/**
 * The messages of one direction: through the codec one by one, and called back in their order. Lets the event loop
 * have its turn between them.
 */
class Direction {
  #codec
  #passes
  #copies
  /** @type {Array<{ message: Message, callback: Callback }>} */
  #jobs = []
  /** Index of the job that is next, or at work. */
  #first = 0
  #isAtWork = false
  #isRunning = false
  #isClosed = false
  /** @type {any} what failed; the same goes for all that comes behind */
  #error = null
  /** Bytes in and out since the event loop has had its turn. */
  #spent = 0
  /** @type {any} an immediate */
  #pause = null

  /**
   * @param {Codec} codec
   * @param {(message: any) => boolean} passes whether a message passes unchanged
   * @param {{ copies: boolean }} options whether messages that wait belong to a caller who may change their bytes
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
    // What has to wait must not change with the caller's buffer.
    if (this.#jobs.length > 0 && this.#copies) message.data = Buffer.from(message.data)
    this.#jobs.push({ message, callback })
    this.#run()
  }

  close () {
    this.#isClosed = true
    this.#jobs = []
    this.#first = 0
    if (this.#pause) clearImmediate(this.#pause)
    this.#codec.stop()
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
    if (this.#error) return this.#finish(this.#error)
    if (this.#passes(message)) return this.#finish(null)
    if (!isUint8Array(message?.data)) return this.#finish(new TypeError('the message has no bytes as its data'))
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
      this.#finish(error)
    })
  }

  /** @param {any} error of the first job, which is done */
  #finish (error) {
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
      // It is the application's, but the framework would take it for the session's and drop it.
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
 * An error of a codec in the form that a driver understands: `type` is the name of a close code. A new one each time,
 * as the framework writes into it.
 *
 * @param {any} error
 */
function failure ({ message, code }) {
  return Object.assign(new Error(message), { code }, code === 'too_large' && { type: code })
}

/** Bytes in and out between two turns of the event loop. */
const TURN = 1024 * 1024
/** What a message costs however short it is, in bytes. */
const COST = 512

module.exports = { Direction }
