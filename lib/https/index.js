// @ts-check
'use strict'

const { Server } = require('./server')

/**
 * Returns a server like the one of Node's function of the same name.
 *
 * @param {any} [options]
 * @param {any} [listener]
 */
function createServer (options, listener) {
  return new Server(options, listener)
}

module.exports = { createServer }
