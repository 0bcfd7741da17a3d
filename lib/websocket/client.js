// @ts-check
'use strict'

const { EventEmitter } = require('node:events')
const http = require('node:http')
const https = require('node:https')
const { inherits } = require('node:util')
const { Connection } = require('../connection/connection')
const { acceptValue, handshakeKey } = require('../http/handshake')
const { checkProtocols, defaultPort, requestOptionsFor } = require('./client_request')
const { CLIENT_DEFAULTS, checkConfig, policyOf } = require('./config')
const WebSocketConnection = require('./connection')
const { NAME, offerOf } = require('./deflate')
const ignore = require('./ignore')
const { parseLegacyUrl } = require('./legacy_url')
const { establish } = require('./link')
const { extend } = require('./utils')

/**
 * Connects to servers. `http.request()` or `https.request()` opens the connection and reads the response.
 *
 * @this {any}
 * @param {any} [config] the constructor deletes its `tlsOptions`, as the original does
 */
function WebSocketClient (config) {
  EventEmitter.call(this)
  this.config = { ...CLIENT_DEFAULTS, tlsOptions: {} }
  if (config) {
    const { tlsOptions } = config
    if (tlsOptions) Reflect.deleteProperty(config, 'tlsOptions')
    extend(this.config, config)
    this.config.tlsOptions = {}
    extend(this.config.tlsOptions, tlsOptions)
  }
  this._req = null
  if (this.config.webSocketVersion !== 8 && this.config.webSocketVersion !== 13) {
    throw new Error('Requested webSocketVersion is not supported. Allowed values are 8 and 13.')
  }
  checkConfig(this.config)
}
inherits(WebSocketClient, EventEmitter)

/** @type {Record<string, (this: any, ...args: any[]) => any>} */
const methods = {
  connect (requestUrl, protocols, origin, headers, extraRequestOptions) {
    this.protocols = listOf(protocols)
    // Clears the subprotocol of an earlier connection.
    if (this.protocol !== undefined) this.protocol = undefined
    this.origin = origin
    this.url = typeof requestUrl === 'string' ? parseLegacyUrl(requestUrl) : requestUrl
    if (!this.url.protocol) throw new Error('You must specify a full WebSocket URL, including protocol.')
    if (!this.url.host) {
      throw new Error('You must specify a full WebSocket URL, including hostname. Relative URLs are not supported.')
    }
    this.secure = this.url.protocol === 'wss:'
    checkProtocols(this.protocols)
    // The object belongs to the program, and may be frozen.
    if (!this.url.port) Reflect.set(this.url, 'port', defaultPort(this.url.protocol))
    this.base64nonce = handshakeKey()
    const offer = offerOf(this.config)
    offers.set(this, { offer, agreed: null })
    const extensions = offer === null ? null : offer.header
    const options = requestOptionsFor(this, { headers, options: extraRequestOptions, extensions })
    this._req = (this.secure ? https : http).request(options)
    awaitResponse(this, this._req)
    this._req.end()
  },

  validateHandshake () {
    const { headers } = this.response
    if (this.protocols.length > 0) {
      this.protocol = headers['sec-websocket-protocol']
      if (!this.protocol) return this.failHandshake('Expected a Sec-WebSocket-Protocol header.')
      if (!this.protocols.includes(this.protocol)) {
        return this.failHandshake('Server did not respond with a requested protocol.')
      }
    }
    if (!headerEquals(headers.connection, 'upgrade')) {
      return this.failHandshake('Expected a Connection: Upgrade header from the server')
    }
    if (!headerEquals(headers.upgrade, 'websocket')) {
      return this.failHandshake('Expected an Upgrade: websocket header from the server')
    }
    const accept = headers['sec-websocket-accept']
    if (!accept) return this.failHandshake('Expected Sec-WebSocket-Accept header from server')
    const expected = acceptValue(this.base64nonce)
    if (accept !== expected) {
      return this.failHandshake(`Sec-WebSocket-Accept header from server didn't match expected value of ${expected}`)
    }
    const error = responseError(this)
    if (error !== null) return this.failHandshake(error)
    this.succeedHandshake()
  },

  failHandshake (errorDescription) {
    if (this.socket) discard(this.socket)
    this.emit('connectFailed', new Error(errorDescription))
  },

  succeedHandshake () {
    const connection = connectionFor(this)
    connection._addSocketEventListeners()
    try {
      this.emit('connect', connection)
    } finally {
      // Delivers the bytes after the response, even if a handler has thrown.
      const chunk = this.firstDataChunk
      this.firstDataChunk = null
      if (chunk.length > 0) connection.handleSocketData(chunk)
    }
  },

  abort () {
    if (this._req) this._req.abort()
  }
}
Object.assign(WebSocketClient.prototype, methods)

