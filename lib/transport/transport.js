// @ts-check
'use strict'

const { FULL_CHUNK, MAX_REPLIES, ReadyState } = require('../native')
const { nextTick, now, setImmediate } = require('../scheduling')
const { Context } = require('./context')
const { close, end } = require('./ending')
const { Reading } = require('./reading')
const { StreamChannel } = require('./stream_channel')
const { flushAtTheEnd, beginBatch, isEnding, endBatch, addWorking, removeWorking } = require('./tick')

/**
 * Moves bytes between a connection and a channel, and never interprets them.
 *
 * Writes once per batch: after the last handler of a chunk, writes together everything that the handlers have sent.
 * Outside a batch, writes the first message of a tick at once, and later messages at the end of the tick. So batching
 * does not delay single messages.
 *
 * @implements {SeamTransport}
 * @implements {SocketTransport}
 * @typedef {import('../connection/seam').Transport} SeamTransport
 * @typedef {import('../connection/seam').SocketTransport} SocketTransport
 * @typedef {import('../connection/seam').Channel} Channel
 * @typedef {import('../connection/seam').Connection} Connection
 * @typedef {import('../connection/seam').StopReason} StopReason
 */
class Transport {
  #socket
  #connection
  #context
  /** @type {Reading | null} created when first needed: most connections never stop reading */
  #stops = null
  /** @type {Channel} */
  #channel
  /** The depth of nested batches: a handler may pass more bytes to the transport. */
  #depth = 0
  /** Whether output was written in this tick. The transport writes further output together, at the end of the tick. */
  #hasWritten = false
  /** Whether the socket is full. Output then waits for its `drain`. */
  #isFull = false
  /** Whether `send` has returned false, so that the application expects a `drain`. */
  #owesDrained = false
  /** The bytes of replies to the peer that were buffered since the socket was last empty. */
  #replied = 0
  #isDetached = false
  /** Whether the reactor has decoded messages that must be delivered before the bytes of the stream. */
  #hasDecoded = false

  /**
   * @param {any} socket
   * @param {Connection} connection
   * @param {(transport: Transport, context: Context) => Channel} channelFor
   */
  constructor (socket, connection, channelFor) {
    this.#socket = socket
    this.#connection = connection
    this.#context = new Context(socket)
    connection.transport = this
    this.#channel = channelFor(this, this.#context)
    this.#stops?.use(this.#channel)
  }

  get #reading () {
    return (this.#stops ??= new Reading(this.#socket, this.#channel))
  }

  /** Whether the reactor moves the bytes, rather than Node's stream. */
  get isNative () {
    return this.#channel.isNative
  }

