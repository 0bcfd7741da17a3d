// @ts-check
'use strict'

const Stream = require('node:stream')
const { Tunnel } = require('../http/tunnel')
const { bytesOf } = require('./streams')

/**
 * The request for a tunnel, as a duplex stream of Node's first kind, to pipe to and from the socket of the proxy. Emits
 * `connect` if the proxy opens the tunnel, otherwise `error`. In both cases `close` and `end` follow.
 */
class Proxy extends Stream {
  #tunnel
  #started = false
  #paused = false

  /**
   * @param {any} url the server
   * @param {any} origin the URL of the proxy
   */
  constructor (url, origin) {
    super()
    this.#tunnel = new Tunnel(url, origin)
    this.readable = this.writable = true
    /** @type {number | undefined} */
    this.statusCode = undefined
    /** @type {Record<string, string> | undefined} */
    this.headers = undefined
  }

  /**
   * @param {any} name
   * @param {any} value
   */
  setHeader (name, value) {
    if (this.#started) return false
    this.#tunnel.setHeader(name, value)
    return true
  }

  start () {
    if (this.#started) return false
    this.#started = true
    this.emit('data', this.#tunnel.request())
    return true
  }

  pause () {
    this.#paused = true
  }

  resume () {
    this.#paused = false
    this.emit('drain')
  }

  /** @param {import('./streams').Chunk} chunk */
  write (chunk) {
    if (!this.writable) return false
    const response = this.#tunnel.receive(bytesOf(chunk))
    if (response !== null) this.#receivedResponse(response)
    return !this.#paused
  }

  /** @param {import('./streams').Chunk} [chunk] */
  end (chunk) {
    if (!this.writable) return
    if (chunk !== undefined) this.write(chunk)
    this.readable = this.writable = false
    this.emit('close')
    this.emit('end')
  }

  destroy () {
    this.end()
  }

  /** @param {import('../http/tunnel').Response} response */
  #receivedResponse ({ isConnected, statusCode, headers }) {
    this.statusCode = statusCode
    this.headers = headers
    if (isConnected) this.emit('connect', {})
    else this.emit('error', this.#tunnel.refusal())
    this.end()
  }
}

module.exports = { Proxy }
