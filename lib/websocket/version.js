// @ts-check
'use strict'

// The version of the original, the package `websocket`. Programs compare it.
module.exports = '1.0.35'
