// @ts-check
'use strict'

// An event target in the manner of the original, which is neither that of the DOM nor that of Node: listeners are
// functions, an exception of one ends the dispatch, and a listener that is added during a dispatch is called by it.

/**
 * An event. It is a plain object, not an Event of the DOM.
 *
 * @this {any}
 * @param {string} type
 */
function Event (type) {
  this.type = type
  this.isTrusted = false
  // Marks the events that the dispatch may write to, as in the original.
  this._yaeti = true
}

/**
 * Gives an object the methods of an event target, as own properties, unless it inherits such methods.
 *
 * @param {any} target
 */
function makeTarget (target) {
  if (typeof target.addEventListener === 'function') return
  target._listeners = new Listeners()
  Object.assign(target, methods)
}

/** @type {Record<string, (this: any, ...args: any[]) => any>} */
const methods = {
  addEventListener (type, newListener) {
    if (!type || !newListener) return
    const listeners = this._listeners[type] ??= []
    if (!listeners.includes(newListener)) listeners.push(newListener)
  },

  removeEventListener (type, oldListener) {
    const listeners = this._listeners[type]
    const index = listeners === undefined ? -1 : listeners.indexOf(oldListener)
    if (index < 0) return
    listeners.splice(index, 1)
    if (listeners.length === 0) delete this._listeners[type]
  },

  dispatchEvent (event) {
    if (!event || typeof event.type !== 'string') throw new Error('`event` must have a valid `type` property')
    let isStopped = false
    try {
      if (event._yaeti) {
        event.target = this
        event.cancelable = true
      }
      event.stopImmediatePropagation = () => { isStopped = true }
    } catch {
      // An event of the program may be frozen. (Reflect.set() costs more than the rest of the dispatch.)
    }
    const { type } = event
    const listeners = this._listeners[type]
    // A name that is put together has to be looked up among all strings, for every message.
    const handler = type === 'message' ? this.onmessage : this['on' + type]
    if (typeof handler === 'function') handler.call(this, event)
    if (listeners !== undefined) {
      for (let index = 0; index < listeners.length && !isStopped; index++) listeners[index].call(this, event)
    }
    return !event.defaultPrevented
  }
}

/** Listeners by type. Inherits nothing, so that types may have any name, and is faster than an object made so. */
const Listeners = /** @type {any} */ (function () {})
Listeners.prototype = Object.create(null)

module.exports = { Event, makeTarget }
