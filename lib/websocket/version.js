// @ts-check
'use strict'

// The version of the package `websocket` that this interface is that of, because programs compare it.
module.exports = '1.0.35'
