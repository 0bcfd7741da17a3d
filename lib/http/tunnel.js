// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { Connect } = require('../native')
const { headersObject } = require('./request')
const { endpoint, nameOf, parseProxyUrl, parseWebSocketUrl } = require('./url')

/**
 * The request for a tunnel through an HTTP proxy, and the parser of the proxy's response. Knows bytes; does not know
 * sockets or streams.
 *
 * @typedef {object} Response
 * @property {boolean} isConnected whether the proxy has opened the tunnel
 * @property {number | undefined} statusCode undefined if the response was not HTTP
 * @property {Record<string, string>} headers
 */
class Tunnel {
  /** @type {Connect} */
  #connect
  #name

  /**
   * @param {any} url the server
   * @param {any} origin the URL of the proxy
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

  /** Returns the bytes of the request. */
  request () {
    return Buffer.from(this.#connect.request())
  }

  /**
   * Parses bytes from the proxy. Returns null until the response is complete.
   *
   * @param {Uint8Array} chunk
   * @returns {Response | null}
   */
  receive (chunk) {
    const response = this.#connect.receive(chunk)
    if (response === null) return null
    const { connected, statusCode, headers } = response
    return { isConnected: connected, statusCode, headers: headersObject(headers) }
  }

  /** Returns the error for a response that opens no tunnel. */
  refusal () {
    return new Error("Can't establish a connection to the server at " + this.#name)
  }
}

module.exports = { Tunnel }
