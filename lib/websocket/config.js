// @ts-check
'use strict'

const { inspect } = require('node:util')
const { ServerPolicy } = require('../connection/policy')
const { LONGEST_TIMER, oneOf } = require('../http/options')
const { checkDeflate } = require('./deflate')

/**
 * The configuration of a server or a client: a flat object, merged over the defaults. It keeps unknown keys.
 *
 * @typedef {import('../../binding').ConnectionOptions} Policy
 */

/** The default configuration of a server. */
const SERVER_DEFAULTS = Object.freeze({
  httpServer: null,
  maxReceivedFrameSize: 64 * 1024,
  maxReceivedMessageSize: 1024 * 1024,
  fragmentOutgoingMessages: true,
  fragmentationThreshold: 16 * 1024,
  keepalive: true,
  keepaliveInterval: 20000,
  dropConnectionOnKeepaliveTimeout: true,
  keepaliveGracePeriod: 10000,
  useNativeKeepalive: false,
  assembleFragments: true,
  autoAcceptConnections: false,
  ignoreXForwardedFor: false,
  parseCookies: true,
  parseExtensions: true,
  disableNagleAlgorithm: true,
  closeTimeout: 5000
})

/** The default configuration of a client, without `tlsOptions`: each client has a `tlsOptions` object of its own. */
const CLIENT_DEFAULTS = Object.freeze({
  maxReceivedFrameSize: 1024 * 1024,
  maxReceivedMessageSize: 8 * 1024 * 1024,
  fragmentOutgoingMessages: true,
  fragmentationThreshold: 16 * 1024,
  webSocketVersion: 13,
  assembleFragments: true,
  disableNagleAlgorithm: true,
  closeTimeout: 5000
})

/**
 * Returns the policy that a configuration sets for a connection.
 *
 * @param {any} config
 * @param {boolean} isClient
 * @returns {Policy}
 * @throws {TypeError | RangeError} for an invalid value
 */
function policyOf (config, isClient) {
  return {
    interface: 'websocket-node',
    maxFrame: size('maxReceivedFrameSize', config.maxReceivedFrameSize),
    maxLength: size('maxReceivedMessageSize', config.maxReceivedMessageSize),
    fragmentAt: fragmentAt(config),
    delivery: config.assembleFragments ? 'messages' : 'frames',
    requireMasking: masking(config, isClient)
  }
}

/**
 * Returns the policy of a server. Programs may change a configuration at any time.
 *
 * @param {any} config
 * @throws {TypeError | RangeError} for an invalid value
 */
function serverPolicyOf (config) {
  const {
    maxReceivedFrameSize, maxReceivedMessageSize, fragmentOutgoingMessages, fragmentationThreshold, assembleFragments,
    requireMasking, strictHandshake
  } = config
  const known = policies.get(config)
  if (known !== undefined && known.maxReceivedFrameSize === maxReceivedFrameSize &&
    known.maxReceivedMessageSize === maxReceivedMessageSize &&
    known.fragmentOutgoingMessages === fragmentOutgoingMessages &&
    known.fragmentationThreshold === fragmentationThreshold && known.assembleFragments === assembleFragments &&
    known.requireMasking === requireMasking && known.strictHandshake === strictHandshake) return known.policy
  const policy = new ServerPolicy({ ...policyOf(config, false), strictHandshake: strictHandshake !== false })
  policies.set(config, {
    maxReceivedFrameSize, maxReceivedMessageSize, fragmentOutgoingMessages, fragmentationThreshold, assembleFragments,
    requireMasking, strictHandshake, policy
  })
  return policy
}

/** The policies of configurations, and the values from which they were made. @type {WeakMap<object, any>} */
const policies = new WeakMap()

/**
 * Throws for the first invalid value, so that errors appear before a connection exists.
 *
 * @param {any} config
 */
function checkConfig (config) {
  policyOf(config, false)
  for (const name of ['requireMasking', 'strictHandshake']) flag(name, config[name])
  milliseconds('closeTimeout', config.closeTimeout)
  // For values of other types, the constructor of connections throws the errors of the original.
  for (const name of ['keepaliveInterval', 'keepaliveGracePeriod']) {
    if (typeof config[name] === 'number') milliseconds(name, config[name])
  }
  checkDeflate(config)
  oneOf('transport', config.transport, ['stream', 'native'])
}

/**
 * Returns whether to enforce RFC 6455 section 5.1: clients mask their frames, and servers do not. Undefined selects the
 * engine's default. The original accepts both kinds of frames, and so does `requireMasking: false`.
 *
 * @param {any} config
 * @param {boolean} isClient
 */
function masking ({ requireMasking }, isClient) {
  if (requireMasking === false) return false
  return isClient ? undefined : true
}

/**
 * Returns the size of outgoing fragments in bytes: Infinity if messages are not fragmented, undefined for the default.
 *
 * @param {any} config
 */
function fragmentAt (config) {
  const threshold = number('fragmentationThreshold', config.fragmentationThreshold,
    'a whole number of bytes above 0, or Infinity', isThreshold)
  return config.fragmentOutgoingMessages ? threshold : Infinity
}

/** @param {number} value */
function isThreshold (value) {
  return value >= 1 && (Number.isInteger(value) || value === Infinity)
}

/**
 * Checks an option that the original does not have. A falsy value of another type must not disable a check by accident.
 *
 * @param {string} name
 * @param {any} value
 */
function flag (name, value) {
  if (value === undefined || typeof value === 'boolean') return
  throw new TypeError(`Invalid ${name}: ${inspect(value)}; expected true or false`)
}

/**
 * @param {string} name
 * @param {any} value
 */
function size (name, value) {
  return number(name, value, 'a number of bytes, at least 0', isAtLeast0)
}

/**
 * @param {string} name
 * @param {any} value
 */
function milliseconds (name, value) {
  return number(name, value, `a number of milliseconds from 0 to ${LONGEST_TIMER}`, isDelay)
}

/**
 * Returns an option as a number; undefined selects the default. Accepts numeric strings, because environment variables
 * are strings.
 *
 * @param {string} name
 * @param {any} value
 * @param {string} expected
 * @param {(value: number) => boolean} isGood
 */
function number (name, value, expected, isGood) {
  if (value === undefined) return undefined
  const isNumeric = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')
  if (!isNumeric) throw new TypeError(`Invalid ${name}: ${inspect(value)}; expected ${expected}`)
  if (isGood(Number(value))) return Number(value)
  throw new RangeError(`Invalid ${name}: ${inspect(value)}; expected ${expected}`)
}

/** @param {number} value */
function isAtLeast0 (value) {
  return value >= 0
}

/** @param {number} value */
function isDelay (value) {
  return value >= 0 && value <= LONGEST_TIMER
}

module.exports = { CLIENT_DEFAULTS, SERVER_DEFAULTS, checkConfig, fragmentAt, policyOf, serverPolicyOf }
