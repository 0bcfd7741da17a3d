// @ts-check
'use strict'

const { isMainThread } = require('node:worker_threads')
const native = require('../native')
const { MAX_TURN, STEPS_BETWEEN_LOOKS, clock, now, setImmediate } = require('../scheduling')
const { isEnding, addWorking, countBatch, removeWorking } = require('./tick')
const { classIsUntouched } = require('./untouched')

/**
 * The reactor of this thread and the channels of its sockets. The first socket creates the reactor, which closes after
 * a second without sockets. The reactor calls the dispatcher once for each batch, with a number and a value for each
 * entry. The messages of a row, which follow each other on one socket, have one number. A socket that is removed during
 * a batch keeps its number until the batch ends, so that no channel receives the entries of another socket.
 *
 * @typedef {object} Receiver the channel of a socket
 * @property {boolean} isActive whether the reactor has the socket
 * @property {(work: () => void) => void} runAlone runs the work of a batch in the context of the connection
 * @property {(entry: number, value: any) => void} handleEntry
 * @property {() => boolean} isReplaced whether a program has replaced methods of the socket, which must see the bytes
 * @property {() => void} giveBack called when a program uses the socket itself
 */
class Dispatcher {
  /** @type {Array<Receiver | undefined>} by the number of the socket */
  #channels = []
  /** Memory shared with the reactor: a number for each `Slot`. */
  #state = new Int32Array(native.SLOTS)
  /** @type {any[]} */
  #entries = []
  #next = 0
  /** The number of the current row. */
  #row = 0
  /** @type {any[][]} the parts of the batch after the current entries */
  #parts = []
  #count = 0
  /** The number of sockets that keep the process alive. */
  #alive = 0
  /** @type {number[]} sockets that were removed during a batch, which may still contain entries for them */
  #removed = []
  /** The number of messages so far: the clock is read once in several messages. */
  #steps = 0
  /** The time at the first reading of the clock in this batch; 0 before. */
  #begun = 0
  /** Whether the batch has used up its time. If so, the rest waits for another turn of the event loop. */
  isLate = false
  /** @type {import('../../binding').Reactor} */
  reactor

