// @ts-check
'use strict'

const { isMainThread } = require('node:worker_threads')
const native = require('../native')
const { MAX_TURN, STEPS_BETWEEN_LOOKS, clock, now, setImmediate } = require('../scheduling')
const { isEnding, rememberWork, forgetWork } = require('./tick')
const { classIsUntouched } = require('./untouched')

/**
 * The reactor of this environment, and the channels of the sockets that it has. The first socket makes it, and it
 * closes when it has had no socket for a second. The reactor calls once for each batch, with a number and a value for
 * each message; a socket that leaves in a batch keeps its number until the batch ends, so that no channel gets what was
 * meant for another.
 *
 * @typedef {object} Receiver the channel of a socket
 * @property {boolean} isActive the reactor has the socket
 * @property {(work: () => void) => void} runAlone runs the work of a batch in the context of the connection
 * @property {(entry: number, value: any) => void} happened
 * @property {() => boolean} isReplaced a program has replaced methods of the socket, and the bytes should go by those
 * @property {() => void} giveBack a program uses the socket itself
 */
class Dispatcher {
  /** @type {Array<Receiver | undefined>} by the number of the socket */
  #channels = []
  /** Shared with the reactor: a number for each `Slot`. */
  #state = new Int32Array(native.SLOTS)
  /** @type {any[]} */
  #entries = []
  #next = 0
  /** @type {any[][]} parts of the batch that come behind the entries */
  #parts = []
  #count = 0
  /** @type {number[]} sockets that have left in a batch, which may still have something of theirs */
  #removed = []
  /** When this batch was first seen to take its time. */
  #begun = 0
  /** It has taken long enough: the rest waits for another turn of the event loop. */
  isLate = false
  /** @type {import('../../binding').Reactor} */
  reactor

