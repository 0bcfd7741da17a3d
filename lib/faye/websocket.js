// @ts-check
'use strict'

const util = require('node:util')
const { runtime, runtimeReason } = require('../choice')
const { Connection } = require('../connection/connection')
const { isWebSocket, requestUrl } = require('../http/request')
const { validateOptions } = require('../http/options')
const { nextTick } = require('../scheduling')
const transports = require('../transport')
const { serverPolicyOf } = require('../websocket-driver/options')
const { API, readOptions } = require('./api')
const { broadcast, prepare } = require('./broadcast')
const { Client } = require('./client')
const { connectionOf } = require('./connection')
const EventSource = require('./eventsource')

/**
 * The server's endpoint of a connection, created in the `upgrade` handler of an http server.
 *
 * @this {any}
 * @param {any} request
 * @param {any} socket
 * @param {any} [body]
 * @param {any} [protocols]
 * @param {any} [options]
 */
function WebSocket (request, socket, body, protocols, options) {
  options = readOptions(options)
  const { maxLength, allowDrafts } = options
  const url = requestUrl(request)
  const policy = serverPolicyOf({ maxLength, allowDrafts, protocols })
  // A socket with a handle always closes. Another stream may be collected without an event.
  const engine = Connection.server(request, url, policy, transports.hasHandle(socket))
  initialise(this, engine, options, url)
  const connection = connectionOf(this)
  // The socket may have closed before the application created this object.
  if (!isAlive(socket)) return connection.endSoon()
  if (connection.isAborted) {
    socket.destroy()
    return connection.endSoon()
  }
  connection.useStream(socket)
  connection.begin()
  if (body && body.length > 0) engine.delivery.store(body)
  connection.connect()

  // In the next tick, so that handlers attached in this tick receive `open`.
  nextTick(() => connection.start())
}
util.inherits(WebSocket, API)

/**
 * @param {any} websocket
 * @param {Connection} engine
 * @param {any} options
 * @param {string} url
 */
function initialise (websocket, engine, options, url) {
  try {
    API.call(websocket, engine, options, url, null)
  } catch (error) {
    engine.abandon()
    throw error
  }
}

/** @param {any} socket */
function isAlive (socket) {
  if (!socket || !socket.writable) return false
  if (!socket.readable) socket.end()
  return socket.readable
}

module.exports = WebSocket
// Assigns each export separately, because Node finds the names for ES modules by scanning this text.
module.exports.isWebSocket = (/** @type {any} */ request) => isWebSocket(request)
module.exports.validateOptions = (/** @type {any} */ options, /** @type {string[]} */ keys) =>
  validateOptions(options, keys)
module.exports.prepare = prepare
module.exports.broadcast = broadcast
module.exports.WebSocket = WebSocket
module.exports.Client = Client
module.exports.EventSource = EventSource
// For compilers that translate `import WebSocket from` to `default` and do not check for CommonJS.
module.exports.default = WebSocket
module.exports.runtime = runtime
module.exports.runtimeReason = runtimeReason
