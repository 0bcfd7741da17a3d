// @ts-check
'use strict'

const { runtime, runtimeReason } = require('../choice')
const { Driver } = require('./driver')
const { isSecureRequest, isWebSocket } = require('../http/request')
const { validateOptions } = require('../http/options')
const { DRIVER_OPTIONS } = require('./options')
const { Server } = require('./server')

// What websocket-driver exports. As there, defaults are written into the caller's options.

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
 * A copy of the options, because a getter may answer differently the next time.
 *
 * @param {any} given
 * @param {string} defaulted the one whose default is written into the caller's
 */
function readOptions (given, defaulted) {
  given = refuseUnknown(given, DRIVER_OPTIONS)
  /** @type {Record<string, any>} */
  const options = Object.fromEntries(DRIVER_OPTIONS.map((name) => [name, given[name]]))
  if (options[defaulted] === undefined) given[defaulted] = options[defaulted] = true
  return options
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
module.exports = {
  client, server, http, isSecureRequest, isWebSocket, runtime, runtimeReason, validateOptions: refuseUnknown
}
