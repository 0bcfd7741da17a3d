// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { Instance } = require('./instance')

/**
 * The instance that works now, and what JavaScript has of it. It begins with the first call. When it traps, it is given
 * up, its connections hear of that, and the next call begins another one.
 *
 * @typedef {import('./values').Argument} Argument
 *
 * @typedef {object} Owner a connection, as long as JavaScript has it
 * @property {() => void} fault its instance has ended
 *
 * @typedef {'connection' | 'prepared' | 'session' | 'parser' | 'tunnel'} Kind of what an instance has
 */

const encoded = encodedModule()
/** @type {any} */
let compiled = null
/** @type {Instance | null} */
let instance = null
/** Above the numbers of connections of all instances that have ended. */
let base = 0
/** @type {Map<number, WeakRef<Owner>>} connections of the instance that works, by its numbers */
const owners = new Map()
/** Connections whose instance has ended, and which have not heard of that. @type {Set<WeakRef<Owner>>} */
const untold = new Set()
let isTelling = false

/** A checkout may be without it. Bundlers then say so and go on, because it is tried. */
function encodedModule () {
  try {
    return require('./module')
  } catch (cause) {
    throw new Error('lib/wasm/module.js is missing. Install the package again; in a checkout, ' +
      'run "npm run build:wasm"', { cause })
  }
}

/** @returns {Instance} */
function current () {
  // A function of it was interrupted, and so was `endIfTrapped`: by the end of the stack.
  if (instance?.isInside) abandon()
  if (instance === null) {
    compiled ??= new WebAssembly.Module(Buffer.from(encoded, 'base64'))
    instance = new Instance(compiled, base)
  }
  if (untold.size > 0) tell()
  return instance
}

/**
 * What an instance was asked for has thrown. Throws it as well if no function of the module was interrupted: then it is
 * the caller's mistake, or the end of the stack. Else the instance is given up, and its connections end.
 *
 * @param {Instance} failed
 * @param {unknown} error
 */
function endIfTrapped (failed, error) {
  if (!failed.isInside) throw error
  if (failed !== instance) return
  // It may be the stack that has ended, so anything here may throw: then the instance is given up at the next call.
  abandon()
  try {
    tell()
  } catch {
    // There is no memory or no stack for another instance now. The next call tells the rest.
  }
}

/** Has the next call begin another instance. */
function abandon () {
  for (const reference of owners.values()) untold.add(reference)
  base += NUMBERS
  owners.clear()
  instance = null
}

/** Tells connections that their instance has ended. What throws leaves the rest to the next call. */
function tell () {
  if (isTelling) return
  isTelling = true
  try {
    for (const reference of untold) {
      reference.deref()?.fault()
      untold.delete(reference)
    }
  } finally {
    isTelling = false
  }
}

/** The instance has ended. */
class Trap extends Error {
  /** @param {unknown} [cause] */
  constructor (cause) {
    super('The WebAssembly part has failed', { cause })
  }
}

/**
 * Calls a function by its name, and throws what it throws. Throws a `Trap` when the instance ends.
 *
 * @param {string} name
 * @param {Argument[]} args
 * @returns {any}
 */
function call (name, ...args) {
  const one = current()
  try {
    return one.call(name, args)
  } catch (error) {
    endIfTrapped(one, error)
    throw new Trap(error)
  }
}

/**
 * Something of the instance that is released when JavaScript no longer has this object, or before.
 */
class Held {
  #instance = current()
  #kind
  /** The instance's. */
  number

  /**
   * @param {Kind} kind
   * @param {number} number that a function has returned
   */
  constructor (kind, number) {
    this.#kind = kind
    this.number = number
    registry.register(this, { instance: this.#instance, kind, number }, this)
  }

  /** Whether its instance still works. */
  get isThere () {
    return this.#instance === instance
  }

  /** Its number for a function. Throws a `Trap` if its instance has ended. */
  get liveNumber () {
    if (!this.isThere) throw new Trap()
    return this.number
  }

  /**
   * Calls a function with its number before other arguments. Throws a `Trap` if its instance has ended.
   *
   * @param {string} name
   * @param {Argument[]} args
   * @returns {any}
   */
  call (name, ...args) {
    return call(name, this.liveNumber, ...args)
  }

  release () {
    registry.unregister(this)
    free({ instance: this.#instance, kind: this.#kind, number: this.number })
  }
}

/** A connection that has ended, which takes the place of all that have been released. @type {Held | null} */
let ended = null

/** @returns {Held} */
function released () {
  if (ended === null || !ended.isThere) {
    ended = new Held('connection', call('faulted', false))
    ended.call('work')
  }
  return ended
}

/** @param {{ instance: Instance, kind: Kind, number: number }} held */
function free ({ instance: holder, kind, number }) {
  // What an instance had is gone with it.
  if (holder !== instance) return
  if (kind === 'connection') owners.delete(number)
  try {
    holder.enter(holder.exports[`release_${kind}`], number)
  } catch (error) {
    endIfTrapped(holder, error)
  }
}

/**
 * Has an owner hear of the end of the instance. Returns a number that no other connection ever has.
 *
 * @param {Owner} owner
 * @param {number} number the instance's
 */
function addOwner (owner, number) {
  owners.set(number, new WeakRef(owner))
  return base + number
}

const registry = new FinalizationRegistry(free)
/** The numbers of one instance are below this. */
const NUMBERS = 2 ** 31

module.exports = { Held, Trap, addOwner, call, current, endIfTrapped, released }
