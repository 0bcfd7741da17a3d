// @ts-check
'use strict'

const { Driver } = require('./driver')
const { isSecureRequest, isWebSocket } = require('./http')
const { DRIVER_OPTIONS, validateOptions } = require('./options')
const { Server } = require('./server')

// What websocket-driver exports. As there, defaults are written into the caller's options.

/**
 * @param {any} url
 * @param {any} [options]
 */
function client (url, options) {
  options = refuseUnknown(options, DRIVER_OPTIONS)
  if (options.masking === undefined) options.masking = true
  return Driver.client(url, options).useStreams()
}

/** @param {any} [options] */
function server (options) {
  options = refuseUnknown(options, DRIVER_OPTIONS)
  if (options.requireMasking === undefined) options.requireMasking = true
  return new Server(options)
}

/**
 * @param {any} request
 * @param {any} [options]
 */
function http (request, options) {
  options = refuseUnknown(options, DRIVER_OPTIONS)
  if (options.requireMasking === undefined) options.requireMasking = true
  return Driver.http(request, options).useStreams()
}

/**
 * The options, or none; throws for a key that is not among the valid ones.
 *
 * @param {any} options
 * @param {string[]} validKeys
 */
function refuseUnknown (options, validKeys) {
  validateOptions(options, validKeys)
  return options || {}
}

// One name after the other: Node finds them so for ES modules that import by name.
module.exports = { client, server, http, isSecureRequest, isWebSocket, validateOptions: refuseUnknown }
