// @ts-check
'use strict'

const { DEFAULT_MAX_LENGTH, DeflateSession } = require('../native')
const { nativeOptions } = require('./options')

/**
 * A client's offer of permessage-deflate, for a handshake that is made elsewhere (RFC 7692 section 7.1).
 */
class Offer {
  #session

  /** @param {any} options that have been checked */
  constructor (options) {
    this.#session = DeflateSession.client(nativeOptions(options), DEFAULT_MAX_LENGTH)
  }

  /** The value of `Sec-WebSocket-Extensions` in the request. */
  get header () {
    return /** @type {string} */ (this.#session.offerHeader())
  }

  /**
   * What both ends have agreed on, for `Connection.established`; null if the answer is not acceptable.
   *
   * @param {string} header the value of `Sec-WebSocket-Extensions` in the answer
   */
  accept (header) {
    return this.#session.activateHeader(header) ? this.#session : null
  }
}

module.exports = { Offer }
