// @ts-check
'use strict'

// Warns about deprecated names, once for each. The map is empty, as in the original. Programs may add names.

const disableWarnings = false

/** @type {Record<string, string | boolean>} the warning by name; false after it was printed */
const deprecationWarningMap = {}

/** @param {string} deprecationName */
function warn (deprecationName) {
  const text = deprecation.deprecationWarningMap[deprecationName]
  if (deprecation.disableWarnings || !text) return
  console.warn('DEPRECATION WARNING: ' + text)
  deprecation.deprecationWarningMap[deprecationName] = false
}

// A list of names without expressions: Node finds the exports for ES modules by reading this text.
module.exports = { disableWarnings, deprecationWarningMap, warn }

/** The exported object, whose `disableWarnings` programs may set. */
const deprecation = module.exports
