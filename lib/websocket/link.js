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

/** How a WebSocketConnection names what is behind it. */
const LINK = Symbol('link')

/**
 * What is behind a WebSocketConnection: its engine, its transport, its timers and its end. Kept apart from the public
 * object, whose methods programs call and replace. As an observer it hears what happens to the engine's connection.
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
  /** What the peer has done wrong. */
  #violation = ''
  /** @type {import('../runtime').Timer | null} */
  #closeTimer = null
  /** Whether the connection resumes in the next tick. */
  isResuming = false
  /** @type {import('../connection/queue').Queue | null} what waits behind a Blob */
  queue = null

  /** @param {WebSocketConnection} connection */
  constructor (connection) {
    this.#connection = connection
    this.keepalive = new Keepalive(connection, this)
  }

  /** A program that has made the connection itself gets an engine for a handshake that it has made, too. */
  get engine () {
    if (this.#engine === null) {
      const { config, maskOutgoingPackets } = this.#connection
      const policy = policyOf(config, Boolean(maskOutgoingPackets))
      this.establish(Connection.established(Boolean(maskOutgoingPackets), policy))
      this.listen()
    }
    return /** @type {Connection} */ (this.#engine)
  }

  /** @param {Connection} engine */
  establish (engine) {
    this.#engine = engine
    engine.observer = this
  }

  /** Begins to listen to the socket and to read from it. A server that has not answered the handshake does so. */
  listen () {
    if (this.#transport !== null) return
    const { engine } = this
    // The getter has listened for an engine of its own.
    if (this.#transport !== null) return
    const { config, socket } = this.#connection
    const connection = this.#connection
    socket.on('error', (/** @type {any} */ error) => this.enter(() => connection.handleSocketError(error)))
    socket.on('end', () => this.enter(() => connection.handleSocketEnd()))
    socket.on('close', (/** @type {boolean} */ hadError) => this.enter(() => this.#socketClosed(hadError)))
    this.#transport = transports.connect(socket, engine, config.transport === 'stream')
    if (engine.readyState === ReadyState.Connecting) this.#transport.start()
    nextTick(() => this.#transport?.enter(() => this.#flow()))
  }

  /** A socket that begins to flow says so, and brings what it has read before. */
  #flow () {
    const connection = this.#connection
    if (connection.connected && !connection.inputPaused) connection.handleSocketResume()
    this.#engine?.delivery.deliver()
  }

  /** Whether the reactor moves the bytes; undefined without a transport. */
  get isNative () {
    return this.#transport?.isNative
  }

  /** Bytes that have been sent and that the kernel has not taken. */
  get bufferedAmount () {
    if (this.#engine === null || this.#connection.state === 'closed') return 0
    return this.#engine.outgoing.bufferedAmount + (this.#transport === null ? 0 : this.#transport.writableLength)
  }

  /**
   * Runs work that an event or a timer brings, in the context of the connection.
   *
   * @param {() => void} work
   */
  enter (work) {
    if (this.#transport === null) work()
    else this.#transport.run(work)
  }

  /**
   * Takes bytes of the peer that the socket has not read for us: those that came with the opening handshake. They are
   * delivered when the program has had the time to listen.
   *
   * @param {Uint8Array} bytes
   */
  receiveSoon (bytes) {
    const { delivery } = this.engine
    delivery.store(bytes)
    nextTick(() => this.#transport?.enter(() => delivery.deliver()))
  }

  /**
   * Takes bytes that a program gives us as those of the peer.
   *
   * @param {Buffer} bytes
   */
  receive (bytes) {
    const { delivery } = this.engine
    if (this.#transport === null) delivery.receive(bytes)
    else this.#transport.receivedBeside(bytes)
  }

  // What the engine tells.

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
    // The peer has answered our close frame: the socket ends already.
    if (!connection.connected) return
    connection.state = 'peer_requested_close'
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

  /** Our half of the socket ends, behind what was sent; a message that is being compressed comes first. */
  end () {
    const engine = this.#engine
    if (engine !== null && (engine.isBusy || !engine.sessionsAreIdle)) setImmediate(() => this.end())
    else transports.leave(this.#connection.socket, this.#transport, 'end')
  }

  /** The peer has ended its half. What has arrived and waits for a paused reader comes first. */
  peerEnded () {
    const { delivery } = this.engine
    if (!delivery.holdsBack(() => this.peerEnded())) this.end()
  }

  /** @param {boolean} hadError */
  #socketClosed (hadError) {
    const connection = this.#connection
    this.#engine?.dropOutput()
    if (connection.connected && this.engine.delivery.holdsBack(() => this.#socketClosed(hadError))) return
    connection.handleSocketClose(hadError)
  }

  /** The socket closes now: the kernel is offered what was sent. */
  abort () {
    try {
      transports.leave(this.#connection.socket, this.#transport, 'abort')
    } finally {
      this.over()
    }
  }

  /** Nothing comes any more: gives everything back. */
  over () {
    this.stopCloseTimer()
    this.keepalive.stop()
    this.queue?.abandon()
    this.#engine?.abandon()
  }

  /**
   * A Blob could not be read: `abort` follows.
   *
   * @param {string} message
   */
  emitError (message) {
    const connection = this.#connection
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
