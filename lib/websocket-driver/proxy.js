// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const Stream = require('node:stream')
const { Connect } = require('../native')
const { headersObject } = require('../http/request')
const { bytesOf } = require('./streams')
const { parseWebSocketUrl, parseProxyUrl, endpoint, nameOf } = require('../http/url')

/**
 * Asks an HTTP proxy for a tunnel: a duplex stream, in the manner of Node's first streams, to be piped to and from
 * the socket that leads to the proxy. Emits `connect` when the tunnel is there, else `error`; in both cases `close`
 * and `end` follow.
 */
class Proxy extends Stream {
  /** @type {Connect} */
  #connect
  #name
  #started = false
  #paused = false

  /**
   * @param {any} url where the tunnel leads to
   * @param {any} origin the proxy
   */
  constructor (url, origin) {
    super()
    const target = parseWebSocketUrl(url)
    const { username, password } = parseProxyUrl(origin)
    const authority = target.hostname + ':' + endpoint(target).port
    this.#connect = new Connect({ authority, host: target.host, username, password })
    this.#name = nameOf(target.href, target)
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
    if (value !== undefined) this.#connect.setHeader(name.toString(), value.toString())
    return true
  }

  start () {
    if (this.#started) return false
    this.#started = true
    this.emit('data', Buffer.from(this.#connect.request()))
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
    const answer = this.#connect.receive(bytesOf(chunk))
    if (answer !== null) this.#answered(answer)
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

  /** @param {import('../../binding').ConnectAnswer} answer */
  #answered ({ connected, statusCode, headers }) {
    this.statusCode = statusCode
    this.headers = headersObject(headers)
    if (connected) this.emit('connect', {})
    else this.emit('error', new Error("Can't establish a connection to the server at " + this.#name))
    this.end()
  }
}

module.exports = { Proxy }
