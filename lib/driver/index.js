// @ts-check
'use strict'

const { Driver } = require('./driver')
const { isSecureRequest, isWebSocket } = require('./http')
const { DRIVER_OPTIONS, validateOptions } = require('./options')
const { Server } = require('./server')

// What websocket-driver exports. As there, defaults are written into the caller's options.

module.exports = {
  /**
   * @param {any} url
   * @param {any} [options]
   */
  client (url, options) {
    options = checked(options)
    if (options.masking === undefined) options.masking = true
    return Driver.client(url, options).useStreams()
  },

  /** @param {any} [options] */
  server (options) {
    options = checked(options)
    if (options.requireMasking === undefined) options.requireMasking = true
    return new Server(options)
  },

  /**
   * @param {any} request
   * @param {any} [options]
   */
  http (request, options) {
    options = checked(options)
    if (options.requireMasking === undefined) options.requireMasking = true
    return Driver.http(request, options).useStreams()
  },

  isSecureRequest,
  isWebSocket,

  /**
   * @param {any} options
   * @param {string[]} validKeys
   */
  validateOptions (options, validKeys) {
    validateOptions(options, validKeys)
    return options || {}
  }
}

/** @param {any} options */
function checked (options) {
  options = options || {}
  validateOptions(options, DRIVER_OPTIONS)
  return options
}
