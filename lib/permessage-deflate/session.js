// @ts-check
'use strict'

const { DeflateSession } = require('../native')
const { Direction } = require('./direction')
const { NativeCodec } = require('./native_codec')
const { customZlib, nativeOptions } = require('./options')
const { deflater, inflater } = require('./zlib_codec')

/**
 * @typedef {import('./direction').Message} Message
 * @typedef {import('./direction').Callback} Callback
 * @typedef {import('../../binding').ExtensionParameter} Parameter
 */

/**
 * permessage-deflate on one connection, with the interface of the websocket-extensions framework: for other libraries,
 * and for connections with several extensions. The core negotiates, even if the option `zlib` replaces the compression
 * of the core.
 */
class Session {
  /** @type {Direction | null} */
  #incoming = null
  /** @type {Direction | null} */
  #outgoing = null

  /**
   * @param {any} options
   * @param {number} maxLength
   */
  constructor (options, maxLength) {
    this._options = options
    this._maxLength = maxLength
    /** @type {import('../../binding').DeflateSession | null} */
    this._native = null
  }

  /**
   * @param {Message} message
   * @param {Callback} callback
   */
  processIncomingMessage (message, callback) {
    negotiated(this.#incoming).add(message, callback)
  }

  /**
   * @param {Message} message
   * @param {Callback} callback
   */
  processOutgoingMessage (message, callback) {
    negotiated(this.#outgoing).add(message, callback)
  }

  /** Cancels the current messages without calling back, and releases memory. */
  close () {
    this.#incoming?.close()
    this.#outgoing?.close()
    this._native?.close()
  }

  /**
   * Creates the codecs, because both endpoints have agreed.
   *
   * @param {'client' | 'server'} own
   * @param {'client' | 'server'} peer
   * @param {any} response
   */
  _begin (own, peer, response) {
    const codecs = this.#codecs({
      context: !(this._options.noContextTakeover || response[`${own}_no_context_takeover`]),
      windowBits: Math.min(this._options.maxWindowBits ?? 15, response[`${own}_max_window_bits`] ?? 15)
    }, {
      context: !response[`${peer}_no_context_takeover`],
      windowBits: response[`${peer}_max_window_bits`] ?? 15
    })
    const threshold = this._options.threshold ?? 0
    const isPlain = (/** @type {any} */ message) => message?.data?.length < threshold || plain.has(message)
    this.#incoming = new Direction(codecs.inflate, (message) => !message?.rsv1, { copies: false })
    this.#outgoing = new Direction(codecs.deflate, isPlain, { copies: true })
  }

  /**
   * @param {import('./zlib_codec').Agreement} own for messages that this endpoint sends
   * @param {import('./zlib_codec').Agreement} peer for messages that it receives
   */
  #codecs (own, peer) {
    const zlib = customZlib(this._options)
    if (zlib) return { inflate: inflater(zlib, peer, this._maxLength), deflate: deflater(zlib, own, this._options) }
    const native = negotiated(this._native)
    return {
      inflate: new NativeCodec((data) => native.inflate(data), () => native.inflateMore()),
      deflate: new NativeCodec((data) => native.deflate(data), () => native.deflateMore())
    }
  }
}

class ClientSession extends Session {
  generateOffer () {
    // Not earlier, because the original checks window sizes here.
    this._native = DeflateSession.client(nativeOptions(this._options), this._maxLength)
    return toObject(this._native.offer())
  }

  /** @param {any} response */
  activate (response) {
    const list = toList(response)
    if (list === null || !negotiated(this._native).activate(list)) return false
    this._begin('client', 'server', response)
    return true
  }
}

class ServerSession extends Session {
  /**
   * Returns a session for the first acceptable offer, or null.
   *
   * @param {any} options
   * @param {any[]} offers
   * @param {number} maxLength
   */
  static create (options, offers, maxLength) {
    const settings = nativeOptions(options)
    const lists = offers.map(toList).filter((list) => list !== null)
    const native = DeflateSession.server(settings, /** @type {Parameter[][]} */ (lists), maxLength)
    if (native === null) return null
    const session = new ServerSession(options, maxLength)
    session._native = native
    session._begin('server', 'client', session.generateResponse())
    return session
  }

  generateResponse () {
    return toObject(negotiated(this._native).response())
  }
}

/** The session of a connection of this package that also uses other extensions. The core has negotiated it. */
class NegotiatedSession extends Session {
  /**
   * @param {import('../../binding').DeflateSession | null} native
   * @param {number} [threshold]
   */
  constructor (native, threshold) {
    super({ threshold }, 0)
    this._native = native
    this._begin('server', 'client', {})
  }
}

/**
 * Messages that are sent uncompressed.
 *
 * @type {WeakSet<object>}
 */
const plain = new WeakSet()

/**
 * Marks a message in our pipeline, so that it is sent uncompressed.
 *
 * @template {object} T
 * @param {T} message
 * @returns {T}
 */
function exempt (message) {
  plain.add(message)
  return message
}

/**
 * @template T
 * @param {T | null} value
 * @returns {T}
 */
function negotiated (value) {
  if (value === null) throw new Error('permessage-deflate has not been negotiated')
  return value
}

/**
 * Converts the framework's parameters to a list for the core. Returns null if a parameter is repeated, which RFC 7692
 * section 7.1 never allows.
 *
 * @param {any} parameters
 * @returns {Parameter[] | null}
 */
function toList (parameters) {
  const list = []
  for (const [name, value] of Object.entries(parameters)) {
    if (Array.isArray(value)) return null
    list.push({ name, value: value === true || typeof value === 'number' ? value : String(value) })
  }
  return list
}

/**
 * Converts a list of the core to the framework's parameters.
 *
 * @param {Parameter[]} list
 * @returns {any}
 */
function toObject (list) {
  return Object.fromEntries(list.map(({ name, value }) => [name, value]))
}

module.exports = { ClientSession, NegotiatedSession, ServerSession, exempt }
