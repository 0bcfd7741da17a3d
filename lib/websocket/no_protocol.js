// @ts-check
'use strict'

/** What a router calls the protocol of a request that asks for none. */
module.exports = '____no_protocol____'
