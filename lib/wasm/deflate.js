// @ts-check
'use strict'

const { array, bytes, failed, number, string } = require('./convert')
const { Held, call } = require('./current')
const { deflateOptions, parameters } = require('./options')
const { PRIVATE, mustBePrivate } = require('./private')

/** A permessage-deflate session without a connection. */
class DeflateSession {
  #held

  /**
   * @param {symbol} key
   * @param {number} number
   */
  constructor (key, number) {
    mustBePrivate(key)
    this.#held = new Held('session', number)
  }

  /** @param {number | null} number of a session in the instance */
  static of (number) {
    return number === null ? null : new DeflateSession(PRIVATE, number)
  }

  /** @param {any} session undefined and null mean that there is none */
  static numberOf (session) {
    if (session === undefined || session === null) return null
    if (typeof session === 'object' && #held in session) return session.#held.liveNumber
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
    return this.#held.call('deflateOffer')
  }

  /** @param {any} list */
  activate (list) {
    return this.#held.call('deflateActivate', parameters(list))
  }

  offerHeader () {
    return this.#held.call('deflateOfferHeader')
  }

  /** @param {string} header */
  activateHeader (header) {
    return this.#held.call('deflateActivateHeader', string(header))
  }

  response () {
    return this.#held.call('deflateResponse')
  }

  /** @param {Uint8Array} payload */
  inflate (payload) {
    return this.#held.call('inflate', bytes(payload))
  }

  inflateMore () {
    return this.#held.call('inflateMore')
  }

  /** @param {Uint8Array} payload */
  deflate (payload) {
    return this.#held.call('deflate', bytes(payload))
  }

  deflateMore () {
    return this.#held.call('deflateMore')
  }

  close () {
    // If its instance has ended, the session has ended, too.
    if (this.#held.isThere) this.#held.call('deflateClose')
  }
}

module.exports = { DeflateSession }
