// @ts-check
'use strict'

const { MAX_TURN, setImmediate } = require('../scheduling')

/**
 * Whether a transport reads: it does while there is no reason not to. Knows reasons and turns of the event loop; does
 * not know what is read.
 *
 * Node reads up to 32 full chunks from one socket before it looks at another, so a transport that has worked long on
 * such chunks stops for a turn. The reactor reads each socket once a batch and needs no such stop.
 *
 * @typedef {'application' | 'peer' | 'turn' | import('../connection/seam').StopReason} Reason
 */
class Reading {
  #socket
  /** @type {import('../connection/seam').Channel | null} */
  #channel = null
  /** Why we do not read, as bits; none while we do. */
  #reasons = 0
  /** Milliseconds of work since the event loop last had its turn. */
  #work = 0

  /** @param {any} socket */
  constructor (socket) {
    this.#socket = socket
  }

  /** @param {import('../connection/seam').Channel} channel that reads from now on */
  use (channel) {
    this.#channel = channel
    if (this.#reasons > 0) channel.stopReading()
  }

  /** @param {Reason} reason */
  stop (reason) {
    this.#reasons |= BIT[reason]
    this.#channel?.stopReading()
  }

  /** @param {Reason} reason that no longer holds */
  start (reason) {
    this.clear(reason)
    this.startIfFree()
  }

  /** @param {Reason} reason that no longer holds; `startIfFree` follows */
  clear (reason) {
    this.#reasons &= ~BIT[reason]
  }

  /** Reads, unless there is another reason not to. */
  startIfFree () {
    if (this.#reasons === 0 && !this.#socket.destroyed) this.#channel?.startReading()
  }

  /** Whether there is no reason not to read. */
  get isFree () {
    return this.#reasons === 0
  }

  /** @param {Reason} reason */
  isStoppedFor (reason) {
    return (this.#reasons & BIT[reason]) !== 0
  }

  /** Other connections have had their turn. */
  rested () {
    this.#work = 0
  }

  /**
   * Lets timers and other connections have their turn before the next chunk, after much work in a row.
   *
   * @param {number} milliseconds
   */
  worked (milliseconds) {
    this.#work += milliseconds
    if (this.#work <= MAX_TURN) return
    this.#work = 0
    this.stop('turn')
    setImmediate(() => this.start('turn'))
  }
}

/** Every reason not to read. */
const BIT = { application: 1, peer: 2, turn: 4, sessions: 8, work: 16, start: 32 }

module.exports = { Reading }