  /** Switches to Node's stream, from the next byte in either direction. */
  moveToStream () {
    if (this.#isDetached) return
    if (this.#channel.isBatching) this.#waitForDecoded()
    this.#replaceChannel(() => new StreamChannel(this.#socket, this.#connection, this))
    if (!this.#isFull) {
      // The kernel has accepted everything, and the stream emits no event for that.
      this.#stops?.clear('peer')
      nextTick(() => this.notifySender())
    }
    this.#stops?.use(this.#channel)
  }

  /**
   * Switches to another channel, from the next byte in either direction.
   *
   * @param {(transport: Transport, context: Context) => Channel} channelFor
   */
  moveTo (channelFor) {
    if (this.#isDetached) return
    this.#replaceChannel(channelFor)
    this.#stops?.use(this.#channel)
  }

  /** @param {(transport: Transport, context: Context) => Channel} channelFor */
  #replaceChannel (channelFor) {
    this.#channel.detach()
    this.#channel = channelFor(this, this.#context)
    this.#write()
  }

  /** Runs the work of an event or a timer in the context of the connection. @param {() => void} work */
  run (work) {
    this.#context.run(work)
  }

  /** Whether the transport reads. If it does not, the transport itself has paused the socket. */
  get isReading () {
    return this.#stops === null || this.#stops.isFree
  }

  /** Starts the connection's opening handshake. Writes the messages that handlers send together with the handshake. */
  start () {
    this.enter(() => this.#connection.start())
  }

  /**
   * Writes the pending output and returns true. Returns false if the output has to wait: for the end of the batch or
   * the tick, or for room in the socket.
   */
  offer () {
    if (this.#channel.isReplaced()) this.moveToStream()
    if (isEnding()) {
      this.endProcess()
      return true
    }
    if (this.#channel.isBatching || this.#depth > 0 || this.#hasWritten || !this.#canWrite) return false
    flushAtTheEnd(this)
    this.#hasWritten = true
    this.#write()
    return true
  }

  /**
   * Sends a long message and writes it at once. Without that, `hasRoom` would write it right afterwards, from a copy in
   * the output. Returns the result of the native send, or null if the message was not sent.
   *
   * @param {string | Buffer} message
   * @param {boolean} isMarked whether the message has a receipt
   */
  sendNow (message, isMarked) {
    if (this.#isFull) return null
    const pending = this.#channel.sendNow(message, isMarked)
    this.#isFull = this.#channel.isFull
    return pending
  }

  /**
   * Returns whether a sender may continue. If not, the transport calls `drained` of the connection later.
   *
   * @param {number} pending bytes that were offered and are not written yet
   * @param {boolean} isFull whether the connection itself has no room
   */
  hasRoom (pending, isFull = false) {
    // Only a write shows whether the socket is full, so this writes a large batch before its end. The replies to a full
    // chunk still fit in one write.
    if (pending >= FULL_CHUNK && this.#canWrite) this.#write()
    const hasRoom = !this.#isFull && !isFull
    this.#owesDrained ||= !hasRoom
    return hasRoom
  }

  /** Calls `drained` of the connection if a sender is waiting, and the socket and the connection have room. */
  notifySender () {
    if (!this.#owesDrained || this.#isFull || this.#connection.outgoing.isFull) return
    this.#owesDrained = false
    this.#context.run(() => this.#connection.drained())
  }

  /** Writes the remaining output at the end of a tick, unless the socket is full. */
  endTick () {
    this.#hasWritten = false
    // The current context is that of the first sender in this tick.
    if (this.#canWrite && this.#connection.outgoing.hasOutput) this.#context.run(() => this.#write())
  }

  /** Completes the work of the connection and writes its output, because the process ends. */
  endProcess () {
    this.#connection.completeWork()
    this.#write()
  }

  /** Closes the socket after the closing handshake. Everything that was sent still reaches the peer. */
  close () {
    if (this.#isDetached) return
    this.#flush()
    const isWritten = this.#isWritten
    // If everything is written, destroys the socket without giving it back first.
    if (isWritten) {
      this.#channel.leave?.()
      this.#socket.destroy()
    }
    this.#detach()
    if (!isWritten) close(this.#socket)
  }

  /**
   * Ends our half of the socket, because the connection has failed or the peer's half has ended. Everything that was
   * sent is still written, within a time limit.
   */
  end () {
    if (this.#isDetached) return
    this.#flush()
    this.#detach()
    end(this.#socket)
  }

  /** Offers the unsent bytes to the kernel, then closes the socket at once. */
  abort () {
    this.#flush()
    this.#socket.destroy()
    this.#detach()
  }

  /** Closes the socket without writing, because another transport takes over the connection. */
  discard () {
    this.#detach()
    this.#connection.transport = null
    this.#socket.destroy()
  }

  /** Passes all output to the socket, which is about to end. */
  #flush () {
    if (!this.#isDetached && !this.#socket.destroyed) this.#write()
  }

  /** Detaches from the socket, which has ended or is about to end. */
  #detach () {
    if (this.#isDetached) return
    this.#isDetached = true
    this.#channel.detach()
    this.#owesDrained = false
    this.#context.release()
    removeWorking(this)
    // Discards bytes that still arrive, so that the socket reaches its end.
    if (!this.#socket.destroyed) this.#socket.resume()
  }

  applicationPaused () {
    this.#reading.stop('application')
  }

  applicationResumed () {
    this.#stops?.clear('application')
    nextTick(() => {
      if (this.#stops?.isStoppedFor('application')) return
      this.#context.run(() => {
        this.enter(() => this.#connection.delivery.deliver())
        this.#reading.startIfFree()
      })
    })
  }

  /**
   * Stops or starts reading, because a program has paused or resumed a socket over which the reactor speaks TLS.
   *
   * @param {boolean} isPaused
   */
  pausedByProgram (isPaused) {
    if (isPaused) this.#reading.stop('program')
    else this.#context.run(() => this.#reading.start('program'))
  }

  /** @param {StopReason} reason */
  stopReading (reason) {
    if (reason === 'work') addWorking(this)
    this.#reading.stop(reason)
  }

  /** @param {StopReason} reason */
  startReading (reason) {
    if (reason === 'work') removeWorking(this)
    // A stream emits its buffered bytes in the context of the call that resumes it.
    this.#context.run(() => this.#reading.start(reason))
  }

  /** Whether the program moves the bytes itself: never with this transport. */
  get isManual () {
    return false
  }

  /** Whether the kernel has accepted all output. */
  get #isWritten () {
    return this.#connection.outgoing.bufferedAmount + this.writableLength === 0
  }

  get #buffered () {
    // Between ticks, the connection has unwritten bytes only if the socket is full, or if the connection cannot pass
    // them on yet.
    const isWithConnection = this.#isFull || this.#hasWritten || this.#connection.outgoing.isBehindSenders
    return this.writableLength + (isWithConnection ? this.#connection.outgoing.bufferedAmount : 0)
  }

  /** The bytes buffered below the connection that the kernel has not accepted. */
  get writableLength () {
    return this.#channel.writableLength
  }

  /**
   * Receives bytes that do not come from the kernel.
   *
   * @param {Buffer} chunk
   */
  receivedFromProgram (chunk) {
    if (this.#channel.isBatching) this.#waitForDecoded()
    this.received(chunk)
  }

  #waitForDecoded () {
    if (this.#hasDecoded) return
    this.#hasDecoded = true
    setImmediate(() => {
      this.#hasDecoded = false
      if (!this.#isDetached) this.batch(() => this.#connection.delivery.deliver())
    })
  }

  /** @param {Buffer} chunk */
  received (chunk) {
    if (this.#hasDecoded) return this.#connection.delivery.store(chunk)
    // Only after a full chunk, Node reads again before it polls other sockets, up to 32 times.
    if (chunk.length < FULL_CHUNK) {
      this.#stops?.resetWork()
      return this.batch(() => this.#connection.delivery.receive(chunk))
    }
    const start = now()
    try {
      this.batch(() => this.#connection.delivery.receive(chunk))
    } finally {
      this.#reading.countWork(now() - start)
    }
  }

  /**
   * Runs the work that the peer's bytes cause as a batch. Writes its output together at the end.
   *
   * @param {() => void} work
   */
  batch (work) {
    if (this.#depth > 0) return this.#runNested(work)
    let isDone = false
    try {
      this.#runBatch(work)
      isDone = true
    } finally {
      if (!isDone) this.#deliverRest()
    }
  }

  /**
   * Runs the work of a tick or a turn of the event loop: as a batch, in the context of the connection. Inside a batch,
   * the work becomes part of that batch.
   *
   * @param {() => void} work
   */
  enter (work) {
    if (this.#depth > 0) return this.#runNested(work)
    let isDone = false
    this.#context.run(() => {
      this.#runBatch(work)
      isDone = true
    })
    if (!isDone) this.#deliverRest()
  }

  /** Delivers the remaining events in another tick, because a handler has thrown and its exception propagates. */
  #deliverRest () {
    nextTick(() => this.enter(() => this.#connection.delivery.deliver()))
  }

  /** @param {() => void} work that becomes part of the current batch */
  #runNested (work) {
    this.#depth++
    try {
      work()
    } finally {
      this.#depth--
    }
  }

  /** @param {() => void} work */
  #runBatch (work) {
    // Messages that the application sends when the connection opens are not replies.
    const isReply = this.#connection.readyState === ReadyState.Open
    const channel = this.#channel
    const counted = isReply ? channel.beginReplies() : 0
    const before = isReply && !channel.countsReplies ? this.#buffered : Infinity
    this.#depth++
    beginBatch(this)
    try {
      work()
    } finally {
      this.#depth--
      if (isReply) channel.endReplies(counted)
      endBatch(this)
      this.#endBatch(before)
    }
  }

  /** @param {number} before the bytes that were buffered when the batch began */
  #endBatch (before) {
    if (this.#canWrite) this.#write()
    if (this.#isFull) this.#stall(this.#buffered - before)
  }

  #write () {
    const channel = this.#channel
    const isFull = channel.write()
    // If write() has given the socket back, `moveToStream` has already written.
    if (channel === this.#channel) this.#isFull = isFull
  }

  /**
   * Whether the channel takes more output. While the connection stalls the peer, a full socket receives no more output,
   * so that it can emit `drain`.
   */
  get #canWrite () {
    return !this.#isFull || (!this.#stops?.isStoppedFor('peer') && this.#channel.writesWhenFull())
  }

  /**
   * Stops reading from a peer that does not read, once the replies to its own messages have filled the socket. Messages
   * that the application sends unprompted do not count: two endpoints that send much to each other must both continue
   * to read. The reactor counts the replies of the native transport.
   *
   * @param {number} added the bytes that the last batch has added to the buffer
   */
  #stall (added) {
    if (added <= 0 || this.#socket.destroyed) return
    this.#replied += added
    if (this.#replied < MAX_REPLIES) return
    this.#reading.stop('peer')
  }

  /** Continues to write and to read, because the kernel accepts bytes again. */
  drained () {
    this.#isFull = false
    this.#replied = 0
    this.#write()
    // The peer has read the replies. Output that still waits contains none.
    this.#reading.start('peer')
    this.notifySender()
  }
}

module.exports = { Transport }
