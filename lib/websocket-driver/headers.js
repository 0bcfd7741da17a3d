// @ts-check
'use strict'

/**
 * Header lines, in the order in which they were set. Only the first value of a name counts, unless the name may occur
 * several times. The EventSource of faye-websocket uses this class for its head.
 *
 * @this {any}
 */
function Headers () {
  this.clear()
}

Headers.prototype.ALLOWED_DUPLICATES = ['set-cookie', 'set-cookie2', 'warning', 'www-authenticate']

/** @this {any} */
Headers.prototype.clear = function () {
  this._sent = new Set()
  this._lines = []
}

/**
 * @this {any}
 * @param {any} name
 * @param {any} value undefined sets nothing
 */
Headers.prototype.set = function (name, value) {
  if (value === undefined) return
  const [key, text] = [name, value].map((part) => part.toString().replace(/^ +| +$/g, ''))
  if (BREAKS.test(key) || BREAKS.test(text)) throw new Error(`Invalid header ${JSON.stringify(key)}: ${RULE}`)
  const known = key.toLowerCase()
  if (this._sent.has(known) && !this.ALLOWED_DUPLICATES.includes(known)) return
  this._sent.add(known)
  this._lines.push(`${key}: ${text}\r\n`)
}

/** @this {any} */
Headers.prototype.toString = function () {
  return this._lines.join('')
}

/** Characters that would let a value add header lines. */
const BREAKS = /[\r\n\0]/
const RULE = 'names and values contain no CR, LF or NUL'

module.exports = { Headers }
