// @ts-check
'use strict'

const { inspect } = require('node:util')
const { LONGEST_TIMER, oneOf } = require('../http/options')
const { checkDeflate } = require('./deflate')

/**
 * The configuration of servers and clients: flat objects. They are merged with the defaults and passed on with unknown
 * keys.
 *
 * @typedef {import('../../binding').ConnectionOptions} Policy
 */

/** The configuration of a server by default. */
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

/** The configuration of a client by default. It has `tlsOptions`, too, which is another object for each client. */
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
 * The policy of a connection with this configuration.
 *
 * @param {any} config
 * @param {boolean} isClient
 * @returns {Policy}
 * @throws {TypeError | RangeError} for an invalid value
 */
function policyOf (config, isClient) {
  return {
    interface: 'websocket-node',
    maxFrame: size('maxReceivedFrameSize', config),
    maxLength: size('maxReceivedMessageSize', config),
    fragmentAt: fragmentAt(config),
    delivery: config.assembleFragments ? 'messages' : 'frames',
    requireMasking: masking(config, isClient)
  }
}

/**
 * Throws for the first invalid value, before there is a connection.
 *
 * @param {any} config
 */
function checkConfig (config) {
  policyOf(config, false)
  for (const name of ['requireMasking', 'strictHandshake']) flag(name, config)
  milliseconds('closeTimeout', config)
  // For other types, connections throw the errors of the original.
  for (const name of ['keepaliveInterval', 'keepaliveGracePeriod']) {
    if (typeof config[name] === 'number') milliseconds(name, config)
  }
  checkDeflate(config)
  oneOf('transport', config.transport, ['stream', 'native'])
}

/**
 * Whether frames of clients must be masked and frames of servers must not, as RFC 6455 section 5.1 says. The original
 * accepts both kinds, and so does `requireMasking: false`.
 *
 * @param {any} config
 * @param {boolean} isClient
 */
function masking ({ requireMasking }, isClient) {
  if (requireMasking === false) return false
  return isClient ? undefined : true
}

/**
 * The size of outgoing fragments; Infinity if messages are not fragmented, undefined for the default.
 *
 * @param {any} config
 */
function fragmentAt (config) {
  const threshold = number('fragmentationThreshold', config, 'a whole number of bytes above 0, or Infinity',
    (value) => value >= 1 && (Number.isInteger(value) || value === Infinity))
  return config.fragmentOutgoingMessages ? threshold : Infinity
}

/**
 * A switch of ours: a value that is false by accident must not turn a check off.
 *
 * @param {string} name
 * @param {any} config
 */
function flag (name, config) {
  const value = config[name]
  if (value === undefined || typeof value === 'boolean') return
  throw new TypeError(`Invalid ${name}: ${inspect(value)}; expected true or false`)
}

/**
 * @param {string} name
 * @param {any} config
 */
function size (name, config) {
  return number(name, config, 'a number of bytes, at least 0')
}

/**
 * @param {string} name
 * @param {any} config
 */
function milliseconds (name, config) {
  return number(name, config, `a number of milliseconds from 0 to ${LONGEST_TIMER}`,
    (value) => isAtLeast0(value) && value <= LONGEST_TIMER)
}

/**
 * The number under this name; undefined for the default. Numeric strings, as from environment variables, are numbers.
 *
 * @param {string} name
 * @param {any} config
 * @param {string} expected
 * @param {(value: number) => boolean} [isGood]
 */
function number (name, config, expected, isGood = isAtLeast0) {
  const value = config[name]
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

module.exports = { CLIENT_DEFAULTS, SERVER_DEFAULTS, checkConfig, fragmentAt, policyOf }
