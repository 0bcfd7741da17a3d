// @ts-check
'use strict'

const { clearImmediate, nextTick, now, programClock, setImmediate } = require('../runtime')

/**
 * The keep-alive of one connection. It pings a peer that has sent nothing for `keepaliveInterval`, and drops the
 * connection if the peer sends nothing for another `keepaliveGracePeriod`. It runs on the program's clock, which the
 * program's tests may fake and advance.
 *
 * @typedef {import('../runtime').Timer} Timer
 */
class Keepalive {
  #connection
  #link
  /** @type {Timer | null} until the next ping */
  #interval = null
  /** @type {{ stop: () => void } | null} until the peer counts as dead */
  #grace = null
  /** Bytes that had been read when the last ping was sent. */
  #read = 0
  /** The connection is over: no timer starts any more. */
  #isOver = false
  /** Whether the peer was heard in this tick. */
  #hasHeard = false

  /**
   * @param {any} connection
   * @param {import('./link').Link} link
   */
  constructor (connection, link) {
    this.#connection = connection
    this.#link = link
  }

  /** A frame has arrived. Restarts the timer once per tick, however many frames a chunk has. */
  heard () {
    if (this.#hasHeard || (this.#interval === null && this.#grace === null)) return
    this.#hasHeard = true
    if (Keepalive.#ofThisTick.push(this) === 1) nextTick(Keepalive.#endTick)
    if (this.#grace !== null) this.#connection.setKeepaliveTimer()
    // Restarting a timer is cheaper than the public method, which sets a new one.
    else if (!this.#interval?.restart()) this.#connection.setKeepaliveTimer()
  }

  /** @type {Keepalive[]} those that heard their peer in this tick */
  static #ofThisTick = []

  static #endTick () {
    for (const keepalive of Keepalive.#ofThisTick) keepalive.#hasHeard = false
    Keepalive.#ofThisTick = []
  }

  /** @param {number} milliseconds */
  startInterval (milliseconds) {
    this.stop()
    if (this.#isOver) return
    this.#interval = programClock.timeout(() => {
      this.#interval = null
      this.#link.enter(() => this.#connection.handleKeepaliveTimer())
    }, milliseconds)
  }

  stopInterval () {
    this.#interval?.stop()
    this.#interval = null
  }

  /** @param {number} milliseconds */
  startGrace (milliseconds) {
    this.stopGrace()
    if (this.#isOver) return
    this.#read = this.#connection.socket.bytesRead
    const begun = now()
    this.#grace = programClock.timeout(() => {
      // A timer that is late fires before what has come meanwhile is read.
      if (now() - begun > milliseconds) this.#graceEndsAfterReading(milliseconds)
      else this.#endGrace(milliseconds)
    }, milliseconds)
  }

  /** @param {number} milliseconds */
  #graceEndsAfterReading (milliseconds) {
    const turn = setImmediate(() => this.#endGrace(milliseconds))
    this.#grace = { stop: () => clearImmediate(turn) }
  }

  /** @param {number} milliseconds */
  #endGrace (milliseconds) {
    this.#grace = null
    this.#link.enter(() => this.#graceIsOver(milliseconds))
  }

  stopGrace () {
    this.#grace?.stop()
    this.#grace = null
  }

  stop () {
    this.stopInterval()
    this.stopGrace()
  }

  end () {
    this.#isOver = true
    this.stop()
  }

  /** @param {number} milliseconds */
  #graceIsOver (milliseconds) {
    const connection = this.#connection
    // The peer is sending a frame. Its pong can only follow behind it.
    if (connection.socket.bytesRead !== this.#read) connection.setKeepaliveTimer()
    // A paused connection reads no pong.
    else if (connection.inputPaused) this.startGrace(milliseconds)
    else connection.handleGracePeriodTimer()
  }
}

module.exports = { Keepalive }
