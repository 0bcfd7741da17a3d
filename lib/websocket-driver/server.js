// @ts-check
'use strict'

const { EventEmitter } = require('node:events')
const { Driver } = require('./driver')
const { RequestParser, headersObject } = require('../http/request')
const { IO, Messages, bytesOf } = require('./streams')

const EVENTS = ['open', 'message', 'error', 'close', 'ping', 'pong']
const METHODS = /** @type {const} */ ([
  'addExtension', 'setHeader', 'start', 'frame', 'text', 'binary', 'ping', 'close'
])

/**
 * A driver for raw connections: parses the request, then delegates to a driver for that request. Queues the calls until
 * the request is complete.
 */
class Server extends EventEmitter {
  #options
  #parser = new RequestParser()
  /** @type {Driver | null} */
  #driver = null
  /** @type {Array<[typeof METHODS[number], any[]]>} */
  #queue = []

  /** @param {any} options */
  constructor (options) {
    super()
    this.#options = options
    this.readyState = 0
    this.io = new IO(this, null)
    this.messages = new Messages(this)
    // Errors are informational and require no listener.
    this.on('error', () => {})
  }

  getState () {
    return 'connecting'
  }

  pong () {
    return false
  }

  /** @param {import('./streams').Chunk} chunk */
  parse (chunk) {
    if (this.#driver !== null) return this.#driver.parse(chunk)
    const request = this.#parser.receive(bytesOf(chunk))
    if (request !== null) this.#connect(request)
  }

  /** @param {import('../../binding').ParsedRequest} request */
  #connect ({ method, url, httpVersion, headers, body }) {
    this.method = method
    this.url = url
    this.httpVersion = httpVersion
    this.headers = headersObject(headers)
    this.body = body

    const driver = this.#driver = Driver.http(this, this.#options).useStreams(this)
    for (const [method, args] of this.#queue) /** @type {any} */ (driver)[method](...args)
    this.#queue = []
    for (const event of EVENTS) driver.on(event, (...args) => this.emit(event, ...args))

    this.protocol = driver.protocol
    this.version = driver.version
    driver.parse(body)
    this.emit('connect', {})
  }

  /**
   * @param {typeof METHODS[number]} method
   * @param {any[]} args
   */
  call (method, args) {
    if (this.#driver !== null) return /** @type {any} */ (this.#driver)[method](...args)
    this.#queue.push([method, args])
    return true
  }
}

for (const method of METHODS) {
  /** @type {any} */ (Server.prototype)[method] = function (/** @type {any[]} */ ...args) {
    return this.call(method, args)
  }
}

module.exports = { Server }
