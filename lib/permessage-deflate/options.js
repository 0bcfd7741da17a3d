// @ts-check
'use strict'

const { inspect } = require('node:util')
const zlib = require('node:zlib')

/**
 * @typedef {import('../../binding').DeflateOptions} DeflateOptions
 */

const NAMES = [
  'level', 'memLevel', 'strategy', 'noContextTakeover', 'maxWindowBits', 'requestNoContextTakeover',
  'requestMaxWindowBits', 'threshold', 'zlib'
]

/** What numbers may be: the lowest and the highest. */
const RANGES = new Map([['level', [-1, 9]], ['memLevel', [1, 9]], ['strategy', [0, 4]]])

/**
 * Throws what is wrong with options, except for the sizes of windows: those are refused when they are needed, as in
 * the original. Like there, inherited names count, and values only of own ones.
 *
 * @param {any} options
 */
function checkOptions (options) {
  if (options == null) return
  if (Object(options) !== options) throw new TypeError(`Invalid options: ${inspect(options)}; expected an object`)
  for (const name in options) {
    if (!NAMES.includes(name)) throw new Error('Unrecognized option: ' + name)
  }
  const own = { ...options }
  for (const [name, [lowest, highest]] of RANGES) {
    const value = own[name]
    if (value === undefined || isWithin(value, lowest, highest)) continue
    throw new RangeError(`Invalid ${name}: ${inspect(value)}; expected an integer from ${lowest} to ${highest}`)
  }
  if (own.threshold !== undefined && !(typeof own.threshold === 'number' && own.threshold >= 0)) {
    throw new RangeError(`Invalid threshold: ${inspect(own.threshold)}; expected a number of bytes, at least 0`)
  }
  if (own.zlib != null && !isZlib(own.zlib)) {
    throw new TypeError(`Invalid zlib: ${inspect(own.zlib, { depth: 0 })}; ` +
      'expected a module with createDeflateRaw() and createInflateRaw()')
  }
}

/**
 * Checked options in the form that the binding takes.
 *
 * @param {any} options
 * @returns {DeflateOptions}
 * @throws {Error} for a size of a window that RFC 7692 section 7.1.2 does not know
 */
function nativeOptions ({ level, memLevel, strategy, ...agreed }) {
  return {
    level,
    memLevel,
    strategy,
    noContextTakeover: Boolean(agreed.noContextTakeover),
    maxWindowBits: windowBits('maxWindowBits', agreed),
    requestNoContextTakeover: Boolean(agreed.requestNoContextTakeover),
    requestMaxWindowBits: windowBits('requestMaxWindowBits', agreed),
    threshold: agreed.threshold
  }
}

/**
 * The module that compresses in place of the binding, if there is one. Node's own, however it was imported, is none.
 *
 * @param {any} options
 */
function customZlib (options) {
  const given = options.zlib
  if (given == null) return null
  const isNodes = given.createDeflateRaw === zlib.createDeflateRaw && given.createInflateRaw === zlib.createInflateRaw
  return isNodes ? null : given
}

/**
 * @param {string} name
 * @param {any} options
 */
function windowBits (name, options) {
  const value = options[name]
  if (value === undefined || isWithin(value, 8, 15)) return value
  throw new Error(`Invalid value for ${name}`)
}

/**
 * @param {any} value
 * @param {number} lowest
 * @param {number} highest
 */
function isWithin (value, lowest, highest) {
  return Number.isInteger(value) && value >= lowest && value <= highest
}

/** @param {any} value */
function isZlib (value) {
  return typeof value.createDeflateRaw === 'function' && typeof value.createInflateRaw === 'function'
}

module.exports = { checkOptions, customZlib, nativeOptions }
