// @ts-check
'use strict'

const { EventEmitter } = require('node:events')
const { inherits, types } = require('node:util')
const NO_PROTOCOL = require('./no_protocol')
const WebSocketRouterRequest = require('./router_request')
const { extend } = require('./utils')

/**
 * @typedef {object} Handler
 * @property {RegExp} path
 * @property {string} pathString
 * @property {string} protocol in lower case
 * @property {(request: any) => void} callback
 */

/**
 * Calls a handler for each request of a server. The path and the subprotocol select the handler.
 *
 * @this {any}
 * @param {any} [config]
 */
function WebSocketRouter (config) {
  EventEmitter.call(this)
  this.config = { server: null }
  // Copies inherited keys, too, as the original does.
  extend(this.config, config)
  this.handlers = []
  this._requestHandler = this.handleRequest.bind(this)
  if (this.config.server) this.attachServer(this.config.server)
}
inherits(WebSocketRouter, EventEmitter)

/** @type {Record<string, (this: any, ...args: any[]) => any>} */
const methods = {
  attachServer (server) {
    if (!server) throw new Error('You must specify a WebSocketServer instance to attach to.')
    this.server = server
    server.on('request', this._requestHandler)
  },

  detachServer () {
    if (!this.server) throw new Error('Cannot detach from server: not attached.')
    this.server.removeListener('request', this._requestHandler)
    this.server = null
  },

  mount (path, protocol, callback) {
    if (!path) throw new Error('You must specify a path for this handler.')
    if (!callback) throw new Error('You must specify a callback for this handler.')
    const expression = this.pathToRegExp(path)
    if (!types.isRegExp(expression)) throw new Error('Path must be specified as either a string or a RegExp.')
    const pathString = expression.toString()
    const name = (protocol || NO_PROTOCOL).toLowerCase()
    if (this.findHandlerIndex(pathString, name) !== -1) {
      throw new Error('You may only mount one handler per path/protocol combination.')
    }
    this.handlers.push({ path: expression, pathString, protocol: name, callback })
  },

  unmount (path, protocol) {
    const index = this.findHandlerIndex(this.pathToRegExp(path).toString(), protocol || NO_PROTOCOL)
    if (index === -1) throw new Error('Unable to find a route matching the specified path and protocol.')
    this.handlers.splice(index, 1)
  },

  findHandlerIndex (pathString, protocol) {
    const name = protocol.toLowerCase()
    return this.handlers.findIndex((/** @type {Handler} */ handler) =>
      handler.pathString === pathString && handler.protocol === name)
  },

  pathToRegExp (path) {
    if (typeof path !== 'string') return path
    if (path === '*') return /^.*$/
    return new RegExp('^' + path.replace(/[-[\]{}()*+?.,\\^$|#\s]/g, '\\$&') + '$')
  },

  handleRequest (request) {
    const { requestedProtocols, resourceURL: { pathname } } = request
    const asked = requestedProtocols.length > 0 ? requestedProtocols : [NO_PROTOCOL]
    // Tries the subprotocols in the client's order, and the handlers in the order of mounting.
    for (const each of asked) {
      const protocol = each.toLowerCase()
      const handler = this.handlers.find((/** @type {Handler} */ handler) =>
        (handler.protocol === protocol || handler.protocol === '*') && matches(handler.path, pathname))
      if (handler) return void handler.callback(new WebSocketRouterRequest(request, protocol))
    }
    request.reject(404, 'No handler is available for the given request.')
  }
}

/**
 * Returns whether a path matches. Resets `lastIndex`, because a RegExp with the flag `g` or `y` starts at the end of
 * its last match.
 *
 * @param {RegExp} path
 * @param {string} pathname
 */
function matches (path, pathname) {
  path.lastIndex = 0
  return path.test(pathname)
}

Object.assign(WebSocketRouter.prototype, methods)

module.exports = WebSocketRouter
