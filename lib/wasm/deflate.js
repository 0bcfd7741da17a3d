// @ts-check
'use strict'

const { array, bytes, failed, number, string } = require('./convert')
const { Handle, call } = require('./current')
const { deflateOptions, parameters } = require('./options')
const { PRIVATE, mustBePrivate } = require('./private')

/** A permessage-deflate session without a connection. */
class DeflateSession {
  #handle

  /**
   * @param {symbol} key
   * @param {number} number
   */
  constructor (key, number) {
    mustBePrivate(key)
    this.#handle = new Handle('session', number)
  }

  /** @param {number | null} number of a session in the instance */
  static of (number) {
    return number === null ? null : new DeflateSession(PRIVATE, number)
  }

  /** @param {any} session undefined or null if there is no session */
  static numberOf (session) {
    if (session === undefined || session === null) return null
    if (typeof session === 'object' && #handle in session) return session.#handle.liveNumber
    throw failed('InvalidArg', 'Unwrap value [faye_websocket_binding::deflate::DeflateSession] from class failed')
  }

  /**
   * @param {any} options
   * @param {number} maxLength
   */
  static client (options, maxLength) {
    const own = deflateOptions(options)
    return new DeflateSession(PRIVATE, call('deflateClient', ...own, number(maxLength)))
  }

  /**
   * @param {any} options
   * @param {any} offers
   * @param {number} maxLength
   */
  static server (options, offers, maxLength) {
    const own = deflateOptions(options)
    return DeflateSession.of(call('deflateServer', ...own, array(parameters)(offers), number(maxLength)))
  }

  offer () {
    return this.#handle.call('deflateOffer')
  }

  /** @param {any} list */
  activate (list) {
    return this.#handle.call('deflateActivate', parameters(list))
  }

  offerHeader () {
    return this.#handle.call('deflateOfferHeader')
  }

  /** @param {string} header */
  activateHeader (header) {
    return this.#handle.call('deflateActivateHeader', string(header))
  }

  response () {
    return this.#handle.call('deflateResponse')
  }

  /** @param {Uint8Array} payload */
  inflate (payload) {
    return this.#handle.call('inflate', bytes(payload))
  }

  inflateMore () {
    return this.#handle.call('inflateMore')
  }

  /** @param {Uint8Array} payload */
  deflate (payload) {
    return this.#handle.call('deflate', bytes(payload))
  }

  deflateMore () {
    return this.#handle.call('deflateMore')
  }

  close () {
    // If the instance has ended, so has the session.
    if (this.#handle.isCurrent) this.#handle.call('deflateClose')
  }
}

module.exports = { DeflateSession }
