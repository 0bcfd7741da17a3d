// @ts-check
'use strict'

const { isUint8Array } = require('../bytes')
const { nextTick } = require('../scheduling')
const { reasonOf } = require('../reason')

/**
 * A message in the pipeline.
 *
 * @typedef {{ rsv1: boolean, rsv2: boolean, rsv3: boolean, opcode: number, data: Buffer }} Message
 * @typedef {(error: any, message: Message | null) => void} Callback
 * @typedef {{ error: any, message: Message | null, callback: Callback, isDone: boolean }} Job
 * @typedef {'processIncomingMessage' | 'processOutgoingMessage'} Method
 */

/**
 * One direction of one session. The session receives each message at once, and may call back in any order; the results
 * keep the order of the messages. After an error, the stage discards all later messages.
 */
class Stage {
  #session
  #method
  /** @type {Job[]} */
  #jobs = []
  #isStopped = false

  #isAtWork = false
  /** @type {any[]} exceptions of callbacks */
  #thrown = []

  /** The number of messages that were announced and have no result yet, or wait behind such a message. */
  pending = 0

  /**
   * @param {any} session
   * @param {Method} method
   */
  constructor (session, method) {
    this.#session = session
    this.#method = method
  }

  /** Counts a message that has entered the pipeline and will reach this stage. */
  announce () {
    if (!this.#isStopped) this.pending += 1
  }

  /**
   * @param {any} error of an earlier stage
   * @param {Message | null} message
   * @param {Callback} callback
   */
  process (error, message, callback) {
    if (this.#isStopped) return
    const job = { error, message, callback, isDone: false }
    this.#jobs.push(job)
    if (error) this.#complete(job, error, null)
    else this.#work(job, message)
    this.#rethrow()
  }

  /** Discards all messages, and accepts no more. */
  abandon () {
    this.#isStopped = true
    this.#jobs = []
    this.pending = 0
  }

  /**
   * @param {Job} job
   * @param {Message | null} message
   */
  #work (job, message) {
    this.#isAtWork = true
    try {
      this.#session[this.#method](message, (/** @type {any} */ error, /** @type {any} */ message) => {
        this.#complete(job, error || defect(message), message)
        if (!this.#isAtWork) this.#rethrow()
      })
    } catch (error) {
      this.#complete(job, error ?? new Error(String(error)), null)
    } finally {
      this.#isAtWork = false
    }
  }

  // Throws exceptions of handlers after the results: they are not errors of the session, and must not delay messages.
  #rethrow () {
    if (this.#thrown.length === 0) return
    const [first, ...others] = this.#thrown.splice(0)
    for (const error of others) nextTick(() => { throw error })
    throw first
  }

  /**
   * @param {Job} job
   * @param {any} error
   * @param {Message | null} message
   */
  #complete (job, error, message) {
    // A session may call back twice. Only the first call counts.
    if (job.isDone) return
    job.isDone = true
    job.error = error
    job.message = error ? null : message
    if (error) {
      this.#isStopped = true
      this.pending = this.#jobs.length
    }
    this.#flush()
  }

  #flush () {
    while (this.#jobs.length > 0 && this.#jobs[0].isDone) {
      const { error, message, callback } = /** @type {Job} */ (this.#jobs.shift())
      if (error) {
        this.pending = 0
        this.#jobs = []
      } else {
        this.pending -= 1
      }
      try {
        callback(error, message)
      } catch (error) {
        this.#thrown.push(error)
      }
    }
  }
}

/** Both directions of one session. Closes the session when it holds no more messages. */
class Cell {
  #name
  #session
  /** @type {(() => void) | null} */
  #onClose = null
  #isClosed = false

  /**
   * @param {string} name
   * @param {any} session
   */
  constructor (name, session) {
    this.#name = name
    this.#session = session
    this.incoming = new Stage(session, 'processIncomingMessage')
    this.outgoing = new Stage(session, 'processOutgoingMessage')
  }

