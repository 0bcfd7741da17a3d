// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { Connect } = require('../native')
const { headersObject } = require('./request')
const { endpoint, nameOf, parseProxyUrl, parseWebSocketUrl } = require('./url')

/**
 * A tunnel that is asked of an HTTP proxy: the request, and what the answer says. Knows bytes; does not know sockets or
 * streams.
 *
 * @typedef {object} Answer
 * @property {boolean} isConnected the tunnel is there
 * @property {number | undefined} statusCode undefined when the answer was not HTTP
 * @property {Record<string, string>} headers
 */
class Tunnel {
  /** @type {Connect} */
  #connect
  #name

  /**
   * @param {any} url where the tunnel leads to
   * @param {any} origin the proxy
   */
  constructor (url, origin) {
    const target = parseWebSocketUrl(url)
    const { username, password } = parseProxyUrl(origin)
    const authority = target.hostname + ':' + endpoint(target).port
    this.#connect = new Connect({ authority, host: target.host, username, password })
    this.#name = nameOf(target.href, target)
  }

  /**
   * @param {any} name
   * @param {any} value
   */
  setHeader (name, value) {
    if (value !== undefined) this.#connect.setHeader(name.toString(), value.toString())
  }

  /** The bytes that ask for the tunnel. */
  request () {
    return Buffer.from(this.#connect.request())
  }

  /**
   * Takes bytes from the proxy. Null until the answer is complete.
   *
   * @param {Uint8Array} chunk
   * @returns {Answer | null}
   */
  receive (chunk) {
    const answer = this.#connect.receive(chunk)
    if (answer === null) return null
    const { connected, statusCode, headers } = answer
    return { isConnected: connected, statusCode, headers: headersObject(headers) }
  }

  /** What to say of an answer that is no tunnel. */
  refusal () {
    return new Error("Can't establish a connection to the server at " + this.#name)
  }
}

module.exports = { Tunnel }
