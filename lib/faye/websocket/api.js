// @ts-check
'use strict'

const { API } = require('../api')
const { CONNECTING, OPEN, CLOSING, CLOSED } = require('../ready_state')

// Assigns each export separately, because Node finds the names for ES modules by scanning this text.
module.exports = API
module.exports.CONNECTING = CONNECTING
module.exports.OPEN = OPEN
module.exports.CLOSING = CLOSING
module.exports.CLOSED = CLOSED
