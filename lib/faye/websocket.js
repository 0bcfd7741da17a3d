// @ts-check
'use strict'

const util = require('node:util')
const { runtime, runtimeReason } = require('../choice')
const { Connection } = require('../connection/connection')
const { isWebSocket, requestUrl } = require('../http/request')
const { validateOptions } = require('../http/options')
const { nextTick } = require('../runtime')
const { policyOf } = require('../websocket-driver/options')
const { API, readOptions } = require('./api')
const { broadcast, prepare } = require('./broadcast')
const { Client } = require('./client')
const { connectionOf } = require('./connection')
const { EventSource } = require('./eventsource')

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

WebSocket.isWebSocket = (/** @type {any} */ request) => isWebSocket(request)
WebSocket.validateOptions = (/** @type {any} */ options, /** @type {string[]} */ keys) => validateOptions(options, keys)
WebSocket.prepare = prepare
WebSocket.broadcast = broadcast

WebSocket.WebSocket = WebSocket
WebSocket.Client = Client
WebSocket.EventSource = EventSource

// Not enumerable, as the original has no such names.
Object.defineProperty(WebSocket, 'runtime', { value: runtime })
Object.defineProperty(WebSocket, 'runtimeReason', { value: runtimeReason })

module.exports = WebSocket
