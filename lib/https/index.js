// @ts-check
'use strict'

const https = require('node:https')
const { IS_SUPPORTED } = require('../transport/platform')
const { Server } = require('./server')

/**
 * Returns a server like the one of Node's function of the same name. Without a reactor it is Node's, because other
 * JavaScript runtimes have classes of their own.
 *
 * @param {any} [options]
 * @param {any} [listener]
 */
function createServer (options, listener) {
  if (IS_SUPPORTED) return new Server(options, listener)
  return Object.defineProperty(https.createServer(options, listener), 'isNative', { value: false })
}

module.exports = { createServer }
