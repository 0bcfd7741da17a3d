// @ts-check
'use strict'

const { EventEmitter } = require('node:events')
const { inspect } = require('node:util')
const { Driver: Native } = require('../../binding')
const { checkExtension } = require('./extensions')
const { nativeOptions } = require('./options')
const { headersObject, isSecureRequest } = require('./http')
const { parseWebSocketUrl } = require('./url')

/**
 * What a driver tells its owner, in the order in which it happens.
 *
 * @typedef {object} Delegate
 * @property {() => void} opened
 * @property {(data: string | Buffer) => void} received
 * @property {(message: string) => void} failed
 * @property {(code: number, reason: string) => void} closed
 */

/**
 * What moves the bytes of a driver. It asks for them with `takeOutput`.
 *
 * @typedef {object} Transport
 * @property {() => boolean} offer there are bytes to write; true when they have left at once
 * @property {(pending: number) => boolean} hasRoom false when a sender should wait; it is told when it may go on
 * @property {() => void} suspend stop reading
 * @property {() => void} proceed go on reading
 */

/** @type {Array<string | Buffer>} */
const NOTHING = []
const STATES = ['connecting', 'open', 'closing', 'closed']

/**
 * A connection as JavaScript sees it, without a socket. Delivers one output of the native object, then asks for the
 * next: nothing is taken ahead of time but messages, and those that are not delivered yet stay on this object, so a
 * handler may send, close, pause or throw and nothing is lost.
 */
class Driver extends EventEmitter {
  /** @type {import('../../binding').Driver} */
  #native

  #isClient

  /** @type {Map<string, Function>} */
  #pingCallbacks = new Map()

  /** @type {Set<string>} */
  #extensions = new Set()

  /** Messages that wait for the handlers of the ones before them. */
  #run = NOTHING
  #next = 0

  /** @type {Array<import('../../binding').DriverEvent>} */
  #events = []

  /**
   * @param {import('../../binding').Driver} native
   * @param {string} url
   * @param {boolean} isClient
   */
  constructor (native, url, isClient) {
    super()
    this.#native = native
    this.#isClient = isClient
    this.url = url
    this.version = 'hybi-13'
    /** @type {string | null | undefined} */
    this.protocol = native.protocol ?? undefined
    this.readyState = native.readyState
    /** @type {number | undefined} */
    this.statusCode = undefined
    /** @type {Record<string, string> | undefined} */
    this.headers = undefined
    /** @type {Delegate | null} */
    this.delegate = null
    /** @type {Transport | null} */
    this.transport = null
    this.paused = false
    // Protocol errors are informational: nobody has to handle them.
    this.on('error', () => {})
  }

  /**
   * A server's end, for an `http.IncomingMessage`.
   *
   * @param {any} request
   * @param {any} options
   */
  static http (request, options) {
    const scheme = isSecureRequest(request) ? 'wss:' : 'ws:'
    const url = scheme + '//' + request.headers.host + request.url
    const native = Native.server(String(request.method), request.httpVersion === '1.1', request.headers,
      nativeOptions(options))
    return new Driver(native, url, false)
  }

  /**
   * A client's end.
   *
   * @param {any} url
   * @param {any} options
   */
  static client (url, options) {
    const { host, pathname, search, username, password } = parseWebSocketUrl(url)
    const native = Native.client({ host, target: pathname + search, username, password }, nativeOptions(options))
    return new Driver(native, url, true)
  }

  getState () {
    return STATES[this.readyState] ?? null
  }

  /**
   * @param {string} name
   * @param {any} value
   */
  setHeader (name, value) {
    if (value === undefined) return this.readyState <= 0
    return this.#native.setHeader(String(name), value.toString())
  }

