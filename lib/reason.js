// @ts-check
'use strict'

/**
 * Why something failed, for people. Streams emit anything as their error, and Node's AggregateError, of a host all of
 * whose addresses refuse, has an empty message.
 *
 * @param {any} error
 * @returns {string} never empty
 */
function reasonOf (error) {
  try {
    return reasonIn(error, DEEPEST) || UNKNOWN
  } catch {
    // A getter, or what converts it to text, has failed.
    return UNKNOWN
  }
}

/**
 * @param {any} error
 * @param {number} depth how many errors may be within one another
 * @returns {string} empty if there is none to be found
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

/** @param {object} value its text, unless that says nothing but what kind of object it is */
function ownText (value) {
  const text = String(value)
  return text.startsWith('[object ') ? '' : text
}

const DEEPEST = 4
const UNKNOWN = 'unknown error'

module.exports = { reasonOf }
