// @ts-check
'use strict'

/**
 * Returns a readable reason for an error. Streams may emit any value as their error, and the AggregateError of Node for
 * a host whose addresses all refuse has an empty message.
 *
 * @param {any} error
 * @returns {string} never empty
 */
function reasonOf (error) {
  try {
    return reasonIn(error, DEEPEST) || UNKNOWN
  } catch {
    // A getter or a `toString` of the error has thrown.
    return UNKNOWN
  }
}

/**
 * @param {any} error
 * @param {number} depth how many levels of nested errors to search
 * @returns {string} empty if the error contains no reason
 */
function reasonIn (error, depth) {
  if (error === undefined || error === null || depth === 0) return ''
  if (typeof error !== 'object') return String(error)
  const { message, errors, cause, code, name } = error
  if (isText(message)) return message
  const reasons = Array.isArray(errors) ? errors.map((each) => reasonIn(each, depth - 1)) : [reasonIn(cause, depth - 1)]
  const distinct = [...new Set(reasons)].filter(isText).join('; ')
  return distinct || [code, name].find(isText) || (isNumber(code) ? `code ${code}` : ownText(error))
}

/** @param {any} value */
function isText (value) {
  return typeof value === 'string' && value !== ''
}

/** @param {any} value */
function isNumber (value) {
  return typeof value === 'number'
}

/**
 * Returns the text of an object, or `''` for texts such as `[object Object]`.
 *
 * @param {object} value
 */
function ownText (value) {
  const text = String(value)
  return text.startsWith('[object ') ? '' : text
}

const DEEPEST = 4
const UNKNOWN = 'unknown error'

module.exports = { reasonOf }
