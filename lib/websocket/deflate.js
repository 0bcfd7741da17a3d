// @ts-check
'use strict'

const { inspect } = require('node:util')
const permessageDeflate = require('../permessage-deflate')
const { Offer } = require('../permessage-deflate/offer')

// The key `perMessageDeflate` of a configuration: off, true, or an object with the options of permessage-deflate.

/** What programs find in `connection.extensions`. */
const NAME = 'permessage-deflate'
/** The options, but for `zlib`: the core compresses. */
const OPTIONS = [
  'level', 'memLevel', 'strategy', 'noContextTakeover', 'maxWindowBits', 'requestNoContextTakeover',
  'requestMaxWindowBits', 'threshold'
]

/**
 * The options of compression; null where it is off.
 *
 * @param {any} config
 * @returns {Record<string, any> | null}
 * @throws {Error} for a value that means nothing
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
  return { ...given }
}

/**
 * The extension of a server, for `Connection.addExtension`; null where compression is off.
 *
 * @param {any} config
 */
function extensionOf (config) {
  const options = deflateOptions(config)
  return options === null ? null : permessageDeflate.configure(options)
}

/**
 * A client's offer; null where compression is off.
 *
 * @param {any} config
 */
function offerOf (config) {
  const options = deflateOptions(config)
  return options === null ? null : new Offer(options)
}

/**
 * Throws for options that mean nothing, before there is a connection.
 *
 * @param {any} config
 */
function checkDeflate (config) {
  extensionOf(config)
  offerOf(config)
}

module.exports = { NAME, checkDeflate, extensionOf, offerOf }
