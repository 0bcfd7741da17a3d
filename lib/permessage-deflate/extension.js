// @ts-check
'use strict'

const { DEFAULT_MAX_LENGTH } = require('../native')
const { checkOptions } = require('./options')
const { ClientSession, ServerSession } = require('./session')

/**
 * An extension in the sense of the websocket-extensions framework. Kept apart from the object that programs get, and
 * may change: this is what recognise() compares that with.
 *
 * @type {Record<string, any>}
 */
const MEMBERS = Object.freeze({
  /**
   * A copy of this extension with other options. Where both have an option, that of this extension counts. Imported by
   * name, it has no `this`.
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
   * @param {any} [options] of the framework: `{ maxLength }`, or nothing where it is older
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
