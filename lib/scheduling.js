// @ts-check
'use strict'

/**
 * Node's functions for scheduling: ticks, immediates, timers and the time. This module reads them once, from Node's own
 * modules, because programs replace the globals, for example with a fake clock that a test advances. The rest of lib/
 * must use these exports; ESLint rejects the globals there.
 *
 * Timers whose duration a program sets use the globals: see `programClock`.
 */

const { AsyncResource } = require('node:async_hooks')
const nodeProcess = require('node:process')
const timers = require('node:timers')
const { scheduler } = require('node:timers/promises')
const { runInThisContext } = require('node:vm')

/**
 * @typedef {(callback: (...args: any[]) => void, ...args: any[]) => any} Schedule
 *
 * @typedef {object} Functions
 * @property {(callback: () => void, delay: number) => any} setTimeout
 * @property {(callback: () => void, delay: number) => any} setInterval
 * @property {(timer: any) => void} clearTimeout
 * @property {(timer: any) => void} clearInterval
 */

/** Timeouts and intervals. A timer is cleared by the same set of functions that has created it. */
class Clock {
  #functions

  /** @param {() => Functions} functions returns the functions for a new timer */
  constructor (functions) {
    this.#functions = functions
  }

  /**
   * @param {() => void} callback
   * @param {number} delay in milliseconds
   */
  timeout (callback, delay) {
    const { setTimeout, clearTimeout } = this.#functions()
    return new Timer(setTimeout(callback, delay), clearTimeout)
  }

  /**
   * @param {() => void} callback
   * @param {number} delay in milliseconds
   */
  interval (callback, delay) {
    const { setInterval, clearInterval } = this.#functions()
    return new Timer(setInterval(callback, delay), clearInterval)
  }
}

/**
 * A timer with the function that stops it, because a clock that the program installs later does not know this timer. In
 * jsdom and in Electron's renderer a timer is a number and has no `unref`.
 */
class Timer {
  #timer
  #clear

  /**
   * @param {any} timer
   * @param {(timer: any) => void} clear
   */
  constructor (timer, clear) {
    this.#timer = timer
    this.#clear = clear
  }

  stop () {
    const clear = this.#clear
    clear(this.#timer)
  }

  /** Begins the delay anew. Returns false if this timer cannot restart, and the caller needs a new one. */
  restart () {
    const timer = this.#timer
    if (typeof timer?.refresh !== 'function') return false
    timer.refresh()
    return true
  }

  unref () {
    this.#timer?.unref?.()
    return this
  }
}

/** The name of our asynchronous resources, events and symbols, as programs and tools see it. */
const NAME = 'faye-websocket-rs'

/**
 * Returns whether Node itself schedules a callback, directly or through a wrapper. Node assigns the next number of its
 * asynchronous resources to each callback; a fake assigns no number. In JavaScript runtimes without such numbers, fakes
 * cannot be detected.
 *
 * @param {Schedule} schedule
 * @param {(handle: any) => void} [cancel]
 */
function isOfNode (schedule, cancel) {
  const before = numberOfResource()
  const handle = schedule(ignore)
  const after = numberOfResource()
  cancel?.(handle)
  return after - before !== 1
}

function numberOfResource () {
  const resource = new AsyncResource(NAME + '.probe')
  resource.emitDestroy()
  return resource.asyncId()
}

function ignore () {}

const mainGlobal = runInThisContext('globalThis')

/**
 * The `process` of Node. In Jest, the global and the module `process` are copies: their `nextTick` may be fake, and
 * they do not emit `exit`.
 *
 * @type {any}
 */
const hostProcess = mainGlobal === globalThis ? nodeProcess : mainGlobal.process ?? nodeProcess

/**
 * Returns a variable of the environment. In Deno without --allow-env, every variable is undefined.
 *
 * @param {string} name
 * @returns {string | undefined}
 */
function variable (name) {
  try {
    return hostProcess.env[name]
  } catch {
    return undefined
  }
}

const hasNextTick = isOfNode(hostProcess.nextTick)
const hasImmediates = isOfNode(timers.setImmediate, timers.clearImmediate)
const hasTimers = isOfNode(timers.setTimeout, timers.clearTimeout)

// If the clock was already fake when the package was loaded, uses `await` and the scheduler of `node:timers/promises`,
// which fakes do not replace.

/** @type {Schedule} */
const nextTick = hasNextTick ? hostProcess.nextTick : async (callback, ...args) => {
  await undefined
  callback(...args)
}

/**
 * Throws an error in a tick of its own, in the current asynchronous context.
 *
 * @param {any} error
 */
function throwSoon (error) {
  nextTick(() => { throw error })
}

/**
 * Returns whether a fake `process.nextTick` may delay Node's streams, which call it when they resume or have written.
 * Also returns true for a wrapper, where the additional work is harmless.
 */
function mayHoldStreams () {
  return hostProcess.nextTick !== nextTick
}

/** @type {(callback: () => void) => any} */
const setImmediate = hasImmediates ? timers.setImmediate : (callback) => {
  const turn = { callback, unref: ignore }
  scheduler.yield().then(() => nextTick(() => turn.callback()))
  return turn
}

/** @type {(turn: any) => void} */
const clearImmediate = hasImmediates ? timers.clearImmediate : (turn) => { turn.callback = ignore }

const taken = { ...timers }
/**
 * The clock of internal timers. If the clock was fake when the package was loaded, looks up the current functions for
 * each timer, because the program may have removed the fake.
 */
const clock = new Clock(() => hasTimers ? taken : timers)

/**
 * The clock of the program: uses the globals at the time when a timer is set, so that tests can advance it. For timers
 * whose duration the program sets, and for those that the original has. The delivery of messages, and a closing
 * handshake that the peer answers, require none of them.
 */
const programClock = new Clock(() => typeof globalThis.setTimeout === 'function' ? globalThis : taken)

const { hrtime } = hostProcess
const hasTime = hasTimers && hasNextTick && hasImmediates

/**
 * Returns the time in milliseconds. Does not use `performance.now()`: on Node 18 that calls `process.hrtime`, which a
 * program may have replaced.
 */
function now () {
  const [seconds, nanoseconds] = hasTime ? hrtime() : hostProcess.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}

/** The maximum time of work on one connection or batch per turn of the event loop, in milliseconds. */
const MAX_TURN = 20
/** The number of steps, such as messages, between two readings of the clock. A power of two. */
const STEPS_BETWEEN_LOOKS = 16

/** @type {PromiseConstructor} */
const Promise = globalThis.Promise

module.exports = {
  MAX_TURN,
  NAME,
  Promise,
  STEPS_BETWEEN_LOOKS,
  Timer,
  clearImmediate,
  clock,
  hostProcess,
  mayHoldStreams,
  nextTick,
  now,
  programClock,
  setImmediate,
  throwSoon,
  variable
}
