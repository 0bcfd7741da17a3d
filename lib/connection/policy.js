// @ts-check
'use strict'

const native = require('../native')
const { judgeHandshake } = require('../http/handshake')

const calls = native.calls()

/**
 * The policy of the connections of a server. Converts the options once, because their conversion takes longer than the
 * creation of a connection.
 *
 * @typedef {import('../../binding').ConnectionOptions} Options
 */
class ServerPolicy {
  #native

  /** @param {Options} options */
  constructor (options) {
    this.options = options
    this.#native = new native.Policy(options)
    /** Identifies the policy to the functions of the binding, as long as this object exists. */
    this.number = this.#native.number
  }

  /**
   * Returns why a connection with this policy would refuse a request; null if it would accept the request.
   *
   * @param {any} request an `http.IncomingMessage`
   */
  judge (request) {
    const isValid = withRequest(calls.accepts, this.number, request, '')
    return isValid ? null : judgeHandshake(request, this.options)
  }
}

/**
 * Calls a function of the binding that reads a request.
 *
 * @template {number | Options | undefined} Policy
 * @template Result
 * @param {(policy: Policy, method: string, location: string, needsHost: boolean, ...headers: any[]) => Result} call
 * @param {Policy} policy its number, or its options
 * @param {any} request an `http.IncomingMessage`, or an object with its properties
 * @param {string} location
 */
function withRequest (call, policy, { method, httpVersion, headers }, location) {
  // The order is that of `Request::HEADERS` in crates/proto.
  return call(policy, String(method), location, httpVersion === '1.1', headers.host, headers.upgrade,
    headers.connection, headers['sec-websocket-key'], headers['sec-websocket-version'],
    headers['sec-websocket-protocol'], headers['sec-websocket-extensions'], headers['sec-websocket-key1'],
    headers['sec-websocket-key2'], headers.origin)
}

module.exports = { ServerPolicy, withRequest }
