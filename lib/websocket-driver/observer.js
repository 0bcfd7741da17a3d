// @ts-check
'use strict'

const { PINGS, PONGS } = require('../connection/seam')
const { headersObject } = require('../http/request')

/**
 * Emits the events of a connection as those of websocket-driver.
 *
 * @implements {Observer}
 * @typedef {import('../connection/seam').Observer} Observer
 */
class DriverObserver {
  #driver
  #connection
  /** @type {import('./streams').Messages | null} created when a program first reads `messages` */
  messages = null

  /**
   * @param {import('./driver').Driver} driver
   * @param {import('../connection/connection').Connection} connection
   */
  constructor (driver, connection) {
    this.#driver = driver
    this.#connection = connection
  }

  get wants () {
    const driver = this.#driver
    return (driver.listenerCount('ping') > 0 ? PINGS : 0) | (driver.listenerCount('pong') > 0 ? PONGS : 0)
  }

  opened () {
    this.readResponse()
    this.#driver.emit('open', {})
  }

  /** @param {string | Buffer} data */
  received (data) {
    if (this.messages?.readable) this.messages.emit('data', data)
    if (this.#driver.listenerCount('message') > 0) this.#driver.emit('message', { data })
  }

  /** @param {Buffer} payload */
  pinged (payload) {
    this.#driver.emit('ping', { data: payload.toString() })
  }

  /** @param {Buffer} payload */
  ponged (payload) {
    this.#driver.emit('pong', { data: payload.toString() })
  }

  /** @param {import('../connection/seam').Failure} failure */
  failed ({ message }) {
    this.readResponse()
    const error = new Error(message)
    if (this.messages?.readable) this.messages.emit('error', error)
    this.#driver.emit('error', error)
  }

  drained () {}

  /**
   * @param {number | null} code null for the drafts
   * @param {string | null} reason
   */
  closed (code, reason) {
    this.messages?.emitEnd()
    this.#driver.emit('close', { code, reason })
  }

  /** Sets the server's response on a client's driver, before `open`, or before the `error` of a failed handshake. */
  readResponse () {
    const { knowsProtocol, protocol, responseHeaders, statusCode } = this.#connection
    if (responseHeaders === undefined) return
    this.#driver.statusCode = statusCode
    this.#driver.headers = headersObject(responseHeaders)
    if (knowsProtocol) this.#driver.protocol = protocol
  }
}

module.exports = { DriverObserver }
