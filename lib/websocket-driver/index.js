// @ts-check
'use strict'

const { runtime, runtimeReason } = require('../choice')
const { Driver } = require('./driver')
const { isSecureRequest, isWebSocket } = require('../http/request')
const { validateOptions } = require('../http/options')
const { DRIVER_OPTIONS } = require('./options')
const { Server } = require('./server')

// The exports of websocket-driver. As in the original, functions write defaults into the caller's options.

/**
 * @param {any} url
 * @param {any} [options]
 */
function client (url, options) {
  return Driver.client(url, readOptions(options, 'masking')).useStreams()
}

/** @param {any} [options] */
function server (options) {
  return new Server(readOptions(options, 'requireMasking'))
}

/**
 * @param {any} request
 * @param {any} [options]
 */
function http (request, options) {
  return Driver.http(request, readOptions(options, 'requireMasking')).useStreams()
}

/**
 * Returns a copy of the options. Reads each option once, because a getter may return another value the next time.
 *
 * @param {any} given
 * @param {string} defaulted the option whose default is written into the caller's object
 */
function readOptions (given, defaulted) {
  given = refuseUnknown(given, DRIVER_OPTIONS)
  /** @type {Record<string, any>} */
  const options = Object.fromEntries(DRIVER_OPTIONS.map((name) => [name, given[name]]))
  if (options[defaulted] === undefined) given[defaulted] = options[defaulted] = true
  return options
}

/**
 * Returns the options, or an empty object. Throws for a key that is not valid.
 *
 * @param {any} options
 * @param {string[]} validKeys
 */
function refuseUnknown (options, validKeys) {
  validateOptions(options, validKeys)
  return options || {}
}

// Writes out each name, because Node finds the names for ES modules by scanning this text.
module.exports = {
  client, server, http, isSecureRequest, isWebSocket, runtime, runtimeReason, validateOptions: refuseUnknown
}
