// @ts-check
'use strict'

/** Warns of old names, once each. The map is empty: this version has no old names, but programs may add some. */
module.exports = {
  disableWarnings: false,

  /** @type {Record<string, string | boolean>} text by name; false once it has been printed */
  deprecationWarningMap: {},

  /** @param {string} deprecationName */
  warn (deprecationName) {
    const text = this.deprecationWarningMap[deprecationName]
    if (this.disableWarnings || !text) return
    console.warn('DEPRECATION WARNING: ' + text)
    this.deprecationWarningMap[deprecationName] = false
  }
}
