// @ts-check
'use strict'

const { programClock } = require('../runtime')

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

  /**
   * @param {any} connection
   * @param {import('./link').Link} link
   */
  constructor (connection, link) {
    this.#connection = connection
    this.#link = link
  }

  /** Something has come from the peer. */
  heard () {
    if (this.#grace !== null) this.#connection.setKeepaliveTimer()
    // A public method sets a timer; a message restarts it without one.
    else if (this.#interval !== null && !this.#interval.restart()) this.#connection.setKeepaliveTimer()
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
