// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { Instance } = require('./instance')

/**
 * The current instance, and the objects that JavaScript has in it. The first call creates the instance. When the
 * instance traps, this module abandons it and notifies its connections. The next call creates another instance.
 *
 * @typedef {import('./values').Argument} Argument
 *
 * @typedef {object} Owner a connection in JavaScript
 * @property {() => void} fault called when its instance has ended
 *
 * @typedef {'connection' | 'prepared' | 'session' | 'parser' | 'tunnel'} Kind the kind of an object in an instance
 */

const encoded = encodedModule()
/** @type {any} */
let compiled = null
/** @type {Instance | null} */
let instance = null
/** A number greater than those of all connections in ended instances. */
let base = 0
/** @type {Map<number, WeakRef<Owner>>} connections of the current instance, by its numbers */
const owners = new Map()
/** Connections whose instance has ended and that are not yet notified. @type {Set<WeakRef<Owner>>} */
const unnotified = new Set()
let isNotifying = false

/** Loads the module, which a checkout may lack. The `try` makes bundlers warn and continue in that case. */
function encodedModule () {
  try {
    return require('./module')
  } catch (cause) {
    throw new Error('lib/wasm/module.js is missing. Install the package again; in a checkout, ' +
      'run "npm run build:wasm"', { cause })
  }
}

/**
 * Returns the current instance. Creates one if there is none.
 *
 * @returns {Instance}
 */
function current () {
  // A stack overflow has interrupted a function of the instance, and then `endIfTrapped`.
  if (instance?.isInside) abandon()
  if (instance === null) {
    compiled ??= new WebAssembly.Module(Buffer.from(encoded, 'base64'))
    instance = new Instance(compiled, base)
  }
  if (unnotified.size > 0) notify()
  return instance
}

/**
 * Handles an exception from a call of an instance. If it has interrupted a function of the module, abandons the
 * instance and ends its connections. Otherwise throws the exception, which is an error of the caller, or a stack
 * overflow.
 *
 * @param {Instance} failed
 * @param {unknown} error
 */
function endIfTrapped (failed, error) {
  if (!failed.isInside) throw error
  if (failed !== instance) return
  // After a stack overflow, each of these calls may throw. Then the next call abandons the instance.
  abandon()
  try {
    notify()
  } catch {
    // There is no memory or stack for another instance now. The next call notifies the remaining connections.
  }
}

/** Abandons the instance. The next call creates another one. */
function abandon () {
  for (const reference of owners.values()) unnotified.add(reference)
  base += NUMBERS
  owners.clear()
  instance = null
}

/** Notifies connections that their instance has ended. If one throws, the next call notifies the rest. */
function notify () {
  if (isNotifying) return
  isNotifying = true
  try {
    for (const reference of unnotified) {
      reference.deref()?.fault()
      unnotified.delete(reference)
    }
  } finally {
    isNotifying = false
  }
}

/** The error of a call whose instance has ended. */
class Trap extends Error {
  /** @param {unknown} [cause] */
  constructor (cause) {
    super('The WebAssembly instance has failed', { cause })
  }
}

/**
 * Calls a function by its name. Returns its result, or throws its exception. Throws a `Trap` if the instance ends.
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
 * The handle of an object in the instance. `release` releases the object, and so does the garbage collection of the
 * handle.
 */
class Handle {
  #instance = current()
  #kind
  /** The number of the object in the instance. */
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

  /** Whether its instance is the current one. */
  get isCurrent () {
    return this.#instance === instance
  }

  /** The number, as an argument of a function. Throws a `Trap` if its instance has ended. */
  get liveNumber () {
    if (!this.isCurrent) throw new Trap()
    return this.number
  }

  /**
   * Calls a function with the number as the first argument. Throws a `Trap` if its instance has ended.
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

/** A connection that has ended, used in place of all released ones. @type {Handle | null} */
let ended = null

/**
 * Returns the object that is used in place of a released connection.
 *
 * @returns {Handle}
 */
function released () {
  if (ended === null || !ended.isCurrent) {
    ended = new Handle('connection', call('faulted', false))
    ended.call('work')
  }
  return ended
}

/** @param {{ instance: Instance, kind: Kind, number: number }} handle */
function free ({ instance: holder, kind, number }) {
  // The objects of an ended instance no longer exist.
  if (holder !== instance) return
  if (kind === 'connection') owners.delete(number)
  try {
    holder.enter(holder.exports[`release_${kind}`], number)
  } catch (error) {
    endIfTrapped(holder, error)
  }
}

/**
 * Registers a connection, to notify it of the end of the instance. Returns a number that no other connection ever has.
 *
 * @param {Owner} owner
 * @param {number} number the number in the instance
 */
function addOwner (owner, number) {
  owners.set(number, new WeakRef(owner))
  return base + number
}

const registry = new FinalizationRegistry(free)
/** A number greater than all numbers of one instance. */
const NUMBERS = 2 ** 31

module.exports = { Handle, Trap, addOwner, call, current, endIfTrapped, released }
