// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const native = require('../native')
const { clock, setImmediate } = require('../runtime')
const adopted = require('./adopted')
const {
  AGREED, DRAINED, ENDED, FAILED, MESSAGE, PASSED, POLL, SECURE, UNWRITABLE, dispatcherOfThisEnvironment
} = require('./dispatcher')
const { write, writeOutput } = require('./stream_channel')
const { systemError, tlsError } = require('./errors')

/**
 * A socket whose bytes the reactor moves, by its descriptor. The socket stays its owner.
 *
 * @implements {Channel}
 * @typedef {import('../connection/seam').Channel} Channel
 * @typedef {import('../connection/seam').Connection} Connection
 *
 * @typedef {object} Secure TLS on a socket
 * @property {import('../../binding').TlsConfig} config
 * @property {string} host the server that the socket should lead to
 * @property {() => void} onSecure it does
 * @property {() => void} onRefused it does not, or not by our rules: the owner tries otherwise
 */
class NativeChannel {
  isNative = true
  countsReplies = true
  #dispatcher
  #number
  #socket
  #handle
  #connection
  #transport
  /** @type {Secure | null} */
  #secure
  /** TLS: nothing of the connection's may be sent yet. */
  #isHandshaking
  /** TLS: what the kernel has not taken when we let go. */
  #rest = NOTHING_LEFT
  #isAlive = false
  /** @type {number[]} bytes read and written by reactors that have let go of the socket */
  #counted
  /** The socket has been told of this silence. */
  hasFired = false
  /** @type {import('../runtime').Timer | null} of a timeout that bytes have put off that came to no message */
  #timer = null

