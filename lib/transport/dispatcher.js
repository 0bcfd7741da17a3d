// @ts-check
'use strict'

const { isMainThread } = require('node:worker_threads')
const native = require('../native')
const { clock, now, setImmediate } = require('../runtime')
const adopted = require('./adopted')
const { isEnding, rememberWork, forgetWork } = require('./tick')

/**
 * The reactor of this environment, and the channels of the sockets that it has.
 *
 * @typedef {import('./native_channel').NativeChannel} NativeChannel
 */
class Dispatcher {
  /** @type {Array<NativeChannel | undefined>} by the number of the socket */
  channels = []
  /**
   * 1 while a batch is under way; one more than the number of the socket whose peer has caused what is sent now, or 0.
   */
  state = new Int32Array(2)
  /** @type {any[]} */
  #entries = []
  #next = 0
  /** @type {any[][]} parts of the batch that come behind the entries */
  #parts = []
  #count = 0
  /** @type {number[]} sockets that have left in a batch, which may still have something of theirs */
  #left = []
  /** When this batch was first seen to take its time. */
  #begun = 0
  /** It has taken long enough: the rest waits for another turn of the event loop. */
  isLate = false
  /** @type {import('../../binding').Reactor} */
  reactor

  constructor () {
    // In a worker, Node closes descriptors without a word when it is terminated.
    this.reactor = new native.Reactor(this, this.collect, this.dispatch, this.resume, this.state, isMainThread)
  }

  /**
   * @param {number} number
   * @param {NativeChannel} channel
   */
  add (number, channel) {
    this.channels[number] = channel
    this.#count += 1
    rememberWork(this)
  }

  /** @param {number} number */
  remove (number) {
    if (this.state[0] === 0) this.channels[number] = undefined
    else if (this.#left.push(number) === 1) setImmediate(() => this.#forgetThoseLeft())
    this.#count -= 1
    if (this.#count > 0) return
    forgetWork(this)
    clock.timeout(() => this.#closeIfIdle(), IDLE_TIMEOUT).unref()
  }

  #forgetThoseLeft () {
    for (const number of this.#left.splice(0)) {
      // Another socket may have the number by now.
      if (!this.channels[number]?.isActive) this.channels[number] = undefined
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
      const channel = this.channels[this.#entries[this.#next] >> 3]
      if (channel === undefined) this.#next += 2
      else channel.context.runAlone(this.#deliverRow)
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
    if (this.#count === 0 || adopted.classIsUntouched()) return false
    for (const channel of this.channels) if (channel?.isActive) channel.release()
    return true
  }

  #lookAtTheClock () {
    if (this.#begun === 0) this.#begun = now()
    else if (now() - this.#begun > MAX_TURN) this.isLate = true
  }

  /** What has happened to the next socket, in a row. */
  #deliverRow = () => {
    const number = this.#entries[this.#next] >> 3
    const channel = /** @type {NativeChannel} */ (this.channels[number])
    try {
      while (this.#next < this.#entries.length && this.#entries[this.#next] >> 3 === number) {
        const entry = this.#entries[this.#next] & 7
        const value = this.#entries[this.#next + 1]
        this.#next += 2
        if ((this.#next & (ENTRIES_BETWEEN_LOOKS - 1)) === 0) this.#lookAtTheClock()
        this.state[1] = entry === MESSAGE ? number + 1 : 0
        channel.happened(entry, value)
      }
    } finally {
      this.state[1] = 0
    }
    if (channel.isReplaced()) channel.release()
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
  if (!found || found.state[0] === 1 || isEnding() || found.giveBackIfTouched()) return work()
  found.state[0] = 1
  try {
    return work()
  } finally {
    found.reactor.endBatch()
  }
}

/** @type {Dispatcher | undefined} */
let dispatcher

/** Null when there can be none now. The next socket tries again: descriptors may have been closed meanwhile. */
function dispatcherOfThisEnvironment () {
  try {
    return (dispatcher ??= new Dispatcher())
  } catch {
    return null
  }
}

/** @type {any[]} */
const NOTHING = []
/** Numbers and values. A power of two. */
const ENTRIES_BETWEEN_LOOKS = 32
/** Milliseconds of handlers before timers and other connections have their turn. */
const MAX_TURN = 20
/** Milliseconds. */
const IDLE_TIMEOUT = 1000

// What the reactor tells of a socket: `Entry` in reactor.rs.
const MESSAGE = 0
const POLL = 1
const DRAINED = 2
const ENDED = 3
const FAILED = 4
const UNWRITABLE = 5
const PASSED = 6
const SECURE = 7
/** Of TLS; else it does not go on. */
const AGREED = -1

module.exports = {
  AGREED,
  DRAINED,
  Dispatcher,
  ENDED,
  FAILED,
  MESSAGE,
  PASSED,
  POLL,
  SECURE,
  UNWRITABLE,
  batch,
  dispatcherOfThisEnvironment
}
