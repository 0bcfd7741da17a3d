// @ts-check
'use strict'

/** The version in package.json, for bundles, which do not contain that file. A test compares the two. */
module.exports = { VERSION: '0.1.0' }
