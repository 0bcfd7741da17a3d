// @ts-check
'use strict'

// The event target of the original, which differs from the DOM's and from Node's. Listeners are functions. An exception
// in a listener ends the dispatch. A dispatch also calls the listeners that are added during it.

/**
 * An event: a plain object, not an Event of the DOM.
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
 * Adds the methods of an event target to an object, as own properties. Does nothing if the object already has them.
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
      // An event that the program has created may be frozen. (Reflect.set() costs more than the rest of the dispatch.)
    }
    const { type } = event
    const listeners = this._listeners[type]
    // V8 has to look up a concatenated name in its table of strings. The constant avoids that for every message.
    const handler = type === 'message' ? this.onmessage : this['on' + type]
    if (typeof handler === 'function') handler.call(this, event)
    if (listeners !== undefined) {
      for (let index = 0; index < listeners.length && !isStopped; index++) listeners[index].call(this, event)
    }
    return !event.defaultPrevented
  }
}

/** Listeners by event type. Inherits nothing, so that a type may have any name. Faster than `Object.create(null)`. */
const Listeners = /** @type {any} */ (function () {})
Listeners.prototype = Object.create(null)

module.exports = { Event, makeTarget }