  /**
   * Registers an extension. None is negotiated yet: connections go on without.
   *
   * @param {any} extension
   */
  addExtension (extension) {
    checkExtension(extension, this.#extensions)
    this.#extensions.add(extension.name)
    return true
  }

  start () {
    return this.#caused(this.#native.start())
  }

  /**
   * Stores bytes from the peer without acting on them: they came before the connection was started.
   *
   * @param {Uint8Array} chunk
   */
  store (chunk) {
    this.#native.receive(chunk)
  }

  /**
   * Takes bytes from the peer and delivers what they cause.
   *
   * @param {Uint8Array} chunk
   */
  receive (chunk) {
    this.#native.receive(chunk)
    this.deliver()
  }

  /** Delivers what the peer has caused. After a handler has thrown, the next call goes on where it stopped. */
  deliver () {
    this.#deliverEvents()
    while (!this.paused || this.readyState <= 0) {
      if (this.#next < this.#run.length) {
        const data = this.#run[this.#next++]
        if (this.#next === this.#run.length) this.#run = NOTHING
        this.#received(data)
        continue
      }
      this.#next = 0
      const output = this.#native.poll()
      if (output === null) return
      if (Array.isArray(output)) this.#run = output
      else this.#happened(output)
    }
  }

  /** @param {string} message */
  text (message) {
    return this.#offer(this.#native.text(message))
  }

  /** @param {Uint8Array} message */
  binary (message) {
    return this.#offer(this.#native.binary(message))
  }

  /**
   * @param {any} [message]
   * @param {Function} [callback]
   */
  ping (message, callback) {
    const payload = controlPayload(message)
    const accepted = this.#native.ping(payload)
    if (accepted && callback) this.#pingCallbacks.set(payload.toString(), callback)
    if (accepted) this.transport?.offer()
    return accepted
  }

  /** @param {any} [message] */
  pong (message) {
    const accepted = this.#native.pong(controlPayload(message))
    if (accepted) this.transport?.offer()
    return accepted
  }

  /**
   * @param {string} [reason]
   * @param {number} [code]
   */
  close (reason, code) {
    const outcome = this.#native.close(Number(code) || 1000, reason ? String(reason) : '')
    if (outcome.accepted) this.resume()
    return this.#caused(outcome)
  }

  /** From now on nothing is delivered and nothing is read, except what opens the connection. */
  pause () {
    this.paused = true
    if (this.readyState > 0) this.transport?.suspend()
  }

  resume () {
    if (!this.paused) return
    this.paused = false
    this.transport?.proceed()
  }

  /** The transport is gone. Gives back what waits in either direction; nothing more is said or done. */
  abandon () {
    this.transport = null
    this.#native.abandon()
    this.readyState = this.#native.readyState
    this.#run = NOTHING
    this.#events = []
    this.#pingCallbacks.clear()
  }

  takeOutput () {
    return this.#native.takeOutput()
  }

  get bufferedAmount () {
    return this.#native.bufferedAmount
  }

  /** @param {number} pending */
  #offer (pending) {
    if (pending < 0) return false
    if (this.transport === null) return true
    const isWritten = this.transport.offer()
    return this.transport.hasRoom(isWritten ? 0 : pending)
  }

  /** @param {import('../../binding').Outcome} outcome */
  #caused ({ accepted, events }) {
    this.readyState = this.#native.readyState
    this.transport?.offer()
    this.#events.push(...events)
    this.#deliverEvents()
    return accepted
  }

  #deliverEvents () {
    for (let event = this.#events.shift(); event; event = this.#events.shift()) this.#happened(event)
  }

  /** @param {string | Buffer} data */
  #received (data) {
    this.delegate?.received(data)
    if (this.listenerCount('message') > 0) this.emit('message', { data })
  }

  /** @param {import('../../binding').DriverEvent} event */
  #happened (event) {
    this.readyState = this.#native.readyState
    switch (event.kind) {
      case 'open': return this.#opened()
      case 'ping': return this.emit('ping', { data: event.data })
      case 'pong': return this.#ponged(/** @type {string} */ (event.data))
      case 'error': return this.#failed(/** @type {string} */ (event.message))
      case 'close': return this.#closed(/** @type {number} */ (event.code), /** @type {string} */ (event.reason))
      // A transport takes what there is when the batch ends.
      case 'write':
    }
  }

  #opened () {
    this.#readResponse()
    this.protocol = this.#native.protocol
    this.delegate?.opened()
    this.emit('open', {})
    if (this.paused) this.transport?.suspend()
  }

  /** @param {string} data */
  #ponged (data) {
    const callback = this.#pingCallbacks.get(data)
    this.#pingCallbacks.delete(data)
    if (callback) callback()
    this.emit('pong', { data })
  }

  /** @param {string} message */
  #failed (message) {
    this.#readResponse()
    this.delegate?.failed(message)
    this.emit('error', new Error(message))
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #closed (code, reason) {
    this.#pingCallbacks.clear()
    this.delegate?.closed(code, reason)
    this.emit('close', { code, reason })
  }

  /** The answer a client got is there with `open`, and with the `error` of a refused handshake. */
  #readResponse () {
    if (!this.#isClient) return
    this.statusCode = this.#native.statusCode ?? undefined
    this.headers = headersObject(this.#native.responseHeaders)
  }
}

/** @param {any} message */
function controlPayload (message) {
  if (!message) return Buffer.alloc(0)
  if (typeof message === 'number') message = String(message)
  if (typeof message === 'string' || Array.isArray(message)) return Buffer.from(message)
  if (Buffer.isBuffer(message)) return message
  if (message instanceof Uint8Array) return Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  throw new TypeError(`A ping or pong carries a string, a number, bytes or nothing; got ${inspect(message)}`)
}

module.exports = { Driver }
