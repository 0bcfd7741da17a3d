// @ts-check
'use strict'

const { MAX_TURN, setImmediate } = require('../scheduling')

/**
 * Decides whether a transport reads: it reads unless there is a reason to stop. Does not see the bytes.
 *
 * Node reads up to 32 full chunks from one socket before it polls another. Therefore a transport that has worked for
 * long on such chunks stops for a turn of the event loop. The reactor reads each socket once per batch and needs no
 * such stop.
 *
 * @typedef {'application' | 'program' | 'peer' | 'turn' | import('../connection/seam').StopReason} Reason
 */
class Reading {
  #socket
  #channel
  /** The reasons to stop reading, as bits; 0 while the transport reads. */
  #reasons = 0
  /** The milliseconds of work since other connections could last run. */
  #work = 0

  /**
   * @param {any} socket
   * @param {import('../connection/seam').Channel | undefined} channel that reads; undefined before there is one
   */
  constructor (socket, channel) {
    this.#socket = socket
    this.#channel = channel
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

  /** Reads, unless there is another reason to stop. */
  startIfFree () {
    if (this.#reasons === 0 && !this.#socket.destroyed) this.#channel?.startReading()
  }

  /** Whether there is no reason to stop reading. */
  get isFree () {
    return this.#reasons === 0
  }

  /** @param {Reason} reason */
  isStoppedFor (reason) {
    return (this.#reasons & BIT[reason]) !== 0
  }

  /** Resets the counted work, because other connections could run. */
  resetWork () {
    this.#work = 0
  }

  /**
   * Counts work on a chunk. After much work in a row, stops reading for a turn, so that timers and other connections
   * run before the next chunk.
   *
   * @param {number} milliseconds
   */
  countWork (milliseconds) {
    this.#work += milliseconds
    if (this.#work <= MAX_TURN) return
    this.#work = 0
    this.stop('turn')
    setImmediate(() => this.start('turn'))
  }
}

/** The bit of each reason to stop reading. */
const BIT = { application: 1, peer: 2, turn: 4, sessions: 8, work: 16, start: 32, program: 64 }

module.exports = { Reading }
