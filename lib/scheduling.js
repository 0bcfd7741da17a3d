// @ts-check
'use strict'

/**
 * What Node schedules our work by: taken once, when the package is loaded, from Node's own modules. Programs replace
 * the globals, for example by a fake clock that stands still until a test advances it. The rest of lib/ uses what is
 * exported here; ESLint refuses the globals there.
 *
 * Timers whose length a program sets are different: see `programClock`.
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
 *
 * @typedef {object} Timer
 * @property {() => void} stop
 * @property {() => boolean} restart begins anew; false where the timer cannot, and another one has to be set
 * @property {() => Timer} unref
 */

/** Timeouts and intervals, set and cleared by one set of functions. */
class Clock {
  #functions

  /** @param {() => Functions} functions those that apply when a timer is set */
  constructor (functions) {
    this.#functions = functions
  }

  /**
   * @param {() => void} callback
   * @param {number} delay in milliseconds
   */
  timeout (callback, delay) {
    const { setTimeout, clearTimeout } = this.#functions()
    return timerOf(setTimeout(callback, delay), clearTimeout)
  }

  /**
   * @param {() => void} callback
   * @param {number} delay in milliseconds
   */
  interval (callback, delay) {
    const { setInterval, clearInterval } = this.#functions()
    return timerOf(setInterval(callback, delay), clearInterval)
  }
}

/**
 * The timer keeps the function that stops it, because a clock that the program installs later does not know it. In
 * jsdom and in Electron's renderer a timer is a number and has no `unref`.
 *
 * @param {any} timer
 * @param {(timer: any) => void} clear
 * @returns {Timer}
 */
function timerOf (timer, clear) {
  return {
    stop: () => clear(timer),
    restart () {
      if (typeof timer?.refresh !== 'function') return false
      timer.refresh()
      return true
    },
    unref () {
      timer?.unref?.()
      return this
    }
  }
}

/** What our asynchronous resources, events and symbols are called in programs and tools. */
const NAME = 'faye-websocket-rs'

/**
 * Whether Node itself has scheduled a callback, perhaps by way of a wrapper. Node gives each one the next number of
 * its asynchronous resources; a fake takes none. Runtimes without such numbers have no fakes that we could tell.
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
 * Node's own. What Jest's contexts call `process`, as a global and as a module, is a copy: its `nextTick` may be fake,
 * and it does not hear of the exit.
 *
 * @type {any}
 */
const hostProcess = mainGlobal === globalThis ? nodeProcess : mainGlobal.process ?? nodeProcess

/**
 * A variable of the environment. Deno without --allow-env has none.
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

// If the clock was fake before the package was loaded, `await` and the scheduler stand in: fakes do not reach them.

/** @type {Schedule} */
const nextTick = hasNextTick ? hostProcess.nextTick : async (callback, ...args) => {
  await undefined
  callback(...args)
}

/**
 * Throws in a tick of its own, in the context that is current now.
 *
 * @param {any} error
 */
function throwSoon (error) {
  nextTick(() => { throw error })
}

/**
 * Whether a fake `process.nextTick` may hold Node's streams, which look it up when they resume or have written. True
 * for a wrapper, too, where the extra work does no harm.
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
/** For timers that the program does not know. Looks up a clock that was fake at the start, because that may be over. */
const clock = new Clock(() => hasTimers ? taken : timers)

/**
 * The globals when a timer is set: for timers whose length the program sets, or that it knows from the original, and
 * that its tests advance. Messages, and a closing handshake in which the peer takes part, need none of them.
 */
const programClock = new Clock(() => typeof globalThis.setTimeout === 'function' ? globalThis : taken)

const { hrtime } = hostProcess
const hasTime = hasTimers && hasNextTick && hasImmediates

/** Milliseconds. Not `performance.now()`: Node 18's looks up `process.hrtime`, which a program may have faked. */
function now () {
  const [seconds, nanoseconds] = hasTime ? hrtime() : hostProcess.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}

/** Milliseconds of work on one connection, or in one batch, before timers and other connections have their turn. */
const MAX_TURN = 20
/** Steps of that work, such as messages, after which the clock is worth a look. A power of two. */
const STEPS_BETWEEN_LOOKS = 16

/** @type {PromiseConstructor} */
const Promise = globalThis.Promise

module.exports = {
  MAX_TURN,
  NAME,
  Promise,
  STEPS_BETWEEN_LOOKS,
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
