// @ts-check
'use strict'

const { EventEmitter } = require('node:events')
const { inherits } = require('node:util')
const NO_PROTOCOL = require('./no_protocol')

/**
 * The request that a router passes to a handler. `accept()` accepts the subprotocol that the router has matched.
 *
 * @this {any}
 * @param {any} webSocketRequest
 * @param {string} resolvedProtocol
 */
function WebSocketRouterRequest (webSocketRequest, resolvedProtocol) {
  EventEmitter.call(this)
  this.webSocketRequest = webSocketRequest
  this.protocol = resolvedProtocol === NO_PROTOCOL ? null : resolvedProtocol
  for (const name of SHARED) this[name] = webSocketRequest[name]
}
inherits(WebSocketRouterRequest, EventEmitter)

/** The properties that are copied from the request of the server. */
const SHARED = [
  'origin', 'resource', 'resourceURL', 'httpRequest', 'remoteAddress', 'webSocketVersion', 'requestedExtensions',
  'cookies'
]

/** @type {Record<string, (this: any, ...args: any[]) => any>} */
const methods = {
  accept (origin, cookies) {
    const connection = this.webSocketRequest.accept(this.protocol, origin, cookies)
    this.emit('requestAccepted', connection)
    return connection
  },

  reject (status, reason, extraHeaders) {
    this.webSocketRequest.reject(status, reason, extraHeaders)
    this.emit('requestRejected', this)
  }
}

Object.assign(WebSocketRouterRequest.prototype, methods)

module.exports = WebSocketRouterRequest
