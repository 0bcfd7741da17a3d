// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { randomFillSync } = require('node:crypto')
const values = require('./values')

/**
 * An instance of the module, which all connections share, and its memory, which JavaScript shares. A panic of the core
 * becomes a trap. After a trap, the state of the instance is undefined: `current.js` abandons the instance and ends its
 * connections, and the next call creates another instance.
 *
 * `base` is greater than the numbers of all earlier instances. The sum of `base` and a number of this instance is
 * unique, so it refers to nothing in a later instance.
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
  /** The functions of the module, to be called through `enter`. @type {Exports} */
  exports
  /** Whether a function of the module is running, or was interrupted by an exception. */
  isInside = false
  /** The offset that is added to the numbers of this instance. */
  base
  /** A view of the whole memory. The view becomes empty when the memory grows; `memory()` then renews it. */
  bytes = EMPTY
  /** The same memory as numbers of 32 bits. */
  numbers = new Uint32Array(0)
  /** The index in `numbers` at which the module stores the address and the length of a result. */
  resultIndex
  /** The address of the window for arguments, and its size in bytes. */
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
    this.resultIndex = this.exports.places() >>> 2
    const names = /** @type {string[]} */ (this.call('functions', []))
    names.forEach((name, index) => this.#functions.set(name, index))
  }

  /**
   * Calls a function of the module. If V8 knows the called function, it compiles the call into the JavaScript code, and
   * V8 11.3, which Node 20 contains, crashes in some of these calls. `call(null, …)` hides the function from V8.
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

  /** Returns a view of the whole memory. */
  memory () {
    if (this.bytes.length === 0) {
      const { buffer } = this.exports.memory
      this.bytes = /** @type {import('./values').Memory} */ (Buffer.from(buffer))
      this.numbers = new Uint32Array(buffer)
    }
    return this.bytes
  }

  /**
   * Ensures that the window has room for `length` bytes, and returns the memory. Throws a RangeError if there is no
   * memory for them.
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

  /** Releases the window if a large argument has enlarged it. */
  tidy () {
    if (this.room > MAX_ROOM) {
      this.room = 0
      this.enter(this.exports.close_window)
    }
  }

  /**
   * Writes a text into the window as UTF-8. Returns the number of bytes.
   *
   * @param {string} text
   */
  putText (text) {
    const most = text.length * 3
    const memory = this.reserve(most <= ROOM ? most : Buffer.byteLength(text))
    return memory.utf8Write(text, this.window, this.room)
  }

  /**
   * Writes bytes into the window. Returns the number of bytes.
   *
   * @param {Uint8Array} bytes
   */
  putBytes (bytes) {
    const length = values.lengthOf(bytes)
    // A transferred buffer has no bytes, and copying from it throws.
    if (length > 0) this.reserve(length).set(bytes, this.window)
    return length
  }

  /**
   * Calls a function by its name. Returns its result, or throws its exception.
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
    return values.read(this.memory(), this.numbers[this.resultIndex], answer)
  }
}

const EMPTY = /** @type {import('./values').Memory} */ (Buffer.alloc(0))
/** The smallest size of the window, and the largest size that stays reserved, in bytes. */
const ROOM = 64 * 1024
const MAX_ROOM = 1024 * 1024
/** The size of the address space of a module, in bytes. */
const MEMORY = 2 ** 32

module.exports = { Instance }
