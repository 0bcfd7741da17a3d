'use strict'

const util = require('node:util')
const { Driver } = require('../driver/driver')
const { isWebSocket } = require('../driver/http')
const { validateOptions } = require('../driver/options')
const { API } = require('./api')
const { Client } = require('./client')
const { EventSource } = require('./eventsource')

/** The server's end of a connection, made in an http server's `upgrade` handler. */
function WebSocket (request, socket, body, protocols, options) {
  options = options || {}
  const { maxLength, allowDrafts } = options
  this._driver = Driver.http(request, { maxLength, allowDrafts, protocols })

  // There is nothing to talk to: no event will ever come.
  this._stream = socket
  if (!socket || !socket.writable) return
  if (!socket.readable) return socket.end()

  API.call(this, options)
  this._configureStream(socket)
  this._startPing()
  if (body && body.length > 0) this._driver.store(body)
  this._connectTransport()

  // Handlers that are attached in this tick must not miss the opening.
  process.nextTick(() => this._transport.start())
}
util.inherits(WebSocket, API)

WebSocket.isWebSocket = (request) => isWebSocket(request)
WebSocket.validateOptions = (options, validKeys) => validateOptions(options, validKeys)

WebSocket.WebSocket = WebSocket
WebSocket.Client = Client
WebSocket.EventSource = EventSource

module.exports = WebSocket
