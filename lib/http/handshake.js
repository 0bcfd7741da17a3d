// @ts-check
'use strict'

// What lib/websocket, which may not touch the binding, needs to ask for an upgrade and to judge the answer.
const { acceptValue, handshakeKey } = require('../native')

module.exports = { acceptValue, handshakeKey }
