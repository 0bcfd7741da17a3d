// @ts-check
'use strict'

const native = require('../native')
const { MAX_TURN, STEPS_BETWEEN_LOOKS, now } = require('../scheduling')
const { PINGS, PONGS, ReadyState } = require('./seam')

/**
 * The connection whose events and messages are delivered.
 *
 * @typedef {object} Host
 * @property {number} number what the native functions know the connection by
 * @property {number} readyState
 * @property {import('./seam').Transport | null} transport
 * @property {import('./seam').Observer} observer
 * @property {import('./outgoing').Outgoing} outgoing
 * @property {boolean} awaitsPongs a ping with a callback has not been answered
 * @property {boolean} isBusy work is left for the next turn of the event loop
 * @property {boolean} sessionsAreIdle
 * @property {(event: import('../../binding').ConnectionEvent) => void} happened
 * @property {() => void} continueLater
 */

const calls = native.calls()
const { Connecting, Open } = ReadyState
/** @type {Array<string | Buffer>} */
const NOTHING = []
/** @type {Array<any>} */
const NO_EVENTS = []

/**
 * The way in of a connection. Delivers what the peer has caused: one output of the native object, then the next. Takes
 * nothing ahead of time but messages, and keeps those that are not delivered yet, so a handler may send, close, pause
 * or throw and nothing is lost.
 */
class Delivery {
  #host
  #native
  #number
  /** Messages that wait for the handlers of the ones before them. */
  #run = NOTHING
  #next = 0
  /** @type {Array<import('../../binding').ConnectionEvent>} */
  #events = NO_EVENTS
  #ignoresPause = false
  /** @type {(() => void) | null} */
  #onDelivered = null
  /** Whether reading has stopped because enough waits for the start. */
  #isStopped = false
  isPaused = false
  /** A later turn of the event loop delivers what has arrived. */
  isBehind = false

  /**
   * @param {Host} host
   * @param {import('../../binding').Connection} connection
   */
  constructor (host, connection) {
    this.#host = host
    this.#native = connection
    this.#number = host.number
  }

  /**
   * Stores bytes from the peer without acting on them: they came before the connection was started.
   *
   * @param {Uint8Array} chunk
   */
  store (chunk) {
    calls.receive(this.#number, chunk)
  }

  /**
   * Takes bytes from the peer and delivers what they cause.
   *
   * @param {Uint8Array} chunk
   */
  receive (chunk) {
    calls.receive(this.#number, chunk)
    this.deliver()
  }

  /**
   * Takes a message that a reactor has decoded.
   *
   * @param {string | Buffer} data
   * @param {boolean} isLate this turn of the event loop has taken long enough
   */
  receiveMessage (data, isLate) {
    const host = this.#host
    if (host.readyState > Open) return
    if (isLate && !this.isBehind) this.#fallBehind()
    const mustWait = this.isPaused || this.isBehind || this.#run !== NOTHING || this.#events.length > 0
    if (mustWait) this.#append(data)
    else host.observer.received(data)
  }

  /** Delivers what is stored in a later turn of the event loop, and reads on then. */
  deliverLater () {
    if (!this.isBehind && this.#host.transport !== null) this.#fallBehind()
  }

  /** Delivers what a reactor has for this connection and is no message, unless that waits for its turn. */
  receiveOthers () {
    if (!this.isBehind) this.deliver()
  }

  /**
   * Takes a message that sessions have transformed. True when it may be delivered at once.
   *
   * @param {string | Buffer} data
   */
  receiveTransformed (data) {
    if (this.#run === NOTHING && !this.isPaused) return true
    this.#append(data)
    return false
  }

  /** @param {string | Buffer} data that comes behind what waits already */
  #append (data) {
    if (this.#run !== NOTHING) {
      this.#run.push(data)
      return
    }
    this.#run = [data]
    this.#next = 0
  }

  /** Delivers what the peer has caused. After a handler has thrown, the next call goes on where it stopped. */
  deliver () {
    const host = this.#host
    this.#deliverEvents()
    this.isBehind = false
    let steps = 0
    let begun = 0
    while (!this.isPaused || host.readyState <= Connecting || this.#ignoresPause) {
      // A handler may have closed the connection: messages are dropped from then on.
      if (host.readyState > Open) this.#run = NOTHING
      // The clock is worth a look now and then.
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
      if (Array.isArray(output)) this.#run = output
      else if (output.kind === 'unfinished') return this.#fallBehind()
      else host.happened(output)
    }
  }

  /** The next thing that the peer has caused. Fetches no control frame that the observer does not want. */
  #poll () {
    const run = calls.messages(this.#number)
    if (run !== undefined) return run
    const { awaitsPongs, observer, transport } = this.#host
    const wantsWrites = transport !== null && transport.isManual
    return this.#native.poll(wantsWrites, (observer.wants & PINGS) !== 0, awaitsPongs || (observer.wants & PONGS) !== 0)
  }

  /** Delivers everything, paused or not: nothing more will come. */
  deliverRest () {
    this.#ignoresPause = true
    this.deliver()
  }

  /**
   * Delivers the events of a command. In the handler of an event, what follows that event waits for these.
   *
   * @param {Array<import('../../binding').ConnectionEvent>} events
   * @param {() => void} write comes before them
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
   * Whether something that has arrived waits for a paused application, or for sessions that are at work.
   *
   * @param {() => void} callback called when it has been delivered
   */
  hasUndelivered (callback) {
    const isPaused = this.isPaused && this.#host.readyState > Connecting && !this.#ignoresPause
    const waitsForHandlers = isPaused && (this.#run !== NOTHING || this.#native.hasUnread)
    if (!waitsForHandlers && !this.isBehind && this.#host.sessionsAreIdle) return false
    this.#onDelivered = callback
    return true
  }

  /** Tells what waits for the end of the delivery, if this is it. */
  notifyDelivered () {
    if (!this.#host.sessionsAreIdle || this.#run !== NOTHING) return
    const callback = this.#onDelivered
    this.#onDelivered = null
    if (callback !== null) callback()
  }

  /** Delivers and reads nothing from now on, except what opens the connection. */
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

  /** Stops reading until the start, if enough waits for it. */
  #stopReading () {
    if (this.#isStopped || !this.#native.hasEnough) return
    this.#isStopped = true
    this.#host.transport?.stopReading('start')
  }

  /** Reads on: the connection has started or ended. */
  startReading () {
    if (!this.#isStopped) return
    this.#isStopped = false
    this.#host.transport?.startReading('start')
  }

  /** Drops what has not been delivered. */
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

  /** @param {number} begun when this turn has begun */
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
