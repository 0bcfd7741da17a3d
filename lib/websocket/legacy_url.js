// @ts-check
'use strict'

const url = require('node:url')

/** The class of `url.parse()`, which runtimes export without documentation. */
const { Url } = /** @type {any} */ (url)

/**
 * Returns the object that `url.parse()` returns, without its deprecation warning: Node 24 prints it, unless the caller
 * is in `node_modules`, and a bundle is not.
 *
 * @param {string} text
 * @param {boolean} [parseQuery] `query` is an object
 * @returns {any}
 */
function parseLegacyUrl (text, parseQuery) {
  // Other runtimes may lack the class.
  if (typeof Url?.prototype.parse !== 'function') return url.parse(text, /** @type {any} */ (parseQuery))
  const parsed = new Url()
  parsed.parse(text, parseQuery)
  return parsed
}

module.exports = { parseLegacyUrl }
