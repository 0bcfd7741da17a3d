'use strict'

const util = require('node:util')
const { Driver } = require('../websocket-driver/driver')
const { isWebSocket } = require('../http/request')
const { validateOptions } = require('../http/options')
const { nextTick } = require('../runtime')
const { API, readOptions } = require('./api')
const { broadcast, prepare } = require('./broadcast')
const { Client } = require('./client')
const { EventSource } = require('./eventsource')

/** The server's end of a connection, made in an http server's `upgrade` handler. */
function WebSocket (request, socket, body, protocols, options) {
  options = readOptions(options)
  const { maxLength, allowDrafts } = options
  this._driver = Driver.http(request, { maxLength, allowDrafts, protocols })

  this._stream = null
  API.call(this, options)
  // The peer has gone while the application made up its mind.
  if (!isAlive(socket)) return this._endSoon()
  if (this._lifetime.isAborted) {
    socket.destroy()
    return this._endSoon()
  }
  this._configureStream(socket)
  this._lifetime.begin()
  if (body && body.length > 0) this._driver.store(body)
  this._connectTransport()

  // Handlers that are attached in this tick must not miss the opening.
  nextTick(() => this._transport.start())
}
util.inherits(WebSocket, API)

function isAlive (socket) {
  if (!socket || !socket.writable) return false
  if (!socket.readable) socket.end()
  return socket.readable
}

WebSocket.isWebSocket = (request) => isWebSocket(request)
WebSocket.validateOptions = (options, validKeys) => validateOptions(options, validKeys)
WebSocket.prepare = prepare
WebSocket.broadcast = broadcast

WebSocket.WebSocket = WebSocket
WebSocket.Client = Client
WebSocket.EventSource = EventSource

module.exports = WebSocket
