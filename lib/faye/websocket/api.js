// @ts-check
'use strict'

const { API } = require('../api')
const { CONNECTING, OPEN, CLOSING, CLOSED } = require('../ready_state')

// One name after the other: Node finds them so for ES modules that import by name.
module.exports = API
module.exports.CONNECTING = CONNECTING
module.exports.OPEN = OPEN
module.exports.CLOSING = CLOSING
module.exports.CLOSED = CLOSED
