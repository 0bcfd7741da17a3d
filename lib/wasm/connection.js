// @ts-check
'use strict'

const { WAITS_FOR_WORK } = require('./calls')
const { boolean, bytes, number, string } = require('./convert')
const { Handle, Trap, addOwner, call, current, endIfTrapped, released } = require('./current')
const { DeflateSession } = require('./deflate')
const { headersOf } = require('./http')
const {
  clientTarget, closeCode, connectionOptions, deflateOptions, failureCode, flags, frameMask, parameters
} = require('./options')
const { PRIVATE, mustBePrivate } = require('./private')

/**
 * @typedef {import('../../binding').Connection} Native
 * @typedef {import('../../binding').Outcome} Outcome
 * @typedef {import('./values').Argument} Argument
 *
 * @typedef {object} HandshakeResult the result of the handshake
 * @property {number} maxLength
 * @property {string} version
 * @property {boolean} knowsProtocol
 * @property {string | null} protocol
 * @property {number | null} statusCode
 */

/**
 * A connection. `release` releases it, and so does garbage collection. If its instance ends, the connection ends with
 * an error, which the next instance reports.
 */
class Connection {
  #handle
  #number
  /** @type {HandshakeResult | null} the last known result of the handshake */
  #handshakeResult = null
  /** @type {string[]} */
  #responseHeaders = []
  #hasFaulted = false
  #isReleased = false
  /** @type {() => void} */
  #onInstanceEnd = () => {}

  /**
   * @param {symbol} key
   * @param {string} name of the function that creates the connection in the instance
   * @param {Argument[]} args
   */
  constructor (key, name, ...args) {
    mustBePrivate(key)
    this.#handle = new Handle('connection', call(name, ...args))
    this.#number = addOwner(this, this.#handle.number)
    objects.set(this.#number, new WeakRef(this))
    collected.register(this, this.#number)
  }

  /** Returns the object of a connection that is not released. @param {number} number */
  static of (number) {
    return find(number)
  }

  /**
   * @param {string} method
   * @param {string} location
   * @param {boolean} needsHost
   * @param {any} headers
   * @param {any} options
   */
  static server (method, location, needsHost, headers, options) {
    const head = [string(method), string(location), boolean(needsHost)]
    const policy = connectionOptions(options)
    return new Connection(PRIVATE, 'server', ...head, headersOf(headers), ...policy)
  }

  /** @param {any} target @param {any} options */
  static client (target, options) {
    return new Connection(PRIVATE, 'client', ...clientTarget(target), ...connectionOptions(options))
  }

  /**
   * @param {boolean} isClient
   * @param {any} options
   * @param {any} [deflate]
   */
  static established (isClient, options, deflate) {
    const args = [boolean(isClient), ...connectionOptions(options), DeflateSession.numberOf(deflate)]
    return new Connection(PRIVATE, 'established', ...args)
  }

  /**
   * Sets a callback for the end of the instance, and with it of the connection. After that, `work` returns events. The
   * addon has no such method, because a panic there ends only the connection that is called.
   * @param {() => void} callback
   */
  onInstanceEnd (callback) {
    this.#onInstanceEnd = callback
  }

  /** Called by `current.js` when the instance has ended. */
  fault () {
    this.#hasFaulted = true
    const isDraft = this.#handshakeResult?.version.startsWith('hixie') ?? false
    this.#handle = new Handle('connection', call('faulted', isDraft))
    addOwner(this, this.#handle.number)
    this.#onInstanceEnd()
  }

  /** The object in the instance that represents the connection. */
  get #inner () {
    return this.#isReleased ? released() : this.#handle
  }

  /**
   * Returns the result of a function of the instance, or that of `fallback` if the instance ends in the call.
   *
   * @param {string} name
   * @param {Argument[]} args
   * @param {() => any} fallback
   */
  #attempt (name, args, fallback) {
    try {
      return this.#inner.call(name, ...args)
    } catch (error) {
      if (!(error instanceof Trap)) throw error
      return fallback()
    }
  }

  /**
   * Executes a command. Returns its outcome, or the end of the connection if the instance ends in the call.
   *
   * @param {string} name
   * @param {Argument[]} args
   * @returns {Outcome}
   */
  #command (name, ...args) {
    return this.#attempt(name, args, () => this.#inner.call('work'))
  }

