// @ts-check
'use strict'

const { AsyncResource } = require('node:async_hooks')
const { EventEmitter } = require('node:events')
const { NAME, nextTick, throwSoon } = require('./scheduling')

/**
 * A callback of the application, which is called once or discarded. It runs in the asynchronous context in which the
 * application passed it, and as a listener, because zones and tracing tools bind their contexts to listeners.
 */
class Callback extends AsyncResource {
  #emitter = new EventEmitter()

  /** @param {(...args: any[]) => void} callback */
  constructor (callback) {
    super(NAME + '.callback')
    this.#emitter.on(CALLED, (...args) => { callback(...args) })
  }

  /**
   * Calls the callback in a tick of its own.
   *
   * @param {any[]} args
   */
  schedule (...args) {
    this.runInAsyncScope(nextTick, undefined, emit, this.#emitter, args)
    this.emitDestroy()
  }

  /**
   * Calls the callback now.
   *
   * @param {boolean} isLast whether the stack contains no function of the application. If so, an exception is thrown in
   * a tick of the callback's context
   */
  call (isLast) {
    try {
      this.runInAsyncScope(isLast ? emitAndThrowSoon : emit, undefined, this.#emitter, NO_ARGUMENTS)
    } finally {
      this.emitDestroy()
    }
  }

  /** Ends the asynchronous resource of a callback that will not be called. */
  discard () {
    this.emitDestroy()
  }
}

/**
 * @param {EventEmitter} emitter
 * @param {any[]} args
 */
function emit (emitter, args) {
  emitter.emit(CALLED, ...args)
}

/**
 * @param {EventEmitter} emitter
 * @param {any[]} args
 */
function emitAndThrowSoon (emitter, args) {
  try {
    emit(emitter, args)
  } catch (error) {
    throwSoon(error)
  }
}

const CALLED = 'called'
/** @type {any[]} */
const NO_ARGUMENTS = []

module.exports = { Callback }
