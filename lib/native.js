// @ts-check
'use strict'

// The native addon. When there is none, its generated loader blames npm; this says what usually is the matter.

/** @returns {typeof import('../binding')} */
function load () {
  try {
    return require('../binding')
  } catch (cause) {
    throw new Error(`There is no native addon for ${process.platform}-${process.arch} here, or it does not load. ` +
      'The package carries one for Linux on x64 with glibc. For other machines it is built from source, which ' +
      'needs Rust: run "npm run build" in a checkout', { cause })
  }
}

module.exports = load()
