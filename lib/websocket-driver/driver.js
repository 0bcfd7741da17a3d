// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { EventEmitter } = require('node:events')
const { inspect } = require('node:util')
const { asBuffer, isUint8Array, unshared } = require('../bytes')
const native = require('../native')
const { MAX_TURN, STEPS_BETWEEN_LOOKS, now, setImmediate } = require('../runtime')
const { Callback } = require('../callback')
const { Extensions } = require('../connection/extensions')
const { nativeOptions } = require('../http/options')
const { headersObject, isSecureRequest } = require('../http/request')
const { Proxy } = require('./proxy')
const { reasonOf } = require('../reason')
const { Receipts, refuse } = require('../connection/receipts')
const { Sessions, MAX_HELD } = require('../connection/sessions')
const { IO, Messages, bytesOf } = require('./streams')
const { parseWebSocketUrl } = require('../http/url')

/**
 * @typedef {import('../connection/seam').Observer} Delegate
 * @typedef {import('../connection/seam').Transport} Transport
 */

const calls = native.calls()
/** @type {Array<string | Buffer>} */
const NOTHING = []
/** @type {Array<any>} */
const NO_EVENTS = []
const { Closing: CLOSING } = native.ReadyState
const STATES = ['connecting', 'open', 'closing', 'closed']
/** What native sends return instead of a number of bytes. */
const { Refused: REFUSED, WaitsForWork: WAITS_FOR_WORK } = native.Sent

/**
 * A connection as JavaScript sees it, without a socket. Delivers one output of the native object, then asks for the
 * next: nothing is taken ahead of time but messages, and those that are not delivered yet stay on this object, so a
 * handler may send, close, pause or throw and nothing is lost.
 *
 * @implements {Connection}
 * @typedef {import('../connection/seam').Connection} Connection
 */
class Driver extends EventEmitter {
  /** @type {import('../../binding').Connection} */
  #native
  /** What `calls` knows it by. */
  #number

  /** @type {URL | null} what a client asks */
  #target
  /** @type {Extensions | null} most connections have none */
  #extensions = null

  /** @type {Sessions | null} */
  #sessions = null

  /** Work is left for the next turn of the event loop. */
  #isBusy = false
  /** Part of it is to deliver what has arrived. */
  #isBehind = false

  /** Whether reading has stopped because enough waits for the start. */
  #waitsForStart = false

  #ignoresPause = false
  /** @type {(() => void) | null} */
  #onDelivered = null

  /** @type {IO | null} */
  #io = null
  /** @type {Messages | null} */
  #messages = null

  /** @type {Map<string, Callback> | null} */
  #pingCallbacks = null

  /** @type {Receipts | null} most connections need none */
  #receipts = null

  /** Bytes of messages that are announced and have not been sent. */
  #announced = 0

  /** Messages that wait for the handlers of the ones before them. */
  #run = NOTHING
  #next = 0

  /** @type {Array<import('../../binding').ConnectionEvent>} */
  #events = NO_EVENTS

  /**
   * @param {import('../../binding').Connection} connection
   * @param {any} url
   * @param {URL | null} target what a client asks
   */
  constructor (connection, url, target) {
    super()
    this.#native = connection
    this.#number = connection.number
    this.#target = target
    this.url = url
    this.version = connection.version
    /** @type {string | null | undefined} */
    this.protocol = connection.protocol ?? undefined
    this.readyState = connection.readyState
    /** @type {number | undefined} */
    this.statusCode = undefined
    /** @type {Record<string, string> | undefined} */
    this.headers = undefined
    /** @type {Delegate | null} */
    this.delegate = null
    /** @type {Transport | null} */
    this.transport = null
    this.paused = false
    // Protocol errors are informational: a listener is not required.
    this.on('error', ignore)
  }

