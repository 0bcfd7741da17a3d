'use strict'

const { Buffer } = require('node:buffer')
const Stream = require('node:stream')
const util = require('node:util')
const { nextTick } = require('../runtime')
const transports = require('../transport')
const { validateOptions, oneOf } = require('../http/options')
const { PreparedMessage } = require('../connection/prepared')
const { reasonOf } = require('../reason')
const { arrayBufferOf } = require('./binary')
const { Delegate, ArrayBufferDelegate } = require('./delegate')
const diagnostics = require('./diagnostics')
const { EventTarget, dispatch, dispatchMessage } = require('./event')
const { Messages } = require('./iteration')
const { Lifetime } = require('./lifetime')
const outgoing = require('./outgoing')
const { CONNECTING, OPEN, CLOSING, CLOSED } = require('./ready_state')

const OPTIONS = [
  'headers', 'extensions', 'maxLength', 'allowDrafts', 'binaryType', 'ping', 'pingTimeout', 'handshakeTimeout',
  'closeTimeout', 'signal', 'proxy', 'agent', 'createConnection', 'net', 'tls', 'ca', 'transport'
]
const BINARY_TYPES = ['nodebuffer', 'arraybuffer']

/**
 * Copies the options and reads each of them once, because a getter may answer differently the next time.
 *
 * @param given options, or nothing
 */
function readOptions (given) {
  const options = { __proto__: null }
  if (!given) return options
  // `validateOptions` refuses the others.
  for (const name in given) options[name] = undefined
  for (const name of OPTIONS) options[name] = given[name]
  return options
}

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

  this._transportName = oneOf('transport', options.transport, ['stream', 'native'])
  this._lifetime = new Lifetime(this, options)
  this._closeParams = null
  this._transport = null
  this._queue = null
  this.readyState = CONNECTING
  this.protocol = ''
  this.url = this._driver.url
  this.version = this._driver.version

  this._driver.delegate = new Delegate(this)
  if (options.binaryType !== undefined) this.binaryType = options.binaryType
  this.on('error', ignore)
}
util.inherits(API, Stream)

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

  // The defaults keep `send.length` at 1, as programs know it.
  send (data, options = undefined, callback = undefined) {
    if (options !== undefined || callback !== undefined || this._queue !== null) {
      return outgoing.send(this, data, options, callback)
    }
    if (this.readyState > OPEN) return false
    if (typeof data === 'string') return this._driver.text(data)
    if (data instanceof Buffer) return this._driver.binary(data)
    const prepared = PreparedMessage.messageOf(data)
    return prepared === null ? outgoing.send(this, data) : this._driver.prepared(prepared)
  },

  ping (message, callback) {
    if (this.readyState > OPEN) return false
    return this._driver.ping(message, callback)
  },

  close (code, reason) {
    // Conversions first: they run the caller's code.
    const number = code === undefined || Number.isNaN(code) ? 1000 : Number(code)
    reason = reason ? String(reason) : ''
    if (!isCloseCode(number) || code === null) {
      throw new Error("Failed to execute 'close' on WebSocket: " +
        'The code must be either 1000, or between 3000 and 4999. ' + String(code) + ' is neither.')
    }
    if (this.readyState === CLOSED) return
    const { readyState } = this
    if (readyState < CLOSING) {
      this._lifetime.isOurs = true
      this._lifetime.closing()
    }
    this.readyState = CLOSING
    if (this._queue === null || readyState === CONNECTING) this._driver.close(reason, number)
    else if (readyState === OPEN) this._queue.end(() => this._driver.close(reason, number))
  },

  terminate () {
    this._terminate()
  },

  _configureStream (stream) {
    this._stream = stream
    if (stream.setTimeout) stream.setTimeout(0)
    if (stream.setNoDelay) stream.setNoDelay(true)
    const unlessRetired = (work) => { if (this._retired !== stream) this._enter(work) }
    const ended = () => unlessRetired(() => this._streamEnded())
    stream.on('close', ended)
    stream.on('end', ended)
    stream.on('error', (error) => unlessRetired(() => this._streamFailed(error)))
  },

  /** Runs work that an event or a timer brings, in the context of the connection. */
  _enter (work) {
    if (this._transport) this._transport.run(work)
    else work()
  },

  // What has arrived before the end and waits for a paused reader is still delivered, and the end comes behind it.
  _streamEnded () {
    if (this._stream.destroyed) this._driver.dropOutput()
    if (!this._driver.holdsBack(() => this._streamEnded())) return this._finalizeClose()
    // A paused application may take its time; a session may not.
    if (!this._driver.paused) this._lifetime.closing()
  },

  // A reset ends a pause.
  _streamFailed (error) {
    diagnostics.failed(error)
    try {
      this._driver.deliverRest()
      this._networkFailed(reasonOf(error))
    } finally {
      this._finalizeClose()
    }
  },

  _networkFailed (reason) {
    this._emitError(`Network error: ${this._name ?? this.url}: ${reason}`)
  },

  /** There is nothing to begin with. Handlers that are attached in this tick hear of the end. */
  _endSoon () {
    this.readyState = CLOSING
    nextTick(() => this._finalizeClose())
  },

  _connectTransport () {
    const isStream = this._transportName === 'stream'
    this._transport = transports.connect(this._stream, this._driver, isStream)
  },

  _open () {
    if (this.readyState !== CONNECTING) return
    this.readyState = OPEN
    this.protocol = this._driver.protocol || ''
    this._lifetime.opened()
    diagnostics.opened(this)
    dispatch(this, 'open')
  },

  _receiveMessage (data) {
    if (this.readyState > OPEN) return
    if (this.readable) this.emit('data', data)
    dispatchMessage(this, data)
  },

  // Destinations of pipe() want Buffers.
  _receiveArrayBuffer (data) {
    if (this.readyState > OPEN) return
    if (this.readable) this.emit('data', data)
    dispatchMessage(this, arrayBufferOf(data))
  },

  _emitError (message) {
    if (this.readyState >= CLOSING) return
    dispatch(this, 'error', { message })
  },

  _beginClose (reason, code) {
    if (this.readyState === CLOSED) return
    this.readyState = CLOSING
    this._closeParams = [reason, code]
    if (this._transport) this._transport.finish()
    else if (this._stream) transports.close(this._stream)
    this._finalizeClose()
  },

  _terminate () {
    if (this.readyState === CLOSED) return
    this._lifetime.isOurs = true
    this._abort()
  },

  _abort () {
    if (this._transport) this._transport.abort()
    else if (this._stream) this._stream.destroy()
    this._finalizeClose()
  },

  _finalizeClose () {
    if (this.readyState === CLOSED) return
    this.readyState = CLOSED
    this._lifetime.ended()
    if (this._transport) this._transport.end()
    else if (this._stream) transports.end(this._stream)
    this._queue?.abandon()
    this._driver.abandon()

    const [reason, code] = this._closeParams || ['', 1006]
    diagnostics.closed(this, code, reason)
    try {
      if (this.readable) this.emit('end')
    } finally {
      this.readable = this.writable = false
      dispatch(this, 'close', { code, reason })
    }
  }
}