  /**
   * @param {'incoming' | 'outgoing'} direction
   * @param {any} error
   * @param {Message | null} message
   * @param {Callback} callback
   */
  process (direction, error, message, callback) {
    this[direction].process(error, message, (error, message) => {
      try {
        callback(error ? named(this.#name, error) : null, message)
      } finally {
        this.#closeIfIdle()
      }
    })
  }

  /** @param {() => void} callback */
  close (callback) {
    this.#onClose = callback
    this.#closeIfIdle()
  }

  #closeIfIdle () {
    if (this.#onClose === null || this.incoming.pending + this.outgoing.pending > 0) return
    const callback = this.#onClose
    this.#onClose = null
    this.#closeSession()
    callback()
  }

  /** Closes the session at once, and discards its messages. */
  abandon () {
    this.incoming.abandon()
    this.outgoing.abandon()
    this.#onClose = null
    this.#closeSession()
  }

  #closeSession () {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      this.#session.close()
    } catch (error) {
      // An exception of the session must not prevent the connection from closing.
      nextTick(() => { throw error })
    }
  }
}

/**
 * All sessions of a connection. Outgoing messages go from the first session to the last, incoming ones from the last to
 * the first. Each direction keeps the order of its messages, however long a session takes.
 */
class Pipeline {
  #cells
  #isStopped = { incoming: false, outgoing: false }
  /** @type {Array<() => void>} */
  #closing = []
  #isClosed = false

  /** @param {Array<{ name: string, session: any }>} sessions */
  constructor (sessions) {
    this.#cells = sessions.map(({ name, session }) => new Cell(name, session))
  }

  /**
   * @param {Message} message
   * @param {Callback} callback
   */
  incoming (message, callback) {
    this.#process('incoming', message, callback)
  }

  /**
   * @param {Message} message
   * @param {Callback} callback
   */
  outgoing (message, callback) {
    this.#process('outgoing', message, callback)
  }

  /**
   * Accepts no more messages. Calls back when all results have been delivered and all sessions are closed.
   *
   * @param {() => void} callback
   */
  close (callback) {
    if (this.#isClosed) return callback()
    this.#closing.push(callback)
    if (this.#closing.length > 1) return
    this.#isStopped = { incoming: true, outgoing: true }
    let open = this.#cells.length
    const closed = () => {
      if (--open > 0) return
      this.#isClosed = true
      for (const callback of this.#closing) callback()
    }
    for (const cell of this.#cells) cell.close(closed)
  }

  /** Closes the sessions at once, because the connection has ended. */
  abandon () {
    this.#isStopped = { incoming: true, outgoing: true }
    this.#isClosed = true
    this.#closing = []
    for (const cell of this.#cells) cell.abandon()
  }

  /**
   * @param {'incoming' | 'outgoing'} direction
   * @param {Message} message
   * @param {Callback} callback
   */
  #process (direction, message, callback) {
    if (this.#isStopped[direction]) return
    const cells = direction === 'incoming' ? [...this.#cells].reverse() : this.#cells
    for (const cell of cells) cell[direction].announce()

    const pass = (/** @type {number} */ index, /** @type {any} */ error, /** @type {Message | null} */ message) => {
      if (index === cells.length) return callback(error, message)
      cells[index].process(direction, error, message, (error, message) => {
        if (error) this.#isStopped[direction] = true
        pass(index + 1, error, message)
      })
    }
    pass(0, null, message)
  }
}

/**
 * Returns an error if the result of a session is not a message, otherwise null.
 *
 * @param {any} message
 */
function defect (message) {
  if (isUint8Array(message?.data)) return null
  return new Error('the session returned no message with bytes as its data')
}

/**
 * Returns the error with the name of the extension before its message. Each stage that the error passes adds its name.
 *
 * @param {string} name
 * @param {any} thrown
 */
function named (name, thrown) {
  return { type: thrown?.type, message: name + ': ' + reasonOf(thrown) }
}

module.exports = { Pipeline }
