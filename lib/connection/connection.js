// @ts-check
'use strict'

const native = require('../native')
const { reasonOf } = require('../reason')
const { Delivery } = require('./delivery')
const { Extensions } = require('./extensions')
const { Outgoing } = require('./outgoing')
const { Pings } = require('./pings')
const { ServerPolicy, withRequest } = require('./policy')
const { ReadyState } = require('./seam')
const { Sessions } = require('./sessions')
const { Turns } = require('./turns')

const calls = native.calls()
const { Connecting, Open, Closing, Closed } = ReadyState
/** Whether a trap of WebAssembly ends all connections of its instance, not only the one whose call has trapped. */
const HAS_INSTANCES = 'onInstanceEnd' in native.Connection.prototype

/**
 * @typedef {import('../../binding').ConnectionEvent} Event
 * @typedef {import('../../binding').ConnectionOptions} Policy the behaviour that an interface and its options choose
 */

/**
 * A connection without a socket and without an interface: accepts bytes and commands, and reports events to its
 * observer. A transport moves its bytes. `seam.js` describes observer and transport.
 */
class Connection {
  /** @type {import('../../binding').Connection | null} created when first needed: most connections need only `calls` */
  #native
  #isClient

  /** @type {Extensions | null} most connections have none */
  #extensions = null
  /** @type {Sessions | null} */
  #sessions = null
  /** @type {Pings | null} pings that have a callback; most connections have none */
  #pings = null
  /** @type {Turns | null} most connections have no work for later turns */
  #turns = null
  #isReleased = false
  /** @type {string | null} the version of the protocol, once something has read it */
  #version = null
  /** The subprotocol, once the native half is released. */
  #protocol = /** @type {string | null} */ (null)

  /** Receives the events. The interface sets it before the connection starts. @type {import('./seam').Observer} */
  observer = /** @type {any} */ (null)
  /** @type {import('./seam').Transport | null} */
  transport = null
  /** @type {import('../../binding').ReadyState} */
  readyState

  /**
   * @param {number} number of the native half
   * @param {boolean} isClient
   * @param {import('../../binding').Connection | null} object the native half, if it is already an object
   */
  constructor (number, isClient, object) {
    this.#native = object
    /** Identifies the connection to the functions of the binding and to the reactor. */
    this.number = number
    this.outgoing = new Outgoing(this)
    this.delivery = new Delivery(this)
    this.#isClient = isClient
    // Only servers begin without an object.
    this.readyState = object === null ? Connecting : calls.readyState(number)
    if (HAS_INSTANCES) /** @type {any} */ (this.native).onInstanceEnd(() => this.continueLater())
  }

  /**
   * Returns a server's endpoint for a request.
   *
   * @param {any} request an `http.IncomingMessage`, or an object with its properties
   * @param {string} url the URL of the request
   * @param {Policy | ServerPolicy} [policy] default: that of websocket-driver
   * @param {boolean} [isAbandoned] whether the caller calls `abandon` in any case, even if the connection never starts.
   * If not, the native half is an object, so that its collection releases it
   */
  static server (request, url, policy, isAbandoned = false) {
    const number = withRequest(calls.server, policy instanceof ServerPolicy ? policy.number : policy, request, url)
    return new Connection(number, false, isAbandoned ? null : native.Connection.of(number))
  }

  /**
   * Returns a client's endpoint.
   *
   * @param {URL} target
   * @param {Policy} policy
   */
  static client ({ host, pathname, search, username, password }, policy) {
    const asked = { host, target: pathname + search, username, password }
    return Connection.#of(native.Connection.client(asked, policy), true)
  }

  /**
   * Returns an open endpoint whose opening handshake was made elsewhere. It does not call `opened`.
   *
   * @param {boolean} isClient
   * @param {Policy} policy
   * @param {import('../../binding').DeflateSession | null} [deflate] the negotiated compression, if any
   */
  static established (isClient, policy, deflate = null) {
    return Connection.#of(native.Connection.established(isClient, policy, deflate), isClient)
  }

