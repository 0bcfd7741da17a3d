// @ts-check
'use strict'

const { EventEmitter } = require('node:events')
const { inherits } = require('node:util')
const { binaryOf } = require('../connection/messages')
const { nextTick } = require('../scheduling')
const { broadcastBytes, broadcastText } = require('./broadcast')
const { SERVER_DEFAULTS, checkConfig } = require('./config')
const { debugFor } = require('./debug')
const { watch } = require('./pending')
const WebSocketRequest = require('./request')
const { extend } = require('./utils')

/**
 * Handles the `upgrade` events of HTTP servers, and emits a request for each.
 *
 * @this {any}
 * @param {any} [config]
 */
function WebSocketServer (config) {
  EventEmitter.call(this)
  this._handlers = {
    upgrade: this.handleUpgrade.bind(this),
    requestAccepted: this.handleRequestAccepted.bind(this),
    requestResolved: this.handleRequestResolved.bind(this)
  }
  this.connections = []
  this.pendingRequests = []
  if (config) this.mount(config)
}
inherits(WebSocketServer, EventEmitter)

/** @type {Record<string, (this: any, ...args: any[]) => any>} */
const methods = {
  mount (config) {
    this.config = { ...SERVER_DEFAULTS }
    // Copies inherited and unknown keys, as the original does.
    extend(this.config, config)
    const { httpServer } = this.config
    if (!httpServer) throw new Error('You must specify an httpServer on which to mount the WebSocket server.')
    if (!Array.isArray(httpServer)) this.config.httpServer = [httpServer]
    checkConfig(this.config)
    for (const server of this.config.httpServer) server.on('upgrade', this._handlers.upgrade)
  },

  unmount () {
    for (const server of this.config.httpServer) server.removeListener('upgrade', this._handlers.upgrade)
  },

  closeAllConnections () {
    // Iterates over copies, because listeners may change the lists.
    for (const connection of [...this.connections]) connection.close()
    for (const request of [...this.pendingRequests]) {
      nextTick(() => {
        if (this.pendingRequests.includes(request)) request.reject(503)
      })
    }
  },

  broadcast (data) {
    if (binaryOf(data) !== null) this.broadcastBytes(data)
    else if (typeof data.toString === 'function') this.broadcastUTF(data)
  },

  broadcastUTF (utfData) {
    broadcastText(this.connections, utfData)
  },

  broadcastBytes (binaryData) {
    broadcastBytes(this.connections, binaryData)
  },

  shutDown () {
    this.unmount()
    this.closeAllConnections()
  },

  handleUpgrade (httpRequest, socket, head = undefined) {
    /** @type {any} */
    const request = new WebSocketRequest(socket, httpRequest, this.config, head, false)
    try {
      request.readHandshake()
    } catch (error) {
      const { httpCode, message, headers } = /** @type {any} */ (error)
      request.reject(httpCode || 400, message, headers)
      return emitUpgradeError(this, error)
    }

    this.pendingRequests.push(request)
    request.on('requestAccepted', this._handlers.requestAccepted)
    request.on('requestResolved', this._handlers.requestResolved)
    try {
      if (this.config.autoAcceptConnections) autoAccept(this, request)
      else if (this.listenerCount('request') > 0) this.emit('request', request)
      else request.reject(404, 'No handler is configured to accept the connection.')
    } finally {
      // Most programs resolve a request in the same tick, in which its socket emits nothing.
      if (!request._resolved) watch(request, this._handlers.requestResolved)
    }
  },

  handleRequestAccepted (connection) {
    connection.once('close', (/** @type {number} */ reasonCode, /** @type {string} */ description) =>
      this.handleConnectionClose(connection, reasonCode, description))
    this.connections.push(connection)
    this.emit('connect', connection)
  },

  handleConnectionClose (connection, reasonCode, description) {
    remove(this.connections, connection)
    this.emit('close', connection, reasonCode, description)
  },

  handleRequestResolved (request) {
    remove(this.pendingRequests, request)
  }
}

/**
 * @param {any} server
 * @param {any} request
 */
function autoAccept (server, request) {
  let isRejected = false
  request.once('requestRejected', () => { isRejected = true })
  try {
    request.accept(request.requestedProtocols[0], request.origin)
  } catch (error) {
    // accept() rejects the request if the subprotocol is not a token. Other errors come from listeners.
    if (!isRejected) throw error
    emitUpgradeError(server, error)
  }
}

/**
 * Reports a handshake that the server has rejected.
 *
 * @param {any} server
 * @param {any} error
 */
function emitUpgradeError (server, error) {
  debug('Invalid handshake: %s', error.message)
  server.emit('upgradeError', error)
}

/**
 * @param {any[]} list
 * @param {any} item
 */
function remove (list, item) {
  const index = list.indexOf(item)
  if (index !== -1) list.splice(index, 1)
}

const debug = debugFor('websocket:server')

Object.assign(WebSocketServer.prototype, methods)

module.exports = WebSocketServer