  /**
   * A server's end, for an `http.IncomingMessage`.
   *
   * @param {any} request
   * @param {any} options
   */
  static http (request, options) {
    const scheme = isSecureRequest(request) ? 'wss:' : 'ws:'
    const url = scheme + '//' + request.headers.host + request.url
    const isHttp11 = request.httpVersion === '1.1'
    const connection = native.Connection.server(String(request.method), url, isHttp11, request.headers,
      nativeOptions(options))
    return new Driver(connection, url, null)
  }

  /**
   * A client's end.
   *
   * @param {any} url
   * @param {any} options
   */
  static client (url, options) {
    const target = parseWebSocketUrl(url)
    const { host, pathname, search, username, password } = target
    const asked = { host, target: pathname + search, username, password }
    const connection = native.Connection.client(asked, nativeOptions(options))
    return new Driver(connection, url, target)
  }

  getState () {
    return STATES[this.readyState] ?? null
  }

  /**
   * @param {any} name
   * @param {any} value
   */
  setHeader (name, value) {
    if (value === undefined) return this.readyState <= 0
    return this.#native.setHeader(name.toString(), value.toString())
  }

  /**
   * Registers an extension. The drafts have none.
   *
   * @param {any} extension
   */
  addExtension (extension) {
    if (this.#isDraft) return false
    this.#extensions ??= new Extensions(this.#native, this.#native.maxLength)
    this.#extensions.add(extension)
    return true
  }

  start () {
    const refusal = this.#negotiate()
    try {
      const accepted = this.#caused(refusal === null ? this.#native.start() : this.#native.refuse(refusal))
      // What has come before the start has waited for it.
      if (accepted) this.deliver()
      return accepted
    } finally {
      this.#readOn()
    }
  }

  /** Stops reading until the start, if enough waits for it. */
  #waitForStart () {
    if (this.#waitsForStart || !this.#native.hasEnough) return
    this.#waitsForStart = true
    this.transport?.hold('start')
  }

  /** Reads on: the connection has started or ended. */
  #readOn () {
    if (!this.#waitsForStart) return
    this.#waitsForStart = false
    this.transport?.unhold('start')
  }

  /**
   * Asks a proxy for a tunnel to this driver's server.
   *
   * @param {any} origin
   */
  proxy (origin) {
    return new Proxy(this.#target ?? this.url, origin)
  }

  /** The wire, as a stream. */
  get io () {
    return this.#io ??= new IO(this, this.#native)
  }

  /** What travels over it, as a stream. */
  get messages () {
    return this.#messages ??= new Messages(this)
  }

  /**
   * Moves the bytes over `io`, for programs that do so themselves.
   *
   * @param {{ io: IO, messages: Messages }} [streams] of the driver that this one works for
   */
  useStreams (streams) {
    if (streams) {
      this.#io = streams.io
      this.#io.attach(this.#native)
      this.#messages = streams.messages
    }
    this.transport = this.io
    return this
  }

  /**
   * Stores bytes from the peer without acting on them: they came before the connection was started.
   *
   * @param {Uint8Array} chunk
   */
  store (chunk) {
    calls.receive(this.#number, chunk)
  }

  /** @param {import('./streams').Chunk} chunk */
  parse (chunk) {
    this.receive(bytesOf(chunk))
  }

  /**
   * Takes bytes from the peer and delivers what they cause.
   *
   * @param {Uint8Array} chunk
   */
  receive (chunk) {
    calls.receive(this.#number, chunk)
    this.deliver()
  }

  /**
   * Takes a message that a reactor has decoded.
   *
   * @param {string | Buffer} data
   * @param {boolean} isLate this turn of the event loop has taken long enough
   */
  receiveMessage (data, isLate) {
    if (this.readyState > 1) return
    if (isLate && !this.#isBehind) this.#fallBehind()
    if (this.paused || this.#isBehind || this.#run !== NOTHING || this.#events.length > 0) this.#append(data)
    else this.#received(data)
  }

  /** Delivers what a reactor has for this driver and is no message, unless that waits for its turn. */
  receiveOthers () {
    if (!this.#isBehind) this.deliver()
  }

  /**
   * Has a reactor move the bytes, by TLS if so configured. Its number for this driver, or -1.
   *
   * @param {import('../../binding').Reactor} reactor
   * @param {number} descriptor
   * @param {import('../../binding').TlsConfig} [tls]
   * @param {string} [host]
   */
  register (reactor, descriptor, tls, host) {
    return reactor.add(descriptor, this.#native, tls, host)
  }

  /**
   * @param {import('../../binding').Reactor} reactor
   * @param {number} number
   */
  unregister (reactor, number) {
    reactor.remove(number, this.#native)
  }

  /** Delivers what the peer has caused. After a handler has thrown, the next call goes on where it stopped. */
  deliver () {
    this.#deliverEvents()
    this.#isBehind = false
    let steps = 0
    let begun = 0
    while (!this.paused || this.readyState <= 0 || this.#ignoresPause) {
      // A handler may have closed the connection: messages are dropped from then on.
      if (this.readyState > 1) this.#run = NOTHING
      // The clock is worth a look now and then.
      if ((++steps & (STEPS_BETWEEN_LOOKS - 1)) === 0) {
        if (begun === 0) begun = now()
        else if (this.#mustYield(begun)) return this.#fallBehind()
      }
      if (this.#next < this.#run.length) {
        const data = this.#run[this.#next++]
        if (this.#next === this.#run.length) this.#run = NOTHING
        this.#received(data)
        continue
      }
      this.#next = 0
      if (this.#isBusy && this.#isCongested) return this.#fallBehind()
      const output = this.#poll()
      if (output === null) {
        if (this.readyState <= 0) this.#waitForStart()
        return this.#delivered()
      }
      if (Array.isArray(output)) this.#run = output
      else if (output.kind === 'unfinished') return this.#fallBehind()
      else this.#happened(output)
    }
  }

  /** Delivers everything, paused or not: nothing more will come. */
  deliverRest () {
    this.#ignoresPause = true
    this.deliver()
  }

  /**
   * Whether something that has arrived waits for a paused application, or for sessions that are at work.
   *
   * @param {() => void} callback called when it has been delivered
   */
  holdsBack (callback) {
    const isPaused = this.paused && this.readyState > 0 && !this.#ignoresPause
    const waitsForHandlers = isPaused && (this.#run !== NOTHING || this.#native.hasUnread)
    if (!waitsForHandlers && !this.#isBehind && this.#sessionsAreIdle) return false
    this.#onDelivered = callback
    return true
  }

  /** @param {any} message */
  text (message) {
    if (this.#sessions === null && typeof message === 'string') return this.#offer(calls.text(this.#number, message))
    return this.#sendBytes(true, this.#toBytes(message))
  }

  /** @param {any} message */
  binary (message) {
    return this.#sendBytes(false, this.#toBytes(message))
  }

  /**
   * Sends a message that was made for many connections.
   *
   * @param {import('../connection/prepared').Message} message
   */
  prepared (message) {
    if (this.#sessions === null) return this.#offer(calls.prepared(this.#number, message.number))
    return this.#sendBytes(message.isText, message.native.payload())
  }

  /**
   * Sends a message as `text`, `binary` and `prepared` do, with a receipt or uncompressed.
   *
   * @param {string | Buffer | import('../connection/prepared').Message} message
   * @param {Callback | null} receipt called when the kernel has taken it
   * @param {boolean} isPlain uncompressed, whatever was negotiated
   */
  sendWith (message, receipt, isPlain) {
    const pending = this.#sessions === null ? this.#accept(message, isPlain) : this.readyState > 1 ? REFUSED : 0
    if (pending === REFUSED) {
      if (receipt !== null) refuse(receipt)
      return false
    }
    const isMarked = receipt !== null
    if (isMarked) {
      // Before anything is written: what a stream has been given leaves with the callback of that write.
      if (this.#sessions === null) this.#native.mark()
      this.#receipts ??= new Receipts()
      this.#receipts.add(receipt)
    }
    if (this.#sessions === null) return this.#offer(pending)
    if (typeof message === 'string') return this.#sendBytes(true, Buffer.from(message), isMarked, isPlain)
    if (Buffer.isBuffer(message)) return this.#sendBytes(false, message, isMarked, isPlain)
    return this.#sendBytes(message.isText, message.native.payload(), isMarked, isPlain)
  }

  /**
   * @param {string | Buffer | import('../connection/prepared').Message} message
   * @param {boolean} isPlain
   */
  #accept (message, isPlain) {
    const isPrepared = typeof message !== 'string' && !Buffer.isBuffer(message)
    if (isPlain) return calls.plain(this.#number, isPrepared ? message.number : message)
    if (isPrepared) return calls.prepared(this.#number, message.number)
    if (typeof message === 'string') return calls.text(this.#number, message)
    return calls.bytes(this.#number, false, message)
  }

  /** Completes the receipts of messages that the kernel has accepted. */
  passed () {
    if (this.#receipts !== null) this.#receipts.passed(this.#native.takePassed())
  }

  /**
   * Returns the receipts of the output that a stream is given, or undefined.
   *
   * @param {any} stream
   */
  handOver (stream) {
    return this.#receipts === null ? undefined : this.#receipts.handOver(this.#native.takePassed(), stream)
  }

  /**
   * A stream is given everything, in another form. Who is to hear of it, if anybody.
   *
   * @param {any} stream
   */
  handOverAll (stream) {
    return this.#receipts?.handOverAll(stream)
  }

  /**
   * A message will be sent when its sender has it. Whether that one may go on.
   *
   * @param {number} bytes
   */
  announce (bytes) {
    this.#announced += bytes
    return this.transport === null || this.transport.hasRoom(0, this.isFull)
  }

  /** @param {number} bytes that were announced and have been sent */
  arrived (bytes) {
    this.#announced -= bytes
    this.transport?.settle()
  }

  /**
   * Sends a frame: of that type, or text for strings and numbers and binary for bytes. While the connection closes, a
   * message is dropped and the answer is true, as in the original.
   *
   * @param {any} data
   * @param {'text' | 'binary' | 'ping' | 'pong' | 'close'} [type]
   * @param {number} [code] of a close frame
   */
  frame (data, type, code) {
    if (this.#isDraft) return this.text(data)
    switch (type || (typeof data === 'string' || typeof data === 'number' ? 'text' : 'binary')) {
      case 'text': return this.text(data) || this.readyState === CLOSING
      case 'binary': return this.binary(data) || this.readyState === CLOSING
      case 'ping': return this.ping(data)
      case 'pong': return this.pong(data)
      case 'close': return this.close(data, code)
      // What else websocket-driver knows is a continuation, and there is nothing to continue.
      default: throw new TypeError(`Invalid frame type: ${inspect(type)}`)
    }
  }

  /**
   * @param {any} [message]
   * @param {(...args: any[]) => void} [callback]
   */
  ping (message, callback) {
    // The frame and the key of the callback must have the same bytes.
    const payload = asBuffer(unshared(this.#toBytes(message || '')))
    const accepted = this.#native.ping(payload)
    if (accepted && typeof callback === 'function') {
      this.#pingCallbacks ??= new Map()
      const key = payload.toString()
      this.#pingCallbacks.get(key)?.drop()
      this.#pingCallbacks.set(key, new Callback(callback))
    }
    return this.#controlled(accepted)
  }

  /** @param {any} [message] */
  pong (message) {
    return this.#controlled(this.#native.pong(this.#toBytes(message || '')))
  }

  /** @param {boolean} accepted whether the core has accepted a control frame */
  #controlled (accepted) {
    if (accepted) this.transport?.offer()
    this.#continueIfNeeded()
    return accepted
  }

  /**
   * @param {string} [reason]
   * @param {number} [code]
   */
  close (reason, code) {
    const outcome = this.#native.close(Number(code) || 1000, reason ? String(reason) : '')
    if (outcome.accepted) this.resume()
    return this.#caused(outcome)
  }

  /** From now on nothing is delivered and nothing is read, except what opens the connection. */
  pause () {
    if (this.readyState > 1) return
    this.paused = true
    if (this.readyState > 0) this.transport?.suspend()
  }

  resume () {
    if (!this.paused) return
    this.paused = false
    this.transport?.proceed()
  }

  /** The transport is gone. Gives back what waits in either direction; nothing more is said or done. */
  abandon () {
    this.transport = null
    this.#native.abandon()
    this.readyState = this.#native.readyState
    this.#run = NOTHING
    this.#events = NO_EVENTS
    this.#announced = 0
    this.#dropPingCallbacks()
    this.#receipts?.end()
    this.#onDelivered = null
    this.#sessions?.abandon()
    this.#isBehind = false
  }

  /** The transport says that a sender may go on. */
  drained () {
    this.delegate?.drained()
  }

  /** Nothing can be written any more, but what has arrived is still to be delivered. */
  dropOutput () {
    this.#receipts?.end()
    this.#caused(this.#native.dropOutput())
  }

  /** The process ends: does at once what is left for later turns of the event loop. */
  finishWork () {
    while (this.#native.hasWork) this.#native.work()
  }

  /** Everything that waits to be written; null when there is nothing. */
  takeOutput () {
    const length = calls.outputLength(this.#number)
    if (length === 0) return null
    const bytes = Buffer.allocUnsafe(length)
    if (calls.takeOutput(this.#number, bytes) === length) return bytes
    // Uninitialised memory must not leave.
    this.#continueIfNeeded()
    return null
  }

  get hasOutput () {
    return calls.outputLength(this.#number) > 0
  }

  /** Whether messages may wait here that the transport cannot have yet. */
  get isBehindSenders () {
    return this.#isBusy || this.#announced > 0 || this.#sessions !== null
  }

  get bufferedAmount () {
    return this.#native.bufferedAmount + (this.#sessions?.outgoingBytes ?? 0) + this.#announced
  }

  /** @param {number} pending */
  #offer (pending) {
    if (pending === REFUSED) return false
    if (this.transport === null) return true
    if (pending === WAITS_FOR_WORK) {
      this.#continueLater()
      // Writes what is ready before this message. At the end of the process, compresses and writes it as well.
      this.transport.offer()
      return this.transport.hasRoom(0, this.#isCongested)
    }
    const isWritten = this.transport.offer()
    return this.transport.hasRoom(isWritten ? 0 : pending)
  }

  /**
   * @param {any} message
   * @returns {Buffer}
   */
  #toBytes (message) {
    if (Buffer.isBuffer(message)) return message
    if (typeof message === 'number' || (this.#isDraft && Array.isArray(message))) message = String(message)
    if (typeof message === 'string' || Array.isArray(message)) return Buffer.from(message)
    if (isUint8Array(message)) return asBuffer(message)
    throw new TypeError(`A message is a string, a number, or bytes; got ${inspect(message)}`)
  }

  get #isDraft () {
    return this.version !== 'hybi-13'
  }

  /**
   * @param {boolean} isText
   * @param {Buffer} payload
   * @param {boolean} [isMarked] its sender waits for it to leave
   * @param {boolean} [isPlain]
   */
  #sendBytes (isText, payload, isMarked = false, isPlain = false) {
    if (this.#sessions === null) return this.#offer(calls.bytes(this.#number, isText, payload))
    if (this.readyState > 1) return false
    this.#sessions.outgoing(isText, payload, isMarked, isPlain)
    return this.transport === null || this.transport.hasRoom(0, this.#sessionsAreFull)
  }

  /** What a server has against the extensions it was offered; null for a client, whose own mistakes are thrown. */
  #negotiate () {
    if (this.#extensions === null || !this.#native.negotiates()) return null
    if (this.#target !== null) {
      this.#extensions.offer()
      return null
    }
    try {
      this.#use(this.#extensions.respond())
      return null
    } catch (error) {
      return reasonOf(error)
    }
  }

  #activate () {
    let refusal = null
    try {
      this.#use(this.#extensions?.activate() ?? null)
    } catch (error) {
      refusal = reasonOf(error)
    }
    this.#caused(refusal === null ? this.#native.activated() : this.#native.refuse(refusal))
  }

  /**
   * Puts negotiated sessions to work.
   *
   * @param {import('../connection/pipeline').Pipeline | null} pipeline
   */
  #use (pipeline) {
    if (pipeline === null) return
    this.#sessions = new Sessions(this.#native, pipeline, {
      caused: (outcome) => this.#enter(() => this.#caused(outcome)),
      received: (message) => this.#transformed(message),
      sent: () => this.#sessionsSent(),
      full: (isFull) => isFull ? this.transport?.hold('sessions') : this.transport?.unhold('sessions'),
      idle: () => this.#delivered()
    })
  }

  /** @param {string | Buffer} message that sessions have transformed */
  #transformed (message) {
    if (this.#run === NOTHING && !this.paused) return this.#receivedInBatch(message)
    this.#append(message)
  }

  /** @param {string | Buffer} message that comes behind those that wait already */
  #append (message) {
    if (this.#run !== NOTHING) return this.#run.push(message)
    this.#run = [message]
    this.#next = 0
  }

  /** @param {string | Buffer} message that comes on its own, and not with a chunk */
  #receivedInBatch (message) {
    this.#enter(() => this.#received(message))
  }

  /** @param {() => void} work that no call of the peer's bytes or of the application has brought about */
  #enter (work) {
    if (this.transport === null) work()
    else this.transport.enter(work)
  }

  #sessionsSent () {
    this.#continueIfNeeded()
    this.transport?.offer()
    this.transport?.settle()
  }

  /** Senders should wait, whatever the socket can take. */
  get isFull () {
    return this.#sessionsAreFull || this.#isCongested || this.#announced > MAX_HELD
  }

  get #sessionsAreFull () {
    return this.#sessions !== null && this.#sessions.outgoingBytes > MAX_HELD
  }

  get #sessionsAreIdle () {
    return this.#sessions === null || this.#sessions.isIdle
  }

  #drain () {
    if (this.#sessions === null) this.#caused(this.#native.drained())
    else this.#sessions.drain()
  }

  /**
   * Delivers what a command has caused: bytes, then events.
   *
   * @param {import('../../binding').Outcome} outcome
   */
  #caused ({ accepted, events }) {
    // In the handler of an event, what follows that event has to wait for this.
    const waiting = this.#events
    this.#events = events
    try {
      this.#write()
      this.#deliverEvents()
    } finally {
      this.#events = this.#events.concat(waiting)
    }
    this.#continueIfNeeded()
    return accepted
  }

  /** Schedules work: messages wait to be compressed, or the end of a connection by a panic waits to be told. */
  #continueIfNeeded () {
    if (this.#native.hasWork) this.#continueLater()
  }

  /** @param {number} begun when this turn has begun */
  #mustYield (begun) {
    return this.transport !== null && this.transport.mayYield && now() - begun > MAX_TURN
  }

  /**
   * Much waits to be compressed. What causes more of it has to wait as well: a chunk of a few kilobytes can be inflated
   * to hundreds of messages, and be answered with as many.
   */
  get #isCongested () {
    return this.#native.hasWork && this.#native.bufferedAmount > MAX_HELD
  }

  #fallBehind () {
    this.#isBehind = true
    this.#continueLater()
  }

  /** Goes on with what is left when timers and other connections have had their turn. Nothing is read meanwhile. */
  #continueLater () {
    if (this.#isBusy || this.transport === null) return
    this.#isBusy = true
    this.transport.hold('work')
    setImmediate(() => this.#continue())
  }

  #continue () {
    const { transport } = this
    if (transport === null) {
      this.#isBusy = false
      return
    }
    try {
      transport.enter(() => {
        this.#isBusy = false
        if (this.#native.hasWork) this.#caused(this.#native.work())
        if (this.#isBehind) this.deliver()
      })
    } finally {
      if (!this.#isBusy) transport.unhold('work')
      transport.settle()
    }
  }

  /** Writes what waits. Until it is out, a connection has neither opened nor ended. */
  #write () {
    const { readyState } = this.#native
    if (readyState === 0 || readyState === 2) this.readyState = readyState
    if (readyState === 3 && this.readyState === 1 && !this.#isDraft) this.readyState = 2
    this.transport?.offer()
    this.readyState = this.#native.readyState
  }

  #deliverEvents () {
    for (let event = this.#events.shift(); event; event = this.#events.shift()) this.#happened(event)
  }

  /** Fetches no event without a listener: a peer may send thousands of control frames at a time. */
  #poll () {
    const run = calls.messages(this.#number)
    if (run !== undefined) return run
    const isQuiet = this.delegate !== null
    const wantsPings = !isQuiet || this.listenerCount('ping') > 0
    const wantsPongs = !isQuiet || this.#pingCallbacks !== null || this.listenerCount('pong') > 0
    return this.#native.poll(!isQuiet, wantsPings, wantsPongs)
  }

  #delivered () {
    if (!this.#sessionsAreIdle || this.#run !== NOTHING) return
    const callback = this.#onDelivered
    this.#onDelivered = null
    if (callback !== null) callback()
  }

  /** @param {string | Buffer} data */
  #received (data) {
    this.delegate?.received(data)
    if (this.#messages?.readable) this.#messages.emit('data', data)
    if (this.listenerCount('message') > 0) this.emit('message', { data })
  }

  /** @param {import('../../binding').ConnectionEvent} event */
  #happened (event) {
    if (event.kind === 'write') return this.#write()
    this.readyState = this.#native.readyState
    switch (event.kind) {
      case 'open': return this.#opened()
      case 'ping': return this.emit('ping', { data: event.data })
      case 'pong': return this.#ponged(/** @type {string} */ (event.data))
      case 'error': return this.#failed(/** @type {string} */ (event.message))
      case 'close': return this.#closed(event.code ?? null, event.reason ?? null)
      case 'activate': return this.#activate()
      case 'transform': return this.#sessions?.incoming(event)
      case 'outgoing': return this.#outgoing(event)
      case 'drain': return this.#drain()
    }
  }

  /** @param {import('../../binding').ConnectionEvent} event a message that was sent before the sessions were there */
  #outgoing ({ isText, isPlain, payload, isMarked }) {
    const data = /** @type {Buffer} */ (payload)
    this.#sessions?.outgoing(Boolean(isText), data, Boolean(isMarked), Boolean(isPlain))
  }

  #opened () {
    this.#readResponse()
    this.delegate?.opened()
    this.emit('open', {})
    if (this.paused) this.transport?.suspend()
  }

  /** @param {string} data */
  #ponged (data) {
    const callback = this.#pingCallbacks?.get(data)
    if (callback) {
      this.#pingCallbacks?.delete(data)
      // A program that moves the bytes itself may catch what is thrown.
      callback.call(this.delegate !== null)
    }
    this.emit('pong', { data })
  }

  /** @param {string} message */
  #failed (message) {
    this.#readResponse()
    this.delegate?.failed(message)
    const error = new Error(message)
    if (this.#messages?.readable) this.#messages.emit('error', error)
    this.emit('error', error)
  }

  /**
   * @param {number | null} code the drafts have none
   * @param {string | null} reason
   */
  #closed (code, reason) {
    this.#readOn()
    this.#dropPingCallbacks()
    this.delegate?.closed(code, reason)
    this.#messages?.finish()
    this.emit('close', { code, reason })
  }

  #dropPingCallbacks () {
    for (const callback of this.#pingCallbacks?.values() ?? NO_EVENTS) callback.drop()
    this.#pingCallbacks = null
  }

  /** The answer a client got is there with `open`, and with the `error` of a refused handshake. */
  #readResponse () {
    if (this.#target === null) return
    this.statusCode = this.#native.statusCode ?? undefined
    this.headers = headersObject(this.#native.responseHeaders)
    if (this.#native.knowsProtocol) this.protocol = this.#native.protocol
  }
}

function ignore () {}

module.exports = { Driver }
