// @ts-check
'use strict'

// Whether a program, the environment or a flag has changed Node's TLS. If so, Node makes the connections.

const { constants, getFips } = require('node:crypto')
const tls = require('node:tls')
const { IS_SUPPORTED } = require('./platform')
const { knownStarts } = require('./start')

/** The versions of TLS that rustls and Node share, the lowest first. */
const VERSIONS = ['TLSv1.2', 'TLSv1.3']

/** Returns whether Node's TLS defaults are unchanged. */
function tlsIsNodes () {
  return changeOfTls() === null
}

/** Returns the change of Node's TLS defaults, a sentence, or null. */
function changeOfTls () {
  if (!HAS_NO_FLAGS) return 'A flag or a variable of the environment changes the TLS of Node'
  if (getFips()) return 'FIPS is on'
  const changed = AS_LOADED.find(({ name, value }) => /** @type {any} */ (tls)[name] !== value)
  return changed === undefined ? null : `tls.${changed.name} is changed`
}

/**
 * The flags of Node that change TLS, except those that change the defaults in `tls`. Other flags are allowed, because
 * Node's test runner passes many, with their default values.
 */
const FLAGS = new RegExp('--(use-(openssl|system)-ca|tls-keylog|openssl-|trace-tls|(enable|force)-fips|' +
  'experimental-(default-)?config-file)')
/** Whether Node was started without such flags and variables. In a worker, those of the process count as well. */
const HAS_NO_FLAGS = IS_SUPPORTED && (knownStarts()?.every(({ flags, environment }) =>
  ![...flags, environment.NODE_OPTIONS || ''].some((text) => FLAGS.test(text.replace(/_/g, '-'))) &&
  !environment.OPENSSL_CONF && environment.NODE_USE_SYSTEM_CA !== '1') ?? false)
/**
 * The members of `tls` that programs replace to observe or change connections. Each has a phrase that occurs in the
 * source text of Node's own member, in every version.
 */
const MEMBERS = {
  connect: 'normalizeConnectArgs(args)',
  createSecureContext: 'configSecureContext(c.context, options',
  checkServerIdentity: 'splitEscapedAltNames(altNames)',
  TLSSocket: 'this._securePending = false'
}
/** The members of `tls` that must have these values. */
const AS_LOADED = [
  ...Object.entries(MEMBERS).map(([name, phrase]) => ({ name, value: nodesMethod(tls, name, phrase) })),
  { name: 'DEFAULT_MIN_VERSION', value: 'TLSv1.2' },
  { name: 'DEFAULT_MAX_VERSION', value: 'TLSv1.3' },
  { name: 'DEFAULT_CIPHERS', value: constants.defaultCoreCipherList },
  { name: 'DEFAULT_ECDH_CURVE', value: 'auto' }
]

/**
 * Returns a method if its source text is Node's, otherwise NaN, which is equal to nothing.
 *
 * @param {any} object
 * @param {string} name
 * @param {string} phrase
 */
function nodesMethod (object, name, phrase) {
  return isNodes(object[name], name, phrase) ? object[name] : NaN
}

/**
 * Returns whether the source text of a value is that of Node's function.
 *
 * @param {any} value
 * @param {string} name
 * @param {string} phrase
 */
function isNodes (value, name, phrase) {
  if (typeof value !== 'function') return false
  const text = Function.prototype.toString.call(value)
  return text.startsWith(`function ${name}(`) && text.includes(phrase)
}

module.exports = { VERSIONS, changeOfTls, isNodes, nodesMethod, tlsIsNodes }
