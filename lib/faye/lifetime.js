// @ts-check
'use strict'

const { inspect } = require('node:util')
const { milliseconds } = require('../http/options')
const { nextTick, programClock, setImmediate } = require('../scheduling')
const { abortSignal, watch, unwatch } = require('./abort')
const { CONNECTING, OPEN, CLOSED } = require('./ready_state')

const CLOSE_TIMEOUT = 30000

/** @typedef {import('../scheduling').Timer} Timer */

/**
 * The time limits, pings and abort signal of a connection. All timers use the program's clock, so that tests can
 * advance them, and stop when the connection ends.
 */
class Lifetime {
  #connection
  #handshakeTimeout
  #closeTimeout
  #ping
  #pingTimeout
  #signal
  /** @type {Timer | null} */
  #handshakeTimer = null
  /** @type {Timer | null} */
  #closeTimer = null
  /** @type {Timer | null} */
  #pingTimer = null
  #pingId = 0
  /**
   * Timers of unanswered pings, in the order of the pings. Most connections need none.
   *
   * @type {Map<string, Timer> | null}
   */
  #deadlines = null

  /**
   * Checks the options. Starts no timer.
   *
   * @param {import('./connection').SocketConnection} connection
   * @param {any} options
   */
  constructor (connection, options) {
    this.#connection = connection
    this.#ping = milliseconds('ping', options.ping)
    this.#pingTimeout = milliseconds('pingTimeout', options.pingTimeout)
    this.#handshakeTimeout = milliseconds('handshakeTimeout', options.handshakeTimeout)
    this.#closeTimeout = milliseconds('closeTimeout', options.closeTimeout) || CLOSE_TIMEOUT
    this.#signal = abortSignal(options.signal)
    if (this.#pingTimeout > 0 && this.#ping === 0) {
      throw new TypeError(`Invalid pingTimeout: ${inspect(options.pingTimeout)}; it requires the option ping`)
    }
  }

  /** Whether the signal was aborted. */
  get isAborted () {
    return this.#signal !== undefined && this.#signal.aborted
  }

  begin () {
    const { state } = this.#connection
    if (state === CLOSED) return
    // Connecting may have run code of the application, which may have aborted the signal.
    if (this.isAborted) nextTick(() => this.#connection.terminate())
    else if (this.#signal !== undefined) watch(this.#signal, this.#connection)
    if (this.#ping > 0) this.#pingTimer = programClock.interval(() => this.#sendPing(), this.#ping)
    if (this.#handshakeTimeout === 0 || state !== CONNECTING) return
    this.#handshakeTimer = later(this.#handshakeTimeout, () => {
      this.#fail(`the opening handshake has taken more than ${inSeconds(this.#handshakeTimeout)}`)
    })
  }

  /** Stops the limit of the handshake. Returns whether the engine must report pongs. */
  opened () {
    this.#handshakeTimer?.stop()
    if (this.#pingTimeout === 0) return false
    this.#deadlines = new Map()
    return true
  }

  /** Starts the time limit for the peer's close frame, or for sessions that hold the peer's last messages. */
  closing () {
    const connection = this.#connection
    // Node would run the timer in the context of close(), so it enters the context of the connection.
    this.#closeTimer ??= programClock.timeout(() => connection.enter(() => connection.abort()), this.#closeTimeout)
  }

  ended () {
    this.#closeTimer?.stop()
    this.#pingTimer?.stop()
    this.#handshakeTimer?.stop()
    for (const timer of this.#deadlines?.values() ?? []) timer.stop()
    this.#deadlines = null
    if (this.#signal !== undefined) unwatch(this.#signal, this.#connection)
  }

  #sendPing () {
    this.#pingId += 1
    const payload = this.#pingId.toString()
    // No limit for a ping that waits for the opening handshake.
    const isDue = this.#pingTimeout > 0 && this.#connection.state === OPEN
    // Calls the public method, because a program may have replaced it.
    if (this.#connection.socket.ping(payload) && isDue) this.#expect(payload)
  }

  /** @param {string} payload of a ping */
  #expect (payload) {
    this.#deadlines?.set(payload, later(this.#pingTimeout, () => {
      // If the event loop was blocked, the pong may have arrived and not have been read.
      setImmediate(() => this.#missed(payload))
    }))
  }

  /** @param {string} payload */
  #missed (payload) {
    if (!this.#deadlines?.has(payload) || this.#connection.state !== OPEN) return
    // While paused, the connection cannot receive a pong.
    if (this.#connection.engine.delivery.isPaused) return this.#expect(payload)
    this.#fail(`no pong has arrived within ${inSeconds(this.#pingTimeout)} of a ping`)
  }

  /**
   * Stops the time limits of this ping and of earlier ones: an endpoint may answer only the latest ping (RFC 6455
   * section 5.5.3).
   *
   * @param {string} payload of a pong
   */
  answered (payload) {
    if (!this.#deadlines?.has(payload)) return
    for (const [earlier, timer] of this.#deadlines) {
      timer.stop()
      this.#deadlines.delete(earlier)
      if (earlier === payload) return
    }
  }

  /** @param {string} problem */
  #fail (problem) {
    const connection = this.#connection
    connection.enter(() => {
      try {
        connection.networkFailed(problem)
      } finally {
        connection.abort()
      }
    })
  }
}

/**
 * Returns whether a connection with these options needs a Lifetime from the beginning. Any other needs one only when it
 * waits for its end.
 *
 * @param {any} options
 */
function isLimited ({ ping, pingTimeout, handshakeTimeout, closeTimeout, signal }) {
  return Boolean(ping || pingTimeout || handshakeTimeout || closeTimeout) || (signal !== undefined && signal !== null)
}

/** @param {number} milliseconds */
function inSeconds (milliseconds) {
  return milliseconds === 1000 ? '1 second' : `${milliseconds / 1000} seconds`
}

/**
 * Starts a timer that does not keep the process alive.
 *
 * @param {number} delay in milliseconds
 * @param {() => void} callback
 */
function later (delay, callback) {
  return programClock.timeout(callback, delay).unref()
}

module.exports = { Lifetime, isLimited }
