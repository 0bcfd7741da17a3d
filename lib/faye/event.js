// @ts-check
'use strict'

const { EventEmitter } = require('node:events')

/**
 * An event of https://dom.spec.whatwg.org/#interface-event, with the members that faye-websocket implements.
 *
 * @this {any}
 * @param {string} type
 * @param {Record<string, any>} [fields]
 */
function Event (type, fields) {
  this.type = type
  for (const key in fields) this[key] = fields[key]
}

/**
 * @param {string} type
 * @param {boolean} canBubble
 * @param {boolean} cancelable
 */
Event.prototype.initEvent = function (type, canBubble, cancelable) {
  this.type = type
  this.bubbles = canBubble
  this.cancelable = cancelable
}

Event.prototype.stopPropagation = function () {}
Event.prototype.preventDefault = function () {}

Event.CAPTURING_PHASE = 1
Event.AT_TARGET = 2
Event.BUBBLING_PHASE = 3

/**
 * Methods for the prototypes of the public classes, whose instances are also EventEmitters. The `on…` property is
 * called first, then the listeners.
 *
 * @type {Record<string, any> & ThisType<any>}
 */
const EventTarget = {
  onopen: null,
  onmessage: null,
  onerror: null,
  onclose: null,

  // eslint-disable-next-line no-unused-vars -- the signature is the DOM's
  addEventListener (/** @type {string} */ type, /** @type {any} */ listener, /** @type {any} */ useCapture) {
    this.on(type, listener)
  },

  // eslint-disable-next-line no-unused-vars -- the signature is the DOM's
  removeEventListener (/** @type {string} */ type, /** @type {any} */ listener, /** @type {any} */ useCapture) {
    this.removeListener(type, listener)
  },

  dispatchEvent (/** @type {any} */ event) {
    event.target = event.currentTarget = this
    event.eventPhase = Event.AT_TARGET

    // V8 must intern a concatenated name for each message, so the name of the most frequent event is literal.
    if (event.type === 'message') {
      this.onmessage?.(event)
      if (this.emit === emit && this._events?.message === undefined) return
    } else if (this['on' + event.type]) {
      this['on' + event.type](event)
    }
    this.emit(event.type, event)
  }
}

/**
 * Node's `emit`. Without a listener it has no effect, but it costs as much as the rest of a short message, because it
 * looks up the name among the listeners of all emitters of the process. Therefore `message` and `data` are emitted only
 * if they have a listener, or if a program has replaced `emit`.
 */
const { emit } = EventEmitter.prototype

/**
 * Emits `data`.
 *
 * @param {any} target
 * @param {any} data
 */
function emitData (target, data) {
  if (target.emit !== emit || target._events?.data !== undefined) target.emit('data', data)
}

/**
 * Dispatches a message as `dispatch` does, but without a loop over fields.
 *
 * @param {any} target
 * @param {any} data
 */
function dispatchMessage (target, data) {
  const event = /** @type {any} */ (new Event('message'))
  event.data = data
  event.initEvent('message', false, false)
  target.dispatchEvent(event)
}

/**
 * Creates and dispatches an event.
 *
 * @param {any} target
 * @param {string} type
 * @param {Record<string, any>} [fields]
 */
function dispatch (target, type, fields) {
  const event = new Event(type, fields)
  event.initEvent(type, false, false)
  target.dispatchEvent(event)
}

module.exports = { Event, EventTarget, dispatch, dispatchMessage, emitData }
