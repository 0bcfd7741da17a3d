// @ts-check
'use strict'

/** The name by which a router finds the handler of a request without subprotocols. */
module.exports = '____no_protocol____'
