// @ts-check
'use strict'

const { AsyncResource } = require('node:async_hooks')
const native = require('../native')
const { NAME, throwSoon } = require('../scheduling')

/**
 * The context of a connection: the asynchronous context in which the connection was created, and that of a listener of
 * its socket. Domains, zones and tracing tools bind their contexts to listeners by wrapping `on` and `emit`. Therefore
 * work that does not come with an event of the socket runs in a listener of our own event.
 *
 * An exception must not propagate to the caller, which is outside the context. Even the `finally` of `runInAsyncScope`
 * is outside the context. In calls of the reactor, the context raises the exception in place. Elsewhere, it throws the
 * exception in a tick of the same context. Bytes from Node's stream arrive in the context of the stream, and the
 * exceptions of their handlers propagate.
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
   * Runs work. Throws its exception in a tick of the same context, because the caller is outside the context.
   *
   * @param {() => void} work
   */
  run (work) {
    this.#begin(work, throwSoon)
  }

  /**
   * Runs work when no other JavaScript is on the stack, and raises its exception at once. Node ends every asynchronous
   * scope around an exception, so there must be no other scope.
   *
   * @param {() => void} work
   */
  runAlone (work) {
    this.#begin(work, native.raise)
  }

  /**
   * Runs work through our listener. Restores the earlier work, because a hook or a wrapper on the way to our listener
   * may run other work in between.
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

  /** Starts the work, unless it has started. */
  perform () {
    const work = this.#work
    if (work === null) return
    this.#work = null
    work()
  }

  /** Releases the context, because the connection has ended. Notifies tools that count open resources. */
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

/** The name of our event. It is a string, because wrappers of `emit` may expect every name to be one. */
const EVENT = NAME

module.exports = { Context }
