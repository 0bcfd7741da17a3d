// @ts-check
'use strict'

// Warns of old names, once each. The map is empty: this version has no old names, but programs may add some.

const disableWarnings = false

/** @type {Record<string, string | boolean>} text by name; false once it has been printed */
const deprecationWarningMap = {}

/** @param {string} deprecationName */
function warn (deprecationName) {
  const text = deprecation.deprecationWarningMap[deprecationName]
  if (deprecation.disableWarnings || !text) return
  console.warn('DEPRECATION WARNING: ' + text)
  deprecation.deprecationWarningMap[deprecationName] = false
}

// One name after the other: Node finds them so for ES modules that import by name.
module.exports = { disableWarnings, deprecationWarningMap, warn }

/** What programs set `disableWarnings` of. */
const deprecation = module.exports
