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
const { dispatch, dispatchMessage } = require('./event')
const { Lifetime } = require('./lifetime')
const { CONNECTING, OPEN, CLOSING, CLOSED } = require('./ready_state')

/** How a public socket names its connection. */
const CONNECTION = Symbol('connection')

/**
 * What is behind a WebSocket or a Client: its state, its stream and transport, what waits to be sent, and its end.
 * Kept apart from the public object, whose members programs replace. As an observer it hears what happens to the
 * engine's connection; as an owner, what happens on a client's way to its server.
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
  #lifetime
  /** @type {import('../transport/dial').Dial | null} of a client */
  #dial = null
  /** @type {any} */
  #stream = null
  /** @type {any} a stream that the connection has left for another */
  #detached = null
  /** @type {import('../transport/transport').Transport | null} */
  #transport = null
  /** @type {{ driver: Driver, observer: DriverObserver } | null} made when a program first asks for it */
  #face = null
  /** The control frames that we want to hear of. */
  #wants = 0
  /** Those that diagnostics channels want to hear of. */
  #watched = 0
  /** @type {{ headers?: Record<string, string>, statusCode?: number }} what a client's server has answered */
  #response = {}
  /** @type {[string | null, number | null]} */
  #closeParams = ['', 1006]
  /** @type {import('../connection/queue').Queue | null} what waits behind a Blob */
  queue = null
  givesArrayBuffers = false

  /**
   * @param {Socket} socket
   * @param {Engine} engine
   * @param {any} options
   * @param {{ url: any, name: any, target: URL | null }} place what the connection leads to, and its name in messages
   */
  constructor (socket, engine, options, place) {
    this.socket = socket
    this.engine = engine
    this.place = place
    this.#isStream = options.transport === 'stream'
    this.#lifetime = new Lifetime(this, options)
    engine.observer = this
  }

  // What programs may ask of us.

  get stream () {
    return this.#stream
  }

  /** websocket-driver's face of this connection. */
  get driver () {
    if (this.#face === null) {
      const driver = new Driver(this.engine, this.place.url, this.place.target)
      this.#face = { driver, observer: Driver.observerOf(driver) }
      // A program may look for the first time when the answer is there.
      if (this.#response.headers !== undefined) this.#face.observer.readResponse()
    }
    return this.#face.driver
  }

  /** `readyState` is the public object's: programs and test doubles may set it. */
  get state () {
    return this.socket.readyState
  }

  /** Bytes that have been sent and that the kernel has not taken. */
  get bufferedAmount () {
    if (this.state === CLOSED) return 0
    return this.engine.outgoing.bufferedAmount + (this.#transport === null ? 0 : this.#transport.writableLength)
  }

  /** The application has closed, terminated or aborted the connection. */
  get isOurs () {
    return this.#lifetime.isOurs
  }

  get isAborted () {
    return this.#lifetime.isAborted
  }

  /** Whether the reactor moves the bytes; undefined without a transport. */
  get isNative () {
    return this.#transport?.isNative
  }

  // The beginning.

  /** There is nothing to begin with. Handlers that are attached in this tick hear of the end. */
  endSoon () {
    this.socket.readyState = CLOSING
    nextTick(() => this.#tearDown('end'))
  }

  /** Starts timers, and listens to the signal that may abort the connection. */
  begin () {
    this.#lifetime.begin()
  }

  /** Connects the engine to its stream. */
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

  /** @param {any} stream */
  use (stream) {
    this.#stream = stream
    if (stream.setTimeout) stream.setTimeout(0)
    if (stream.setNoDelay) stream.setNoDelay(true)
    const unlessDetached = (/** @type {() => void} */ work) => { if (this.#detached !== stream) this.enter(work) }
    const ended = () => unlessDetached(() => this.#streamEnded())
    stream.on('close', ended)
    stream.on('end', ended)
    stream.on('error', (/** @type {any} */ error) => unlessDetached(() => this.#streamFailed(error)))
  }

  /** Whether a client still wants the connection that its dial makes. */
  isWaiting () {
    return this.state <= CONNECTING
  }

  detach () {
    this.#detached = this.#stream
    this.#transport = null
  }

  /** @param {import('../transport/transport').Transport} transport */
  moveBy (transport) {
    this.#transport = transport
  }

  arrive () {
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
   * Any answer of a proxy but a tunnel ends the connection, even if the proxy keeps it open.
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

  /**
   * Runs work that an event or a timer brings, in the context of the connection.
   *
   * @param {() => void} work
   */
  enter (work) {
    if (this.#transport) this.#transport.run(work)
    else work()
  }

  // What the engine tells.

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
    this.#wants = this.#watched | (this.#lifetime.opened() ? PONGS : 0)
    diagnostics.opened(socket, this.#stream)
    dispatch(socket, 'open')
  }

  /** @param {string | Buffer} data */
  received (data) {
    if (this.state <= OPEN) {
      const { socket } = this
      // A handler of this message may change it for those to come.
      const asArrayBuffer = this.givesArrayBuffers && typeof data !== 'string'
      if (socket.readable) socket.emit('data', data)
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
    this.#lifetime.answered(payload.toString())
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

  /** Handlers may look at the answer on the driver as well. */
  #readResponse () {
    const { responseHeaders, statusCode } = this.engine
    if (responseHeaders !== undefined) this.#response = { headers: headersObject(responseHeaders), statusCode }
    this.#face?.observer.readResponse()
  }

  /** A client has the server's answer, good or bad, before the application hears of it. */
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

  // The end.

  /**
   * Begins the closing handshake, behind what waits to be sent.
   *
   * @param {number} code
   * @param {string} reason
   */
  close (code, reason) {
    const { state } = this
    if (state === CLOSED) return
    if (state < CLOSING) {
      this.#lifetime.isOurs = true
      this.#lifetime.closing()
    }
    this.socket.readyState = CLOSING
    if (this.queue === null || state === CONNECTING) this.engine.close(code, reason)
    else if (state === OPEN) this.queue.whenEmpty(() => this.engine.close(code, reason))
  }

  /** The application ends the connection at once. */
  terminate () {
    if (this.state === CLOSED) return
    this.#lifetime.isOurs = true
    this.abort()
  }

  /** Ends the connection at once. */
  abort () {
    this.#tearDown('abort')
  }

  /** @param {string} reason */
  networkFailed (reason) {
    this.emitError(`Network error: ${this.place.name}: ${reason}`)
  }

  /** What has arrived and waits for a paused reader is still delivered, and the end comes behind it. */
  #streamEnded () {
    if (this.#stream.destroyed) this.engine.discardOutput()
    if (!this.engine.delivery.hasUndelivered(() => this.#streamEnded())) return this.#tearDown('end')
    // A paused application may take its time; a session may not.
    if (!this.engine.delivery.isPaused) this.#lifetime.closing()
  }

  /** @param {any} error a reset ends a pause */
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
   * The one road to the end. What ends already may be cut short.
   *
   * @param {'close' | 'end' | 'abort'} how the transport ends
   */
  #tearDown (how) {
    this.#dial?.cancel()
    const hasEnded = this.state === CLOSED
    if (hasEnded && how !== 'abort') return
    this.socket.readyState = CLOSED
    this.#lifetime.ended()
    try {
      if (this.#stream !== null) transports.disconnect(this.#stream, this.#transport, how)
    } finally {
      if (!hasEnded) this.#ended()
    }
  }

  #ended () {
    const { socket } = this
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
