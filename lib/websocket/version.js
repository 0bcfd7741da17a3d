// @ts-check
'use strict'

// The version of the package `websocket` whose interface this is, not ours: programs compare it, to know what they may
// call.
module.exports = '1.0.35'
