// @ts-check
'use strict'

const { AsyncResource } = require('node:async_hooks')
const native = require('../native')

/**
 * The context of a connection: the asynchronous one in which it was made, and that of a listener of its socket.
 * Domains, zones and tracing tools tie their contexts to listeners and wrap `on` and `emit`, so what does not come with
 * an event of the socket runs as a listener of an event of ours.
 */
class Context extends AsyncResource {
  #socket
  /** @type {(() => void) | null} work that has not begun */
  #work = null
  #isOver = false

  /** @param {any} socket */
  constructor (socket) {
    super('faye-websocket-rs')
    this.#socket = socket
    socket.on(EVENT, perform)
  }

  /**
   * Runs work that nothing of the application's is below on the stack. What it throws is raised here: a caller of ours
   * would have left the context.
   *
   * @param {() => void} work
   */
  run (work) {
    this.#work = work
    this.runInAsyncScope(this.#enter, this)
  }

  #enter () {
    try {
      this.#socket.emit(EVENT, this)
    } catch (error) {
      native.raise(error)
    }
    // The program has removed our listener, or its `emit` did not reach it.
    if (this.#work !== null) this.#enterAlone()
  }

  #enterAlone () {
    try {
      this.perform()
    } catch (error) {
      native.raise(error)
    }
  }

  /** Begins the work, unless that was done. */
  perform () {
    const work = this.#work
    if (work === null) return
    this.#work = null
    work()
  }

  /** The connection is over. Tools that count what is open are told. */
  end () {
    if (this.#isOver) return
    this.#isOver = true
    this.#socket.removeListener(EVENT, perform)
    this.emitDestroy()
  }
}

/** @param {Context} context */
function perform (context) {
  context.perform()
}

/** A string, because what wraps `emit` may take every name for one. */
const EVENT = 'faye-websocket-rs'

module.exports = { Context }
