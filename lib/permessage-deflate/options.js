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

/** The lowest and the highest value of each numeric option. */
const RANGES = new Map([['level', [-1, 9]], ['memLevel', [1, 9]], ['strategy', [0, 4]]])

/**
 * Throws for invalid options. `nativeOptions` checks window sizes later, when a connection needs them, as in the
 * original. Also as in the original, checks the names of all properties, but only the values of own properties.
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
 * Converts checked options to those of the binding.
 *
 * @param {any} options
 * @returns {DeflateOptions}
 * @throws {Error} for a window size outside of RFC 7692 section 7.1.2
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
 * Returns the module of the option `zlib`, which replaces the binding. Returns null without one, and for Node's own.
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
