// @ts-check
'use strict'

const { nextTick, programClock } = require('../runtime')

/**
 * The keep-alive of one connection: a ping when nothing has come for `keepaliveInterval`, and the end of a peer that is
 * silent for `keepaliveGracePeriod` after it. Runs on the program's clock, which its tests may fake and advance.
 *
 * @typedef {import('../runtime').Timer} Timer
 */
class Keepalive {
  #connection
  #link
  /** @type {Timer | null} until the next ping */
  #interval = null
  /** @type {Timer | null} until the peer counts as dead */
  #grace = null
  /** Bytes that had been read when the last ping was sent. */
  #read = 0
  /** Something has come in this tick already. */
  #hasHeard = false

  /**
   * @param {any} connection
   * @param {import('./link').Link} link
   */
  constructor (connection, link) {
    this.#connection = connection
    this.#link = link
  }

  /** Something has come from the peer. Restarts the timer once in a tick, however many messages a chunk has. */
  heard () {
    if (this.#hasHeard || (this.#interval === null && this.#grace === null)) return
    this.#hasHeard = true
    if (Keepalive.#ofThisTick.push(this) === 1) nextTick(Keepalive.#endTick)
    if (this.#grace !== null) this.#connection.setKeepaliveTimer()
    // A public method sets a timer; a message restarts it without one.
    else if (!this.#interval?.restart()) this.#connection.setKeepaliveTimer()
  }

  /** @type {Keepalive[]} those that have heard something */
  static #ofThisTick = []

  static #endTick () {
    for (const keepalive of Keepalive.#ofThisTick) keepalive.#hasHeard = false
    Keepalive.#ofThisTick = []
  }

  /** @param {number} milliseconds */
  startInterval (milliseconds) {
    this.stop()
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
    this.#read = this.#connection.socket.bytesRead
    this.#grace = programClock.timeout(() => {
      this.#grace = null
      this.#link.enter(() => this.#graceIsOver(milliseconds))
    }, milliseconds)
  }

  stopGrace () {
    this.#grace?.stop()
    this.#grace = null
  }

  stop () {
    this.stopInterval()
    this.stopGrace()
  }

  /** @param {number} milliseconds */
  #graceIsOver (milliseconds) {
    const connection = this.#connection
    // A part of a frame has come. The pong comes behind it.
    if (connection.socket.bytesRead !== this.#read) connection.setKeepaliveTimer()
    // While nothing is read, a pong cannot arrive.
    else if (connection.inputPaused) this.startGrace(milliseconds)
    else connection.handleGracePeriodTimer()
  }
}

module.exports = { Keepalive }
