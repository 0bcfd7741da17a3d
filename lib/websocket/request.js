// @ts-check
'use strict'

const { EventEmitter } = require('node:events')
const { inherits } = require('node:util')
const { Connection } = require('../connection/connection')
const { requestUrl } = require('../http/request')
const { nextTick } = require('../scheduling')
const transports = require('../transport')
const { serverPolicyOf } = require('./config')
const WebSocketConnection = require('./connection')
const { cookieHeaders, parseCookies } = require('./cookies')
const { extensionOf } = require('./deflate')
const ignore = require('./ignore')
const { parseLegacyUrl } = require('./legacy_url')
const { establish, linkOf } = require('./link')
const { watch } = require('./pending')
const { endWith, headerText, rejection } = require('./rejection')
const { illegalCharacter } = require('./token')

/** The property of a request that contains the bytes received after its head, if there are any. */
const HEAD = Symbol('head')

/**
 * The opening handshake of a client, which the program accepts or rejects.
 *
 * @this {any}
 * @param {any} socket
 * @param {any} httpRequest
 * @param {any} serverConfig
 * @param {any} [head] bytes received after the head of the request
 * @param {boolean} [isWatched] whether to listen to the socket; false if the caller does that before the next tick
 */
function WebSocketRequest (socket, httpRequest, serverConfig, head = undefined, isWatched = true) {
  EventEmitter.call(this)
  this.socket = socket
  this.httpRequest = httpRequest
  this.resource = httpRequest.url
  this.remoteAddress = socket.remoteAddress
  this.remoteAddresses = [this.remoteAddress]
  this.serverConfig = serverConfig
  this._socketIsClosing = false
  this._socketCloseHandler = null
  this._resolved = false
  if (head?.length > 0) Object.defineProperty(this, HEAD, { value: head, writable: true })
  if (isWatched) watch(this)
}
inherits(WebSocketRequest, EventEmitter)

/** @type {Record<string, (this: any, ...args: any[]) => any>} */
const methods = {
  readHandshake () {
    const { httpRequest: { headers }, serverConfig } = this
    this.resourceURL = parseLegacyUrl(this.resource, true)

    this.host = headers.host
    if (!this.host) throw new Error('Client must provide a Host header.')
    this.key = headers['sec-websocket-key']
    if (!this.key) throw new Error('Client must provide a value for Sec-WebSocket-Key.')
    this.webSocketVersion = parseInt(headers['sec-websocket-version'], 10)
    if (!this.webSocketVersion) throw new Error('Client must provide a value for Sec-WebSocket-Version.')
    const originHeader = ORIGIN_HEADERS[this.webSocketVersion]
    if (originHeader === undefined) throw unsupported(this.webSocketVersion)

    this.origin = headers[originHeader.toLowerCase()]
    readProtocols(this, headers['sec-websocket-protocol'])
    if (!serverConfig.ignoreXForwardedFor) readAddresses(this, headers['x-forwarded-for'])
    const extensions = headers['sec-websocket-extensions']
    this.requestedExtensions = serverConfig.parseExtensions ? this.parseExtensions(extensions) : []
    this.cookies = serverConfig.parseCookies ? this.parseCookies(headers.cookie) : []
    const violation = serverPolicyOf(serverConfig).judge(this.httpRequest)
    if (violation !== null) throw handshakeError(violation.message, violation.status)
  },

  parseExtensions (extensionsString) {
    if (!extensionsString) return []
    return extensionsString.toLowerCase().split(COMMA).map((/** @type {string} */ extension) => {
      const [name, ...params] = extension.split(SEMICOLON)
      return { name, params: params.map(parameter) }
    })
  },

  parseCookies (str) {
    return parseCookies(str)
  },

  accept (acceptedProtocol, allowedOrigin, cookies) {
    this._verifyResolution()
    const engine = engineFor(this, acceptedProtocol, allowedOrigin, cookies)
    this._resolved = true
    const connection = resolve(this, engine, acceptedProtocol)
    const { socket } = this
    if (this._socketIsClosing || socket.destroyed || socket.writable === false) closeDisconnected(connection)
    else {
      this._removeSocketCloseListeners()
      respond(connection, engine, this[HEAD])
      // Frees the bytes, because the program may keep the request.
      if (this[HEAD] !== undefined) this[HEAD] = undefined
    }
    this.emit('requestAccepted', connection)
    return connection
  },

  reject (status, reason, extraHeaders) {
    this._verifyResolution()
    const bytes = rejection(status, reason, extraHeaders)
    this._resolved = true
    try {
      this.emit('requestResolved', this)
    } finally {
      endWith(this.socket, bytes)
    }
    this.emit('requestRejected', this)
  },

  _handleSocketCloseBeforeAccept () {
    this._socketIsClosing = true
    this._removeSocketCloseListeners()
  },

  _removeSocketCloseListeners () {
    if (this._socketCloseHandler === null) return
    this.socket.removeListener('end', this._socketCloseHandler)
    this.socket.removeListener('close', this._socketCloseHandler)
  },

  _verifyResolution () {
    if (this._resolved) throw new Error('WebSocketRequest may only be accepted or rejected one time.')
  }
}

// Reading the handshake.

/** @param {number} version */
function unsupported (version) {
  return handshakeError(`Unsupported websocket client version: ${version}Only versions 8 and 13 are supported.`, 426)
}

/**
 * Returns an error that carries the status and the headers of the response.
 *
 * @param {string} message
 * @param {number} httpCode
 */
