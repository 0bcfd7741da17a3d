// @ts-check
'use strict'

const { inspect } = require('node:util')
const { LONGEST_TIMER, oneOf } = require('../http/options')
const { checkDeflate } = require('./deflate')

/**
 * Configuration as WebSocket-Node has it: flat objects that are merged and handed on, in which unknown keys are kept.
 *
 * @typedef {import('../../binding').ConnectionOptions} Policy
 */

/** What a server does where its configuration says nothing. */
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

/** What a client does where its configuration says nothing. `tlsOptions` is an object of its own for each client. */
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
 * What a connection does differently by its configuration.
 *
 * @param {any} config
 * @param {boolean} isClient
 * @returns {Policy}
 * @throws {TypeError | RangeError} for a value that means nothing
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
 * Throws for the first value that means nothing, before there is a connection.
 *
 * @param {any} config
 */
function checkConfig (config) {
  policyOf(config, false)
  milliseconds('closeTimeout', config)
  // Without a number, connections throw what they throw in the original.
  for (const name of ['keepaliveInterval', 'keepaliveGracePeriod']) {
    if (typeof config[name] === 'number') milliseconds(name, config)
  }
  checkDeflate(config)
  oneOf('transport', config.transport, ['stream', 'native'])
}

/**
 * Whether the peer's frames are held to RFC 6455 section 5.1: those of a client are masked, and those of a server are
 * not. The original takes both kinds, and so do we with `requireMasking: false`.
 *
 * @param {any} config
 * @param {boolean} isClient
 */
function masking ({ requireMasking }, isClient) {
  if (requireMasking !== undefined && !requireMasking) return false
  return isClient ? undefined : true
}

/**
 * The size that outgoing messages are cut to; Infinity when they are not.
 *
 * @param {any} config
 */
function fragmentAt (config) {
  const threshold = number('fragmentationThreshold', config, 'a whole number of bytes above 0, or Infinity',
    (value) => value >= 1 && (Number.isInteger(value) || value === Infinity))
  return config.fragmentOutgoingMessages ? threshold : Infinity
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
 * The number under this name, or undefined for the default. Numeric strings, as from environment variables, count.
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

module.exports = { CLIENT_DEFAULTS, SERVER_DEFAULTS, checkConfig, policyOf }
