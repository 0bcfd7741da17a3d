// @ts-check
'use strict'

const { DEFAULT_MAX_LENGTH, DeflateSession } = require('../native')
const { nativeOptions } = require('./options')

/**
 * A client's offer of permessage-deflate, for a handshake over Node's HTTP (RFC 7692 section 7.1).
 */
class Offer {
  #session

  /** @param {any} options checked options */
  constructor (options) {
    this.#session = DeflateSession.client(nativeOptions(options), DEFAULT_MAX_LENGTH)
  }

  /** The value of `Sec-WebSocket-Extensions` in the request. */
  get header () {
    return /** @type {string} */ (this.#session.offerHeader())
  }

  /**
   * Returns the negotiated session for `Connection.established`, or null if the response is not acceptable.
   *
   * @param {string} header the value of `Sec-WebSocket-Extensions` in the response
   */
  accept (header) {
    return this.#session.activateHeader(header) ? this.#session : null
  }
}

module.exports = { Offer }
