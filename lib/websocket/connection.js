// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { EventEmitter } = require('node:events')
const { inherits } = require('node:util')
const { compactListeners } = require('../listeners')
const { NAME, nextTick } = require('../scheduling')
const { CLOSE_DESCRIPTIONS, CLOSE_REASONS, isCloseCode } = require('./close_codes')
const { SERVER_DEFAULTS } = require('./config')
const { debugFor } = require('./debug')
const { LINK, Link, linkOf } = require('./link')
const sending = require('./sending')
const { State } = require('./state')

/**
 * Our end of a connection (RFC 6455), on a server or a client. Calls its own public methods, so that a program may
 * replace them on the prototype or on the object. Keeps its state in public properties, as the original does.
 *
 * @this {any}
 * @param {any} socket whose opening handshake is complete, or is completed by the engine
 * @param {string[]} extensions the names of the extensions in use
 * @param {string | null | undefined} protocol
 * @param {boolean} maskOutgoingPackets whether this is the client's end
 * @param {any} config the configuration of the server or the client
 */
function WebSocketConnection (socket, extensions, protocol, maskOutgoingPackets, config) {
  this._debug = debugFor('websocket:connection')
  this._debug('constructor')
  EventEmitter.call(this)
  compactListeners(this)

  this.config = config
  this.socket = socket
  this.protocol = protocol
  this.extensions = extensions
  this.remoteAddress = socket.remoteAddress
  this.closeReasonCode = -1
  this.closeDescription = null
  this.closeEventEmitted = false
  this.maskOutgoingPackets = maskOutgoingPackets
  this.fragmentationSize = 0
  this.frameQueue = []
  this.connected = true
  this.state = State.Open
  this.waitingForCloseResponse = false
  this.receivedEnd = false
  this.closeTimeout = config.closeTimeout
  this.assembleFragments = config.assembleFragments
  this.maxReceivedMessageSize = config.maxReceivedMessageSize
  this.outputBufferFull = false
  this.inputPaused = false
  Object.defineProperty(this, LINK, { value: new Link(this) })

  socket.setNoDelay(config.disableNagleAlgorithm)
  socket.setTimeout(0)
  keepAlive(this)
  // Without this, Node's HTTP client reports errors of the socket as errors of the request.
  socket.removeAllListeners('error')
}
inherits(WebSocketConnection, EventEmitter)

/**
 * @param {any} connection
 * @throws {Error} if keep-alive is enabled and an interval is not a number
 */
function keepAlive (connection) {
  const { config, socket } = connection
  if (!config.keepalive) return
  if (config.useNativeKeepalive) {
    if (!('setKeepAlive' in socket)) {
      throw new Error('Unable to use native keepalive: unsupported by this version of Node.')
    }
    socket.setKeepAlive(true, config.keepaliveInterval)
    return
  }
  if (typeof config.keepaliveInterval !== 'number') {
    throw new Error('keepaliveInterval must be specified and numeric if keepalive is true.')
  }
  connection.setKeepaliveTimer()
  if (config.dropConnectionOnKeepaliveTimeout && typeof config.keepaliveGracePeriod !== 'number') {
    connection.clearKeepaliveTimer()
    throw new Error('keepaliveGracePeriod  must be specified and numeric if dropConnectionOnKeepaliveTimeout is true.')
  }
}

