// @ts-check
'use strict'

const { recognise } = require('../permessage-deflate/recognise')
const { NegotiatedSession } = require('../permessage-deflate/session')
const { Pipeline } = require('./pipeline')

/**
 * A registered extension. `deflate` has the options of permessage-deflate, which the core implements.
 *
 * @typedef {{ extension: any, deflate: import('../../binding').DeflateOptions | null }} Registered
 */

/**
 * The extensions of a connection, with the interface of the websocket-extensions framework. Calls the extensions and
 * their sessions, which are objects of the application. The core parses headers, finds conflicts and words errors.
 *
 * The core implements permessage-deflate: without a session if it is the only extension, otherwise through a session
 * with the framework's interface.
 */
class Extensions {
  #native
  #options
  /** @type {Map<string, Registered>} in the order in which they were registered */
  #registered = new Map()
  /** @type {Map<string, any>} the sessions of a client's offers, by name */
  #offered = new Map()
  /** @type {string[]} the names of the negotiated extensions, in order */
  inUse = []

  /**
   * @param {import('../../binding').Connection} native
   * @param {number} maxLength
   */
  constructor (native, maxLength) {
    this.#native = native
    this.#options = { maxLength }
  }

  /** @param {any} extension */
  add (extension) {
    const { name, type } = extension
    if (typeof name !== 'string') throw new TypeError('extension.name must be a string')
    if (type !== 'permessage') throw new TypeError('extension.type must be "permessage"')
    for (const bit of ['rsv1', 'rsv2', 'rsv3']) {
      if (typeof extension[bit] !== 'boolean') throw new TypeError(`extension.${bit} must be true or false`)
    }
    if (this.#registered.has(name)) throw new TypeError(`An extension with name "${name}" is already registered`)
    this.#registered.set(name, { extension, deflate: recognise(extension) })
  }

  /** Asks each extension of a client for its offer. */
  offer () {
    for (const [name, { extension, deflate }] of this.#registered) {
      if (deflate) {
        this.#native.offerDeflate(deflate)
        continue
      }
      const session = extension.createClientSession(this.#options)
      if (!session) continue
      this.#offered.set(name, session)
      const offers = session.generateOffer()
      for (const parameters of offers ? [].concat(offers) : []) this.#native.addExtension(name, toList(parameters))
    }
  }

  /** Activates the extensions of a server's response. Returns the client's pipeline; throws if one is unacceptable. */
  activate () {
    const sessions = []
    for (const { name, parameters } of this.#native.receivedExtensions()) {
      const { extension, deflate } = /** @type {Registered} */ (this.#registered.get(name))
      const session = this.#offered.get(name)
      const conflict = this.#reserve(extension)
      if (conflict) throw new Error(conflict)
      const given = toObject(parameters)
      const isActive = deflate ? this.#native.activateDeflate(deflate) : session.activate(given) === true
      if (!isActive) throw new Error(this.#native.unacceptable(name, toList(given)))
      sessions.push({ name, session: deflate ? null : session, threshold: deflate?.threshold })
    }
    return this.#pipelineOf(sessions)
  }

  /** Responds to the client's offers. Returns the pipeline of a server; throws the exceptions of extensions. */
  respond () {
    const sessions = []
    const received = this.#native.receivedExtensions()
    for (const [name, { extension, deflate }] of this.#registered) {
      if (deflate) {
        const { threshold } = deflate
        if (this.#native.answerDeflate(deflate)) sessions.push({ name, session: null, threshold })
        continue
      }
      const offers = received.filter((offer) => offer.name === name).map((offer) => toObject(offer.parameters))
      if (offers.length === 0 || this.#native.isReserved(extension.rsv1, extension.rsv2, extension.rsv3)) continue
      const session = extension.createServerSession(offers, this.#options)
      if (!session) continue
      this.#reserve(extension)
      this.#native.addExtension(name, toList(session.generateResponse()))
      sessions.push({ name, session })
    }
    return this.#pipelineOf(sessions)
  }

  /**
   * Returns a pipeline of these sessions, or null if the core alone transforms the messages.
   *
   * @param {Array<{ name: string, session: any, threshold?: number }>} sessions null stands for the core's
   * permessage-deflate
   */
  #pipelineOf (sessions) {
    this.inUse = sessions.map(({ name }) => name)
    if (sessions.every(({ session }) => session === null)) return null
    return new Pipeline(sessions.map(({ name, session, threshold }) => ({
      name,
      session: session ?? new NegotiatedSession(this.#native.takeDeflate(), threshold)
    })))
  }

  /** @param {any} extension */
  #reserve ({ name, rsv1, rsv2, rsv3 }) {
    return this.#native.reserveBits(name, rsv1, rsv2, rsv3)
  }
}

/**
 * Returns parameters as sessions expect them: an object, with an array for a repeated parameter.
 *
 * @param {import('../../binding').ExtensionElement['parameters']} list
 */
function toObject (list) {
  const values = new Map()
  for (const { name, value } of list) {
    const before = values.get(name)
    if (before === undefined) values.set(name, value)
    else if (Array.isArray(before)) before.push(value)
    else values.set(name, [before, value])
  }
  // A peer may send the name `__proto__`. An assignment would set the prototype.
  return Object.fromEntries(values)
}

/**
 * Converts the parameters of a session to a list.
 *
 * @param {any} parameters
 */
function toList (parameters) {
  const list = []
  for (const name in parameters) {
    for (const value of [parameters[name]].flat(Infinity)) list.push({ name, value: value === true || String(value) })
  }
  return list
}

module.exports = { Extensions }
