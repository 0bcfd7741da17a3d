// @ts-check
'use strict'

const native = require('../native')
const { reasonOf } = require('../reason')
const { Delivery } = require('./delivery')
const { Extensions } = require('./extensions')
const { Outgoing } = require('./outgoing')
const { Pings } = require('./pings')
const { ReadyState } = require('./seam')
const { Sessions } = require('./sessions')
const { Turns } = require('./turns')

const { Connecting, Open, Closing, Closed } = ReadyState

/**
 * @typedef {import('../../binding').ConnectionEvent} Event
 * @typedef {import('../../binding').ConnectionOptions} Policy what an interface, and its options, have a connection do
 * differently
 */

/**
 * A connection without a socket and without an interface: it takes bytes and commands, and tells its observer what
 * happens. A transport moves its bytes. `seam.js` describes both.
 */
class Connection {
  #native
  #isClient

  /** @type {Extensions | null} most connections have none */
  #extensions = null
  /** @type {Sessions | null} */
  #sessions = null
  /** @type {Pings | null} pings with a callback; most connections have none */
  #pings = null
  #turns = new Turns(this)
  #isReleased = false

  /** Set by an interface before anything can happen. @type {import('./seam').Observer} */
  observer = /** @type {any} */ (null)
  /** @type {import('./seam').Transport | null} */
  transport = null
  /** @type {import('../../binding').ReadyState} */
  readyState

  /**
   * @param {import('../../binding').Connection} connection
   * @param {boolean} isClient
   */
  constructor (connection, isClient) {
    this.#native = connection
    /** What the functions of the binding and the reactor know the connection by. */
    this.number = connection.number
    this.outgoing = new Outgoing(this, connection)
    this.delivery = new Delivery(this, connection)
    this.#isClient = isClient
    this.readyState = connection.readyState
    this.version = connection.version
    // A trap of WebAssembly ends all connections, also those that nothing has called.
    if ('whenFaulted' in connection) /** @type {any} */ (connection).whenFaulted(() => this.continueLater())
  }

  /**
   * A server's end, for an `http.IncomingMessage`.
   *
   * @param {any} request
   * @param {string} url that it asks for
   * @param {Policy} policy
   */
  static server ({ method, httpVersion, headers }, url, policy) {
    const connection = native.Connection.server(String(method), url, httpVersion === '1.1', headers, policy)
    return new Connection(connection, false)
  }

  /**
   * A client's end.
   *
   * @param {URL} target what it asks
   * @param {Policy} policy
   */
  static client ({ host, pathname, search, username, password }, policy) {
    const asked = { host, target: pathname + search, username, password }
    return new Connection(native.Connection.client(asked, policy), true)
  }

  /**
   * An end whose opening handshake was made elsewhere. It is open, and says nothing of that.
   *
   * @param {boolean} isClient
   * @param {Policy} policy
   * @param {import('../../binding').DeflateSession | null} [deflate] what was agreed on, if messages are compressed
   */
  static established (isClient, policy, deflate = null) {
    return new Connection(native.Connection.established(isClient, policy, deflate), isClient)
  }

  // The opening handshake.

  /**
   * Adds a header. False when it is too late.
   *
   * @param {string} name
   * @param {string} value
   */
  setHeader (name, value) {
    return this.#native.setHeader(name, value)
  }

  /**
   * Registers an extension. False for the drafts, which have none.
   *
   * @param {any} extension
   */
  addExtension (extension) {
    if (this.isDraft) return false
    this.#extensions ??= new Extensions(this.#native, this.#native.maxLength)
    this.#extensions.add(extension)
    return true
  }

