// @ts-check
'use strict'

// The cookies of a handshake: parses the `Cookie` header of the request, and creates the `Set-Cookie` headers of the
// response.

const { isDate } = require('node:util').types

/**
 * @typedef {object} Cookie a cookie to set, as the program specifies it
 * @property {string} name
 * @property {string} value
 * @property {string} [path]
 * @property {string} [domain]
 * @property {Date} [expires]
 * @property {number | string} [maxage] seconds
 * @property {boolean} [secure]
 * @property {boolean} [httponly]
 */

/**
 * Parses the `Cookie` header. A cookie without `=` has the value null.
 *
 * @param {any} header
 * @returns {Array<{ name: string, value: string | null }>}
 * @throws {URIError} for a value with malformed escapes
 */
function parseCookies (header) {
  if (!header || typeof header !== 'string') return []
  return header.split(SEPARATOR).map((pair) => {
    const end = pair.indexOf('=')
    if (end === -1) return { name: pair, value: null }
    const value = pair.slice(end + 1).trim()
    return {
      name: pair.slice(0, end).trim(),
      value: decodeURIComponent(value.startsWith('"') ? value.slice(1, -1) : value)
    }
  })
}

/**
 * Returns the values of the `Set-Cookie` headers, one for each cookie.
 *
 * @param {any} cookies
 */
function cookieHeaders (cookies) {
  if (!Array.isArray(cookies)) throw new Error('Value supplied for "cookies" argument must be an array.')
  const names = new Set()
  return cookies.map((cookie) => cookieHeader(cookie, names))
}

/**
 * @param {Cookie} cookie
 * @param {Set<string>} names of the cookies before it
 */
function cookieHeader (cookie, names) {
  if (!cookie.name || !cookie.value) {
    throw new Error('Each cookie to set must at least provide a "name" and "value"')
  }
  const name = String(cookie.name).replace(STRIPPED, '')
  const value = String(cookie.value).replace(STRIPPED, '')
  if (names.has(name)) throw new Error('You may not specify the same cookie name twice.')
  names.add(name)
  refuse(NOT_IN_NAME, name, 'name')
  refuse(NOT_IN_VALUE, QUOTED.test(value) ? value.slice(1, -1) : value, 'value')
  return [`${name}=${value}`, ...attributes(cookie)].join(';')
}

/** @param {Cookie} cookie */
function attributes ({ path, domain, expires, maxage, secure, httponly }) {
  const attributes = []
  if (path) {
    refuse(NOT_IN_ATTRIBUTE, String(path), 'path')
    attributes.push(`Path=${path}`)
  }
  if (domain) {
    if (typeof domain !== 'string') throw new Error('Domain must be specified and must be a string.')
    refuse(NOT_IN_ATTRIBUTE, domain, 'domain')
    attributes.push(`Domain=${domain.toLowerCase()}`)
  }
  if (expires) {
    if (!isDate(expires) || Number.isNaN(expires.getTime())) {
      throw new Error('Value supplied for cookie "expires" must be a vaild date object')
    }
    attributes.push(`Expires=${expires.toUTCString()}`)
  }
  if (maxage) attributes.push(`Max-Age=${secondsOf(maxage)}`)
  if (flag('secure', secure)) attributes.push('Secure')
  if (flag('httponly', httponly)) attributes.push('HttpOnly')
  return attributes
}

/** @param {any} maxage */
function secondsOf (maxage) {
  const given = typeof maxage === 'string' ? parseInt(maxage, 10) : maxage
  const seconds = Math.round(given)
  if (given > 0 && Number.isSafeInteger(seconds)) return seconds
  throw new Error('Value supplied for cookie "maxage" must be a non-zero number')
}

/**
 * @param {string} name
 * @param {any} value
 */
function flag (name, value) {
  if (!value || typeof value === 'boolean') return value
  throw new Error(`Value supplied for cookie "${name}" must be of type boolean`)
}

/**
 * @param {RegExp} illegal
 * @param {string} text
 * @param {string} what
 */
function refuse (illegal, text, what) {
  const found = illegal.exec(text)
  if (found !== null) throw new Error(`Illegal character ${found[0]} in cookie ${what}`)
}

const SEPARATOR = /[;,] */

/* eslint-disable no-control-regex -- cookies must not contain these characters */
/** The characters that are removed from names and values before the checks. */
const STRIPPED = /[\x00-\x20;]/g
/** The characters that a token must not contain (RFC 2616 section 2.2). */
const NOT_IN_NAME = /[\x00-\x20"(),/:-@[-^{}\x7f]/
/** The characters that a value must not contain between its quotes (RFC 6265 section 4.1.1). */
const NOT_IN_VALUE = /[^!#-+\--:<-[\]-~]/
const QUOTED = /^"[^"]*"$/
const NOT_IN_ATTRIBUTE = /[\x00-\x20;]/
/* eslint-enable no-control-regex */

module.exports = { cookieHeaders, parseCookies }
