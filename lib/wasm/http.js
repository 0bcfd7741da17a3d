// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { array, boolean, bytes, number, optional, string } = require('./convert')
const { Handle, Trap, call } = require('./current')
const { connectionOptions, tunnelTarget } = require('./options')

/** The functions for requests, opening handshakes, event streams and tunnels. */

/** The names of the headers that a handshake needs. @type {string[]} */
const HEADERS = call('constants').HEADERS
const strings = array(string)

/**
 * Returns the headers in `HEADERS` of an `http.IncomingMessage` as a flat list: name, value, name, value …
 *
 * @param {any} headers
 * @returns {string[]}
 */
function headersOf (headers) {
  if (headers === undefined || headers === null) throw new TypeError('Cannot convert undefined or null to object')
  const list = []
  for (const name of HEADERS) {
    const value = headers[name]
    if (typeof value === 'string') list.push(name, value)
    // Joins repeated headers to a comma-separated list.
    else if (typeof value === 'object' && value !== null) list.push(name, strings(value).join(', '))
  }
  return list
}

/** Parses the request of a raw connection. */
class RequestParser {
  #handle = new Handle('parser', call('parser'))

  /** @param {Uint8Array} chunk */
  receive (chunk) {
    return callOr(() => this.#handle.call('parse', bytes(chunk)), { headers: [], body: Buffer.alloc(0) })
  }
}

/** The request of a tunnel through a proxy. */
class Connect {
  #handle

  /** @param {any} target */
  constructor (target) {
    this.#handle = new Handle('tunnel', call('tunnel', ...tunnelTarget(target)))
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  setHeader (name, value) {
    this.#handle.call('tunnelHeader', string(name), string(value))
  }

  request () {
    return this.#handle.call('tunnelRequest')
  }

  /** @param {Uint8Array} chunk */
  receive (chunk) {
    return callOr(() => this.#handle.call('tunnelAnswer', bytes(chunk)), { connected: false, headers: [] })
  }
}

/**
 * Returns the result of a function. If the instance ends in the call, returns the result for a head that is not HTTP.
 *
 * @param {() => any} body
 * @param {object} failure
 */
function callOr (body, failure) {
  try {
    return body()
  } catch (error) {
    if (error instanceof Trap) return failure
    throw error
  }
}

/**
 * @param {string} method
 * @param {boolean} needsHost
 * @param {any} headers
 * @param {any} options
 */
function judgeHandshake (method, needsHost, headers, options) {
  const head = [string(method), boolean(needsHost)]
  const policy = connectionOptions(options)
  return call('judgeHandshake', ...head, headersOf(headers), ...policy)
}

/** The options of many connections. Their conversion is a small part of a call of WebAssembly. */
class Policy {
  /** The options themselves, which the functions here accept in place of a number. @type {any} */
  number

  /** @param {import('../../binding').ConnectionOptions} options */
  constructor (options) {
    connectionOptions(options)
    this.number = options
  }
}

/**
 * @param {any} policy the options
 * @param {string} method
 * @param {string} location has no influence
 * @param {boolean} needsHost
 * @param {any[]} values of `HEADERS`
 */
function accepts (policy, method, location, needsHost, ...values) {
  const headers = Object.fromEntries(HEADERS.map((name, index) => [name, values[index]]))
  return judgeHandshake(method, needsHost, headers, policy) === null
}

/** @returns {string} */
function handshakeKey () {
  return call('handshakeKey')
}

/** @param {string} key */
function acceptValue (key) {
  return call('acceptValue', string(key))
}

/**
 * @param {string} method
 * @param {string} connection
 * @param {string} upgrade
 */
function isWebSocket (method, connection, upgrade) {
  return call('isWebSocket', string(method), string(connection), string(upgrade))
}

/**
 * @param {string} method
 * @param {string} accept
 */
function isEventSource (method, accept) {
  return call('isEventSource', string(method), string(accept))
}

/**
 * @param {string[]} headers
 * @param {number} retry
 */
function eventStreamHead (headers, retry) {
  return call('eventStreamHead', strings(headers), number(retry))
}

/**
 * @param {string} data
 * @param {string | null} [event]
 * @param {string | null} [id]
 */
function eventStreamMessage (data, event, id) {
  return call('eventStreamMessage', string(data), optional(string)(event), optional(string)(id))
}

/** @returns {string} */
function eventStreamPing () {
  return call('eventStreamPing')
}

module.exports = {
  Connect,
  HEADERS,
  Policy,
  RequestParser,
  acceptValue,
  accepts,
  eventStreamHead,
  eventStreamMessage,
  eventStreamPing,
  handshakeKey,
  headersOf,
  isEventSource,
  isWebSocket,
  judgeHandshake
}