/** @type {Record<string, (this: any, ...args: any[]) => any>} */
const methods = {
  // The socket.

  _addSocketEventListeners () {
    linkOf(this).listen()
  },

  handleSocketData (data) {
    this._debug('handleSocketData')
    this.setKeepaliveTimer()
    linkOf(this).receiveSoon(data)
  },

  handleSocketError (error) {
    this._debug('handleSocketError: %j', error)
    if (this.state === State.Closed) return
    this.closeReasonCode = CLOSE_REASONS.CLOSE_REASON_ABNORMAL
    this.closeDescription = 'Socket Error: ' + error.syscall + ' ' + error.code
    this.connected = false
    this.state = State.Closed
    try {
      if (this.listenerCount('error') > 0) this.emit('error', error)
    } finally {
      linkOf(this).abort()
    }
  },

  handleSocketEnd () {
    this._debug('handleSocketEnd: received socket end.  state = %s', this.state)
    this.receivedEnd = true
    if (this.state === State.Open) linkOf(this).peerEnded()
  },

  handleSocketClose (hadError) {
    this._debug('handleSocketClose: received socket close')
    this.socketHadError = hadError
    this.connected = false
    this.state = State.Closed
    if (this.closeReasonCode === -1) {
      this.closeReasonCode = CLOSE_REASONS.CLOSE_REASON_ABNORMAL
      this.closeDescription = 'Connection dropped by remote peer.'
    }
    this.clearCloseTimer()
    this.clearKeepaliveTimer()
    this.clearGracePeriodTimer()
    linkOf(this).ended()
    emitClose(this)
  },

  handleSocketDrain () {
    this._debug('handleSocketDrain: socket drain event')
    this.outputBufferFull = false
    this.emit('drain')
  },

  handleSocketPause () {
    this._debug('handleSocketPause: socket pause event')
    this.inputPaused = true
    this.emit('pause')
  },

  handleSocketResume () {
    this._debug('handleSocketResume: socket resume event')
    this.inputPaused = false
    this.emit('resume')
  },

  pause () {
    this._debug('pause: pause requested')
    const link = linkOf(this)
    link.isResuming = false
    if (this.inputPaused) return
    link.engine.delivery.pause()
    this.handleSocketPause()
  },

  resume () {
    this._debug('resume: resume requested')
    const link = linkOf(this)
    if (!this.inputPaused || link.isResuming) return
    link.isResuming = true
    // Takes effect in the next tick, as in Node's streams.
    nextTick(() => link.enter(() => {
      if (!link.isResuming) return
      link.isResuming = false
      this.handleSocketResume()
      if (!this.inputPaused) link.engine.delivery.resume()
    }))
  },

  // Keep-alive.

  setKeepaliveTimer () {
    if (!this.config.keepalive || this.config.useNativeKeepalive) return
    linkOf(this).keepalive.startInterval(this.config.keepaliveInterval)
  },

  clearKeepaliveTimer () {
    linkOf(this).keepalive.stopInterval()
  },

  handleKeepaliveTimer () {
    this._debug('handleKeepaliveTimer')
    this.ping()
    if (this.config.dropConnectionOnKeepaliveTimeout) this.setGracePeriodTimer()
    else this.setKeepaliveTimer()
  },

  setGracePeriodTimer () {
    linkOf(this).keepalive.startGrace(this.config.keepaliveGracePeriod)
  },

  clearGracePeriodTimer () {
    linkOf(this).keepalive.stopGrace()
  },

  handleGracePeriodTimer () {
    this._debug('handleGracePeriodTimer')
    this.drop(CLOSE_REASONS.CLOSE_REASON_ABNORMAL, 'Peer not responding.', true)
  },

  // Teardown.

  close (reasonCode, description) {
    if (!this.connected) return
    if (typeof reasonCode !== 'number') reasonCode = CLOSE_REASONS.CLOSE_REASON_NORMAL
    if (!isCloseCode(reasonCode)) throw new Error('Close code ' + reasonCode + ' is not valid.')
    if (typeof description !== 'string') description = CLOSE_DESCRIPTIONS[reasonCode]
    this.closeReasonCode = reasonCode
    this.closeDescription = description
    this.setCloseTimer()
    this.sendCloseFrame(this.closeReasonCode, this.closeDescription)
    this.state = State.Ending
    this.connected = false
  },

  drop (reasonCode, description, skipCloseFrame) {
    if (typeof reasonCode !== 'number') reasonCode = CLOSE_REASONS.CLOSE_REASON_PROTOCOL_ERROR
    if (typeof description !== 'string') description = CLOSE_DESCRIPTIONS[reasonCode]
    this._debug('Forcefully dropping connection. skipCloseFrame: %s, code: %d, description: %s',
      skipCloseFrame, reasonCode, description)
    this.closeReasonCode = reasonCode
    this.closeDescription = description
    try {
      // RFC 6455 section 7.4.1 forbids codes such as 1006 on the wire.
      if (!skipCloseFrame && isCloseCode(reasonCode)) this.sendCloseFrame(reasonCode, description)
      this.connected = false
      this.state = State.Closed
      this.clearCloseTimer()
      this.clearKeepaliveTimer()
      this.clearGracePeriodTimer()
      emitClose(this)
    } finally {
      linkOf(this).abort()
    }
  },

  setCloseTimer () {
    this.waitingForCloseResponse = true
    linkOf(this).startCloseTimer(this.closeTimeout ?? SERVER_DEFAULTS.closeTimeout)
  },

  clearCloseTimer () {
    linkOf(this).stopCloseTimer()
    this.waitingForCloseResponse = false
  },

  handleCloseTimer () {
    this._debug('handleCloseTimer')
    if (!this.waitingForCloseResponse) return
    this.waitingForCloseResponse = false
    this.state = State.Closed
    linkOf(this).abort()
  },

  processFrame (frame) {
    linkOf(this).receive(sending.bytesOf(frame, !this.maskOutgoingPackets))
  },

  ...sending.methods
}

