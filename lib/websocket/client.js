// @ts-check
'use strict'

const { EventEmitter } = require('node:events')
const http = require('node:http')
const https = require('node:https')
const { inherits } = require('node:util')
const { parse } = require('node:url')
const { checkProtocols, defaultPort, requestOptionsFor } = require('./client_request')
const { CLIENT_DEFAULTS, checkConfig } = require('./config')
const WebSocketConnection = require('./connection')
const { acceptValue, newKey } = require('./nonce')
const { extend } = require('./utils')

/**
 * Connects to servers. `http.request()` or `https.request()` makes the connection and reads the answer.
 *
 * @this {any}
 * @param {any} [config] loses its `tlsOptions`
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
    this.origin = origin
    this.url = typeof requestUrl === 'string' ? parse(requestUrl) : requestUrl
    if (!this.url.protocol) throw new Error('You must specify a full WebSocket URL, including protocol.')
    if (!this.url.host) {
      throw new Error('You must specify a full WebSocket URL, including hostname. Relative URLs are not supported.')
    }
    this.secure = this.url.protocol === 'wss:'
    checkProtocols(this.protocols)
    // The program's object may refuse it.
    if (!this.url.port) Reflect.set(this.url, 'port', defaultPort(this.url.protocol))
    this.base64nonce = newKey()
    const options = requestOptionsFor(this, { headers, options: extraRequestOptions, extensions: null })
    this._req = (this.secure ? https : http).request(options)
    awaitAnswer(this, this._req)
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
    if (!is(headers.connection, 'upgrade')) {
      return this.failHandshake('Expected a Connection: Upgrade header from the server')
    }
    if (!is(headers.upgrade, 'websocket')) {
      return this.failHandshake('Expected an Upgrade: websocket header from the server')
    }
    const accept = headers['sec-websocket-accept']
    if (!accept) return this.failHandshake('Expected Sec-WebSocket-Accept header from server')
    const expected = acceptValue(this.base64nonce)
    if (accept !== expected) {
      return this.failHandshake(`Sec-WebSocket-Accept header from server didn't match expected value of ${expected}`)
    }
    const objection = this.config.strictHandshake === false ? null : objectionTo(headers, this.protocols)
    if (objection !== null) return this.failHandshake(objection)
    this.succeedHandshake()
  },

  failHandshake (errorDescription) {
    if (this.socket) discard(this.socket)
    this.emit('connectFailed', new Error(errorDescription))
  },

  succeedHandshake () {
    /** @type {any} */
    const connection = new WebSocketConnection(this.socket, [], this.protocol, true, this.config)
    connection.webSocketVersion = this.config.webSocketVersion
    connection._addSocketEventListeners()
    try {
      this.emit('connect', connection)
    } finally {
      // Handlers that were attached just now hear of what came with the answer, whatever one of them has thrown.
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
 * Tells the client what becomes of its request, once. Nothing of ours is left on the request then.
 *
 * @param {any} client
 * @param {any} request
 */
function awaitAnswer (client, request) {
  /** @type {Record<string, (...args: any[]) => void>} */
  const listeners = {
    upgrade (response, socket, head) {
      settle()
      // A program may take its time to judge the answer.
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

    // Node sees no upgrade where one of the headers for it is missing, and waits for another answer.
    information (response) {
      if (response.statusCode !== 101) return
      settle()
      Object.assign(client, { socket: request.socket, response })
      client.validateHandshake()
    },

    error (error) {
      settle()
      client.emit('connectFailed', error)
    },

    // Node tells no error of a request that is aborted before it has a socket.
    close () {
      listeners.error(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }))
    }
  }
  const settle = () => {
    for (const name in listeners) request.removeListener(name, listeners[name])
    ignoreErrors(request)
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
 * What RFC 6455 section 4.1 has against an answer that the original takes; null for nothing.
 *
 * @param {Record<string, any>} headers
 * @param {string[]} protocols
 */
function objectionTo (headers, protocols) {
  const { 'sec-websocket-protocol': protocol, 'sec-websocket-extensions': extensions } = headers
  if (protocol && protocols.length === 0) return `Server selected a protocol that was not requested: ${protocol}`
  if (extensions) return `Server selected an extension that was not offered: ${extensions}`
  return null
}

/**
 * Ends a socket that will have no connection.
 *
 * @param {any} socket
 */
function discard (socket) {
  ignoreErrors(socket)
  if (socket.writable) socket.end()
  // Programs test with less than a socket.
  if (socket.destroy) socket.destroy()
}

/**
 * Has errors end nothing but their emitter, which is of no interest any more.
 *
 * @param {any} emitter
 */
function ignoreErrors (emitter) {
  emitter.removeListener('error', ignore)
  emitter.on('error', ignore)
  emitter.once('close', () => emitter.removeListener('error', ignore))
}

function ignore () {}

/** @param {any} protocols a name, an array of names, or nothing */
function listOf (protocols) {
  if (typeof protocols === 'string' && protocols !== '') return [protocols]
  return Array.isArray(protocols) ? protocols : []
}

/**
 * @param {string | undefined} header
 * @param {string} word
 */
function is (header, word) {
  return header !== undefined && header.toLowerCase() === word
}

module.exports = WebSocketClient
