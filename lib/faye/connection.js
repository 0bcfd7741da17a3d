// @ts-check
'use strict'

const { arrayBufferOf } = require('../bytes')
const { PINGS, PONGS } = require('../connection/seam')
const { headersObject } = require('../http/request')
const { reasonOf } = require('../reason')
const { nextTick } = require('../scheduling')
const transports = require('../transport')
const { Driver } = require('../websocket-driver/driver')
const diagnostics = require('./diagnostics')
const { dispatch, dispatchMessage, emitData } = require('./event')
const { Lifetime, isLimited } = require('./lifetime')
const { CONNECTING, OPEN, CLOSING, CLOSED } = require('./ready_state')

/** @type {{ headers?: Record<string, string>, statusCode?: number }} */
const NO_RESPONSE = {}
/** What `close` reports without a close frame of the peer. @type {[string | null, number | null]} */
const NO_CLOSE_FRAME = ['', 1006]
/** The property of a public socket that contains its connection. */
const CONNECTION = Symbol('connection')

/**
 * The inner part of a WebSocket or a Client: state, stream, transport, queue, and teardown. Separate from the public
 * object, because programs replace members of the public object. As an observer it receives the events of the engine.
 * As an owner it receives the result of a client's dial.
 *
 * @implements {Observer}
 * @implements {Owner}
 * @typedef {import('../connection/seam').Observer} Observer
 * @typedef {import('../transport/dial').Owner} Owner
 * @typedef {import('../connection/connection').Connection} Engine
 * @typedef {import('../websocket-driver/observer').DriverObserver} DriverObserver
 * @typedef {any} Socket a WebSocket or a Client
 */
class SocketConnection {
  #isStream
  #url
  #target
  /** @type {Lifetime | null} most connections need none */
  #lifetime
  /** @type {import('../transport/dial').Dial | null} null on a server */
  #dial = null
  /** @type {any} */
  #stream = null
  /** @type {any} an earlier stream, which another stream has replaced */
  #detached = null
  /** @type {import('../transport/transport').Transport | null} */
  #transport = null
  /** @type {{ driver: Driver, observer: DriverObserver } | null} created when a program first reads `_driver` */
  #face = null
  /** The control frames that this object needs. */
  #wants = 0
  /** The control frames that subscribers of diagnostics channels need. */
  #watched = 0
  /** @type {{ headers?: Record<string, string>, statusCode?: number }} the server's response to a client */
  #response = NO_RESPONSE
  /** @type {[string | null, number | null]} */
  #closeParams = NO_CLOSE_FRAME
  /** @type {import('../connection/queue').Queue | null} a Blob and the messages behind it */
  queue = null
  givesArrayBuffers = false
  /** Whether the application has closed, terminated or aborted the connection. */
  isOurs = false
  #hasEnded = false

  /**
   * @param {Socket} socket
   * @param {Engine} engine
   * @param {any} options
   * @param {any} url of the peer
   * @param {import('../http/url').Target | null} target the peer of a client
   */
  constructor (socket, engine, options, url, target) {
    this.socket = socket
    this.engine = engine
    this.#url = url
    this.#target = target
    this.#isStream = options.transport === 'stream'
    this.#lifetime = isLimited(options) ? new Lifetime(this, options) : null
    engine.observer = this
  }

  // Properties for programs.

  get stream () {
    return this.#stream
  }

