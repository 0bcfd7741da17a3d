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
/** By `readyState`, from 0 on. */
const STATES = ['connecting', 'open', 'closing', 'closed']

/** websocket-driver's face of a connection: its methods, and its events as an EventEmitter. */
class Driver extends EventEmitter {
  #connection
  #observer
  /** @type {URL | null} what a client asks */
  #target
  /** @type {IO | null} */
  #io = null

  /**
   * @param {Connection} connection
   * @param {any} url
   * @param {URL | null} target what a client asks
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
    // Protocol errors are informational: a listener is not required.
    this.on('error', ignore)
  }

  /**
   * A server's end, for an `http.IncomingMessage`.
   *
   * @param {any} request
   * @param {any} options
   * @param {any} [url]
   */
  static http (request, options, url = requestUrl(request)) {
    return Driver.#alone(Connection.server(request, url, policyOf(options)), url, null)
  }

  /**
   * A client's end.
   *
   * @param {any} url
   * @param {any} options
   */
  static client (url, options) {
    const target = parseWebSocketUrl(url)
    return Driver.#alone(Connection.client(target, policyOf(options)), url, target)
  }

  /**
   * Reads the frames of a connection that others have opened, of its client as well as of its server.
   *
   * @param {any} options
   */
  static listening (options) {
    const policy = policyOf({ requireMasking: false, ...options })
    return Driver.#alone(Connection.established(false, policy), undefined, null).useStreams()
  }

  /**
   * The face of a connection that has no other.
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
   * What has to be told of the connection, for the driver to tell its listeners.
   *
   * @param {Driver} driver
   */
  static observerOf (driver) {
    return driver.#observer
  }

  /** The default of `maxLength`. Set on the prototype, it counts for all drivers that are made later. */
  get MAX_LENGTH () {
    return defaults.maxLength
  }

  set MAX_LENGTH (value) {
    if (Object.is(this, Driver.prototype)) defaults.maxLength = value
  }

  get readyState () {
    return this.#connection.readyState
  }

  /** Bytes that have been sent and not written. */
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
   * Asks a proxy for a tunnel to this driver's server.
   *
   * @param {any} origin
   */
  proxy (origin) {
    return new Proxy(this.#target ?? this.url, origin)
  }

  /** The wire, as a stream. */
  get io () {
    return this.#io ??= new IO(this, this.#connection)
  }

  /** What travels over it, as a stream. */
  get messages () {
    return this.#observer.messages ??= new Messages(this)
  }

  /**
   * Moves the bytes over `io`, for programs that do so themselves.
   *
   * @param {{ io: IO, messages: Messages }} [streams] of the driver that this one works for
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
   * Sends a frame: of that type, or text for strings and numbers and binary for bytes. While the connection closes, a
   * message is dropped and the answer is true, as in the original.
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
      // What else websocket-driver knows is a continuation, and there is nothing to continue.
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

  /** From now on nothing is delivered and nothing is read, except what opens the connection. */
  pause () {
    this.#connection.delivery.pause()
  }

  resume () {
    this.#connection.delivery.resume()
  }
}

function ignore () {}

module.exports = { Driver }