/**
 * Passes the outcome of a request, a response or an error, to the client. Removes the listeners after the first
 * outcome.
 *
 * @param {any} client
 * @param {any} request
 */
function awaitResponse (client, request) {
  /** @type {Record<string, (...args: any[]) => void>} */
  const listeners = {
    upgrade (response, socket, head) {
      settle()
      // A program may replace `validateHandshake` with an asynchronous one.
      socket.on('error', ignore)
      Object.assign(client, { socket, response, firstDataChunk: head })
      client.validateHandshake()
    },

    response (response) {
      settle()
      if (client.listenerCount('httpResponse') > 0) return showResponse(client, response)
      client.socket = response.socket
      const { statusCode, statusMessage, headers } = response
      client.failHandshake(`Server responded with a non-101 status: ${statusCode} ${statusMessage}\n` +
        `Response Headers Follow:\n${dump(headers)}\n`)
    },

    error (error) {
      settle()
      client.emit('connectFailed', error)
    },

    // Node emits no error for a request that is aborted before it has a socket.
    close () {
      settle(true)
      client.emit('connectFailed', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }))
    }
  }
  const settle = (isClosed = false) => {
    for (const name in listeners) request.removeListener(name, listeners[name])
    if (!isClosed) ignoreErrors(request)
    if (client._req === request) client._req = null
  }
  for (const name in listeners) request.on(name, listeners[name])
}

/**
 * @param {any} client
 * @param {any} response
 */
function showResponse (client, response) {
  try {
    client.emit('httpResponse', response, client)
  } finally {
    if (response.socket) response.socket.end()
  }
}

/** @param {Record<string, any>} headers */
function dump (headers) {
  return Object.keys(headers).map((name) => `${name}: ${headers[name]}`).join('\n')
}

/**
 * The extensions that each client has offered in its request, and the agreement on them.
 *
 * @type {WeakMap<object, { offer: ReturnType<typeof offerOf>, agreed: any }>}
 */
const offers = new WeakMap()

/**
 * Checks the rules that the original does not check. Returns the error message if RFC 6455 section 4.1 forbids the
 * response, otherwise null. Without `strictHandshake`, checks only the response to an offer of compression.
 *
 * @param {any} client
 */
function responseError (client) {
  const { 'sec-websocket-protocol': protocol, 'sec-websocket-extensions': extensions } = client.response.headers
  const { offer = null } = offers.get(client) ?? {}
  if (extensions && offer !== null) {
    const agreed = offer.accept(extensions)
    offers.set(client, { offer, agreed })
    if (agreed === null) return `Server selected extensions that do not match the offer: ${extensions}`
  }
  if (client.config.strictHandshake === false) return null
  if (extensions && offer === null) return `Server selected an extension that was not offered: ${extensions}`
  if (protocol && client.protocols.length === 0) return `Server selected a protocol that was not requested: ${protocol}`
  return null
}

/** @param {any} client whose handshake has succeeded */
function connectionFor (client) {
  const { config, protocol, socket } = client
  const { agreed = null } = offers.get(client) ?? {}
  try {
    /** @type {any} */
    const connection = new WebSocketConnection(socket, agreed === null ? [] : [NAME], protocol, true, config)
    connection.webSocketVersion = config.webSocketVersion
    if (agreed !== null) establish(connection, Connection.established(true, policyOf(config, true), agreed))
    return connection
  } catch (error) {
    // The configuration is invalid.
    discard(socket)
    throw error
  }
}

/**
 * Closes a socket that no connection will use.
 *
 * @param {any} socket
 */
function discard (socket) {
  ignoreErrors(socket)
  if (socket.writable) socket.end()
  // Tests of programs may pass an object without `destroy`.
  if (socket.destroy) socket.destroy()
}

/**
 * Ignores the errors of an emitter that the client no longer needs, until the emitter closes.
 *
 * @param {any} emitter
 */
function ignoreErrors (emitter) {
  emitter.removeListener('error', ignore)
  emitter.on('error', ignore)
  emitter.once('close', () => emitter.removeListener('error', ignore))
}

/** @param {any} protocols a name, an array of names, or nothing */
function listOf (protocols) {
  if (typeof protocols === 'string' && protocols !== '') return [protocols]
  return Array.isArray(protocols) ? protocols : []
}

/**
 * @param {string | undefined} header
 * @param {string} word
 */
function headerEquals (header, word) {
  return header !== undefined && header.toLowerCase() === word
}

module.exports = WebSocketClient
