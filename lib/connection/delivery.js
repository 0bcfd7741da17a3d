// @ts-check
'use strict'

const native = require('../native')
const { MAX_TURN, STEPS_BETWEEN_LOOKS, now } = require('../scheduling')
const { PINGS, PONGS, ReadyState } = require('./seam')
const shelf = require('./shelf')

/**
 * The connection whose events and messages are delivered.
 *
 * @typedef {object} Host
 * @property {number} number identifies the connection to the native functions
 * @property {import('../../binding').Connection} native for what those functions do not provide
 * @property {number} readyState
 * @property {import('./seam').Transport | null} transport
 * @property {import('./seam').Observer} observer
 * @property {import('./outgoing').Outgoing} outgoing
 * @property {boolean} awaitsPongs whether a ping with a callback was sent
 * @property {boolean} isBusy whether work remains for the next turn of the event loop
 * @property {boolean} sessionsAreIdle
 * @property {(event: import('../../binding').ConnectionEvent) => void} happened
 * @property {(code: number) => void} closedWith
 * @property {() => void} continueLater
 */

const calls = native.calls()
const { Connecting, Open } = ReadyState
/** A bit beside PINGS and PONGS: whether `poll` reports that there is output. */
const WRITES = 4
/** @type {Array<string | Buffer>} */
const NOTHING = []
/** @type {Array<any>} */
const NO_EVENTS = []

/**
 * Delivers received messages and events to the observer, one output of the native object at a time. Decodes only
 * messages ahead of their delivery, and stores them until then. A handler may therefore send, close, pause or throw,
 * and no message is lost.
 */
class Delivery {
  #host
  #number
  /** Decoded messages that have not been delivered. */
  #run = NOTHING
  #next = 0
  /** @type {Array<import('../../binding').ConnectionEvent>} */
  #events = NO_EVENTS
  #ignoresPause = false
  /** @type {(() => void) | null} */
  #onDelivered = null
  /** Whether reading has stopped because enough bytes wait for the start. */
  #isStopped = false
  isPaused = false
  /** Whether a later turn of the event loop delivers the stored messages. */
  isBehind = false

  /** @param {Host} host */
  constructor (host) {
    this.#host = host
    this.#number = host.number
  }

