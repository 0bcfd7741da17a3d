// @ts-check
'use strict'

const { Connection } = require('../connection/connection')
const { PINGS, PONGS, ReadyState } = require('../connection/seam')
const { nextTick, programClock, setImmediate } = require('../scheduling')
const transports = require('../transport')
const { CLOSE_DESCRIPTIONS } = require('./close_codes')
const { policyOf } = require('./config')
const { frameOf } = require('./received_frame')
const { Keepalive } = require('./keepalive')
const { State } = require('./state')

/** The property of a WebSocketConnection that contains its Link. */
const LINK = Symbol('link')

/**
 * The internal part of a WebSocketConnection: its engine, its transport, its timers and its teardown. The public object
 * has none of these. The link observes the engine, and calls the public methods, which programs may replace.
 *
 * @implements {Observer}
 * @typedef {import('../connection/seam').Observer} Observer
 * @typedef {any} WebSocketConnection
 */
class Link {
  #connection
  /** @type {Connection | null} */
  #engine = null
  /** @type {import('../transport/transport').Transport | null} */
  #transport = null
  /** The message of the peer's protocol violation; `''` if there is none. */
  #violation = ''
  /** @type {import('../scheduling').Timer | null} */
  #closeTimer = null
  /** Whether `resume()` was called in this tick. The call takes effect in the next tick. */
  isResuming = false
  /** Whether the transport has ended and has passed its remaining output to the socket. */
  #hasEnded = false
  /** Whether the timers are stopped and the engine is abandoned. */
  #isOver = false
  /** @type {import('../connection/queue').Queue | null} messages behind a Blob that is being read */
  queue = null

  /** @param {WebSocketConnection} connection */
  constructor (connection) {
    this.#connection = connection
    this.keepalive = new Keepalive(connection, this)
  }

