// @ts-check
'use strict'

const { clearImmediate, now, programClock, setImmediate } = require('../scheduling')
const { batchNumber } = require('../transport')

/**
 * The keep-alive of one connection. Pings a peer that has sent nothing for `keepaliveInterval`, and drops the
 * connection if the peer sends nothing for another `keepaliveGracePeriod`. Runs on the program's clock, which the
 * program's tests may fake and advance.
 *
 * @typedef {import('../scheduling').Timer} Timer
 */
class Keepalive {
  #connection
  #link
  /** @type {Timer | null} runs until the next ping */
  #interval = null
  /** @type {{ stop: () => void } | null} runs until the connection is dropped */
  #grace = null
  /** The `bytesRead` of the socket when the last ping was sent. */
  #read = 0
  /** Whether the connection has ended. After that, no timer starts. */
  #hasEnded = false
  /** The batch in which the last frame of the peer has arrived. */
  #batch = -1

  /**
   * @param {any} connection
   * @param {import('./link').Link} link
   */
  constructor (connection, link) {
    this.#connection = connection
    this.#link = link
  }

  /** Restarts the timer for a frame that has arrived, but only once per batch: a chunk may contain many frames. */
  frameReceived () {
    const batch = batchNumber()
    if (this.#batch === batch || (this.#interval === null && this.#grace === null)) return
    this.#batch = batch
    if (this.#grace !== null) this.#connection.setKeepaliveTimer()
    // Restarting a timer is cheaper than the public method, which sets a new one.
    else if (!this.#interval?.restart()) this.#connection.setKeepaliveTimer()
  }

  /** @param {number} milliseconds */
  startInterval (milliseconds) {
    this.stop()
    if (this.#hasEnded) return
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
    if (this.#hasEnded) return
    this.#read = this.#connection.socket.bytesRead
    const begun = now()
    this.#grace = programClock.timeout(() => {
      // If the timer fires late, bytes that have arrived may be unread.
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
    this.#link.enter(() => this.#graceEnded(milliseconds))
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
    this.#hasEnded = true
    this.stop()
  }

  /** @param {number} milliseconds */
  #graceEnded (milliseconds) {
    const connection = this.#connection
    // The peer is in the middle of a frame. Its pong can only follow after that frame.
    if (connection.socket.bytesRead !== this.#read) connection.setKeepaliveTimer()
    // A paused connection reads no pong.
    else if (connection.inputPaused) this.startGrace(milliseconds)
    else connection.handleGracePeriodTimer()
  }
}

module.exports = { Keepalive }
