// @ts-check
'use strict'

const { inspect } = require('node:util')

/**
 * Throws for the first key that is not valid. Checks inherited keys and keys without a value, too.
 *
 * @param {any} options
 * @param {string[]} validKeys
 */
function validateOptions (options, validKeys) {
  for (const key in options) {
    if (!validKeys.includes(key)) refuseOption(key)
  }
}

/**
 * @param {string} key of an option that does not exist
 * @returns {never}
 */
function refuseOption (key) {
  throw new Error('Unrecognized option: ' + key)
}

/**
 * Converts a number of seconds to milliseconds for a timer. Returns 0 if the option is not set.
 *
 * @param {string} name
 * @param {any} value
 */
function milliseconds (name, value) {
  if (!value) return 0
  return Math.min(positive(name, value, 'seconds') * 1000, LONGEST_TIMER)
}

/**
 * Returns a value as a number. Throws unless it is above 0.
 *
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
 * Returns a value that is undefined or one of these values. Throws for others.
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
 * Returns the error for an argument that is missing or invalid.
 *
 * @param {string} name
 * @param {any} value
 * @param {string} expected
 */
function invalid (name, value, expected) {
  // Does not show a string, because it may be a URL with a password.
  const shown = value === undefined || value === null ? value : `a value of type ${typeof value}`
  return new TypeError(`Invalid ${name}: ${shown}; expected ${expected}`)
}

/** The longest delay of Node's timers, in milliseconds. A timer with a longer delay fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1

module.exports = { LONGEST_TIMER, invalid, milliseconds, oneOf, positive, refuseOption, validateOptions }