function handshakeError (message, httpCode) {
  const error = new Error(message)
  return httpCode === 426
    ? Object.assign(error, { httpCode, headers: { 'Sec-WebSocket-Version': '13' } })
    : Object.assign(error, { httpCode })
}

/**
 * Reads the subprotocols that the client offers. Programs see them in lower case; the response uses the client's
 * spelling.
 *
 * @param {any} request
 * @param {string | undefined} header
 */
function readProtocols (request, header) {
  // The object has no prototype, because the client chooses the keys.
  request.protocolFullCaseMap = { __proto__: null }
  request.requestedProtocols = []
  if (!header) return
  for (const protocol of header.split(COMMA)) {
    const name = protocol.toLowerCase()
    request.requestedProtocols.push(name)
    request.protocolFullCaseMap[name] = protocol
  }
}

/**
 * @param {any} request
 * @param {string | undefined} header the addresses of the client and of all proxies but the last
 */
function readAddresses (request, header) {
  if (!header) return
  request.remoteAddresses = [...header.split(COMMA), request.remoteAddress]
  request.remoteAddress = request.remoteAddresses[0]
}

/** @param {string} text */
function parameter (text) {
  const [name, value] = text.split('=')
  return { name, value }
}

// Accepting the handshake.

/**
 * Creates the engine that responds to the handshake. Rejects the request and throws if an argument is invalid.
 *
 * @param {any} request
 * @param {any} acceptedProtocol
 * @param {any} allowedOrigin
 * @param {any} cookies
 */
function engineFor (request, acceptedProtocol, allowedOrigin, cookies) {
  const { httpRequest, serverConfig, socket } = request
  /** @type {Connection | null} */
  let engine = null
  try {
    const protocol = protocolOf(request, acceptedProtocol)
    // Converts the arguments first, because they may be invalid.
    const origin = allowedOrigin ? headerText(allowedOrigin) : null
    const setCookies = cookies ? cookieHeaders(cookies) : null
    const policy = serverPolicyOf(serverConfig)
    engine = Connection.server(httpRequest, requestUrl(httpRequest),
      protocol === undefined ? policy : { ...policy.options, protocols: [protocol] }, transports.hasHandle(socket))
    const extension = extensionOf(serverConfig)
    if (extension !== null) engine.addExtension(extension)
    if (origin !== null) engine.setHeader(ORIGIN_HEADERS[request.webSocketVersion], origin)
    if (setCookies !== null) for (const value of setCookies) engine.setHeader('Set-Cookie', value)
    return engine
  } catch (error) {
    engine?.abandon()
    request.reject(500)
    throw error
  }
}

/**
 * Returns the accepted subprotocol in the client's spelling; undefined if the program accepts none.
 *
 * @param {any} request
 * @param {any} accepted
 * @returns {string | undefined}
 */
function protocolOf (request, accepted) {
  const { protocolFullCaseMap, requestedProtocols } = request
  request.protocolFullCaseMap = null
  if (accepted) {
    const protocol = protocolFullCaseMap[accepted.toLowerCase()] ?? accepted
    // The message of the original always names U+0000, whichever character is illegal.
    if (illegalCharacter(protocol) !== undefined) throw new Error('Illegal character "\0" in subprotocol.')
    if (!requestedProtocols.includes(accepted)) {
      throw new Error('Specified protocol was not requested by the client.')
    }
    request.requestedProtocols = null
    return protocol
  }
  request.requestedProtocols = null
}

/**
 * Emits `requestResolved` and returns the connection. If a listener throws, or the constructor rejects the
 * configuration, sends a response with status 500 and throws the same exception.
 *
 * @param {any} request
 * @param {Connection} engine
 * @param {any} protocol
 */
function resolve (request, engine, protocol) {
  const { serverConfig, socket } = request
  try {
    request.emit('requestResolved', request)
    /** @type {any} */
    const connection = new WebSocketConnection(socket, [], protocol, false, serverConfig)
    connection.webSocketVersion = request.webSocketVersion
    connection.remoteAddress = request.remoteAddress
    connection.remoteAddresses = request.remoteAddresses
    establish(connection, engine)
    return connection
  } catch (error) {
    engine.abandon()
    endWith(socket, rejection(500, '', {}))
    throw error
  }
}

/**
 * Responds to the handshake. Delivers frames that came with the request in a later turn of the event loop, after the
 * program has attached its listeners.
 *
 * @param {any} connection
 * @param {Connection} engine
 * @param {any} head
 */
function respond (connection, engine, head) {
  connection._addSocketEventListeners()
  connection.extensions = engine.extensions
  if (head?.length > 0) linkOf(connection).receiveSoon(head)
}

/**
 * Closes a connection whose client has disconnected. Waits for the next tick, so that the program can attach its
 * listeners. Until then, the engine has no socket and keeps what the program sends.
 *
 * @param {any} connection
 */
function closeDisconnected (connection) {
  // The constructor of the connection has removed the request's listener.
  connection.socket.on('error', ignore)
  nextTick(() => connection.drop(1006, 'TCP connection lost before handshake completed.', true))
}

/** @type {Record<number, string>} by version */
const ORIGIN_HEADERS = { 8: 'Sec-WebSocket-Origin', 13: 'Origin' }
const COMMA = /,\s*/
const SEMICOLON = /;\s*/

Object.assign(WebSocketRequest.prototype, methods)

module.exports = WebSocketRequest
