// @ts-check
'use strict'

const { inspect } = require('node:util')
const { DEFAULT_MAX_LENGTH } = require('../connection/seam')
const { positive } = require('../http/options')

/** The options of drivers. */
const DRIVER_OPTIONS = ['allowDrafts', 'maxLength', 'masking', 'requireMasking', 'protocols']

/** The defaults of options. Programs may change them: see `MAX_LENGTH` of a driver. */
const defaults = { maxLength: DEFAULT_MAX_LENGTH }

/**
 * Returns the policy of a connection with these options.
 *
 * @param {any} options
 * @returns {import('../../binding').ConnectionOptions}
 */
function policyOf (options) {
  return {
    allowDrafts: flag(options.allowDrafts),
    masking: flag(options.masking),
    requireMasking: flag(options.requireMasking),
    maxLength: maxLength(options.maxLength),
    protocols: protocols(options.protocols)
  }
}

/**
 * Returns the policy of a server's connection with these options; undefined for the default.
 *
 * @param {{ maxLength: any, allowDrafts: any, protocols: any }} options
 */
function serverPolicyOf ({ maxLength, allowDrafts, protocols }) {
  const isDefault = !maxLength && allowDrafts === undefined && defaults.maxLength === DEFAULT_MAX_LENGTH &&
    (!protocols || (Array.isArray(protocols) && protocols.length === 0))
  return isDefault ? undefined : policyOf({ maxLength, allowDrafts, protocols })
}

/** @param {any} value */
function flag (value) {
  return value === undefined ? undefined : Boolean(value)
}

/** @param {any} value */
function maxLength (value) {
  return positive('maxLength', value || defaults.maxLength, 'bytes')
}

/** @param {any} value */
function protocols (value) {
  if (!value) return undefined
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(String)
  throw new TypeError(`Invalid protocols: ${inspect(value)}; expected a string or an array of strings`)
}

module.exports = { DRIVER_OPTIONS, defaults, policyOf, serverPolicyOf }
