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
  options = checked(options)
  if (options.masking === undefined) options.masking = true
  return Driver.client(url, options).useStreams()
}

/** @param {any} [options] */
function server (options) {
  options = checked(options)
  if (options.requireMasking === undefined) options.requireMasking = true
  return new Server(options)
}

/**
 * @param {any} request
 * @param {any} [options]
 */
function http (request, options) {
  options = checked(options)
  if (options.requireMasking === undefined) options.requireMasking = true
  return Driver.http(request, options).useStreams()
}

/**
 * @param {any} options
 * @param {string[]} validKeys
 */
function refuseUnknown (options, validKeys) {
  validateOptions(options, validKeys)
  return options || {}
}

/** @param {any} options */
function checked (options) {
  options = options || {}
  validateOptions(options, DRIVER_OPTIONS)
  return options
}

// One name after the other: Node finds them so for ES modules that import by name.
module.exports = { client, server, http, isSecureRequest, isWebSocket, validateOptions: refuseUnknown }
