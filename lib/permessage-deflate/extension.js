// @ts-check
'use strict'

const { DEFAULT_MAX_LENGTH } = require('../native')
const { checkOptions } = require('./options')
const { ClientSession, ServerSession } = require('./session')

/**
 * The members of an extension of the websocket-extensions framework. Separate from the exported object, which programs
 * may change: recognise() compares the two.
 *
 * @type {Record<string, any>}
 */
const MEMBERS = Object.freeze({
  /**
   * Returns a copy of this extension with more options. An option of this extension takes precedence over a new one.
   * `this` is undefined if a program imports the function by name.
   *
   * @this {any}
   * @param {any} [options]
   */
  configure (options) {
    checkOptions(options)
    const _options = { value: Object.freeze({ ...options, ...this?._options }) }
    return Object.create(this ?? MEMBERS, { _options })
  },

  /**
   * @this {any}
   * @param {any} [options] of the framework: `{ maxLength }`, or undefined in older versions
   */
  createClientSession (options) {
    return new ClientSession(this?._options ?? {}, maxLengthOf(options))
  },

  /**
   * @this {any}
   * @param {any[]} offers
   * @param {any} [options]
   */
  createServerSession (offers, options) {
    return ServerSession.create(this?._options ?? {}, offers, maxLengthOf(options))
  },

  name: 'permessage-deflate',
  type: 'permessage',
  rsv1: true,
  rsv2: false,
  rsv3: false
})

/** @param {any} options */
function maxLengthOf (options) {
  const maxLength = Number(options?.maxLength)
  return maxLength > 0 ? Math.min(maxLength, Number.MAX_SAFE_INTEGER) : DEFAULT_MAX_LENGTH
}

module.exports = { MEMBERS }
