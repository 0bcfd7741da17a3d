'use strict'

const Stream = require('node:stream')
const util = require('node:util')
const transports = require('../transport')
const { validateOptions, milliseconds } = require('../driver/options')
const { EventTarget, dispatch } = require('./event')
const { CONNECTING, OPEN, CLOSING, CLOSED } = require('./ready_state')

const CLOSE_TIMEOUT = 30000
const OPTIONS = ['headers', 'extensions', 'maxLength', 'allowDrafts', 'ping', 'proxy', 'net', 'tls', 'ca']

/**
 * What server and client sockets share: properties, events, and the life of the connection. `this._driver` is there
 * already; `this._stream` comes with `_configureStream`.
 */
function API (options) {
  Stream.call(this)
  validateOptions(options, OPTIONS)

  this.readable = this.writable = true
  for (const name in options.headers) this._driver.setHeader(name, options.headers[name])
  if (options.extensions) [].concat(options.extensions).forEach(this._driver.addExtension, this._driver)

  this._ping = milliseconds('ping', options.ping)
  this._pingId = 0
  this._pingTimer = null
  this._closeTimer = null
  this._closeParams = null
  this._transport = null
  this.readyState = CONNECTING
  this.protocol = ''
  this.url = this._driver.url
  this.version = this._driver.version

  this._driver.delegate = new Delegate(this)
  this.on('error', () => {})
}
util.inherits(API, Stream)

/** What the driver tells. Kept apart from the public object, whose methods programs replace. */
class Delegate {
  constructor (socket) {
    this.socket = socket
  }

  opened () {
    this.socket._open()
  }

  received (data) {
    this.socket._receiveMessage(data)
  }

  failed (message) {
    this.socket._emitError(message)
  }

  closed (code, reason) {
    this.socket._beginClose(reason, code)
  }
}

const methods = {
  write (data) {
    return this.send(data)
  },

  end (data) {
    if (data !== undefined) this.send(data)
    this.close()
  },

  pause () {
    this._driver.pause()
  },

  resume () {
    this._driver.resume()
  },

  send (data) {
    if (this.readyState > OPEN) return false
    return data instanceof Buffer ? this._driver.binary(data) : this._driver.text(String(data))
  },

  ping (message, callback) {
    if (this.readyState > OPEN) return false
    return this._driver.ping(message, callback)
  },

  close (code, reason) {
    if (code === undefined) code = 1000
    if (!isCloseCode(code)) {
      throw new Error("Failed to execute 'close' on WebSocket: " +
        'The code must be either 1000, or between 3000 and 4999. ' + String(code) + ' is neither.')
    }
    if (this.readyState === CLOSED) return
    if (this.readyState < CLOSING) {
      this._closeTimer = setTimeout(() => this._beginClose('', 1006), CLOSE_TIMEOUT)
    }
    this.readyState = CLOSING
    this._driver.close(reason, code)
  },

  _configureStream (stream) {
    this._stream = stream
    if (stream.setTimeout) stream.setTimeout(0)
    if (stream.setNoDelay) stream.setNoDelay(true)
    stream.on('close', () => this._finalizeClose())
    stream.on('end', () => this._finalizeClose())
    stream.on('error', (error) => {
      this._emitError('Network error: ' + this.url + ': ' + error.message)
      this._finalizeClose()
    })
  },

  _startPing () {
    if (this._ping === 0 || this.readyState === CLOSED) return
    this._pingTimer = setInterval(() => {
      this._pingId += 1
      this.ping(this._pingId.toString())
    }, this._ping)
  },

  _connectTransport () {
    this._transport = transports.connect(this._stream, this._driver, () => this.emit('drain'))
  },

  _open () {
    if (this.readyState !== CONNECTING) return
    this.readyState = OPEN
    this.protocol = this._driver.protocol || ''
    dispatch(this, 'open')
  },

  _receiveMessage (data) {
    if (this.readyState > OPEN) return
    if (this.readable) this.emit('data', data)
    dispatch(this, 'message', { data })
  },

  _emitError (message) {
    if (this.readyState >= CLOSING) return
    dispatch(this, 'error', { message })
  },

  _beginClose (reason, code) {
    if (this.readyState === CLOSED) return
    this.readyState = CLOSING
    this._closeParams = [reason, code]
    // The close frame, or the refusal, still reaches the peer: what the kernel has taken outlives the socket.
    this._flush()
    if (this._stream) this._stream.destroy()
    this._finalizeClose()
  },

  _flush () {
    if (this._transport && !this._stream.destroyed) this._transport.flushAll()
  },

  _finalizeClose () {
    if (this.readyState === CLOSED) return
    this.readyState = CLOSED
    clearTimeout(this._closeTimer)
    clearInterval(this._pingTimer)
    this._flush()
    if (this._transport) this._transport.detach()
    this._driver.abandon()
    if (this._stream) transports.end(this._stream)

    const [reason, code] = this._closeParams || ['', 1006]
    if (this.readable) this.emit('end')
    this.readable = this.writable = false
    dispatch(this, 'close', { code, reason })
  }
}

// As in the original, NaN stands for the default and a numeric text for its number.
function isCloseCode (code) {
  if (code === 1000 || Number.isNaN(code)) return true
  return code >= 3000 && code <= 4999
}

Object.assign(API.prototype, methods, EventTarget)

Object.defineProperty(API.prototype, 'bufferedAmount', {
  configurable: true,
  enumerable: true,
  get () {
    const inSocket = this._transport ? this._transport.writableLength : 0
    return this.readyState === CLOSED ? 0 : this._driver.bufferedAmount + inSocket
  }
})

module.exports = { API }