  /** The interface of websocket-driver to this connection. */
  get driver () {
    if (this.#face === null) {
      const driver = new Driver(this.engine, this.#url, this.#target === null ? null : this.#target.url)
      this.#face = { driver, observer: Driver.observerOf(driver) }
      // The response may have arrived before the program first reads `_driver`.
      if (this.#response.headers !== undefined) this.#face.observer.readResponse()
    }
    return this.#face.driver
  }

  /** The `readyState` of the public object: programs and test doubles may set it. */
  get state () {
    return this.socket.readyState
  }

  /** Bytes that were sent and that the kernel has not accepted. */
  get bufferedAmount () {
    if (this.state === CLOSED) return 0
    return this.engine.outgoing.bufferedAmount + (this.#transport === null ? 0 : this.#transport.writableLength)
  }

  get isAborted () {
    return this.#lifetime !== null && this.#lifetime.isAborted
  }

  /** Whether the reactor moves the bytes; undefined without a transport. */
  get isNative () {
    return this.#transport?.isNative
  }

  // The start.

  /** Ends the connection before it begins: in the next tick, so that handlers attached in this tick receive `close`. */
  endSoon () {
    this.socket.readyState = CLOSING
    nextTick(() => this.#tearDown('end'))
  }

  /** Starts timers, and listens to the abort signal. */
  begin () {
    this.#lifetime?.begin()
  }

  /** Connects the engine to the stream. */
  connect () {
    this.#transport = transports.connect(this.#stream, this.engine, this.#isStream)
  }

  /** Starts the opening handshake. */
  start () {
    this.#transport?.start()
  }

  /** @param {import('../transport/dial').Dial} dial */
  dial (dial) {
    this.#dial = dial
  }

  /** Listens to a stream. @param {any} stream */
  useStream (stream) {
    this.#stream = stream
    if (stream.setTimeout) stream.setTimeout(0)
    if (stream.setNoDelay) stream.setNoDelay(true)
    // After the end of the connection, the end of its stream causes nothing.
    const ended = () => { if (!this.#hasEnded) this.#enterFor(stream, () => this.#streamEnded()) }
    stream.on('close', ended)
    stream.on('end', ended)
    stream.on('error', (/** @type {any} */ error) => this.#enterFor(stream, () => this.#streamFailed(error)))
  }

  /** Returns whether a client still waits for the result of its dial. */
  isWaiting () {
    return this.state <= CONNECTING
  }

  detach () {
    this.#detached = this.#stream
    this.#transport = null
  }

  /** @param {import('../transport/transport').Transport} transport */
  useTransport (transport) {
    this.#transport = transport
  }

  startHandshake () {
    if (!this.isWaiting()) return
    this.connect()
    this.start()
  }

  /** @param {any} error */
  fail (error) {
    try {
      this.#streamFailed(error)
    } finally {
      this.abort()
    }
  }

  /**
   * Ends the connection, because the proxy has refused the tunnel. The proxy may keep the socket open.
   *
   * @param {Error} error
   */
  refuse ({ message }) {
    try {
      this.emitError(message)
    } finally {
      this.abort()
    }
  }

  /** Runs the work of an event or a timer in the context of the connection. @param {() => void} work */
  enter (work) {
    if (this.#transport) this.#transport.run(work)
    else work()
  }

  /**
   * Runs the work of an event of a stream, unless another stream has replaced it.
   *
   * @param {any} stream
   * @param {() => void} work
   */
  #enterFor (stream, work) {
    if (this.#detached !== stream) this.enter(work)
  }

  // The events of the engine.

  get wants () {
    return this.#face === null ? this.#wants : this.#wants | this.#face.observer.wants
  }

  opened () {
    this.#readResponse()
    this.#showResponse()
    if (this.state === CONNECTING) this.#opened()
    this.#face?.observer.opened()
  }

  #opened () {
    const { socket } = this
    socket.readyState = OPEN
    socket.protocol = this.engine.protocol || ''
    this.#watched = diagnostics.wants()
    this.#wants = this.#watched | (this.#lifetime?.opened() ? PONGS : 0)
    diagnostics.opened(socket, this.#stream)
    dispatch(socket, 'open')
  }

  /** @param {string | Buffer} data */
  received (data) {
    if (this.state <= OPEN) {
      const { socket } = this
      // Read before the handlers run: they may change the property for later messages.
      const asArrayBuffer = this.givesArrayBuffers && typeof data !== 'string'
      if (socket.readable) emitData(socket, data)
      dispatchMessage(socket, asArrayBuffer ? arrayBufferOf(data) : data)
    }
    if (this.#face !== null) this.#face.observer.received(data)
  }

  /** @param {Buffer} payload */
  pinged (payload) {
    if (this.#watched & PINGS) diagnostics.pinged(this.socket, payload)
    this.#face?.observer.pinged(payload)
  }

  /** @param {Buffer} payload */
  ponged (payload) {
    this.#lifetime?.answered(payload.toString())
    if (this.#watched & PONGS) diagnostics.ponged(this.socket, payload)
    this.#face?.observer.ponged(payload)
  }

  /** @param {import('../connection/seam').Failure} failure */
  failed (failure) {
    this.#readResponse()
    this.emitError(failure.message)
    this.#face?.observer.failed(failure)
  }

  drained () {
    this.socket.emit('drain')
  }

  /**
   * @param {number | null} code
   * @param {string | null} reason
   */
  closed (code, reason) {
    if (this.state !== CLOSED) {
      this.socket.readyState = CLOSING
      this.#closeParams = [reason, code]
      this.#tearDown('close')
    }
    this.#face?.observer.closed(code, reason)
  }

  /** Stores the server's response, also on the driver, where handlers may read it. */
  #readResponse () {
    const { responseHeaders, statusCode } = this.engine
    if (responseHeaders !== undefined) this.#response = { headers: headersObject(responseHeaders), statusCode }
    this.#face?.observer.readResponse()
  }

  /** Sets the server's response on a client, before `open` or `error` is emitted. */
  #showResponse () {
    if (this.#dial === null) return
    this.socket.headers = this.#response.headers
    this.socket.statusCode = this.#response.statusCode
  }

  /** @param {string} message */
  emitError (message) {
    this.#showResponse()
    if (this.state < CLOSING) dispatch(this.socket, 'error', { message })
  }

  // Teardown.

  /**
   * Begins the closing handshake after all queued messages.
   *
   * @param {number} code
   * @param {string} reason
   */
  close (code, reason) {
    const { state } = this
    if (state === CLOSED) return
    if (state < CLOSING) {
      this.isOurs = true
      this.#closing()
    }
    this.socket.readyState = CLOSING
    if (this.queue === null || state === CONNECTING) this.engine.close(code, reason)
    else if (state === OPEN) this.queue.whenEmpty(() => this.engine.close(code, reason))
  }

  /** Starts the time limit for the end. */
  #closing () {
    this.#lifetime ??= new Lifetime(this, {})
    this.#lifetime.closing()
  }

  /** Aborts the connection for the application. */
  terminate () {
    if (this.state === CLOSED) return
    this.isOurs = true
    this.abort()
  }

  /** Closes the socket at once, and emits `close`. */
  abort () {
    this.#tearDown('abort')
  }

  /** @param {string} reason */
  networkFailed (reason) {
    const name = this.#target === null ? this.#url : this.#target.name
    this.emitError(`Network error: ${name}: ${reason}`)
  }

  /** Ends the connection, after undelivered messages of a paused application have been delivered. */
  #streamEnded () {
    if (this.#stream.destroyed) this.engine.discardOutput()
    if (!this.engine.delivery.hasUndelivered(() => this.#streamEnded())) return this.#tearDown('end')
    // No time limit while the application has paused. Sessions of extensions have one.
    if (!this.engine.delivery.isPaused) this.#closing()
  }

  /**
   * Delivers all messages, even while paused, and ends the connection with an error.
   *
   * @param {any} error
   */
  #streamFailed (error) {
    diagnostics.failed(error)
    try {
      this.engine.delivery.deliverRest()
      this.networkFailed(reasonOf(error))
    } finally {
      this.#tearDown('end')
    }
  }

  /**
   * Ends the connection, whatever the cause. After the first call, only `abort` has an effect, and only on the socket.
   *
   * @param {'close' | 'end' | 'abort'} how the method of the transport
   */
  #tearDown (how) {
    this.#dial?.cancel()
    const hasEnded = this.state === CLOSED
    if (hasEnded && how !== 'abort') return
    this.socket.readyState = CLOSED
    this.#lifetime?.ended()
    try {
      if (this.#stream !== null) transports.disconnect(this.#stream, this.#transport, how)
    } finally {
      if (!hasEnded) this.#ended()
    }
  }

  #ended () {
    const { socket } = this
    this.#hasEnded = true
    this.queue?.abandon()
    this.engine.abandon()

    const [reason, code] = this.#closeParams
    diagnostics.closed(socket, code, reason)
    try {
      if (socket.readable) socket.emit('end')
    } finally {
      socket.readable = socket.writable = false
      dispatch(socket, 'close', { code, reason })
    }
  }
}

/**
 * @param {Socket} socket
 * @returns {SocketConnection}
 */
function connectionOf (socket) {
  return socket[CONNECTION]
}

module.exports = { CONNECTION, SocketConnection, connectionOf }
