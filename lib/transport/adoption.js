// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const native = require('../native')
const { clock, setImmediate } = require('../scheduling')
const {
  ADOPTION, AdoptedSocket, changeClass, formerAdoption, isPlain, restorePrototype, restoreSocket, setPrototypes
} = require('./adopted')
const { dispatcherOfThisEnvironment } = require('./dispatcher')
const { IS_SUPPORTED } = require('./platform')
const { RequestSocket, ServerSocket, isRequestSocket } = require('./request_socket')
const { SecureSocket } = require('./secure_socket')
const { reserveMembers } = require('./server_members')

/**
 * The adoption of a socket: the reactor reads and writes the descriptor, and the socket remains its owner. Adopts the
 * socket and gives it back, and keeps Node's counters and timeouts correct in between. Does not interpret the bytes.
 *
 * The reactor gives a socket back when a program uses the socket itself, and when the peer has ended its half, so that
 * Node ends the socket as usual. Methods that a program has replaced must see the bytes. Therefore the reactor adopts
 * no socket with such methods (untouched.js), and gives a socket back before the next write if its methods have
 * changed. Messages that the reactor has already decoded are still delivered.
 *
 * @typedef {import('./dispatcher').Receiver} Receiver
 *
 * @typedef {object} Owner the user of the bytes
 * @property {() => void} giveBack called when a program uses the socket itself
 * @property {(bytes: Buffer) => void} received called with bytes that a program has put into the socket
 * @property {(error?: any) => void} [detach] called when the socket gets another owner, or has closed
 * @property {(bytes: Uint8Array, done: (error?: any) => void) => void} [writeAround] TLS: writes bytes of the program
 * @property {(isPaused: boolean) => void} [pausedByProgram] TLS: called when a program pauses or resumes the socket
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
  /** @type {number[]} bytes read and written by the reactor in adoptions that have ended */
  #counted
  #readBefore
  #writtenBefore
  /** Whether the timeout of the socket has fired since the last message. */
  hasFired = false
  /** @type {import('../scheduling').Timer | null} for a timeout that was postponed by bytes of an incomplete message */
  #timer = null
  /** TLS: the records that the kernel had not accepted when the adoption ended. */
  rest = NOTHING_LEFT

  /**
   * @param {import('./dispatcher').Dispatcher} dispatcher
   * @param {number} number the reactor's number for the socket
   * @param {any} socket
   * @param {import('../connection/seam').Connection} connection
   * @param {typeof AdoptedSocket} type the class of the socket during the adoption
   */
  constructor (dispatcher, number, socket, connection, type) {
    this.#dispatcher = dispatcher
    this.#reactor = dispatcher.reactor
    this.#number = number
    this.#socket = socket
    this.#handle = socket._handle
    this.#connection = connection
    this.#class = type
    this.#counted = formerAdoption(this.#handle)?.counters() ?? NOTHING_COUNTED
    const { bytesRead, bytesWritten } = this.#handle
    this.#readBefore = bytesRead - this.#counted[0]
    this.#writtenBefore = bytesWritten - this.#counted[1]
  }

  /**
   * Passes the reactor's entries for the socket to this channel from now on.
   *
   * @param {Owner & Receiver} channel
   */
  begin (channel) {
    this.#owner?.detach?.()
    this.#owner = channel
    this.#dispatcher.add(this.#number, channel)
    if (this.#socket[ADOPTION] !== this) setPrototypes(this.#socket, this, this.#class)
    this.keepAlive(this.#handle.hasRef?.() ?? true)
  }

  /** The channel that currently receives the entries. */
  get owner () {
    return /** @type {any} */ (this.#owner)
  }

  /** Whether the reactor has the descriptor. */
  get isActive () {
    return this.#number >= 0
  }

  /** Whether the reactor speaks TLS over the socket. */
  get isTls () {
    return this.isActive && this.#class.isTls
  }

  /** Whether the socket has a descriptor that a stream could read. */
  get isOpen () {
    return !this.#socket.destroyed && this.#socket._handle === this.#handle
  }

  /** Whether a batch is in progress. */
  get isBatching () {
    return this.#dispatcher.isBatching
  }

  /** Whether the batch has used up its time in this turn of the event loop. */
  get isLate () {
    return this.#dispatcher.isLate
  }

  /**
   * Gives all sockets back if a program has replaced methods of their class. Returns whether that has ended this
   * adoption.
   */
  isGivenBack () {
    return this.#dispatcher.giveBackIfTouched() && this.#number < 0
  }

  /** Notifies the owner that a program uses the socket itself. */
  giveBack () {
    this.#owner?.giveBack()
  }

  /** @param {Buffer} bytes that a program has put into the socket */
  received (bytes) {
    this.#owner?.received(bytes)
  }

  /** Offers the output to the kernel. Returns false if the kernel does not accept all of it. */
  flush () {
    return this.#reactor.flush(this.#number)
  }

  /** @param {boolean} isReading */
  setReading (isReading) {
    if (this.#number >= 0) this.#reactor.setReading(this.#number, isReading)
  }

  /** The bytes that the kernel has not accepted. */
  get waiting () {
    return this.#number < 0 ? 0 : this.#reactor.waiting(this.#number)
  }

  /** TLS: the bytes in records that the kernel has not accepted. */
  get pending () {
    return this.#number < 0 ? 0 : this.#reactor.pending(this.#number)
  }

  /**
   * TLS: writes bytes of the program. Returns false if the kernel does not accept all of them.
   *
   * @param {Uint8Array} bytes
   */
  writeAround (bytes) {
    return this.#reactor.writeAround(this.#number, bytes)
  }

  /** TLS: notifies the owner that a program has paused or resumed the socket. @param {boolean} isPaused */
  pausedByProgram (isPaused) {
    if (this.#number >= 0) this.#owner?.pausedByProgram?.(isPaused)
  }

  /** TLS: returns the result of the handshake; null after the adoption. */
  agreement () {
    return this.#number < 0 ? null : this.#reactor.agreement(this.#number)
  }

  /** TLS: returns the results of the handshake that every connection of a server needs; null before its end. */
  greeting () {
    return this.#number < 0 ? null : this.#reactor.greeting(this.#number)
  }

  /** TLS: returns and removes the bytes that a client has sent in the handshake; null if bytes were sent to it. */
  takeFlight () {
    return this.#number < 0 ? null : this.#reactor.takeFlight(this.#number)
  }

  /** TLS: sends `close_notify`. Returns the bytes that the kernel has not accepted, including earlier records. */
  closeTls () {
    return this.#number < 0 ? NOTHING_LEFT : this.#reactor.closeTls(this.#number) ?? NOTHING_LEFT
  }

  /** TLS: passes bytes that the reactor reads from now on to the channel, with `Entry.Bytes`. */
  putAside () {
    this.#reactor.putAside(this.#number)
  }

  /**
   * TLS: transfers the socket to another connection. `begin` follows. Returns false if the kernel has not accepted all
   * output.
   *
   * @param {import('../connection/seam').Connection} connection
   */
  transferTo (connection) {
    if (!this.#reactor.transfer(this.#number, this.#connection.number, connection.number)) return false
    this.#connection = connection
    changeClass(this.#socket, this.#class = /** @type {any} */ (this.#class).secure)
    this.setReading(true)
    return true
  }

  /** Makes the reactor count the output from now on as replies to the peer. Returns the argument of `endReplies`. */
  beginReplies () {
    return this.#dispatcher.beginReplies(this.#number)
  }

  /** @param {number} before */
  endReplies (before) {
    this.#dispatcher.endReplies(before)
  }

  /**
   * Detaches the descriptor from the reactor. Returns false if the adoption has ended before.
   *
   * @param {boolean} [streamWrites] whether the stream writes the remaining output, because a program may watch it
   */
  detach (streamWrites = false) {
    if (this.#number < 0) return false
    const number = this.#number
    if (!streamWrites) this.flush()
    if (this.#class.endsTls) this.rest = this.closeTls()
    this.#counted = this.counters()
    this.keepAlive(false)
    this.#number = -1
    this.#dispatcher.remove(number)
    this.#reactor.remove(number, this.#connection.number)
    this.#connection.outgoing.passed()
    this.#timer?.stop()
    restoreSocket(this.#socket, this.#class)
    return true
  }

  /** TLS: ends the adoption of a socket to which no byte was sent, so that Node's TLS can use the socket. */
  returnToNode () {
    this.detach()
    restorePrototype(this.#socket, this.#class)
  }

  /** Lets Node's stream read again. */
  startStream () {
    this.#handle.reading = true
    this.#handle.readStart()
    this.#socket.resume()
  }

  /** Makes the socket emit the promised `drain`, although the stream now writes the bytes. */
  promiseDrain () {
    const socket = this.#socket
    const state = socket._writableState
    if (state.needDrain) return
    if (state.length > 0) state.needDrain = true
    else setImmediate(() => { if (!socket.destroyed) socket.emit('drain') })
  }

  /** @param {boolean} isAlive whether the socket keeps the process alive */
  keepAlive (isAlive) {
    if (isAlive === this.#isAlive || this.#number < 0) return
    this.#isAlive = isAlive
    this.#dispatcher.keepAlive(isAlive)
  }

  /** The bytes that the handle itself had read and written when the reactor adopted the socket. */
  get before () {
    return [this.#readBefore, this.#writtenBefore]
  }

  /** Returns the bytes read and written by the reactor. */
  counters () {
    if (this.#number < 0) return this.#counted
    const [read, written] = this.#reactor.counters(this.#number)
    return [this.#counted[0] + read, this.#counted[1] + written]
  }

  /** Restarts the timeout of the socket, because a message has arrived. */
  restartTimer () {
    if (!this.#socket.timeout) return
    this.hasFired = false
    this.#timer?.stop()
    this.#socket._unrefTimer()
  }

  /** Returns whether the socket was idle for its whole timeout. If not, sets a timer for the remaining time. */
  hasTimedOut () {
    const left = this.#socket.timeout - this.#reactor.idleTime(this.#number)
    // Timers fire up to a millisecond early.
    if (left < 1.5) return (this.hasFired = true)
    this.#timer = clock.timeout(() => this.#socket._onTimeout(), left).unref()
    return false
  }
}

/**
 * Adopts a socket. Returns null if the reactor cannot adopt it.
 *
 * @param {any} socket
 * @param {import('../connection/seam').Connection} connection
 * @param {import('./tls').Plan | null} plan for TLS
 * @param {typeof AdoptedSocket} type the class of the socket during the adoption
 */
function adopt (socket, connection, plan = null, type = plan === null ? AdoptedSocket : SecureSocket) {
  // TLS records that Node has already read cannot be distinguished from the plaintext before them.
  if (!qualifies(socket) || (plan !== null && socket.readableLength > 0)) return null
  const dispatcher = dispatcherOfThisEnvironment()
  if (dispatcher === null) return null
  const handle = socket._handle
  const number = dispatcher.reactor.add(handle.fd, connection.number, plan?.config, plan?.host)
  if (number === null) return null
  // Stops the handle only after this, because reading from the stream makes Node read from the kernel.
  store(socket, connection)
  handle.readStop()
  handle.reading = false
  return new Adoption(dispatcher, number, socket, connection, type)
}

/**
 * Adopts a socket, over which the reactor speaks TLS for a program. Returns null if the reactor cannot adopt it.
 *
 * @param {any} socket
 * @param {import('./tls').Plan} plan
 */
function adoptForRequest (socket, plan) {
  // The reactor writes the output of a connection. This connection only lends its outbox.
  const lender = native.Connection.established(true, {})
  /** @type {any} */
  const connection = { lender, number: lender.number, outgoing: { passed () {} } }
  return adopt(socket, connection, plan, RequestSocket)
}

/**
 * Adopts a socket of a server, over which the reactor speaks TLS for a program. Returns null if the reactor cannot
 * adopt it.
 *
 * @param {any} socket
 * @param {import('../../binding').TlsServerConfig} config
 */
function adoptForServer (socket, config) {
  if (!qualifies(socket) || socket.readableLength > 0) return null
  const dispatcher = dispatcherOfThisEnvironment()
  if (dispatcher === null) return null
  const handle = socket._handle
  const number = dispatcher.reactor.accept(handle.fd, config)
  if (number === null) return null
  handle.readStop()
  handle.reading = false
  reserveMembers(socket)
  return new Adoption(dispatcher, number, socket, NO_CONNECTION, ServerSocket)
}

/**
 * Transfers a socket, over which the reactor has spoken TLS for a program, to a connection. Returns null if the program
 * still uses the socket, or sees its bytes.
 *
 * @param {any} socket
 * @param {import('../connection/seam').Connection} connection
 */
function transferFromRequest (socket, connection) {
  if (!isRequestSocket(socket) || !isIdle(socket)) return null
  /** @type {Adoption} */
  const adoption = socket[ADOPTION]
  if (!adoption.isActive) return null
  store(socket, connection)
  return adoption.transferTo(connection) ? adoption : null
}

/**
 * Stores the bytes that Node has already read. They precede the bytes that the reactor reads.
 *
 * @param {any} socket
 * @param {import('../connection/seam').Connection} connection
 */
function store (socket, connection) {
  for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) connection.delivery.store(chunk)
}

/**
 * Returns whether the reactor could adopt a socket.
 *
 * @param {any} socket
 * @param {number} [listeners] the number of our own listeners for the bytes of the socket
 */
function qualifies (socket, listeners = 0) {
  if (!IS_SUPPORTED) return false
  const handle = socket._handle
  if (!handle || !(handle.fd >= 0) || typeof handle.readStop !== 'function' || !isPlain(socket)) return false
  return isIdle(socket, listeners)
}

/**
 * Returns whether a socket is connected, and its program neither reads nor writes.
 *
 * @param {any} socket
 * @param {number} [listeners] the number of our own listeners for the bytes of the socket
 */
function isIdle (socket, listeners = 0) {
  if (socket.listenerCount('data') + socket.listenerCount('readable') > listeners) return false
  if (socket.writableLength > 0 || socket.writableCorked > 0) return false
  if (socket.writableEnded || socket.destroyed || socket.connecting) return false
  return !socket._readableState.ended && !socket.readableEncoding
}

/** The connection of a socket that the reactor has accepted for a server. The reactor has an outbox for it. */
const NO_CONNECTION = /** @type {any} */ ({ number: undefined, outgoing: { passed () {} } })
/** @type {Buffer} */
const NOTHING_LEFT = Buffer.alloc(0)
const NOTHING_COUNTED = [0, 0]

module.exports = { Adoption, adopt, adoptForRequest, adoptForServer, qualifies, transferFromRequest }
