// @ts-check
'use strict'

// What the rooms that talk to the core call, whether the addon is behind it or WebAssembly.

module.exports = require('./choice').binding