  /**
   * @param {'ready_state' | 'has_work' | 'has_unread' | 'has_enough' | 'buffered_amount' | 'take_passed'} name
   * @returns {number}
   */
  #readNumber (name) {
    const one = current()
    try {
      return one.enter(one.exports[name], this.#inner.number)
    } catch (error) {
      endIfTrapped(one, error)
      const next = current()
      return next.enter(next.exports[name], this.#inner.number)
    }
  }

  /** @returns {HandshakeResult} */
  #readHandshakeResult () {
    if (this.#handshakeResult === null || !(this.#hasFaulted || this.#isReleased)) {
      this.#handshakeResult = this.#inner.call('about')
    }
    return /** @type {HandshakeResult} */ (this.#handshakeResult)
  }

  // The handshake.

  /** @param {string} name @param {string} value */
  setHeader (name, value) {
    return this.#inner.call('setHeader', string(name), string(value))
  }

  start () {
    return this.#command('start')
  }

  /** @param {any} options */
  offerDeflate (options) {
    this.#inner.call('offerDeflate', ...deflateOptions(options))
  }

  /** @param {any} options */
  answerDeflate (options) {
    return this.#inner.call('answerDeflate', ...deflateOptions(options))
  }

  /** @param {any} options */
  activateDeflate (options) {
    return this.#inner.call('activateDeflate', ...deflateOptions(options))
  }

  takeDeflate () {
    return DeflateSession.of(this.#inner.call('takeDeflate'))
  }

  negotiates () {
    return this.#inner.call('negotiates')
  }

  receivedExtensions () {
    return this.#inner.call('receivedExtensions')
  }

  /** @param {string} name @param {any} list */
  addExtension (name, list) {
    this.#inner.call('addExtension', string(name), parameters(list))
  }

  /**
   * @param {string} name
   * @param {boolean} rsv1
   * @param {boolean} rsv2
   * @param {boolean} rsv3
   */
  reserveBits (name, rsv1, rsv2, rsv3) {
    return this.#inner.call('reserveBits', string(name), ...flags([rsv1, rsv2, rsv3]))
  }

  /**
   * @param {boolean} rsv1
   * @param {boolean} rsv2
   * @param {boolean} rsv3
   */
  isReserved (rsv1, rsv2, rsv3) {
    return this.#inner.call('isReserved', ...flags([rsv1, rsv2, rsv3]))
  }

  activated () {
    return this.#command('activated')
  }

  /** @param {string} message */
  refuse (message) {
    return this.#command('refuse', string(message))
  }

  /** @param {string} name @param {any} list */
  unacceptable (name, list) {
    return call('unacceptable', string(name), parameters(list))
  }

  // Messages and frames.

  /**
   * @param {boolean} writes
   * @param {boolean} pings
   * @param {boolean} pongs
   */
  poll (writes, pings, pongs) {
    const args = flags([writes, pings, pongs])
    try {
      return this.#inner.call('poll', ...args)
    } catch (error) {
      // Without a trap, JavaScript has no memory for the output.
      if (!(error instanceof Trap)) this.#exhaust()
      return this.#inner.call('poll', ...args)
    }
  }

  #exhaust () {
    const one = current()
    one.enter(one.exports.exhaust, this.#inner.number)
  }

  mark () {
    const one = current()
    try {
      one.enter(one.exports.mark, this.#inner.number)
    } catch (error) {
      endIfTrapped(one, error)
    }
  }

  takePassed () {
    return this.#readNumber('take_passed')
  }

  work () {
    return this.#command('work')
  }

  takeWrite () {
    return this.#attempt('takeWrite', [], () => null)
  }

  /** @param {Uint8Array} payload */
  ping (payload) {
    return this.#attempt('ping', [bytes(payload)], () => false)
  }

  /** @param {Uint8Array} payload */
  pong (payload) {
    return this.#attempt('pong', [bytes(payload)], () => false)
  }

  /**
   * @param {boolean} fin
   * @param {number} rsv
   * @param {number} opcode
   * @param {Uint8Array} payload
   * @param {boolean | Uint8Array} [mask]
   */
  sendFrame (fin, rsv, opcode, payload, mask) {
    const args = [boolean(fin), number(rsv), number(opcode), bytes(payload), frameMask(mask)]
    return this.#attempt('sendFrame', args, () => WAITS_FOR_WORK)
  }

  /** @param {boolean} isText @param {Uint8Array} payload */
  transformed (isText, payload) {
    return this.#command('transformed', boolean(isText), bytes(payload))
  }

  /**
   * @param {boolean} isText
   * @param {boolean} rsv1
   * @param {boolean} rsv2
   * @param {boolean} rsv3
   * @param {Uint8Array} payload
   */
  sendTransformed (isText, rsv1, rsv2, rsv3, payload) {
    return this.#attempt('sendTransformed', [...flags([isText, rsv1, rsv2, rsv3]), bytes(payload)], () => false)
  }

  // Teardown.

  /**
   * @param {number | null | undefined} code
   * @param {string} reason
   */
  close (code, reason) {
    return this.#command('close', closeCode(code), string(reason))
  }

  /**
   * @param {number | string | null | undefined} code
   * @param {string} message
   */
  failExtension (code, message) {
    return this.#command('failExtension', failureCode(code), string(message))
  }

  sessionsClosed () {
    return this.#command('sessionsClosed')
  }

  discardOutput () {
    return this.#command('discardOutput')
  }

  release () {
    if (this.#isReleased) return
    this.#readHandshakeResult()
    this.#responseHeaders = this.responseHeaders
    this.#isReleased = true
    objects.delete(this.#number)
    this.#handle.release()
  }

  // The properties, which can be read at any time.

  get hasWork () {
    return this.#readNumber('has_work') === 1
  }

  get maxLength () {
    return this.#readHandshakeResult().maxLength
  }

  get number () {
    return this.#number
  }

  get version () {
    return this.#readHandshakeResult().version
  }

  get readyState () {
    return this.#readNumber('ready_state')
  }

  get knowsProtocol () {
    return this.#readHandshakeResult().knowsProtocol
  }

  get protocol () {
    return this.#readHandshakeResult().protocol
  }

  get hasUnread () {
    return this.#readNumber('has_unread') === 1
  }

  get hasEnough () {
    return this.#readNumber('has_enough') === 1
  }

  get bufferedAmount () {
    return this.#readNumber('buffered_amount')
  }

  get statusCode () {
    return this.#readHandshakeResult().statusCode
  }

  get responseHeaders () {
    if (this.#hasFaulted || this.#isReleased) return [...this.#responseHeaders]
    return this.#inner.call('responseHeaders')
  }
}

/** The objects of connections that are not released. @type {Map<number, WeakRef<Connection>>} */
const objects = new Map()
const collected = new FinalizationRegistry((/** @type {number} */ number) => objects.delete(number))

/**
 * Returns the object of a connection; undefined if it has been released.
 *
 * @param {number} number
 */
function find (number) {
  return objects.get(number)?.deref()
}

module.exports = { Connection, find }
