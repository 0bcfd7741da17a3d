// @ts-check
'use strict'

// The functions and classes of the core, implemented by the addon or by WebAssembly.

module.exports = require('./choice').binding
