// @ts-check
'use strict'

const { AsyncResource } = require('node:async_hooks')
const { EventEmitter } = require('node:events')
const { NAME, nextTick, throwSoon } = require('./scheduling')

/**
 * A callback of the application's, which is called once or dropped. It runs in the context in which it was given: the
 * asynchronous one, and as a listener, because zones and tracing tools tie theirs to listeners.
 */
class Callback extends AsyncResource {
  #emitter = new EventEmitter()

  /** @param {(...args: any[]) => void} callback */
  constructor (callback) {
    super(NAME + '.callback')
    this.#emitter.on(CALLED, (...args) => { callback(...args) })
  }

  /**
   * Calls it in a tick of its own.
   *
   * @param {any[]} args
   */
  schedule (...args) {
    this.runInAsyncScope(nextTick, undefined, emit, this.#emitter, args)
    this.emitDestroy()
  }

  /**
   * Calls it now.
   *
   * @param {boolean} isLast whether the stack has no function of the application below. Then a tick in the context of
   * the callback throws what it has thrown
   */
  call (isLast) {
    try {
      this.runInAsyncScope(isLast ? emitAndThrowSoon : emit, undefined, this.#emitter, NO_ARGUMENTS)
    } finally {
      this.emitDestroy()
    }
  }

  /** It will not be called. */
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