  /** Begins the opening handshake. False when it has begun. */
  start () {
    const refusal = this.#negotiate()
    try {
      const accepted = this.caused(refusal === null ? this.#native.start() : this.#native.refuse(refusal))
      // What has come before the start has waited for it.
      if (accepted) this.delivery.deliver()
      return accepted
    } finally {
      this.delivery.startReading()
    }
  }

  /** What a server has against the extensions it was offered; null for a client, whose own mistakes are thrown. */
  #negotiate () {
    if (this.#extensions === null || !this.#native.negotiates()) return null
    if (this.#isClient) {
      this.#extensions.offer()
      return null
    }
    try {
      this.#use(this.#extensions.respond())
      return null
    } catch (error) {
      return reasonOf(error)
    }
  }

  #activate () {
    let refusal = null
    try {
      this.#use(this.#extensions?.activate() ?? null)
    } catch (error) {
      refusal = reasonOf(error)
    }
    this.caused(refusal === null ? this.#native.activated() : this.#native.refuse(refusal))
  }

  /**
   * Puts negotiated sessions to work.
   *
   * @param {import('./pipeline').Pipeline | null} pipeline
   */
  #use (pipeline) {
    if (pipeline === null) return
    this.#sessions = new Sessions(this.#native, pipeline, {
      caused: (outcome) => this.#enter(() => this.caused(outcome)),
      received: (message) => this.#transformed(message),
      sent: () => this.outgoing.transformed(),
      full: (isFull) => isFull ? this.transport?.stopReading('sessions') : this.transport?.startReading('sessions'),
      idle: () => this.delivery.notifyDelivered()
    })
    this.outgoing.use(this.#sessions)
  }

  /** Whether this is one of the drafts before RFC 6455. */
  get isDraft () {
    return this.version.startsWith('hixie')
  }

  /** Whether it is known which subprotocol is in use, or that there is none. */
  get knowsProtocol () {
    return this.#native.knowsProtocol
  }

  /** The subprotocol in use. */
  get protocol () {
    return this.#native.protocol
  }

  /** The names of the extensions in use. */
  get extensions () {
    return this.#extensions?.inUse ?? []
  }

  /** Of the answer that a client got: undefined for a server. */
  get statusCode () {
    return this.#isClient ? this.#native.statusCode ?? undefined : undefined
  }

  /** Of the answer that a client got: name, value, name, value …; undefined for a server. */
  get responseHeaders () {
    return this.#isClient ? this.#native.responseHeaders : undefined
  }

  /**
   * @param {Buffer} payload
   * @param {(...args: any[]) => void} [callback] called when the pong comes
   */
  ping (payload, callback) {
    const accepted = this.#native.ping(payload)
    if (accepted && callback !== undefined) {
      this.#pings ??= new Pings()
      this.#pings.expect(payload.toString(), callback)
    }
    return this.#controlled(accepted)
  }

  /** @param {Buffer} payload */
  pong (payload) {
    return this.#controlled(this.#native.pong(payload))
  }

  /** @param {boolean} accepted whether the core has accepted a control frame */
  #controlled (accepted) {
    if (accepted) this.transport?.offer()
    this.#continueIfNeeded()
    return accepted
  }

  /**
   * Begins the closing handshake. False when it has begun, or the connection is over.
   *
   * @param {number | undefined} code undefined for a close frame without one
   * @param {string} reason
   */
  close (code, reason) {
    const outcome = this.#native.close(code, reason)
    if (outcome.accepted) this.delivery.resume()
    return this.caused(outcome)
  }

  /** @param {string | Buffer} message that sessions have transformed; it comes on its own, and not with a chunk */
  #transformed (message) {
    if (this.delivery.receiveTransformed(message)) this.#enter(() => this.observer.received(message))
  }

  /**
   * Delivers what a command has caused: bytes, then events.
   *
   * @param {import('../../binding').Outcome} outcome
   */
  caused ({ accepted, events }) {
    this.delivery.deliverCaused(events, () => this.#write())
    this.#continueIfNeeded()
    return accepted
  }

  /** @param {Event} event */
  happened (event) {
    if (event.kind === 'write') return this.#write()
    this.readyState = this.#native.readyState
    switch (event.kind) {
      case 'open': return this.#opened()
      case 'ping': return this.observer.pinged(/** @type {Buffer} */ (event.payload))
      case 'pong': return this.#ponged(/** @type {Buffer} */ (event.payload))
      case 'frame': return this.observer.framed?.(/** @type {import('./seam').Frame} */ (event))
      case 'error': return this.#failed(event)
      case 'close': return this.#closed(event.code ?? null, event.reason ?? null)
      case 'activate': return this.#activate()
      case 'transform': return this.#sessions?.incoming(event)
      case 'outgoing': return this.#outgoing(event)
      case 'drain': return this.#closeSessions()
    }
  }

  #opened () {
    this.observer.opened()
    if (this.delivery.isPaused) this.transport?.applicationPaused()
  }

  /** @param {Buffer} payload */
  #ponged (payload) {
    // A program that moves the bytes itself may catch what its callback throws.
    this.#pings?.answered(payload.toString(), this.transport === null || !this.transport.isManual)
    this.observer.ponged(payload)
  }

  /** @param {Event} event */
  #failed ({ message = '', errorCode = '', facts = {} }) {
    this.observer.failed({ message, code: errorCode, facts })
  }

  /**
   * @param {number | null} code the drafts have none
   * @param {string | null} reason
   */
  #closed (code, reason) {
    this.delivery.startReading()
    this.#pings?.discard()
    // Where a program moves the bytes itself, nothing tells of a transport's end.
    if (this.transport?.isManual && !this.outgoing.hasOutput) this.#release()
    this.observer.closed(code, reason)
  }

  /** @param {Event} event a message that was sent before the sessions were there */
  #outgoing ({ isText, isPlain, payload, isMarked }) {
    const data = /** @type {Buffer} */ (payload)
    this.#sessions?.outgoing(Boolean(isText), data, Boolean(isMarked), Boolean(isPlain))
  }

  #closeSessions () {
    if (this.#sessions === null) this.caused(this.#native.drained())
    else this.#sessions.close()
  }

  /** Writes what waits. `readyState` becomes open or closed only after that. */
  #write () {
    const { readyState } = this.#native
    if (readyState === Connecting || readyState === Closing) this.readyState = readyState
    if (readyState === Closed && this.readyState === Open && !this.isDraft) this.readyState = Closing
    this.transport?.offer()
    this.readyState = this.#native.readyState
  }

  // Work for later turns of the event loop.

  get awaitsPongs () {
    return this.#pings !== null
  }

  /** Work is left for the next turn of the event loop. */
  get isBusy () {
    return this.#turns.isBusy
  }

  continueLater () {
    this.#turns.continueLater()
  }

  /** Schedules work: messages wait to be compressed, or the end of a connection by a panic waits to be told. */
  #continueIfNeeded () {
    if (this.#native.hasWork) this.#turns.continueLater()
  }

  /** Does one slice of the work, and delivers what waits for its turn. */
  workOn () {
    if (this.#native.hasWork) this.caused(this.#native.work())
    if (this.delivery.isBehind) this.delivery.deliver()
  }

  /** The process ends: does at once what is left for later turns. */
  completeWork () {
    while (this.#native.hasWork) this.#native.work()
  }

  /** @param {() => void} work that neither the peer's bytes nor the application has started */
  #enter (work) {
    if (this.transport === null) work()
    else this.transport.enter(work)
  }

  /** A sender that was told to wait may go on. */
  drained () {
    this.observer.drained()
  }

  get sessionsAreIdle () {
    return this.#sessions === null || this.#sessions.isIdle
  }

  // The end.

  /** Nothing can be written any more, but what has arrived is still to be delivered. */
  discardOutput () {
    this.outgoing.failReceipts()
    this.caused(this.#native.dropOutput())
  }

  /** The transport is gone. Gives back what waits in either direction; nothing more is said or done. */
  abandon () {
    this.transport = null
    this.#release()
    this.readyState = this.#native.readyState
    this.delivery.abandon()
    this.#pings?.discard()
    this.outgoing.abandon()
  }

  /** Gives the native half back, once. From then on it answers as one that has ended. */
  #release () {
    if (!this.#isReleased) this.#native.release()
    this.#isReleased = true
  }
}

module.exports = { Connection }