  constructor () {
    // When a worker is terminated, Node closes its descriptors without notice.
    this.reactor = new native.Reactor(this, this.collect, this.dispatch, this.continueBatch, this.#state, isMainThread)
  }

  /**
   * @param {number} number
   * @param {Receiver} channel
   */
  add (number, channel) {
    // The socket may have had another channel before.
    if (!this.#channels[number]?.isActive) this.#count += 1
    this.#channels[number] = channel
    addWorking(this)
  }

  /** Whether a batch is in progress. */
  get isBatching () {
    return this.#state[IN_BATCH] === 1
  }

  /** Begins a batch. Output waits until `endBatch`. */
  beginBatch () {
    this.#state[IN_BATCH] = 1
  }

  endBatch () {
    this.reactor.endBatch()
  }

  /**
   * Counts output from now on as replies to the peer of this socket. Returns the argument of `endReplies`.
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
    else if (this.#removed.push(number) === 1) setImmediate(() => this.#discardRemoved())
    this.#count -= 1
    if (this.#count > 0) return
    removeWorking(this)
    clock.timeout(() => this.#closeIfIdle(), IDLE_TIMEOUT).unref()
  }

  /** @param {boolean} isAlive whether one more socket, or one less, keeps the process alive */
  keepAlive (isAlive) {
    this.#alive += isAlive ? 1 : -1
    if (this.#alive === (isAlive ? 1 : 0)) this.reactor.keepAlive(isAlive)
  }

  #discardRemoved () {
    for (const number of this.#removed.splice(0)) {
      // Another socket may have the number by now.
      if (!this.#channels[number]?.isActive) this.#channels[number] = undefined
    }
  }

  /**
   * Closes a reactor without sockets. An idle reactor must not remain, because test runners load the package many
   * times.
   */
  #closeIfIdle () {
    if (this.#count > 0 || dispatcher !== this) return
    dispatcher = undefined
    this.reactor.close()
  }

  /** Writes what handlers have sent in a batch that the end of the process interrupts. */
  endProcess () {
    this.reactor.flushAll()
  }

  endTick () {}

  /**
   * Stores a part of a batch. The reactor splits large batches, because arguments take space on the stack.
   *
   * @param {any[]} entries number and value, number and value … and further messages after a message
   */
  collect (...entries) {
    this.#parts.push(entries)
  }

  /**
   * Delivers a batch.
   *
   * @param {any[]} entries the last part of the batch, or all of it
   */
  dispatch (...entries) {
    this.#parts.push(entries)
    this.#begun = 0
    this.isLate = false
    this.continueBatch()
  }

  /** Continues the delivery at the next entry. */
  continueBatch () {
    countBatch()
    while (this.#hasEntries()) {
      if (this.#isAtRow()) this.#beginRow()
      const channel = this.#channels[this.#row >> ENTRY_BITS]
      if (channel === undefined) this.#skipRow()
      else channel.runAlone(this.#deliverRows)
    }
    this.giveBackIfTouched()
  }

  /** Returns whether entries remain. Does not join the parts: copying takes a tenth of the time of short messages. */
  #hasEntries () {
    if (this.#next < this.#entries.length) return true
    this.#entries = this.#parts.shift() ?? NOTHING
    this.#next = 0
    return this.#entries !== NOTHING
  }

  /** Gives all sockets back if a program has replaced methods of their class, which must see the next write. */
  giveBackIfTouched () {
    if (this.#count === 0 || classIsUntouched()) return false
    for (const channel of this.#channels) if (channel?.isActive) channel.giveBack()
    return true
  }

  #checkTime () {
    if (this.#begun === 0) this.#begun = now()
    else if (now() - this.#begun > MAX_TURN) this.isLate = true
  }

  /** Whether the next item is the number of a row. Otherwise it is a message. */
  #isAtRow () {
    return typeof this.#entries[this.#next] === 'number'
  }

  #beginRow () {
    this.#row = this.#entries[this.#next++]
  }

  /** Skips the rest of a row: its messages, or the value of its event. */
  #skipRow () {
    this.#next++
    while (this.#next < this.#entries.length && !this.#isAtRow()) this.#next++
  }

  /** Delivers the current row, and the rows of the same socket that follow. */
  #deliverRows = () => {
    const number = this.#row >> ENTRY_BITS
    const channel = /** @type {Receiver} */ (this.#channels[number])
    try {
      do this.#deliverRow(channel, number)
      while (this.#continuesAt(number))
    } finally {
      this.#state[CAUSE] = 0
    }
    if (channel.isReplaced()) channel.giveBack()
  }

  /** Begins the next row and returns true, if it belongs to this socket. @param {number} number */
  #continuesAt (number) {
    if (this.#next === this.#entries.length || this.#entries[this.#next] >> ENTRY_BITS !== number) return false
    this.#beginRow()
    return true
  }

  /**
   * @param {Receiver} channel
   * @param {number} number of its socket
   */
  #deliverRow (channel, number) {
    const entries = this.#entries
    const entry = this.#row & ENTRY_MASK
    if (entry !== MESSAGE) {
      this.#state[CAUSE] = 0
      channel.handleEntry(entry, entries[this.#next++])
      return
    }
    do {
      const message = entries[this.#next++]
      if ((++this.#steps & (STEPS_BETWEEN_LOOKS - 1)) === 0) this.#checkTime()
      this.#state[CAUSE] = number + 1
      channel.handleEntry(MESSAGE, message)
    } while (this.#next < entries.length && !this.#isAtRow())
  }
}

/**
 * Runs work that sends on many connections, and writes all output together at the end. While the process ends, writes
 * every message at once instead.
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

/**
 * Returns the dispatcher of this thread, or null if no reactor can be created now. The next socket tries again, because
 * descriptors may be free by then.
 */
function dispatcherOfThisEnvironment () {
  try {
    return (dispatcher ??= new Dispatcher())
  } catch (/** @type {any} */ error) {
    if (error.code !== REFUSED) throw error
    return null
  }
}

/** The code of the error if the machine lacks a resource of the reactor: descriptors, or libuv. */
const REFUSED = 'GenericFailure'
/** @type {any[]} */
const NOTHING = []
/** The time without sockets after which the reactor closes, in milliseconds. */
const IDLE_TIMEOUT = 1000

const { ENTRY_BITS } = native
const ENTRY_MASK = (1 << ENTRY_BITS) - 1
const { Message: MESSAGE } = native.Entry
const { InBatch: IN_BATCH, Cause: CAUSE } = native.Slot

module.exports = { Dispatcher, batch, dispatcherOfThisEnvironment }