  /** The engine. If the program has constructed the connection, the first access starts it. */
  get engine () {
    if (this.#engine === null) this.listen()
    return /** @type {Connection} */ (this.#engine)
  }

  /** @param {Connection} engine */
  establish (engine) {
    this.#engine = engine
    engine.observer = this
    return engine
  }

  /** Listens to the socket and reads from it. On a server, responds to the opening handshake if it is still pending. */
  listen () {
    if (this.#transport !== null) return
    const connection = this.#connection
    const { config, maskOutgoingPackets, socket } = connection
    const isClient = Boolean(maskOutgoingPackets)
    // Without an engine, the opening handshake is complete.
    const engine = this.#engine ?? this.establish(Connection.established(isClient, policyOf(config, isClient)))
    socket.on('error', (/** @type {any} */ error) => this.enter(() => connection.handleSocketError(error)))
    socket.on('end', () => this.enter(() => connection.handleSocketEnd()))
    socket.on('close', (/** @type {boolean} */ hadError) => this.enter(() => this.#socketClosed(hadError)))
    nextTick(resume, this)
    socket.on('pause', this.#socketPaused)
    socket.on('resume', this.#socketResumed)
    this.#transport = transports.connect(socket, engine, config.transport === 'stream')
    if (engine.readyState === ReadyState.Connecting) engine.start()
  }

  /** Emits `resume` before the first bytes, as a socket of Node does. */
  resume () {
    const connection = this.#connection
    if (!connection.connected || connection.inputPaused) return
    // Without a listener, no code of the program runs, which would need the context.
    if (connection.listenerCount('resume') === 0) connection.handleSocketResume()
    else this.enter(() => connection.handleSocketResume())
  }

  /** Pauses the connection when the program has paused the socket itself. */
  #socketPaused = () => {
    const connection = this.#connection
    if (connection.connected && this.#transport?.isReading) this.enter(() => connection.pause())
  }

  /**
   * Resumes the connection when the program has resumed the socket itself. Node emits `resume` even if the socket was
   * paused again in the meantime.
   */
  #socketResumed = () => {
    const connection = this.#connection
    const { connected, inputPaused, socket } = connection
    // A transport that has ended resumes the socket itself, to discard the remaining bytes.
    if (this.#hasEnded || !connected || !inputPaused || socket.readableFlowing === false) return
    this.enter(() => connection.resume())
  }

  /** Whether the reactor moves the bytes; undefined without a transport. */
  get isNative () {
    return this.#transport?.isNative
  }

  /** The bytes of messages that the kernel has not accepted yet. */
  get bufferedAmount () {
    if (this.#engine === null || this.#connection.state === State.Closed) return 0
    const { bufferedAmount } = this.#engine.outgoing
    if (this.#hasEnded) return bufferedAmount + this.#connection.socket.writableLength
    return bufferedAmount + (this.#transport === null ? 0 : this.#transport.writableLength)
  }

  /**
   * Runs the work of an event or a timer in the context of the connection.
   *
   * @param {() => void} work
   */
  enter (work) {
    if (this.#transport === null) work()
    else this.#transport.run(work)
  }

  /**
   * Stores bytes that came with the opening handshake, and delivers them in a later turn of the event loop. By then, a
   * program that awaits the connection has attached its listeners.
   *
   * @param {Uint8Array} bytes
   */
  receiveSoon (bytes) {
    const { delivery } = this.engine
    delivery.store(bytes)
    delivery.deliverLater()
  }

  /**
   * Handles bytes from the program as if the peer had sent them.
   *
   * @param {Buffer} bytes
   */
  receive (bytes) {
    const { delivery } = this.engine
    if (this.#transport === null) delivery.receive(bytes)
    else this.#transport.receivedFromProgram(bytes)
  }

  // The methods that the engine calls.

  get wants () {
    return PINGS | PONGS
  }

  opened () {}

  /** @param {string | Buffer} data */
  received (data) {
    const connection = this.#connection
    this.keepalive.frameReceived()
    if (!connection.connected) return
    connection.emit('message', typeof data === 'string'
      ? { type: 'utf8', utf8Data: data }
      : { type: 'binary', binaryData: data })
  }

  /** @param {import('../connection/seam').Frame} frame */
  framed (frame) {
    const connection = this.#connection
    this.keepalive.frameReceived()
    if (connection.connected) connection.emit('frame', frameOf(connection, frame))
  }

  /**
   * Answers with a pong, unless a listener of `ping` cancels the pong.
   *
   * @param {Buffer} payload
   */
  pinged (payload) {
    const connection = this.#connection
    this.keepalive.frameReceived()
    if (connection.listenerCount('ping') > 0) {
      let isCancelled = false
      connection.emit('ping', () => { isCancelled = true }, payload)
      if (isCancelled) return
    }
    connection.pong(payload)
  }

  /** @param {Buffer} payload */
  ponged (payload) {
    this.keepalive.frameReceived()
    this.#connection.emit('pong', payload)
  }

  /** @param {import('../connection/seam').Failure} failure */
  failed ({ message }) {
    this.#violation = message
  }

  drained () {
    this.#connection.handleSocketDrain()
  }

  /**
   * @param {number | null} code
   * @param {string | null} reason
   */
  closed (code, reason) {
    const connection = this.#connection
    if (this.#violation !== '') return connection.drop(code, this.#violation)
    // The peer has answered our close frame. Our half of the socket is already ending.
    if (!connection.connected) return
    connection.state = State.PeerRequestedClose
    connection.closeReasonCode = code ?? -1
    connection.closeDescription = reason ?? CLOSE_DESCRIPTIONS[connection.closeReasonCode]
    connection.connected = false
    this.end()
  }

  // Teardown.

  /** @param {number} milliseconds time for the peer to end its half of the socket after our close frame */
  startCloseTimer (milliseconds) {
    this.stopCloseTimer()
    this.#closeTimer = programClock.timeout(() => {
      this.#closeTimer = null
      this.enter(() => this.#connection.handleCloseTimer())
    }, milliseconds)
  }

  stopCloseTimer () {
    this.#closeTimer?.stop()
    this.#closeTimer = null
  }

  /** Ends our half of the socket after everything sent so far, including a message that is still being compressed. */
  end () {
    const engine = this.#engine
    if (engine !== null && (engine.isBusy || !engine.sessionsAreIdle)) setImmediate(() => this.end())
    else this.#disconnect('end')
  }

  /**
   * Ends our half of the socket, because the peer has ended its half. If messages are still waiting for a paused
   * program or for extensions, ends it after their delivery.
   */
  peerEnded () {
    const { delivery } = this.engine
    if (!delivery.hasUndelivered(() => this.peerEnded())) this.end()
  }

  /** @param {boolean} hadError */
  #socketClosed (hadError) {
    const connection = this.#connection
    if (!this.#isOver) this.#engine?.discardOutput()
    // Delivers messages from before the peer's end first. If the program has destroyed the socket, discards them.
    const isOfPeer = connection.connected && connection.receivedEnd
    if (isOfPeer && this.engine.delivery.hasUndelivered(() => this.#socketClosed(hadError))) return
    try {
      connection.handleSocketClose(hadError)
    } finally {
      // The method of the program, if it has replaced ours, need not end the link.
      this.ended()
    }
  }

  /** @param {'end' | 'abort'} how */
  #disconnect (how) {
    this.#hasEnded = true
    transports.disconnect(this.#connection.socket, this.#transport, how)
  }

  /** Offers the unsent bytes to the kernel, then closes the socket at once. */
  abort () {
    try {
      this.#disconnect('abort')
    } finally {
      this.ended()
    }
  }

  /** Stops the timers and abandons the queue and the engine. No events follow. */
  ended () {
    if (this.#isOver) return
    this.#isOver = true
    this.stopCloseTimer()
    this.keepalive.end()
    this.queue?.abandon()
    this.#engine?.abandon()
    const { socket } = this.#connection
    socket.removeListener('pause', this.#socketPaused)
    socket.removeListener('resume', this.#socketResumed)
  }

  /**
   * Emits the error of a Blob that could not be read. `abort` follows.
   *
   * @param {string} message
   */
  emitError (message) {
    const connection = this.#connection
    connection.closeReasonCode = 1006
    connection.closeDescription = message
    if (connection.listenerCount('error') > 0) connection.emit('error', new Error(message))
  }
}

/** @param {Link} link */
function resume (link) {
  link.resume()
}

/**
 * @param {WebSocketConnection} connection
 * @returns {Link}
 */
function linkOf (connection) {
  return connection[LINK]
}

/**
 * Sets the engine of a connection, before the connection listens to its socket.
 *
 * @param {WebSocketConnection} connection
 * @param {Connection} engine
 */
function establish (connection, engine) {
  linkOf(connection).establish(engine)
}

module.exports = { LINK, Link, establish, linkOf }
