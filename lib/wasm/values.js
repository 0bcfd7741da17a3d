// @ts-check
'use strict'

const { Buffer } = require('node:buffer')

/**
 * The encoding of values as bytes, the same as in `crates/wasm/src/value.rs`. The first byte is the type. A number
 * follows as 64 bits, and texts and bytes follow after their length. Lists and objects continue up to `END`.
 *
 * @typedef {Buffer & Record<'utf8Slice' | 'latin1Slice', (start: number, end: number) => string> & {
 *   utf8Write: (text: string, at: number, most?: number) => number }} Memory
 *
 * @typedef {null | boolean | number | string | Uint8Array | any[]} Argument a list contains arguments
 */

const NULL = 0
const FALSE = 1
const TRUE = 2
const NUMBER = 3
const TEXT = 4
const BYTES = 5
const LIST = 6
const OBJECT = 7
const END = 8
const THROWN = 9
const ASCII = 10

/**
 * Returns an upper bound for the encoded size of values, in bytes.
 *
 * @param {Argument[]} list
 */
function sizeOf (list) {
  let size = 2
  for (const value of list) size += sizeOfOne(value)
  return size
}

/**
 * @param {Argument} value
 * @returns {number}
 */
function sizeOfOne (value) {
  if (typeof value === 'string') return 5 + (value.length > SHORT ? Buffer.byteLength(value) : 3 * value.length)
  if (typeof value !== 'object' || value === null) return 9
  return Array.isArray(value) ? sizeOf(value) : 5 + lengthOf(value)
}

/**
 * Writes values one after the other. Returns their length in bytes.
 *
 * @param {Argument[]} list
 * @param {Memory} memory
 * @param {number} at
 */
function write (list, memory, at) {
  let end = at
  for (const value of list) end = writeOne(value, memory, end)
  return end - at
}

/**
 * @param {Argument} value
 * @param {Memory} memory
 * @param {number} at
 * @returns {number} the position of the next value
 */
function writeOne (value, memory, at) {
  if (typeof value === 'string') {
    const length = memory.utf8Write(value, at + 5)
    return writeLength(TEXT, length, memory, at) + length
  }
  if (typeof value === 'number') {
    memory[at] = NUMBER
    return memory.writeDoubleLE(value, at + 1)
  }
  if (typeof value === 'boolean' || value === null) {
    memory[at] = value === null ? NULL : value ? TRUE : FALSE
    return at + 1
  }
  if (!Array.isArray(value)) {
    const length = lengthOf(value)
    // A transferred buffer has no bytes, and copying from it throws.
    if (length > 0) memory.set(value, at + 5)
    return writeLength(BYTES, length, memory, at) + length
  }
  memory[at] = LIST
  const end = at + 1 + write(value, memory, at + 1)
  memory[end] = END
  return end + 1
}

/**
 * Returns the number of bytes. Ignores an own property `length`.
 *
 * @type {(bytes: Uint8Array) => number}
 */
const lengthOf = Function.prototype.call.bind(/** @type {any} */ (
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')).get)

/**
 * @param {number} what
 * @param {number} length
 * @param {Memory} memory
 * @param {number} at
 */
function writeLength (what, length, memory, at) {
  memory[at] = what
  return memory.writeUInt32LE(length, at + 1)
}

/**
 * Reads a result: a value, or undefined if there is none. If the result is an exception, throws it. Copies bytes.
 *
 * @param {Memory} memory
 * @param {number} at
 * @param {number} length
 * @returns {any}
 */
function read (memory, at, length) {
  if (length === 0) return undefined
  return new Reader(memory, at).value()
}

class Reader {
  #memory
  #at

  /**
   * @param {Memory} memory
   * @param {number} at
   */
  constructor (memory, at) {
    this.#memory = memory
    this.#at = at
  }

  /** @returns {any} */
  value () {
    switch (this.#memory[this.#at++]) {
      case NULL: return null
      case FALSE: return false
      case TRUE: return true
      case NUMBER: return this.#number()
      case TEXT: return this.#text('utf8Slice')
      case ASCII: return this.#text('latin1Slice')
      case BYTES: return this.#bytes()
      case LIST: return this.#list()
      case OBJECT: return this.#object()
      case THROWN: throw this.#thrown()
      default: throw new TypeError('The result from WebAssembly cannot be read')
    }
  }

  #number () {
    this.#at += 8
    return this.#memory.readDoubleLE(this.#at - 8)
  }

  /** @param {'utf8Slice' | 'latin1Slice'} slice */
  #text (slice) {
    const [start, end] = this.#range()
    return this.#memory[slice](start, end)
  }

  #bytes () {
    const [start, end] = this.#range()
    const bytes = Buffer.allocUnsafeSlow(end - start)
    this.#memory.copy(bytes, 0, start, end)
    return bytes
  }

  #range () {
    const start = this.#at + 4
    this.#at = start + this.#memory.readUInt32LE(this.#at)
    return [start, this.#at]
  }

  #isAtEnd () {
    if (this.#memory[this.#at] !== END) return false
    this.#at++
    return true
  }

  #list () {
    const list = []
    while (!this.#isAtEnd()) list.push(this.value())
    return list
  }

  #object () {
    /** @type {Record<string, any>} */
    const object = {}
    while (!this.#isAtEnd()) object[this.value()] = this.value()
    return object
  }

  #thrown () {
    /** @type {keyof typeof CLASSES} */
    const name = this.value()
    const code = this.value()
    return exception(CLASSES[name], code, this.value())
  }
}

/**
 * @param {ErrorConstructor} type
 * @param {string | null} code
 * @param {string} message
 */
function exception (type, code, message) {
  const error = new type(message)
  return code === null ? error : Object.assign(error, { code })
}

const CLASSES = { Error, TypeError, RangeError }
/** The longest text, in characters, whose size in UTF-8 is estimated by its upper bound instead of being computed. */
const SHORT = 4096

module.exports = { exception, lengthOf, read, sizeOf, write }