  /**
   * Stores bytes from the peer without decoding them: they arrived before the connection was started.
   *
   * @param {Uint8Array} chunk
   */
  store (chunk) {
    calls.receive(this.#number, chunk)
  }

  /**
   * Stores bytes from the peer, and delivers the messages and events in them.
   *
   * @param {Uint8Array} chunk
   */
  receive (chunk) {
    calls.receive(this.#number, chunk)
    this.deliver()
  }

  /**
   * Delivers a message that the reactor has decoded, or stores it behind earlier ones.
   *
   * @param {string | Buffer} data
   * @param {boolean} isLate whether this turn of the event loop has reached its time limit
   */
  receiveMessage (data, isLate) {
    const host = this.#host
    if (host.readyState > Open) return
    if (isLate && !this.isBehind) this.#fallBehind()
    const mustWait = this.isPaused || this.isBehind || this.#run !== NOTHING || this.#events.length > 0
    if (mustWait) this.#append(data)
    else host.observer.received(data)
  }

  /** Delivers the stored bytes in a later turn of the event loop, and stops reading until then. */
  deliverLater () {
    if (!this.isBehind && this.#host.transport !== null) this.#fallBehind()
  }

  /** Delivers events that the reactor has decoded, unless a later turn delivers them. */
  receiveOthers () {
    if (!this.isBehind) this.deliver()
  }

  /**
   * Returns true if a message that sessions have transformed may be delivered at once. Otherwise stores it.
   *
   * @param {string | Buffer} data
   */
  receiveTransformed (data) {
    if (this.#run === NOTHING && !this.isPaused) return true
    this.#append(data)
    return false
  }

  /** @param {string | Buffer} data a message to deliver after the stored ones */
  #append (data) {
    if (this.#run !== NOTHING) {
      this.#run.push(data)
      return
    }
    this.#run = [data]
    this.#next = 0
  }

  /**
   * Delivers messages and events of the peer. If a handler throws, the next call continues after the message or event
   * of that handler.
   */
  deliver () {
    const host = this.#host
    this.#deliverEvents()
    this.isBehind = false
    let steps = 0
    let begun = 0
    while (!this.isPaused || host.readyState <= Connecting || this.#ignoresPause) {
      // A handler may have closed the connection, which discards later messages.
      if (host.readyState > Open) this.#run = NOTHING
      // Reading the clock at each step would cost too much.
      if ((++steps & (STEPS_BETWEEN_LOOKS - 1)) === 0) {
        if (begun === 0) begun = now()
        else if (this.#mustYield(begun)) return this.#fallBehind()
      }
      if (this.#next < this.#run.length) {
        const data = this.#run[this.#next++]
        if (this.#next === this.#run.length) this.#run = NOTHING
        host.observer.received(data)
        continue
      }
      this.#next = 0
      if (host.isBusy && host.outgoing.isBacklogged) return this.#fallBehind()
      const output = this.#poll()
      if (output === null) return this.#caughtUp()
      if (typeof output === 'number') host.closedWith(output)
      else if (Array.isArray(output)) this.#run = shelf.take(output)
      else if (output.kind === 'unfinished') return this.#fallBehind()
      else host.happened(output)
    }
  }

  /** Returns the next output, or null. Skips control frames that the observer does not need. */
  #poll () {
    const { awaitsPongs, observer, transport } = this.#host
    let wants = observer.wants
    if (awaitsPongs) wants |= PONGS
    if (transport !== null && transport.isManual) wants |= WRITES
    const output = calls.poll(this.#number, wants, shelf.memory, shelf.used)
    if (output !== undefined) return output
    return this.#host.native.poll((wants & WRITES) !== 0, (wants & PINGS) !== 0, (wants & PONGS) !== 0)
  }

  /** Delivers everything, even while paused, because no more bytes can arrive. */
  deliverRest () {
    this.#ignoresPause = true
    this.deliver()
  }

  /**
   * Delivers the events of a command. If the handler of an event has called the command, delivers them before the
   * events that follow that event.
   *
   * @param {Array<import('../../binding').ConnectionEvent>} events
   * @param {() => void} write called before the events are delivered
   */
  deliverCaused (events, write) {
    const waiting = this.#events
    this.#events = events
    try {
      write()
      this.#deliverEvents()
    } finally {
      this.#events = this.#events.concat(waiting)
    }
  }

  #deliverEvents () {
    for (let event = this.#events.shift(); event; event = this.#events.shift()) this.#host.happened(event)
  }

  /**
   * Returns whether received messages wait: for a paused application, or for sessions that still process them.
   *
   * @param {() => void} callback called when they have been delivered
   */
  hasUndelivered (callback) {
    const isPaused = this.isPaused && this.#host.readyState > Connecting && !this.#ignoresPause
    const waitsForHandlers = isPaused && (this.#run !== NOTHING || this.#host.native.hasUnread)
    if (!waitsForHandlers && !this.isBehind && this.#host.sessionsAreIdle) return false
    this.#onDelivered = callback
    return true
  }

  /** Calls the callback of `hasUndelivered` if everything has been delivered. */
  notifyDelivered () {
    if (!this.#host.sessionsAreIdle || this.#run !== NOTHING) return
    const callback = this.#onDelivered
    this.#onDelivered = null
    if (callback !== null) callback()
  }

  /** Stops delivering and reading, except during the opening handshake. */
  pause () {
    const { readyState, transport } = this.#host
    if (readyState > Open) return
    this.isPaused = true
    if (readyState > Connecting) transport?.applicationPaused()
  }

  resume () {
    if (!this.isPaused) return
    this.isPaused = false
    this.#host.transport?.applicationResumed()
  }

  /** Stops reading until the start, if enough bytes wait for it. */
  #stopReading () {
    if (this.#isStopped || !this.#host.native.hasEnough) return
    this.#isStopped = true
    this.#host.transport?.stopReading('start')
  }

  /** Starts reading again, because the connection has started or ended. */
  startReading () {
    if (!this.#isStopped) return
    this.#isStopped = false
    this.#host.transport?.startReading('start')
  }

  /** Discards the messages and events that have not been delivered. */
  abandon () {
    this.#run = NOTHING
    this.#events = NO_EVENTS
    this.#onDelivered = null
    this.isBehind = false
  }

  #caughtUp () {
    if (this.#host.readyState <= Connecting) this.#stopReading()
    this.notifyDelivered()
  }

  /** @param {number} begun when this turn began */
  #mustYield (begun) {
    const { transport } = this.#host
    return transport !== null && !transport.isManual && now() - begun > MAX_TURN
  }

  #fallBehind () {
    this.isBehind = true
    this.#host.continueLater()
  }
}

module.exports = { Delivery }