  /**
   * @param {import('./dispatcher').Dispatcher} dispatcher
   * @param {number} number
   * @param {any} socket
   * @param {Connection} connection
   * @param {import('./transport').Transport} transport
   * @param {Secure | null} secure
   */
  constructor (dispatcher, number, socket, connection, transport, secure) {
    this.context = transport.context
    this.#dispatcher = dispatcher
    this.#number = number
    this.#socket = socket
    this.#handle = socket._handle
    this.#connection = connection
    this.#transport = transport
    this.#secure = secure
    this.#isHandshaking = secure !== null
    this.#counted = adopted.formerChannel(socket)?.counters() ?? [0, 0]
    const { bytesRead, bytesWritten } = this.#handle
    this.before = [bytesRead - this.#counted[0], bytesWritten - this.#counted[1]]
    dispatcher.add(number, this)
    adopted.adopt(socket, this)
    this.keepAlive(this.#handle.hasRef?.() ?? true)
  }

  get isBatching () {
    return this.#dispatcher.state[0] === 1
  }

  // What the kernel has not taken is the connection's, unless it is in records.
  get writableLength () {
    return this.#secure === null || this.#number < 0 ? 0 : this.#dispatcher.reactor.pending(this.#number)
  }

  /** Bytes that the kernel has not taken. */
  get waiting () {
    return this.#number < 0 ? 0 : this.#dispatcher.reactor.waiting(this.#number)
  }

  /** Whether a program has put methods of its own in the place of this socket's. */
  isReplaced () {
    return this.#number >= 0 && this.#secure === null && adopted.isReplaced(this.#socket)
  }

  /** What waits is the connection's: being told that the kernel is full costs a call. */
  takesWhenFull () {
    return this.#isGivenBack()
  }

  /** Whether a program has taken the socket from us just now, by a method of its class. */
  #isGivenBack () {
    return this.#dispatcher.giveBackIfTouched() && this.#number < 0
  }

  write () {
    if (this.#number < 0 || this.#isGivenBack()) return false
    const isFull = !this.#dispatcher.reactor.flush(this.#number)
    this.#connection.passed()
    return isFull
  }

  /** The reactor counts what is sent from now on as caused by the peer. Returns what `endReplies` wants. */
  beginReplies () {
    const { state } = this.#dispatcher
    const before = state[1]
    if (this.#number >= 0) state[1] = this.#number + 1
    return before
  }

  /** @param {number} before */
  endReplies (before) {
    this.#dispatcher.state[1] = before
  }

  stop () {
    if (this.#number >= 0) this.#dispatcher.reactor.setReading(this.#number, false)
  }

  start () {
    if (this.#number >= 0) this.#dispatcher.reactor.setReading(this.#number, true)
  }

  get isActive () {
    return this.#number >= 0
  }

  get isSecure () {
    return this.#secure !== null
  }

  /**
   * Lets go of the socket, which a program uses: the connection goes on by way of the stream. A stream cannot read our
   * records of TLS, so a secure socket stays with us.
   */
  release () {
    if (this.#secure === null) this.#transport.release()
  }

  /**
   * TLS: takes bytes that a program puts into the socket.
   *
   * @param {Buffer} bytes
   */
  received (bytes) {
    this.#transport.receivedBeside(bytes)
  }

  /**
   * TLS: writes bytes of the program. False when the kernel does not take them all.
   *
   * @param {Uint8Array} bytes
   */
  writeAround (bytes) {
    return this.#dispatcher.reactor.writeAround(this.#number, bytes)
  }

  /** TLS: says goodbye, and returns what the kernel has not taken of it and of what was before. */
  finish () {
    return this.#dispatcher.reactor.finish(this.#number)
  }

  /** Lets go of the socket, and lets libuv read it again. */
  detach () {
    const handle = this.#handle
    const goesOn = !this.#socket.destroyed && this.#socket._handle === handle
    const owesDrain = this.waiting > 0
    if (!this.leave(goesOn) || !goesOn) return
    this.#writeRest()
    if (owesDrain) promiseDrain(this.#socket)
    handle.reading = true
    handle.readStart()
    this.#socket.resume()
  }

  /** By way of libuv, which goes on when the kernel takes bytes again. */
  #writeRest () {
    if (this.#secure === null) writeOutput(this.#socket, this.#connection)
    else if (this.#rest.length > 0) write(this.#socket, this.#rest, this.#connection.handOverAll(this.#socket))
  }

  /**
   * @param {number} entry
   * @param {any} value
   */
  happened (entry, value) {
    // What has arrived is delivered, even if a handler has let go of the socket.
    switch (entry) {
      case MESSAGE:
        this.#restartTimer()
        return this.#connection.receiveMessage(value, this.#dispatcher.isLate)
      case POLL:
        this.#restartTimer()
        return this.#transport.batch(() => this.#connection.receiveOthers())
    }
    if (this.#number < 0) return
    switch (entry) {
      case DRAINED: return this.#drained()
      case ENDED: return this.#secure === null ? this.#transport.release() : this.#endSecurely()
      case FAILED: return this.#fail(systemError('read', value))
      case UNWRITABLE: return this.#fail(systemError('write', value))
      case PASSED: return this.#connection.passed()
      case SECURE: return value === AGREED ? this.#secured() : this.#refused(tlsError(value))
    }
  }

  /** The socket says so as well, to programs that watch it. */
  #drained () {
    const isEmpty = this.waiting === 0
    this.#transport.drained()
    if (isEmpty) this.#socket.emit('drain')
  }

  /**
   * As Node does.
   *
   * @param {Error} error
   */
  #fail (error) {
    this.leave()
    this.#socket.destroy(error)
  }

  /** @param {Error} error */
  #refused (error) {
    if (this.#isHandshaking) this.#secure?.onRefused()
    else this.#fail(error)
  }

  #secured () {
    this.#isHandshaking = false
    this.#secure?.onSecure()
  }

  /** Bytes after the end of TLS are discarded. */
  #endSecurely () {
    if (!this.leave()) return
    this.#writeRest()
    this.#socket.push(null)
    this.#socket.resume()
  }

  /**
   * Deregisters the descriptor. False when that has been done.
   *
   * @param {boolean} [goesOn] what waits is written by the stream: a program may want to see it there
   */
  leave (goesOn = false) {
    if (this.#number < 0) return false
    const number = this.#number
    if (!goesOn) this.#dispatcher.reactor.flush(number)
    if (this.#secure !== null) this.#rest = this.#dispatcher.reactor.finish(number)
    this.#counted = this.counters()
    this.#number = -1
    this.#dispatcher.remove(number)
    this.#connection.unregister(this.#dispatcher.reactor, number)
    this.#connection.passed()
    this.keepAlive(false)
    this.#timer?.stop()
    adopted.giveBack(this.#socket)
    return true
  }

  /** @param {boolean} isAlive whether the socket keeps the process alive */
  keepAlive (isAlive) {
    if (isAlive === this.#isAlive) return
    this.#isAlive = isAlive
    this.#dispatcher.reactor.keepAlive(isAlive)
  }

  /** Bytes read and written by reactors. */
  counters () {
    if (this.#number < 0) return this.#counted
    const [read, written] = this.#dispatcher.reactor.counters(this.#number)
    return [this.#counted[0] + read, this.#counted[1] + written]
  }

  #restartTimer () {
    if (!this.#socket.timeout) return
    this.hasFired = false
    this.#timer?.stop()
    this.#socket._unrefTimer()
  }

  /** Whether nothing has been read or written for as long as the socket's timeout is. Else it is called again. */
  hasTimedOut () {
    const left = this.#socket.timeout - this.#dispatcher.reactor.idleTime(this.#number)
    // Timers come up to a millisecond early.
    if (left < 1.5) return (this.hasFired = true)
    this.#timer = clock.timeout(() => this.#socket._onTimeout(), left).unref()
    return false
  }
}

/**
 * Takes over a socket, or returns null where that is not possible.
 *
 * @param {any} socket
 * @param {Connection} connection
 * @param {import('./transport').Transport} transport
 * @param {Secure | null} secure
 */
function adopt (socket, connection, transport, secure) {
  // Records that Node has read could not be told from what was before them.
  if (!qualifies(socket) || (secure !== null && socket.readableLength > 0)) return null
  const found = dispatcherOfThisEnvironment()
  if (found === null) return null
  const handle = socket._handle
  const number = connection.register(found.reactor, handle.fd, secure?.config, secure?.host)
  if (number < 0) return null
  // Reading from the stream has Node start reading from the kernel: that is stopped behind it.
  for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) connection.store(chunk)
  handle.readStop()
  handle.reading = false
  return new NativeChannel(found, number, socket, connection, transport, secure)
}

/**
 * The socket has promised a `drain` for bytes that the stream writes now.
 *
 * @param {any} socket
 */
function promiseDrain (socket) {
  const state = socket._writableState
  if (state.needDrain) return
  if (state.length > 0) state.needDrain = true
  else setImmediate(() => { if (!socket.destroyed) socket.emit('drain') })
}

/** @param {any} socket */
function qualifies (socket) {
  if (!IS_SUPPORTED) return false
  const handle = socket._handle
  if (!handle || !(handle.fd >= 0) || typeof handle.readStop !== 'function' || !adopted.isPlain(socket)) return false
  if (socket.listenerCount('data') + socket.listenerCount('readable') > 0) return false
  if (socket.writableLength > 0 || socket.writableCorked > 0) return false
  if (socket.writableEnded || socket.destroyed || socket.connecting) return false
  return !socket._readableState.ended && !socket.readableEncoding
}

/** @type {Buffer} */
const NOTHING_LEFT = Buffer.alloc(0)
const IS_SUPPORTED = ['linux', 'darwin'].includes(process.platform) && !('bun' in process.versions) &&
  !('deno' in process.versions) && typeof native.Reactor === 'function' &&
  process.env.FAYE_WEBSOCKET_TRANSPORT !== 'stream'

module.exports = { IS_SUPPORTED, NativeChannel, adopt }
