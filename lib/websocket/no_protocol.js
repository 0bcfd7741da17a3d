// @ts-check
'use strict'

/** The subprotocol that a router uses for the handler of requests without subprotocols. */
module.exports = '____no_protocol____'
