// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { randomFillSync } = require('node:crypto')
const values = require('./values')

/**
 * The module at work: one instance for all connections, and the memory that it shares with us. A trap, which a panic
 * of the core becomes, leaves nothing to rely on: the instance is given up then, its connections have ended, and
 * another one begins.
 *
 * `base` is above the numbers of all instances before it. Added to a number of its own, it makes one that names nothing
 * in a later instance.
 *
 * @typedef {object} Exports
 * @property {{ buffer: ArrayBuffer }} memory
 * @property {() => void} begin
 * @property {() => number} places
 * @property {(length: number) => number} window
 * @property {() => void} close_window
 * @property {(index: number, length: number) => number} call
 * @property {(number: number, length: number) => number} text
 * @property {(number: number, isText: boolean, length: number) => number} bytes
 * @property {(number: number, isText: boolean, length: number) => number} plain
 * @property {(number: number, message: number, isPlain: boolean) => number} prepared
 * @property {(number: number, length: number) => void} receive
 * @property {(number: number) => number} messages
 * @property {(number: number) => void} exhaust
 * @property {(number: number) => number} output
 * @property {(number: number, length: number) => void} advance
 * @property {(number: number) => number} ready_state
 * @property {(number: number) => number} has_work
 * @property {(number: number) => number} has_unread
 * @property {(number: number) => number} has_enough
 * @property {(number: number) => number} buffered_amount
 * @property {(number: number) => void} mark
 * @property {(number: number) => number} take_passed
 * @property {(number: number) => void} release_connection
 * @property {(number: number) => void} release_prepared
 * @property {(number: number) => void} release_session
 * @property {(number: number) => void} release_parser
 * @property {(number: number) => void} release_tunnel
 */
class Instance {
  /** Called by `enter`. @type {Exports} */
  exports
  /** A function of the module is at work, or was when something was thrown: then nothing can be relied on. */
  isInside = false
  /** What is added to its numbers. */
  base
  /** All of its memory. Empty when the memory has grown since. */
  bytes = EMPTY
  /** The same. */
  numbers = new Uint32Array(0)
  /** Where in `numbers` the places of results are. */
  places
  /** Where arguments are written, and how many bytes there is room for. */
  window = 0
  room = 0
  /** @type {Map<string, number>} indices of the functions that `call` calls */
  #functions = new Map([['functions', 0]])

  /**
   * @param {any} module
   * @param {number} base
   */
  constructor (module, base) {
    this.base = base
    const random = (/** @type {number} */ at, /** @type {number} */ length) => {
      randomFillSync(this.memory(), at >>> 0, length)
    }
    this.exports = new WebAssembly.Instance(module, { env: { random } }).exports
    this.exports.begin()
    this.places = this.exports.places() >>> 2
    const names = /** @type {string[]} */ (this.call('functions', []))
    names.forEach((name, index) => this.#functions.set(name, index))
  }

  /**
   * Calls a function of the module. By `call(null, …)`: where V8 knows the function that is called, it compiles the
   * call into JavaScript, and version 11.3 of it, which Node 20 has, crashes in some of those.
   *
   * @template R
   * @param {(a?: any, b?: any, c?: any) => R} run
   * @param {any} [a]
   * @param {any} [b]
   * @param {any} [c]
   * @returns {R}
   */
  enter (run, a, b, c) {
    this.isInside = true
    const result = run.call(null, a, b, c)
    this.isInside = false
    return result
  }

  /** All of its memory. */
  memory () {
    if (this.bytes.length === 0) {
      const { buffer } = this.exports.memory
      this.bytes = /** @type {import('./values').Memory} */ (Buffer.from(buffer))
      this.numbers = new Uint32Array(buffer)
    }
    return this.bytes
  }

  /**
   * Makes room for so many bytes in the window. Throws a RangeError when there is no memory for them.
   *
   * @param {number} length
   */
  reserve (length) {
    if (length > this.room) this.#enlarge(Math.max(length, ROOM))
    return this.memory()
  }

  /** @param {number} length */
  #enlarge (length) {
    this.room = 0
    this.window = length < MEMORY ? this.enter(this.exports.window, length) >>> 0 : 0
    if (this.window === 0) throw new RangeError('Out of memory')
    this.room = length
  }

  /** Gives memory back that one large argument has needed. */
  tidy () {
    if (this.room > MAX_ROOM) {
      this.room = 0
      this.enter(this.exports.close_window)
    }
  }

  /**
   * Writes a text into the window. Returns how many bytes it has there.
   *
   * @param {string} text
   */
  putText (text) {
    const most = text.length * 3
    const memory = this.reserve(most <= ROOM ? most : Buffer.byteLength(text))
    return memory.utf8Write(text, this.window, this.room)
  }

  /**
   * Writes bytes into the window. Returns how many.
   *
   * @param {Uint8Array} bytes
   */
  putBytes (bytes) {
    const length = values.lengthOf(bytes)
    // Those of a buffer that has been transferred are none, and cannot be copied.
    if (length > 0) this.reserve(length).set(bytes, this.window)
    return length
  }

  /**
   * Calls a function by its name, and throws what it throws.
   *
   * @param {string} name
   * @param {import('./values').Argument[]} args
   * @returns {any}
   */
  call (name, args) {
    const memory = this.reserve(values.sizeOf(args))
    const length = values.write(args, memory, this.window)
    const answer = this.enter(this.exports.call, this.#functions.get(name), length)
    this.tidy()
    return values.read(this.memory(), this.numbers[this.places], answer)
  }
}

const EMPTY = /** @type {import('./values').Memory} */ (Buffer.alloc(0))
/** Bytes of the window that stay reserved, and those that may. */
const ROOM = 64 * 1024
const MAX_ROOM = 1024 * 1024
/** The most that a module can address. */
const MEMORY = 2 ** 32

module.exports = { Instance }
