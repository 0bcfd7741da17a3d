// @ts-check
'use strict'

// Events in the manner of the original, which is neither the DOM's nor Node's: listeners are functions, one that throws
// ends the dispatch, and what a dispatch calls is looked up as it goes.

/**
 * An event: a plain object, and none of the DOM's.
 *
 * @this {any}
 * @param {string} type
 */
function Event (type) {
  this.type = type
  this.isTrusted = false
  // By this mark the dispatch knows events that it may write to.
  this._yaeti = true
}

/**
 * Gives an object the methods of a target, as properties of its own. A class that has such methods keeps them.
 *
 * @param {any} target
 */
function makeTarget (target) {
  if (typeof target.addEventListener === 'function') return
  target._listeners = { __proto__: null }
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
    if (event._yaeti) {
      event.target = this
      event.cancelable = true
    }
    let isStopped = false
    // Events of others may not allow it.
    Reflect.set(event, 'stopImmediatePropagation', () => { isStopped = true })

    const { type } = event
    const listeners = this._listeners[type] ?? NONE
    const handler = this['on' + type]
    if (typeof handler === 'function') handler.call(this, event)
    for (let index = 0; index < listeners.length && !isStopped; index++) listeners[index].call(this, event)
    return !event.defaultPrevented
  }
}

/** @type {any[]} */
const NONE = []

module.exports = { Event, makeTarget }
