// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const Stream = require('node:stream')
const util = require('node:util')
const { absent } = require('../absent')
const { Connection } = require('../connection/connection')
const { PreparedMessage } = require('../connection/prepared')
const { refuseOption, oneOf } = require('../http/options')
const { compactListeners } = require('../listeners')
const { NAME } = require('../scheduling')
const { controlPayloadOf } = require('../websocket-driver/payload')
const { CONNECTION, SocketConnection, connectionOf } = require('./connection')
const { EventTarget } = require('./event')
const { MessageIterator } = require('./iteration')
const outgoing = require('./outgoing')
const { CONNECTING, OPEN } = require('./ready_state')

const NAMES = new Set([
  'headers', 'extensions', 'maxLength', 'allowDrafts', 'binaryType', 'ping', 'pingTimeout', 'handshakeTimeout',
  'closeTimeout', 'signal', 'proxy', 'agent', 'createConnection', 'net', 'tls', 'ca', 'transport'
])

/** The options of a program: the names are those in `NAMES`. */
class Options {
  /** The first name that is not an option. @type {string | undefined} */
  unknown

  /**
   * Reads each option once, because a getter may return another value the next time. Checks inherited names, too.
   *
   * @param {any} given
   */
  constructor (given) {
    for (const name in given) {
      if (!NAMES.has(name)) {
        this.unknown = name
        break
      }
    }
    this.headers = given.headers
    this.extensions = given.extensions
    this.maxLength = given.maxLength
    this.allowDrafts = given.allowDrafts
    this.binaryType = given.binaryType
    this.ping = given.ping
    this.pingTimeout = given.pingTimeout
    this.handshakeTimeout = given.handshakeTimeout
    this.closeTimeout = given.closeTimeout
    this.signal = given.signal
    this.proxy = given.proxy
    this.agent = given.agent
    this.createConnection = given.createConnection
    this.net = given.net
    this.tls = given.tls
    this.ca = given.ca
    this.transport = given.transport
  }
}

/** The options of a program that gives none. */
const NO_OPTIONS = new Options(Object.create(null))
const BINARY_TYPES = ['nodebuffer', 'arraybuffer']

/** @param {any} given options, or nothing */
function readOptions (given) {
  return given ? new Options(given) : NO_OPTIONS
}

/**
 * The base class of WebSocket and Client: their common properties, methods and events.
 *
 * @this {any}
 * @param {import('../connection/connection').Connection} engine
 * @param {any} options
 * @param {any} url of the peer, as the program has given it
 * @param {import('../http/url').Target | null} target null on a server
 */
function API (engine, options, url, target) {
  if (!(engine instanceof Connection)) refuse()
  Stream.call(this)
  compactListeners(this)
  if (options.unknown !== undefined) refuseOption(options.unknown)

  this.readable = this.writable = true
  if (options.headers) for (const name in options.headers) setHeader(engine, name, options.headers[name])
  if (options.extensions) [].concat(options.extensions).forEach((extension) => engine.addExtension(extension))

  oneOf('transport', options.transport, ['stream', 'native'])
  this.readyState = CONNECTING
  Object.defineProperty(this, CONNECTION, { value: new SocketConnection(this, engine, options, url, target) })
  this.protocol = ''
  this.url = url
  this.version = engine.version

  if (options.binaryType !== undefined) this.binaryType = options.binaryType
  this.on('error', ignore)
}
util.inherits(API, Stream)

const refuse = absent('faye-websocket/lib/faye/websocket/api', 'create a WebSocket or a WebSocket.Client')

/**
 * @param {import('../connection/connection').Connection} engine
 * @param {string} name
 * @param {any} value
 */
function setHeader (engine, name, value) {
  if (value !== undefined) engine.setHeader(name, value.toString())
}

/** @type {Record<string, (this: any, ...args: any[]) => any>} */
const methods = {
  write (data) {
    return this.send(data)
  },

  end (data) {
    if (data !== undefined) this.send(data)
    this.close()
  },

  pause () {
    connectionOf(this).engine.delivery.pause()
  },

  resume () {
    connectionOf(this).engine.delivery.resume()
  },

  // The defaults keep `send.length` at 1, as in the original.
  send (data, options = undefined, callback = undefined) {
    const connection = connectionOf(this)
    if (options !== undefined || callback !== undefined || connection.queue !== null) {
      return outgoing.send(connection, data, options, callback)
    }
    if (this.readyState > OPEN) return false
    if (typeof data === 'string') return connection.engine.outgoing.text(data)
    if (data instanceof Buffer) return connection.engine.outgoing.binary(data)
    const prepared = PreparedMessage.messageOf(data)
    return prepared === null ? outgoing.send(connection, data) : connection.engine.outgoing.prepared(prepared)
  },

  ping (message, callback) {
    if (this.readyState > OPEN) return false
    const { engine } = connectionOf(this)
    const payload = controlPayloadOf(message, engine.isDraft)
    return engine.ping(payload, typeof callback === 'function' ? callback : undefined)
  },

  close (code, reason) {
    // Conversions first, because they may run code of the caller.
    const number = code === undefined || Number.isNaN(code) ? 1000 : Number(code)
    reason = reason ? String(reason) : ''
    if (!isCloseCode(number) || code === null) {
      throw new Error("Failed to execute 'close' on WebSocket: " +
        'The code must be either 1000, or between 3000 and 4999. ' + String(code) + ' is neither.')
    }
    connectionOf(this).close(number, reason)
  },

  terminate () {
    connectionOf(this).terminate()
  }
}

function ignore () {}

/** @param {number} code */
function isCloseCode (code) {
  return code === 1000 || (code >= 3000 && code <= 4999)
}

Object.assign(API.prototype, methods, EventTarget)

Object.defineProperty(API.prototype, Symbol.asyncIterator, {
  configurable: true,
  writable: true,
  value: function () { return new MessageIterator(this) }
})

/** Marks the sockets of every copy of this package. Jest loads one copy per test file. */
const SOCKET = Symbol.for(NAME + '.socket')
Object.defineProperty(API.prototype, SOCKET, { value: true })

/** For tests: whether the reactor moves the bytes of a socket, and not Node's stream. Works across copies. */
const IS_NATIVE = Symbol.for(NAME + '.isNative')

/** @type {Record<string | symbol, PropertyDescriptor & ThisType<any>>} */
const accessors = {
  binaryType: {
    get () {
      return connectionOf(this)?.givesArrayBuffers ? 'arraybuffer' : 'nodebuffer'
    },
    set (value) {
      connectionOf(this).givesArrayBuffers = oneOf('binaryType', value ?? null, BINARY_TYPES) === 'arraybuffer'
    }
  },

  bufferedAmount: {
    get () {
      return connectionOf(this)?.bufferedAmount ?? 0
    },
    // Programs may set `readyState`, because it is a plain property in the original.
    set (value) {
      Object.defineProperty(this, 'bufferedAmount', { value, configurable: true, enumerable: true, writable: true })
    }
  },

  [IS_NATIVE]: {
    get () {
      return connectionOf(this)?.isNative
    }
  },

  // Programs use these two undocumented members of the original.
  _driver: {
    get () {
      return connectionOf(this)?.driver
    }
  },
  _stream: {
    get () {
      return connectionOf(this)?.stream
    }
  }
}

for (const name of Reflect.ownKeys(accessors)) {
  Object.defineProperty(API.prototype, name, { configurable: true, ...accessors[name] })
}

module.exports = { API, SOCKET, readOptions }
