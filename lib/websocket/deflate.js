// @ts-check
'use strict'

const { inspect } = require('node:util')
const permessageDeflate = require('../permessage-deflate')
const { Offer } = require('../permessage-deflate/offer')

// The option `perMessageDeflate` of a configuration: off, true, or an object with the options of permessage-deflate.

/** The name of the extension, as in `connection.extensions`. */
const NAME = 'permessage-deflate'
/** The options of permessage-deflate, without `zlib`: the core compresses. */
const OPTIONS = [
  'level', 'memLevel', 'strategy', 'noContextTakeover', 'maxWindowBits', 'requestNoContextTakeover',
  'requestMaxWindowBits', 'threshold'
]

/**
 * Returns the options of permessage-deflate; null if compression is off.
 *
 * @param {any} config
 * @returns {Record<string, any> | null}
 * @throws {Error} for an invalid value
 */
function deflateOptions ({ perMessageDeflate: given }) {
  if (given === undefined || given === null || given === false) return null
  if (given === true) return {}
  if (typeof given !== 'object') {
    throw new TypeError(`Invalid perMessageDeflate: ${inspect(given)}; expected true, false or an object of options`)
  }
  for (const name in given) {
    if (OPTIONS.includes(name)) continue
    throw new TypeError(`Invalid perMessageDeflate.${name}; expected one of ${OPTIONS.join(', ')}`)
  }
  for (const name of ['maxWindowBits', 'requestMaxWindowBits']) checkWindow(name, given[name])
  return { ...given }
}

/**
 * Checks the base-2 logarithm of a window size (RFC 7692 section 7.1.2).
 *
 * @param {string} name
 * @param {any} value
 */
function checkWindow (name, value) {
  if (value === undefined || (Number.isInteger(value) && value >= 8 && value <= 15)) return
  throw new RangeError(`Invalid perMessageDeflate.${name}: ${inspect(value)}; expected an integer from 8 to 15`)
}

/**
 * Returns the extension of a server, for `Connection.addExtension`; null if compression is off.
 *
 * @param {any} config
 */
function extensionOf (config) {
  const options = deflateOptions(config)
  return options === null ? null : permessageDeflate.configure(options)
}

/**
 * Returns the offer of a client; null if compression is off.
 *
 * @param {any} config
 */
function offerOf (config) {
  const options = deflateOptions(config)
  return options === null ? null : new Offer(options)
}

/**
 * Throws for invalid options, before a connection exists.
 *
 * @param {any} config
 */
function checkDeflate (config) {
  try {
    extensionOf(config)
  } catch (error) {
    // permessage-deflate does not know the name of the option that contains its options.
    if (error instanceof RangeError) error.message = error.message.replace(/^Invalid (?=\w+:)/, '$&perMessageDeflate.')
    throw error
  }
}

module.exports = { NAME, checkDeflate, extensionOf, offerOf }
