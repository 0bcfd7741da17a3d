// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const native = require('../native')
const { clock, setImmediate } = require('../scheduling')
const { ADOPTION, AdoptedSocket, formerAdoption, isPlain, setPrototypes, restorePrototype } = require('./adopted')
const { dispatcherOfThisEnvironment } = require('./dispatcher')
const { IS_SUPPORTED } = require('./platform')
const { RequestSocket, isRequestSocket } = require('./request_socket')
const { SecureSocket } = require('./secure_socket')

/**
 * A socket that the reactor has taken: the reactor reads and writes the descriptor, and the socket remains its owner.
 * Knows how a socket is taken and given back, and what Node counts and times meanwhile. Does not know what the bytes
 * mean.
 *
 * The reactor gives a socket back when a program uses the socket itself, and when the peer has ended its half, so that
 * Node ends the socket as ever. Methods that a program replaces must see the bytes: the reactor takes no socket with
 * such methods (untouched.js), and gives a socket back before the next write if its methods have changed since. What
 * the reactor has decoded before is delivered all the same.
 *
 * @typedef {import('./dispatcher').Receiver} Receiver
 *
 * @typedef {object} Owner whose bytes these are
 * @property {() => void} giveBack a program uses the socket itself
 * @property {(bytes: Buffer) => void} received a program has put bytes into the socket
 * @property {(error?: any) => void} [detach] another owner has the socket, or it has closed
 */
class Adoption {
  #dispatcher
  #reactor
  #number
  #socket
  #handle
  #connection
  /** @type {typeof AdoptedSocket} */
  #class
  /** @type {(Owner & Receiver) | null} */
  #owner = null
  #isAlive = false
  /** @type {number[]} bytes read and written by reactors that have let go of the socket */
  #counted
  /** @type {number[]} bytes that the handle had read and written before any reactor had it */
  before
  /** The socket has been told of this silence. */
  hasFired = false
  /** @type {import('../scheduling').Timer | null} of a timeout that bytes have put off that came to no message */
  #timer = null
  /** TLS: what the kernel had not taken when the reactor let go. */
  rest = NOTHING_LEFT