function ignore () {}

function isCloseCode (code) {
  return code === 1000 || (code >= 3000 && code <= 4999)
}

Object.assign(API.prototype, methods, EventTarget)

Object.defineProperty(API.prototype, Symbol.asyncIterator, {
  configurable: true,
  writable: true,
  value: function () { return new Messages(this) }
})

/** What sockets of every copy of this package have: `jest` loads one per test file. */
const SOCKET = Symbol.for('faye-websocket-rs.socket')
Object.defineProperty(API.prototype, SOCKET, { value: true })

Object.defineProperty(API.prototype, 'binaryType', {
  configurable: true,
  get () {
    return this._driver?.delegate instanceof ArrayBufferDelegate ? 'arraybuffer' : 'nodebuffer'
  },
  set (value) {
    const isArrayBuffer = oneOf('binaryType', value ?? null, BINARY_TYPES) === 'arraybuffer'
    this._driver.delegate = isArrayBuffer ? new ArrayBufferDelegate(this) : new Delegate(this)
  }
})

Object.defineProperty(API.prototype, 'bufferedAmount', {
  configurable: true,
  get () {
    if (!this._driver) return 0
    const inSocket = this._transport ? this._transport.writableLength : 0
    return this.readyState === CLOSED ? 0 : this._driver.bufferedAmount + inSocket
  },
  // Programs may set it, as they could when it was a property like any other.
  set (value) {
    Object.defineProperty(this, 'bufferedAmount', { value, configurable: true, enumerable: true, writable: true })
  }
})

module.exports = { API, SOCKET, readOptions }
