// @ts-check
'use strict'

const { inspect } = require('node:util')

/**
 * Throws for the first key that is not among the valid ones. Inherited keys count, and so do keys without a value.
 *
 * @param {any} options
 * @param {string[]} validKeys
 */
function validateOptions (options, validKeys) {
  for (const key in options) {
    if (!validKeys.includes(key)) throw new Error('Unrecognized option: ' + key)
  }
}

/**
 * A number of seconds as milliseconds for a timer; 0 when there is none.
 *
 * @param {string} name
 * @param {any} value
 */
function milliseconds (name, value) {
  if (!value) return 0
  return Math.min(positive(name, value, 'seconds') * 1000, LONGEST_TIMER)
}

/**
 * @param {string} name
 * @param {any} value
 * @param {string} unit
 */
function positive (name, value, unit) {
  const number = Number(value)
  if (number > 0) return number
  throw new RangeError(`Invalid ${name}: ${inspect(value)}; expected a number of ${unit} above 0`)
}

/**
 * One of these values, or nothing.
 *
 * @param {string} name
 * @param {any} value
 * @param {string[]} values
 */
function oneOf (name, value, values) {
  if (value === undefined || values.includes(value)) return value
  throw new TypeError(`Invalid ${name}: ${inspect(value)}; expected '${values.join("' or '")}'`)
}

/**
 * What to throw for an argument that is left out or is something else.
 *
 * @param {string} name
 * @param {any} value
 * @param {string} expected
 */
function invalid (name, value, expected) {
  // A text may be a URL with a password.
  const shown = value === undefined || value === null ? value : `a value of type ${typeof value}`
  return new TypeError(`Invalid ${name}: ${shown}; expected ${expected}`)
}

/** Milliseconds. Beyond this, Node's timers fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1

module.exports = { LONGEST_TIMER, invalid, milliseconds, oneOf, positive, validateOptions }
