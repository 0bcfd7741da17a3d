// @ts-check
'use strict'

/**
 * The listeners of an emitter, by event. Node's own object has no prototype, so V8 stores it as a hash table of 280
 * bytes. V8 stores this one with a shared shape.
 */
function Listeners () {}
Listeners.prototype = Object.create(null)

/**
 * Makes the listeners of a new emitter need less memory.
 *
 * @param {any} emitter that has no listeners
 */
function compactListeners (emitter) {
  emitter._events = new (/** @type {any} */ (Listeners))()
}

module.exports = { compactListeners }
