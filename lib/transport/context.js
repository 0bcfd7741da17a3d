// @ts-check
'use strict'

const { AsyncResource } = require('node:async_hooks')
const native = require('../native')
const { NAME, throwSoon } = require('../scheduling')

/**
 * The context of a connection: the asynchronous one in which it was made, and that of a listener of its socket.
 * Domains, zones and tracing tools tie their contexts to listeners and wrap `on` and `emit`, so what does not come with
 * an event of the socket runs as a listener of an event of ours.
 *
 * An exception must not travel to a caller, which has left the context, as even the `finally` of `runInAsyncScope` has.
 * Behind the reactor it is raised in place; elsewhere it is thrown in a tick of the same context. Bytes that come by
 * Node's stream bring their context along, and their exceptions propagate.
 */
class Context extends AsyncResource {
  #socket
  /** @type {(() => void) | null} work that has not begun */
  #work = null
  #isReleased = false

  /** @param {any} socket */
  constructor (socket) {
    super(NAME)
    this.#socket = socket
    socket.on(EVENT, perform)
  }

  /**
   * Runs work. Throws what the work has thrown in a tick of the same context, because a caller would have left that.
   *
   * @param {() => void} work
   */
  run (work) {
    this.#begin(work, throwSoon)
  }

  /**
   * The same where nothing else is on the stack: what the work throws is raised at once. Node ends every asynchronous
   * scope that is around an exception, so there must be no other one.
   *
   * @param {() => void} work
   */
  runAlone (work) {
    this.#begin(work, native.raise)
  }

  /**
   * A hook or a wrapper on the way to our listener may bring other work in between.
   *
   * @param {() => void} work
   * @param {(error: any) => void} raise
   */
  #begin (work, raise) {
    const before = this.#work
    this.#work = work
    this.runInAsyncScope(this.#enter, this, raise)
    this.#work = before
  }

  /** @param {(error: any) => void} raise */
  #enter (raise) {
    try {
      this.#socket.emit(EVENT, this)
    } catch (error) {
      raise(error)
    }
    // The program has removed our listener, or its `emit` did not reach it.
    if (this.#work !== null) this.#enterAlone(raise)
  }

  /** @param {(error: any) => void} raise */
  #enterAlone (raise) {
    try {
      this.perform()
    } catch (error) {
      raise(error)
    }
  }

  /** Begins the work, unless it has begun. */
  perform () {
    const work = this.#work
    if (work === null) return
    this.#work = null
    work()
  }

  /** The connection is over. Tells tools that count open resources. */
  release () {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#socket.removeListener(EVENT, perform)
    this.emitDestroy()
  }
}

/** @param {Context} context */
function perform (context) {
  context.perform()
}

/** A string, because what wraps `emit` may take every name for one. */
const EVENT = NAME

module.exports = { Context }
