// @ts-check
'use strict'

const { Connection } = require('../connection/connection')
const { PINGS, PONGS, ReadyState } = require('../connection/seam')
const { nextTick, programClock, setImmediate } = require('../runtime')
const transports = require('../transport')
const { CLOSE_DESCRIPTIONS } = require('./close_codes')
const { policyOf } = require('./config')
const { frameOf } = require('./received_frame')
const { Keepalive } = require('./keepalive')
const { State } = require('./state')

/** The property by which a WebSocketConnection has its Link. */
const LINK = Symbol('link')

/**
 * The inner part of a WebSocketConnection: its engine, its transport, its timers and its end. The public object, whose
 * methods programs call and replace, has none of these. As the observer of the engine it calls those methods.
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
  /** How the peer has broken the protocol, in words; `''` if it has not. */
  #violation = ''
  /** @type {import('../runtime').Timer | null} */
  #closeTimer = null
  /** Whether `resume()` was called in this tick. It takes effect in the next one. */
  isResuming = false
  /** Whether the transport has ended, and has given the socket what was left. */
  #hasEnded = false
  /** @type {import('../connection/queue').Queue | null} messages that wait until a Blob has been read */
  queue = null

  /** @param {WebSocketConnection} connection */
  constructor (connection) {
    this.#connection = connection
    this.keepalive = new Keepalive(connection, this)
  }

  /** The engine. A connection that a program has constructed begins on first use. */
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

  /** Listens to the socket and reads from it. A server answers the handshake first, if it has not done so. */
  listen () {
    if (this.#transport !== null) return
    const connection = this.#connection
    const { config, maskOutgoingPackets, socket } = connection
    const isClient = Boolean(maskOutgoingPackets)
    // Without an engine, the handshake is complete.
    const engine = this.#engine ?? this.establish(Connection.established(isClient, policyOf(config, isClient)))
    socket.on('error', (/** @type {any} */ error) => this.enter(() => connection.handleSocketError(error)))
    socket.on('end', () => this.enter(() => connection.handleSocketEnd()))
    socket.on('close', (/** @type {boolean} */ hadError) => this.enter(() => this.#socketClosed(hadError)))
    // A socket says that it begins to flow before it brings anything.
    nextTick(() => this.enter(() => {
      if (connection.connected && !connection.inputPaused) connection.handleSocketResume()
    }))
    socket.on('pause', this.#socketPaused)
    socket.on('resume', this.#socketResumed)
    this.#transport = transports.connect(socket, engine, config.transport === 'stream')
    if (engine.readyState === ReadyState.Connecting) this.#transport.start()
  }

  /** A program that pauses the socket itself pauses the connection. */
  #socketPaused = () => {
    const connection = this.#connection
    if (connection.connected && this.#transport?.isReading) this.enter(() => connection.pause())
  }

  /** A program has resumed the socket itself. Node says so, too, of one that was paused again meanwhile. */
  #socketResumed = () => {
    const connection = this.#connection
    const { connected, inputPaused, socket } = connection
    // A transport that ends lets the rest of the stream flow.
    if (this.#hasEnded || !connected || !inputPaused || socket.readableFlowing === false) return
    this.enter(() => connection.resume())
  }

  /** Whether the reactor moves the bytes; undefined without a transport. */
  get isNative () {
    return this.#transport?.isNative
  }

  /** Bytes of messages that the kernel has not taken yet. */
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
   * Takes bytes of the peer that have come with the opening handshake, and delivers them in the next turn of the event
   * loop: by then a program that awaits the connection has attached its listeners, too.
   *
   * @param {Uint8Array} bytes
   */
  receiveSoon (bytes) {
    const { delivery } = this.engine
    delivery.store(bytes)
    delivery.deliverLater()
  }

  /**
   * Takes bytes that a program passes in the place of the peer.
   *
   * @param {Buffer} bytes
   */
  receive (bytes) {
    const { delivery } = this.engine
    if (this.#transport === null) delivery.receive(bytes)
    else this.#transport.receivedBeside(bytes)
  }

  // The methods that the engine calls.

  get wants () {
    return PINGS | PONGS
  }

  opened () {}

  /** @param {string | Buffer} data */
  received (data) {
    const connection = this.#connection
    this.keepalive.heard()
    if (!connection.connected) return
    connection.emit('message', typeof data === 'string'
      ? { type: 'utf8', utf8Data: data }
      : { type: 'binary', binaryData: data })
  }

  /** @param {import('../connection/seam').Frame} frame */
  framed (frame) {
    const connection = this.#connection
    this.keepalive.heard()
    if (connection.connected) connection.emit('frame', frameOf(connection, frame))
  }

  /** @param {Buffer} payload answered unless a listener cancels that */
  pinged (payload) {
    const connection = this.#connection
    this.keepalive.heard()
    if (connection.listenerCount('ping') > 0) {
      let isCancelled = false
      connection.emit('ping', () => { isCancelled = true }, payload)
      if (isCancelled) return
    }
    connection.pong(payload)
  }

  /** @param {Buffer} payload */
  ponged (payload) {
    this.keepalive.heard()
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
    // The peer has answered our close frame. The socket ends already.
    if (!connection.connected) return
    connection.state = State.PeerRequestedClose
    connection.closeReasonCode = code ?? -1
    connection.closeDescription = reason ?? CLOSE_DESCRIPTIONS[connection.closeReasonCode]
    connection.connected = false
    this.end()
  }

  // The end.

  /** @param {number} milliseconds that the peer has to end its half of the socket, after our close frame */
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

  /** Ends our half of the socket behind what was sent, also behind a message that is still being compressed. */
  end () {
    const engine = this.#engine
    if (engine !== null && (engine.isBusy || !engine.sessionsAreIdle)) setImmediate(() => this.end())
    else this.#leave('end')
  }

  /** Ends our half, because the peer has ended its half. What a paused program has not read yet is delivered first. */
  peerEnded () {
    const { delivery } = this.engine
    if (!delivery.holdsBack(() => this.peerEnded())) this.end()
  }

  /** @param {boolean} hadError */
  #socketClosed (hadError) {
    const connection = this.#connection
    this.#engine?.dropOutput()
    // What came before the peer's end is delivered. A program that destroys the socket itself wants no more of it.
    const isOfPeer = connection.connected && connection.receivedEnd
    if (isOfPeer && this.engine.delivery.holdsBack(() => this.#socketClosed(hadError))) return
    connection.handleSocketClose(hadError)
  }

  /** @param {'end' | 'abort'} how */
  #leave (how) {
    this.#hasEnded = true
    transports.leave(this.#connection.socket, this.#transport, how)
  }

  /** Closes the socket at once. What was sent is offered to the kernel before. */
  abort () {
    try {
      this.#leave('abort')
    } finally {
      this.over()
    }
  }

  /** Stops the timers and releases the engine. Nothing is emitted any more. */
  over () {
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

/**
 * @param {WebSocketConnection} connection
 * @returns {Link}
 */
function linkOf (connection) {
  return connection[LINK]
}

/**
 * Gives a connection its engine, before it listens to its socket.
 *
 * @param {WebSocketConnection} connection
 * @param {Connection} engine
 */
function establish (connection, engine) {
  linkOf(connection).establish(engine)
}

module.exports = { LINK, Link, establish, linkOf }
