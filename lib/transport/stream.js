// @ts-check
'use strict'

const { flushAtTheEnd, enterBatch, leaveBatch } = require('./tick')

/** @typedef {import('../driver/driver').Driver} Driver */

/**
 * Moves bytes between a driver and any Duplex. Never looks inside them.
 *
 * Writes once per batch: what the handlers of one chunk send leaves together when they are done. Outside a batch the
 * first send of a tick is written at once and later ones at the end of the tick, so latency is not traded for size.
 */
class StreamTransport {
  #socket
  #driver
  #notifyDrain
  #onData
  #onDrain
  /** Batches under way: a handler may feed us more bytes. */
  #depth = 0
  /** Something was written in this tick; the rest of the tick goes together. */
  #touched = false
  /** The socket is full: what comes now waits for its `drain`. */
  #waiting = false
  /** `send` has returned false, so the application is owed a `drain`. */
  #owed = false
  /** The application has paused us. */
  #suspended = false
  /** We have stopped reading, because the peer does not. */
  #isStalled = false
  /** @type {NodeJS.Timeout | undefined} */
  #stallTimer
  /** Bytes that the peer made us write since the socket was last empty. */
  #replied = 0

  /**
   * @param {any} socket
   * @param {Driver} driver
   * @param {() => void} notifyDrain called once for every time that a sender was told to wait
   */
  constructor (socket, driver, notifyDrain) {
    this.#socket = socket
    this.#driver = driver
    this.#notifyDrain = notifyDrain
    driver.transport = this
    this.#onData = (/** @type {Buffer} */ chunk) => this.#batch(() => driver.receive(chunk))
    this.#onDrain = () => this.#drained()
    socket.on('data', this.#onData)
    socket.on('drain', this.#onDrain)
    // A socket that has been piped elsewhere before stays paused otherwise.
    socket.resume()
  }

  /** Starts the driver's opening handshake. What its handlers send leaves with the handshake. */
  start () {
    this.#batch(() => {
      this.#driver.start()
    })
  }

  /** There are bytes to write. They leave now, or with the batch or the tick that is under way: then false. */
  offer () {
    if (this.#depth > 0 || this.#touched || this.#waiting) return false
    this.#touched = true
    flushAtTheEnd(this)
    this.#write()
    return true
  }

  /**
   * Whether a sender may go on. If not, it is told when it may.
   *
   * @param {number} pending bytes that have been offered and not been written
   */
  hasRoom (pending) {
    // Only the socket knows whether it is full. A batch that has grown large is written before its end.
    if (!this.#waiting && pending >= LARGE_BATCH) this.#write()
    this.#owed ||= this.#waiting
    return !this.#waiting
  }

  /** The tick has ended: hands everything to the socket, unless that is full. */
  endTick () {
    this.#touched = false
    if (!this.#waiting) this.#write()
  }

  /** Hands everything to the socket, which is about to end. */
  flushAll () {
    this.#write()
  }

  /** Lets go of the socket, which has ended or is about to. */
  detach () {
    this.#socket.removeListener('data', this.#onData)
    this.#socket.removeListener('drain', this.#onDrain)
    this.#owed = false
    clearTimeout(this.#stallTimer)
    // Whatever else arrives is nobody's: it must not keep the socket from reaching its end.
    if (!this.#socket.destroyed) this.#socket.resume()
  }

  suspend () {
    this.#suspended = true
    this.#socket.pause()
  }

  proceed () {
    this.#suspended = false
    process.nextTick(() => {
      if (this.#suspended) return
      this.#batch(() => this.#driver.deliver())
      this.#read()
    })
  }

  get #buffered () {
    return this.writableLength + (this.#waiting ? this.#driver.bufferedAmount : 0)
  }

  /** Bytes that the socket holds and the kernel has not taken. */
  get writableLength () {
    return this.#socket.writableLength || 0
  }

  /** @param {() => void} work */
  #batch (work) {
    if (this.#depth++ > 0) {
      try {
        return work()
      } finally {
        this.#depth--
      }
    }
    // What the application sends when the connection opens is nobody's request.
    const before = this.#driver.readyState === OPEN ? this.#buffered : Infinity
    let isDone = false
    enterBatch(this)
    try {
      work()
      isDone = true
    } finally {
      this.#depth--
      leaveBatch(this)
      this.#endBatch(before)
      // A handler has thrown. Its exception is on its way; what comes behind is delivered as if it had not.
      if (!isDone) process.nextTick(() => this.#batch(() => this.#driver.deliver()))
    }
  }

  /** @param {number} before what was buffered when the batch began */
  #endBatch (before) {
    if (!this.#waiting) this.#write()
    if (this.#waiting) this.#stall(this.#buffered - before)
  }

  #write () {
    const bytes = this.#driver.takeOutput()
    if (bytes !== null) this.#waiting = this.#socket.write(bytes) === false
  }

  /**
   * Stops reading from a peer that does not read, when it is the peer's own requests that fill the socket. Two ends
   * that send much to each other, or answer each other's requests, must not both wait for the other to read: after a
   * while one more chunk is read, and if that asks for nothing, reading goes on.
   *
   * @param {number} added bytes that the last batch has added to what is buffered
   */
  #stall (added) {
    if (added <= 0 || this.#socket.destroyed) return
    this.#replied += added
    if (this.#replied < STALL_AT) return
    this.#isStalled = true
    this.#socket.pause()
    if (this.#replied > GIVE_UP_AT) return
    clearTimeout(this.#stallTimer)
    this.#stallTimer = setTimeout(() => this.#unstall(), STALL_TIMEOUT)
    this.#stallTimer.unref()
  }

  #unstall () {
    clearTimeout(this.#stallTimer)
    this.#isStalled = false
    this.#read()
  }

  #drained () {
    this.#waiting = false
    this.#replied = 0
    this.#write()
    if (this.#waiting) return
    this.#unstall()
    if (!this.#owed) return
    this.#owed = false
    this.#notifyDrain()
  }

  #read () {
    if (!this.#suspended && !this.#isStalled && !this.#socket.destroyed) this.#socket.resume()
  }
}

/** What Node reads from a socket at a time: the replies to one chunk fit. */
const LARGE_BATCH = 64 * 1024
const OPEN = 1
/** Bytes of replies that wait: more requests are not read for a while … */
const STALL_AT = 64 * 1024
/** … in milliseconds … */
const STALL_TIMEOUT = 1000
/** … nor ever, from here on, until the peer reads. */
const GIVE_UP_AT = 8 * 1024 * 1024

module.exports = { StreamTransport }
