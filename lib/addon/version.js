// @ts-check
'use strict'

/** The version of package.json, which a bundle does not have. A test compares them. */
module.exports = { VERSION: '0.1.0' }