/** @param {any} connection */
function emitClose (connection) {
  if (connection.closeEventEmitted) return
  connection.closeEventEmitted = true
  connection._debug('Emitting WebSocketConnection close event')
  connection.emit('close', connection.closeReasonCode, connection.closeDescription)
}

Object.assign(WebSocketConnection.prototype, methods)

/** The property that tells tests whether the reactor moves the bytes of a connection, rather than Node's stream. */
const IS_NATIVE = Symbol.for(NAME + '.isNative')

/** @type {Record<string | symbol, (this: any) => any>} */
const getters = {
  [IS_NATIVE] () { return linkOf(this).isNative },
  // Programs pass these two to the constructor of frames.
  maskBytes () { return Buffer.alloc(4) },
  frameHeader () { return Buffer.alloc(10) }
}
for (const name of /** @type {any[]} */ (Reflect.ownKeys(getters))) {
  Object.defineProperty(WebSocketConnection.prototype, name, { configurable: true, get: getters[name] })
}

module.exports = WebSocketConnection
// One assignment per name: Node finds the exports for ES modules by reading this text, without running it.
module.exports.CLOSE_REASON_NORMAL = CLOSE_REASONS.CLOSE_REASON_NORMAL
module.exports.CLOSE_REASON_GOING_AWAY = CLOSE_REASONS.CLOSE_REASON_GOING_AWAY
module.exports.CLOSE_REASON_PROTOCOL_ERROR = CLOSE_REASONS.CLOSE_REASON_PROTOCOL_ERROR
module.exports.CLOSE_REASON_UNPROCESSABLE_INPUT = CLOSE_REASONS.CLOSE_REASON_UNPROCESSABLE_INPUT
module.exports.CLOSE_REASON_RESERVED = CLOSE_REASONS.CLOSE_REASON_RESERVED
module.exports.CLOSE_REASON_NOT_PROVIDED = CLOSE_REASONS.CLOSE_REASON_NOT_PROVIDED
module.exports.CLOSE_REASON_ABNORMAL = CLOSE_REASONS.CLOSE_REASON_ABNORMAL
module.exports.CLOSE_REASON_INVALID_DATA = CLOSE_REASONS.CLOSE_REASON_INVALID_DATA
module.exports.CLOSE_REASON_POLICY_VIOLATION = CLOSE_REASONS.CLOSE_REASON_POLICY_VIOLATION
module.exports.CLOSE_REASON_MESSAGE_TOO_BIG = CLOSE_REASONS.CLOSE_REASON_MESSAGE_TOO_BIG
module.exports.CLOSE_REASON_EXTENSION_REQUIRED = CLOSE_REASONS.CLOSE_REASON_EXTENSION_REQUIRED
module.exports.CLOSE_REASON_INTERNAL_SERVER_ERROR = CLOSE_REASONS.CLOSE_REASON_INTERNAL_SERVER_ERROR
module.exports.CLOSE_REASON_TLS_HANDSHAKE_FAILED = CLOSE_REASONS.CLOSE_REASON_TLS_HANDSHAKE_FAILED
module.exports.CLOSE_DESCRIPTIONS = CLOSE_DESCRIPTIONS