  /**
   * @param {import('../../binding').Connection} object
   * @param {boolean} isClient
   */
  static #of (object, isClient) {
    return new Connection(object.number, isClient, object)
  }

  /** The native half as an object. */
  get native () {
    return (this.#native ??= native.Connection.of(this.number))
  }

  // The opening handshake.

  /**
   * Adds a header to the handshake. Returns false if the handshake has been sent.
   *
   * @param {string} name
   * @param {string} value
   */
  setHeader (name, value) {
    return this.native.setHeader(name, value)
  }

  /** Registers an extension. Returns false for the drafts, which have no extensions. @param {any} extension */
  addExtension (extension) {
    if (this.isDraft) return false
    this.#extensions ??= new Extensions(this.native, this.native.maxLength)
    this.#extensions.add(extension)
    return true
  }

  /** Begins the opening handshake. Returns false if it has begun before. */
  start () {
    const refusal = this.#negotiate()
    try {
      const outcome = refusal === null ? calls.start(this.number) : this.native.refuse(refusal)
      const accepted = this.#began(outcome)
      // Bytes that arrived before the start have waited for it.
      if (accepted && outcome !== true) this.delivery.deliver()
      return accepted
    } finally {
      this.delivery.startReading()
    }
  }

  /**
   * @param {import('../../binding').Outcome | boolean} outcome true if the connection is open, and nothing else has
   * happened before
   */
  #began (outcome) {
    if (typeof outcome !== 'boolean') return this.caused(outcome)
    if (outcome) this.delivery.deliverCaused([OPENED], () => this.#write())
    return outcome
  }

  /**
   * Negotiates extensions. Returns why a server refuses the request, or null. Throws the exceptions of a client's
   * extensions, because they are mistakes of the caller.
   */
  #negotiate () {
    if (this.#extensions === null || !this.native.negotiates()) return null
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
    this.caused(refusal === null ? this.native.activated() : this.native.refuse(refusal))
  }

  /** Starts to use the negotiated sessions. @param {import('./pipeline').Pipeline | null} pipeline */
  #use (pipeline) {
    if (pipeline === null) return
    this.#sessions = new Sessions(this.native, pipeline, {
      caused: (outcome) => this.#enter(() => this.caused(outcome)),
      received: (message) => this.#transformed(message),
      sent: () => this.outgoing.transformed(),
      full: (isFull) => isFull ? this.transport?.stopReading('sessions') : this.transport?.startReading('sessions'),
      idle: () => this.delivery.notifyDelivered()
    })
    this.outgoing.use(this.#sessions)
  }

  /** The version of the protocol; empty if nothing has read it before the end of the connection. */
  get version () {
    return (this.#version ??= calls.version(this.number) ?? '')
  }

  /** Whether the connection uses one of the drafts before RFC 6455. */
  get isDraft () {
    return this.version.startsWith('hixie')
  }

  /** Whether the handshake has decided on a subprotocol, or on none. */
  get knowsProtocol () {
    return !this.#isClient || this.native.knowsProtocol
  }

  /** The subprotocol in use. */
  get protocol () {
    if (this.#native !== null) return this.#native.protocol
    return this.#isReleased ? this.#protocol : calls.protocol(this.number)
  }

  /** The names of the extensions in use. */
  get extensions () {
    return this.#extensions?.inUse ?? []
  }

  /** The status code of the server's response; undefined on a server. */
  get statusCode () {
    return this.#isClient ? this.native.statusCode ?? undefined : undefined
  }

  /** The headers of the server's response, as name, value, name, value …; undefined on a server. */
  get responseHeaders () {
    return this.#isClient ? this.native.responseHeaders : undefined
  }

  /**
   * Sends a ping. Returns false if the connection is closing or closed.
   *
   * @param {Buffer} payload
   * @param {(...args: any[]) => void} [callback] called when the pong arrives
   */
  ping (payload, callback) {
    const accepted = this.native.ping(payload)
    if (accepted && callback !== undefined) {
      this.#pings ??= new Pings()
      this.#pings.expect(payload.toString(), callback)
    }
    return this.#controlled(accepted)
  }

  /** @param {Buffer} payload */
  pong (payload) {
    return this.#controlled(this.native.pong(payload))
  }

  /** @param {boolean} accepted whether the core has accepted a control frame */
  #controlled (accepted) {
    if (accepted) this.transport?.offer()
    this.#continueIfNeeded()
    return accepted
  }

  /**
   * Begins the closing handshake. Returns false if it has begun, or the connection has ended.
   *
   * @param {number | undefined} code undefined for a close frame without a code
   * @param {string} reason
   */
  close (code, reason) {
    const outcome = calls.close(this.number, code, reason)
    if (typeof outcome !== 'boolean') {
      if (outcome.accepted) this.delivery.resume()
      return this.caused(outcome)
    }
    if (outcome) {
      this.delivery.resume()
      this.#write()
    }
    return outcome
  }

  /**
   * Delivers a message that sessions have transformed. It arrives outside of the batch of its chunk.
   *
   * @param {string | Buffer} message
   */
  #transformed (message) {
    if (this.delivery.receiveTransformed(message)) this.#enter(() => this.observer.received(message))
  }

  /**
   * Delivers the results of a command: bytes first, then events. Returns whether the core has accepted the command.
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
    this.readyState = calls.readyState(this.number)
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
      case 'closeSessions': return this.#closeSessions()
    }
  }

  /** The peer has closed the connection. @param {number} code of its close frame, which has no reason */
  closedWith (code) {
    this.readyState = calls.readyState(this.number)
    this.#closed(code, '')
  }

  #opened () {
    this.observer.opened()
    if (this.delivery.isPaused) this.transport?.applicationPaused()
  }

  /** @param {Buffer} payload */
  #ponged (payload) {
    // If the program moves the bytes itself, an exception of the callback propagates to it.
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
    // If the program moves the bytes itself, no transport reports its end later.
    if (this.transport?.isManual && !this.outgoing.hasOutput) this.#release()
    this.observer.closed(code, reason)
  }

  /** @param {Event} event a message that was sent before the sessions were negotiated */
  #outgoing ({ isText, isPlain, payload, isMarked }) {
    const data = /** @type {Buffer} */ (payload)
    this.#sessions?.outgoing(Boolean(isText), data, Boolean(isMarked), Boolean(isPlain))
  }

  #closeSessions () {
    if (this.#sessions === null) this.caused(this.native.sessionsClosed())
    else this.#sessions.close()
  }

  /** Writes the output. Sets `readyState` to open or closed only afterwards. */
  #write () {
    const readyState = calls.readyState(this.number)
    if (readyState === Connecting || readyState === Closing) this.readyState = readyState
    if (readyState === Closed && this.readyState === Open && !this.isDraft) this.readyState = Closing
    this.transport?.offer()
    this.readyState = calls.readyState(this.number)
  }

  // Work for later turns of the event loop.

  get awaitsPongs () {
    return this.#pings !== null
  }

  /** Whether work remains for the next turn of the event loop. */
  get isBusy () {
    return this.#turns !== null && this.#turns.isBusy
  }

  continueLater () {
    this.#turns ??= new Turns(this)
    this.#turns.continueLater()
  }

  /** Schedules work if messages wait to be compressed, or if a panic has ended the connection. */
  #continueIfNeeded () {
    if (calls.hasWork(this.number)) this.continueLater()
  }

  /** Does one slice of the work, and delivers the messages that were left for a later turn. */
  workOn () {
    if (calls.hasWork(this.number)) this.caused(this.native.work())
    if (this.delivery.isBehind) this.delivery.deliver()
  }

  /** Does all remaining work, because the process ends. */
  completeWork () {
    while (calls.hasWork(this.number)) this.native.work()
  }

  /** @param {() => void} work that neither bytes of the peer nor the application has triggered */
  #enter (work) {
    if (this.transport === null) work()
    else this.transport.enter(work)
  }

  /** Reports that a sender that had to wait may continue. */
  drained () {
    this.observer.drained()
  }

  get sessionsAreIdle () {
    return this.#sessions === null || this.#sessions.isIdle
  }

  // Teardown.

  /** Discards the output, because the socket has closed. Received messages are still delivered. */
  discardOutput () {
    this.outgoing.failReceipts()
    if (this.#isReleased) return
    if (this.outgoing.hasOutput || calls.hasWork(this.number)) this.caused(this.native.discardOutput())
  }

  /** Discards the messages that wait in either direction, because the transport has ended. No event follows. */
  abandon () {
    this.transport = null
    this.#release()
    this.readyState = Closed
    this.delivery.abandon()
    this.#pings?.discard()
    this.outgoing.abandon()
  }

  /** Releases the native half, once. Its methods then return the results of an ended connection. */
  #release () {
    if (this.#isReleased) return
    this.#isReleased = true
    if (this.#native !== null) return this.#native.release()
    this.#protocol = calls.protocol(this.number)
    calls.release(this.number)
  }
}

/** The event of an ordinary opening handshake. @type {Event} */
const OPENED = { kind: 'open' }

module.exports = { Connection }
