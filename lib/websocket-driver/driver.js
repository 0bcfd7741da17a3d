// @ts-check
'use strict'

const { EventEmitter } = require('node:events')
const { inspect } = require('node:util')
const { Connection } = require('../connection/connection')
const { ReadyState } = require('../connection/seam')
const { requestUrl } = require('../http/request')
const { parseWebSocketUrl } = require('../http/url')
const { DriverObserver } = require('./observer')
const { defaults, policyOf } = require('./options')
const { controlPayloadOf, payloadOf } = require('./payload')
const { Proxy } = require('./proxy')
const { IO, Messages, bytesOf } = require('./streams')

const { Connecting, Closing } = ReadyState
/** The names of states, by `readyState`. */
const STATES = ['connecting', 'open', 'closing', 'closed']

/** The interface of websocket-driver to a connection: its methods, and its events as an EventEmitter. */
class Driver extends EventEmitter {
  #connection
  #observer
  /** @type {URL | null} the URL of a client's request */
  #target
  /** @type {IO | null} */
  #io = null

  /**
   * @param {Connection} connection
   * @param {any} url
   * @param {URL | null} target the URL of a client's request
   */
  constructor (connection, url, target) {
    super()
    this.#connection = connection
    this.#observer = new DriverObserver(this, connection)
    this.#target = target
    this.url = url
    this.version = connection.version
    /** @type {string | null | undefined} */
    this.protocol = connection.protocol ?? undefined
    /** @type {number | undefined} */
    this.statusCode = undefined
    /** @type {Record<string, string> | undefined} */
    this.headers = undefined
    // Protocol errors are informational and require no listener.
    this.on('error', ignore)
  }

  /**
   * Returns a server's driver.
   *
   * @param {any} request an `http.IncomingMessage`
   * @param {any} options
   * @param {any} [url]
   */
  static http (request, options, url = requestUrl(request)) {
    return Driver.#alone(Connection.server(request, url, policyOf(options)), url, null)
  }

  /**
   * Returns a client's driver.
   *
   * @param {any} url
   * @param {any} options
   */
  static client (url, options) {
    const target = parseWebSocketUrl(url)
    return Driver.#alone(Connection.client(target, policyOf(options)), url, target)
  }

  /**
   * Returns a driver that parses the frames of both ends of another connection, for programs that monitor it.
   *
   * @param {any} options
   */
  static listening (options) {
    const policy = policyOf({ requireMasking: false, ...options })
    return Driver.#alone(Connection.established(false, policy), undefined, null).useStreams()
  }

  /**
   * Returns a driver that is the only interface to its connection.
   *
   * @param {Connection} connection
   * @param {any} url
   * @param {URL | null} target
   */
  static #alone (connection, url, target) {
    const driver = new Driver(connection, url, target)
    connection.observer = driver.#observer
    return driver
  }

  /**
   * Returns the observer that emits the events of a driver.
   *
   * @param {Driver} driver
   */
  static observerOf (driver) {
    return driver.#observer
  }

  /** The default of `maxLength`. Setting it on the prototype changes the default of later drivers. */
  get MAX_LENGTH () {
    return defaults.maxLength
  }

  set MAX_LENGTH (value) {
    if (Object.is(this, Driver.prototype)) defaults.maxLength = value
  }

  get readyState () {
    return this.#connection.readyState
  }

  /** Bytes that were sent and not written. */
  get bufferedAmount () {
    return this.#connection.outgoing.bufferedAmount
  }

  getState () {
    return STATES[this.readyState] ?? null
  }

  /**
   * @param {any} name
   * @param {any} value
   */
  setHeader (name, value) {
    if (value === undefined) return this.readyState <= Connecting
    return this.#connection.setHeader(name.toString(), value.toString())
  }

  /** @param {any} extension */
  addExtension (extension) {
    return this.#connection.addExtension(extension)
  }

  start () {
    return this.#connection.start()
  }

  /**
   * Returns a stream that requests a tunnel to this driver's server from a proxy.
   *
   * @param {any} origin
   */
  proxy (origin) {
    return new Proxy(this.#target ?? this.url, origin)
  }

  /** The stream of bytes. */
  get io () {
    return this.#io ??= new IO(this, this.#connection)
  }

  /** The stream of messages. */
  get messages () {
    return this.#observer.messages ??= new Messages(this)
  }

  /**
   * Uses `io` as the transport, because the program moves the bytes.
   *
   * @param {{ io: IO, messages: Messages }} [streams] the streams of a Server; this driver uses them as its own
   */
  useStreams (streams) {
    if (streams) {
      this.#io = streams.io
      this.#io.attach(this.#connection)
      this.#observer.messages = streams.messages
    }
    this.#connection.transport = this.io
    return this
  }

  /** @param {import('./streams').Chunk} chunk */
  parse (chunk) {
    this.#connection.delivery.receive(bytesOf(chunk))
  }

  /** @param {any} message */
  text (message) {
    if (typeof message === 'string') return this.#connection.outgoing.text(message)
    return this.#connection.outgoing.encodedText(payloadOf(message, this.#connection.isDraft))
  }

  /** @param {any} message */
  binary (message) {
    return this.#connection.outgoing.binary(payloadOf(message, this.#connection.isDraft))
  }

  /**
   * Sends a frame. Without a type, strings and numbers are sent as text, bytes as binary. While the connection is
   * closing, discards a message and returns true, as the original does.
   *
   * @param {any} data
   * @param {'text' | 'binary' | 'ping' | 'pong' | 'close'} [type]
   * @param {number} [code] of a close frame
   */
  frame (data, type, code) {
    if (this.#connection.isDraft) return this.text(data)
    switch (type || (typeof data === 'string' || typeof data === 'number' ? 'text' : 'binary')) {
      case 'text': return this.text(data) || this.readyState === Closing
      case 'binary': return this.binary(data) || this.readyState === Closing
      case 'ping': return this.ping(data)
      case 'pong': return this.pong(data)
      case 'close': return this.close(data, code)
      // websocket-driver also has the type 'continuation'. This driver sends every message in one frame.
      default: throw new TypeError(`Invalid frame type: ${inspect(type)}`)
    }
  }

  /**
   * @param {any} [message]
   * @param {(...args: any[]) => void} [callback]
   */
  ping (message, callback) {
    const payload = controlPayloadOf(message, this.#connection.isDraft)
    return this.#connection.ping(payload, typeof callback === 'function' ? callback : undefined)
  }

  /** @param {any} [message] */
  pong (message) {
    return this.#connection.pong(controlPayloadOf(message, this.#connection.isDraft))
  }

  /**
   * @param {string} [reason]
   * @param {number} [code]
   */
  close (reason, code) {
    return this.#connection.close(Number(code) || 1000, reason ? String(reason) : '')
  }

  /** Stops delivering and reading, except during the opening handshake. */
  pause () {
    this.#connection.delivery.pause()
  }

  resume () {
    this.#connection.delivery.resume()
  }
}

function ignore () {}

module.exports = { Driver }
