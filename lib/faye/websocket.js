// @ts-check
'use strict'

const util = require('node:util')
const { runtime, runtimeReason } = require('../choice')
const { Connection } = require('../connection/connection')
const { isWebSocket, requestUrl } = require('../http/request')
const { validateOptions } = require('../http/options')
const { nextTick } = require('../scheduling')
const { policyOf } = require('../websocket-driver/options')
const { API, readOptions } = require('./api')
const { broadcast, prepare } = require('./broadcast')
const { Client } = require('./client')
const { connectionOf } = require('./connection')
const EventSource = require('./eventsource')

/**
 * The server's end of a connection, made in an http server's `upgrade` handler.
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
  const engine = Connection.server(request, url, policyOf({ maxLength, allowDrafts, protocols }))
  API.call(this, engine, options, { url, name: url, target: null })
  const connection = connectionOf(this)
  // The peer has gone while the application made up its mind.
  if (!isAlive(socket)) return connection.endSoon()
  if (connection.isAborted) {
    socket.destroy()
    return connection.endSoon()
  }
  connection.use(socket)
  connection.begin()
  if (body && body.length > 0) engine.delivery.store(body)
  connection.connect()

  // Handlers that are attached in this tick must not miss the opening.
  nextTick(() => connection.start())
}
util.inherits(WebSocket, API)

/** @param {any} socket */
function isAlive (socket) {
  if (!socket || !socket.writable) return false
  if (!socket.readable) socket.end()
  return socket.readable
}

module.exports = WebSocket
// Written so that Node finds the names for ES modules: it reads this text, and does not run it.
module.exports.isWebSocket = (/** @type {any} */ request) => isWebSocket(request)
module.exports.validateOptions = (/** @type {any} */ options, /** @type {string[]} */ keys) =>
  validateOptions(options, keys)
module.exports.prepare = prepare
module.exports.broadcast = broadcast
module.exports.WebSocket = WebSocket
module.exports.Client = Client
module.exports.EventSource = EventSource
// What compilers make of `import WebSocket from` where they do not know CommonJS.
module.exports.default = WebSocket
module.exports.runtime = runtime
module.exports.runtimeReason = runtimeReason