  /**
   * @param {import('./dispatcher').Dispatcher} dispatcher
   * @param {number} number the reactor's for the socket
   * @param {any} socket
   * @param {import('../connection/seam').Connection} connection
   * @param {typeof AdoptedSocket} type what the socket is meanwhile
   */
  constructor (dispatcher, number, socket, connection, type) {
    this.#dispatcher = dispatcher
    this.#reactor = dispatcher.reactor
    this.#number = number
    this.#socket = socket
    this.#handle = socket._handle
    this.#connection = connection
    this.#class = type
    this.#counted = formerAdoption(this.#handle)?.counters() ?? [0, 0]
    const { bytesRead, bytesWritten } = this.#handle
    this.before = [bytesRead - this.#counted[0], bytesWritten - this.#counted[1]]
  }

  /**
   * From now on batches have something for this channel.
   *
   * @param {Owner & Receiver} channel
   */
  begin (channel) {
    this.#owner?.detach?.()
    this.#owner = channel
    this.#dispatcher.add(this.#number, channel)
    setPrototypes(this.#socket, this, this.#class)
    this.keepAlive(this.#handle.hasRef?.() ?? true)
  }

  /** What hears of the socket now. */
  get owner () {
    return /** @type {any} */ (this.#owner)
  }

  /** Whether the reactor has the descriptor. */
  get isActive () {
    return this.#number >= 0
  }

  /** Whether the socket has a descriptor that a stream could read. */
  get isOpen () {
    return !this.#socket.destroyed && this.#socket._handle === this.#handle
  }

  /** Whether a batch is under way. */
  get isBatching () {
    return this.#dispatcher.isBatching
  }

  /** Whether this turn of the event loop has taken long enough. */
  get isLate () {
    return this.#dispatcher.isLate
  }

  /** Whether a program has taken the socket from us just now, by a method of its class. */
  isGivenBack () {
    return this.#dispatcher.giveBackIfTouched() && this.#number < 0
  }

  /** A program uses the socket itself. */
  giveBack () {
    this.#owner?.giveBack()
  }

  /** @param {Buffer} bytes that a program puts into the socket */
  received (bytes) {
    this.#owner?.received(bytes)
  }

  /** Offers what waits to the kernel. False when it does not take everything. */
  flush () {
    return this.#reactor.flush(this.#number)
  }

  /** @param {boolean} isReading */
  setReading (isReading) {
    if (this.#number >= 0) this.#reactor.setReading(this.#number, isReading)
  }

  /** Bytes that the kernel has not taken. */
  get waiting () {
    return this.#number < 0 ? 0 : this.#reactor.waiting(this.#number)
  }

  /** TLS: bytes in records that the kernel has not taken. */
  get pending () {
    return this.#number < 0 ? 0 : this.#reactor.pending(this.#number)
  }

  /**
   * TLS: writes bytes of the program. False when the kernel does not take them all.
   *
   * @param {Uint8Array} bytes
   */
  writeAround (bytes) {
    return this.#reactor.writeAround(this.#number, bytes)
  }

  /** TLS: what has been agreed on; null when the reactor has let go. */
  agreement () {
    return this.#number < 0 ? null : this.#reactor.agreement(this.#number)
  }

  /** TLS: says goodbye, and returns what the kernel has not taken of it and of what was before. */
  closeTls () {
    return this.#reactor.finish(this.#number)
  }

  /** TLS: puts aside what the reactor reads from now on. `Entry.Poll` says that something is there. */
  putAside () {
    this.#reactor.putAside(this.#number)
  }

  /** TLS: takes what has been put aside. */
  takeAside () {
    return this.#reactor.takeAside(this.#number)
  }

  /**
   * TLS: lets another connection have the socket, and what has been put aside. `begin` follows. False when the kernel
   * has not taken everything.
   *
   * @param {import('../connection/seam').Connection} connection
   */
  transferTo (connection) {
    if (!this.#reactor.pass(this.#number, this.#connection.number, connection.number)) return false
    this.#connection = connection
    restorePrototype(this.#socket, this.#class)
    this.#class = SecureSocket
    this.setReading(true)
    return true
  }

  /** The reactor counts what is sent from now on as caused by the peer. Returns what `endReplies` takes. */
  beginReplies () {
    return this.#dispatcher.beginReplies(this.#number)
  }

  /** @param {number} before */
  endReplies (before) {
    this.#dispatcher.endReplies(before)
  }

  /**
   * Deregisters the descriptor. False when that has been done.
   *
   * @param {boolean} [goesOn] what waits is written by the stream: a program may want to see it there
   */
  detach (goesOn = false) {
    if (this.#number < 0) return false
    const number = this.#number
    if (!goesOn) this.flush()
    if (this.#class !== AdoptedSocket) this.rest = this.closeTls()
    this.#counted = this.counters()
    this.#number = -1
    this.#dispatcher.remove(number)
    this.#reactor.remove(number, this.#connection.number)
    this.#connection.outgoing.passed()
    this.keepAlive(false)
    this.#timer?.stop()
    restorePrototype(this.#socket, this.#class)
    return true
  }

  /** Node's stream reads again. */
  startStream () {
    this.#handle.reading = true
    this.#handle.readStart()
    this.#socket.resume()
  }

  /** The socket has promised a `drain` for bytes that the stream writes now. */
  promiseDrain () {
    const socket = this.#socket
    const state = socket._writableState
    if (state.needDrain) return
    if (state.length > 0) state.needDrain = true
    else setImmediate(() => { if (!socket.destroyed) socket.emit('drain') })
  }

  /** @param {boolean} isAlive whether the socket keeps the process alive */
  keepAlive (isAlive) {
    if (isAlive === this.#isAlive) return
    this.#isAlive = isAlive
    this.#reactor.keepAlive(isAlive)
  }

  /** Bytes read and written by reactors. */
  counters () {
    if (this.#number < 0) return this.#counted
    const [read, written] = this.#reactor.counters(this.#number)
    return [this.#counted[0] + read, this.#counted[1] + written]
  }

  /** Bytes have come to something: the socket's timeout begins anew. */
  restartTimer () {
    if (!this.#socket.timeout) return
    this.hasFired = false
    this.#timer?.stop()
    this.#socket._unrefTimer()
  }

  /** Whether nothing has been read or written for as long as the socket's timeout is. Else it is called again. */
  hasTimedOut () {
    const left = this.#socket.timeout - this.#reactor.idleTime(this.#number)
    // Timers come up to a millisecond early.
    if (left < 1.5) return (this.hasFired = true)
    this.#timer = clock.timeout(() => this.#socket._onTimeout(), left).unref()
    return false
  }
}

/**
 * Takes a socket, or returns null where the reactor cannot have it.
 *
 * @param {any} socket
 * @param {import('../connection/seam').Connection} connection
 * @param {import('./tls').Plan | null} plan for TLS
 * @param {typeof AdoptedSocket} type what the socket is meanwhile
 */
function take (socket, connection, plan = null, type = plan === null ? AdoptedSocket : SecureSocket) {
  // Records that Node has read could not be told from what was before them.
  if (!qualifies(socket) || (plan !== null && socket.readableLength > 0)) return null
  const dispatcher = dispatcherOfThisEnvironment()
  if (dispatcher === null) return null
  const handle = socket._handle
  const number = dispatcher.reactor.add(handle.fd, connection.number, plan?.config, plan?.host)
  if (number === null) return null
  // Reading from the stream has Node start reading from the kernel: that is stopped behind it.
  store(socket, connection)
  handle.readStop()
  handle.reading = false
  return new Adoption(dispatcher, number, socket, connection, type)
}

/**
 * Takes a socket that is to speak TLS for a program, or returns null where the reactor cannot have it.
 *
 * @param {any} socket
 * @param {import('./tls').Plan} plan
 */
function takeForRequest (socket, plan) {
  // The reactor writes the output of a connection. This one only lends it.
  const lender = native.Connection.established(true, {})
  /** @type {any} */
  const connection = { lender, number: lender.number, outgoing: { passed () {} } }
  return take(socket, connection, plan, RequestSocket)
}

/**
 * Takes a socket that has spoken TLS for a program, or returns null where the program still uses it, or sees its bytes.
 *
 * @param {any} socket
 * @param {import('../connection/seam').Connection} connection
 */
function takeOver (socket, connection) {
  if (!isRequestSocket(socket) || !isIdle(socket)) return null
  /** @type {Adoption} */
  const adoption = socket[ADOPTION]
  if (!adoption.isActive) return null
  store(socket, connection)
  return adoption.transferTo(connection) ? adoption : null
}

/**
 * What Node has read comes first.
 *
 * @param {any} socket
 * @param {import('../connection/seam').Connection} connection
 */
function store (socket, connection) {
  for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) connection.delivery.store(chunk)
}

/** @param {any} socket */
function qualifies (socket) {
  if (!IS_SUPPORTED) return false
  const handle = socket._handle
  if (!handle || !(handle.fd >= 0) || typeof handle.readStop !== 'function' || !isPlain(socket)) return false
  return isIdle(socket)
}

/**
 * Whether a connected socket has nothing to do for its program.
 *
 * @param {any} socket
 */
function isIdle (socket) {
  if (socket.listenerCount('data') + socket.listenerCount('readable') > 0) return false
  if (socket.writableLength > 0 || socket.writableCorked > 0) return false
  if (socket.writableEnded || socket.destroyed || socket.connecting) return false
  return !socket._readableState.ended && !socket.readableEncoding
}

/** @type {Buffer} */
const NOTHING_LEFT = Buffer.alloc(0)

module.exports = { Adoption, take, takeForRequest, takeOver }