  constructor () {
    // In a worker, Node closes descriptors without a word when it is terminated.
    this.reactor = new native.Reactor(this, this.collect, this.dispatch, this.resume, this.#state, isMainThread)
  }

  /**
   * @param {number} number
   * @param {Receiver} channel
   */
  add (number, channel) {
    // Another channel may have had the socket before.
    if (!this.#channels[number]?.isActive) this.#count += 1
    this.#channels[number] = channel
    rememberWork(this)
  }

  /** Whether a batch is under way. */
  get isBatching () {
    return this.#state[IN_BATCH] === 1
  }

  /** Until `endBatch`, what is sent waits. */
  beginBatch () {
    this.#state[IN_BATCH] = 1
  }

  endBatch () {
    this.reactor.endBatch()
  }

  /**
   * What is sent from now on counts as caused by the peer of this socket. Returns what `endReplies` takes.
   *
   * @param {number} number
   */
  beginReplies (number) {
    const before = this.#state[CAUSE]
    if (number >= 0) this.#state[CAUSE] = number + 1
    return before
  }

  /** @param {number} before */
  endReplies (before) {
    this.#state[CAUSE] = before
  }

  /** @param {number} number */
  remove (number) {
    if (this.#state[IN_BATCH] === 0) this.#channels[number] = undefined
    else if (this.#removed.push(number) === 1) setImmediate(() => this.#forgetRemoved())
    this.#count -= 1
    if (this.#count > 0) return
    forgetWork(this)
    clock.timeout(() => this.#closeIfIdle(), IDLE_TIMEOUT).unref()
  }

  #forgetRemoved () {
    for (const number of this.#removed.splice(0)) {
      // Another socket may have the number by now.
      if (!this.#channels[number]?.isActive) this.#channels[number] = undefined
    }
  }

  /** Test runners load the package again and again: an unused reactor must not stay. */
  #closeIfIdle () {
    if (this.#count > 0 || dispatcher !== this) return
    dispatcher = undefined
    this.reactor.close()
  }

  /** What handlers have sent in a batch that does not come to its end. */
  endProcess () {
    this.reactor.flushAll()
  }

  endTick () {}

  /**
   * Takes a part of a batch: calls are short, because arguments lie on the stack.
   *
   * @param {any[]} entries number and value, number and value …
   */
  collect (...entries) {
    this.#parts.push(entries)
  }

  /**
   * Delivers a batch.
   *
   * @param {any[]} entries the last part of it, or all
   */
  dispatch (...entries) {
    this.#parts.push(entries)
    this.#begun = 0
    this.isLate = false
    this.resume()
  }

  /** Goes on where it has stopped. */
  resume () {
    while (this.#hasEntries()) {
      const channel = this.#channels[this.#entries[this.#next] >> ENTRY_BITS]
      if (channel === undefined) this.#next += 2
      else channel.runAlone(this.#deliverRow)
    }
    this.giveBackIfTouched()
  }

  /** Whether there is something to deliver. Parts stay apart: copying takes a tenth of the time of short messages. */
  #hasEntries () {
    if (this.#next < this.#entries.length) return true
    this.#entries = this.#parts.shift() ?? NOTHING
    this.#next = 0
    return this.#entries !== NOTHING
  }

  /** Gives all sockets back when a program has replaced methods of their class: what is written next is for those. */
  giveBackIfTouched () {
    if (this.#count === 0 || classIsUntouched()) return false
    for (const channel of this.#channels) if (channel?.isActive) channel.giveBack()
    return true
  }

  #lookAtTheClock () {
    if (this.#begun === 0) this.#begun = now()
    else if (now() - this.#begun > MAX_TURN) this.isLate = true
  }

  /** What has happened to the next socket, in a row. */
  #deliverRow = () => {
    const number = this.#entries[this.#next] >> ENTRY_BITS
    const channel = /** @type {Receiver} */ (this.#channels[number])
    try {
      while (this.#next < this.#entries.length && this.#entries[this.#next] >> ENTRY_BITS === number) {
        const entry = this.#entries[this.#next] & ENTRY_MASK
        const value = this.#entries[this.#next + 1]
        this.#next += 2
        if ((this.#next & (ENTRIES_BETWEEN_LOOKS - 1)) === 0) this.#lookAtTheClock()
        this.#state[CAUSE] = entry === MESSAGE ? number + 1 : 0
        channel.happened(entry, value)
      }
    } finally {
      this.#state[CAUSE] = 0
    }
    if (channel.isReplaced()) channel.giveBack()
  }
}

/**
 * Runs what sends to many: everything leaves together when it is done; at the end of the process, at once.
 *
 * @template T
 * @param {() => T} work
 * @returns {T}
 */
function batch (work) {
  const found = dispatcher
  if (!found || found.isBatching || isEnding() || found.giveBackIfTouched()) return work()
  found.beginBatch()
  try {
    return work()
  } finally {
    found.endBatch()
  }
}

/** @type {Dispatcher | undefined} */
let dispatcher

/** Null when there can be none now. The next socket tries again: descriptors may have been closed meanwhile. */
function dispatcherOfThisEnvironment () {
  try {
    return (dispatcher ??= new Dispatcher())
  } catch (/** @type {any} */ error) {
    if (error.code !== REFUSED) throw error
    return null
  }
}

/** The code of an error when the machine lacks what a reactor needs: descriptors, or libuv. */
const REFUSED = 'GenericFailure'
/** @type {any[]} */
const NOTHING = []
/** Numbers and values. A power of two. */
const ENTRIES_BETWEEN_LOOKS = 2 * STEPS_BETWEEN_LOOKS
/** Milliseconds. */
const IDLE_TIMEOUT = 1000

const { ENTRY_BITS } = native
const ENTRY_MASK = (1 << ENTRY_BITS) - 1
const { Message: MESSAGE } = native.Entry
const { InBatch: IN_BATCH, Cause: CAUSE } = native.Slot

module.exports = { Dispatcher, batch, dispatcherOfThisEnvironment }
