// @ts-check
'use strict'

const { FULL_CHUNK, MAX_REPLIES, ReadyState } = require('../native')
const { nextTick, now, setImmediate } = require('../scheduling')
const { Context } = require('./context')
const { close, end } = require('./ending')
const { Reading } = require('./reading')
const { StreamChannel } = require('./stream_channel')
const { flushAtTheEnd, beginBatch, isEnding, endBatch, rememberWork, forgetWork } = require('./tick')

/**
 * Moves bytes between a connection and a channel. Never looks inside them.
 *
 * Writes once per batch: what the handlers of one chunk send leaves together when they are done. Outside a batch the
 * first send of a tick is written at once and later ones at the end of the tick, so latency is not traded for size.
 *
 * @implements {Asked}
 * @implements {SocketTransport}
 *
 * @typedef {import('../connection/seam').Transport} Asked
 * @typedef {import('../connection/seam').SocketTransport} SocketTransport
 * @typedef {import('../connection/seam').Channel} Channel
 * @typedef {import('../connection/seam').Connection} Connection
 * @typedef {import('../connection/seam').StopReason} StopReason
 */
class Transport {
  #socket
  #connection
  #context
  #reading
  /** @type {Channel} */
  #channel
  /** Batches under way: a handler may feed us more bytes. */
  #depth = 0
  /** Something was written in this tick; the rest of the tick goes together. */
  #touched = false
  /** The socket is full: what comes now waits for its `drain`. */
  #isFull = false
  /** `send` has returned false, so the application is owed a `drain`. */
  #owesDrained = false
  /** Bytes that the peer made us write since the socket was last empty. */
  #replied = 0
  #isDetached = false
  /** The reactor has messages for the connection that come before what the stream brings. */
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
    this.#reading = new Reading(socket)
    connection.transport = this
    this.#channel = channelFor(this, this.#context)
    this.#reading.use(this.#channel)
  }

  /** Whether the reactor moves the bytes, and not Node's stream. */
  get isNative () {
    return this.#channel.isNative
  }

  /** Goes on by way of Node's stream, from the next byte in either direction. */
  moveToStream () {
    if (this.#isDetached) return
    if (this.#channel.isBatching) this.#waitForDecoded()
    this.#channel.detach()
    this.#channel = new StreamChannel(this.#socket, this.#connection, this)
    this.#write()
    if (!this.#isFull) {
      // The kernel has taken everything, and no event of the stream will say so.
      this.#reading.clear('peer')
      nextTick(() => this.notifySender())
    }
    this.#reading.use(this.#channel)
  }

  /**
   * Runs work that an event or a timer brings, in the context of the connection.
   *
   * @param {() => void} work
   */
  run (work) {
    this.#context.run(work)
  }

  /** Whether we read. If not, it is we who have paused the socket. */
  get isReading () {
    return this.#reading.isFree
  }

  /** Starts the connection's opening handshake. What its handlers send leaves with the handshake. */
  start () {
    this.enter(() => this.#connection.start())
  }

  /** There are bytes to write. They leave now, or with the batch or the tick that is under way: then false. */
  offer () {
    if (this.#channel.isReplaced()) this.moveToStream()
    if (isEnding()) {
      this.endProcess()
      return true
    }
    if (this.#channel.isBatching || this.#depth > 0 || this.#touched || !this.#takes) return false
    flushAtTheEnd(this)
    this.#touched = true
    this.#write()
    return true
  }

  /**
   * Whether a sender may go on. If not, it is told when it may.
   *
   * @param {number} pending bytes that have been offered and not been written
   * @param {boolean} isFull there is no room elsewhere
   */
  hasRoom (pending, isFull = false) {
    // Only the socket knows whether it is full. A batch that has grown large is written before its end; the replies to
    // a full chunk still fit in one write.
    if (pending >= FULL_CHUNK && this.#takes) this.#write()
    const hasRoom = !this.#isFull && !isFull
    this.#owesDrained ||= !hasRoom
    return hasRoom
  }

  /** A sender that was told to wait may go on, if the socket and the connection have room. */
  notifySender () {
    if (!this.#owesDrained || this.#isFull || this.#connection.outgoing.isFull) return
    this.#owesDrained = false
    this.#context.run(() => this.#connection.drained())
  }

  /** The tick has ended: hands everything to the socket, unless that is full. */
  endTick () {
    this.#touched = false
    // The context that is current is that of the first sender in this tick.
    if (this.#takes && this.#connection.outgoing.hasOutput) this.#context.run(() => this.#write())
  }

  /** The process ends. */
  endProcess () {
    this.#connection.completeWork()
    this.#write()
  }

  /** The connection has ended properly: what it has sent still reaches the peer, and the socket closes behind it. */
  close () {
    if (this.#isDetached) return
    this.#flush()
    const isWritten = this.#isWritten
    // A socket that has written everything is not given back before it goes.
    if (isWritten) this.#socket.destroy()
    this.#detach()
    if (!isWritten) close(this.#socket)
  }

  /** The connection has ended without its peer, or the peer's half has: what was sent goes out, within a time limit. */
  end () {
    if (this.#isDetached) return
    this.#flush()
    this.#detach()
    end(this.#socket)
  }

  /** The connection ends now: the kernel is offered what was sent, and the socket closes. */
  abort () {
    this.#flush()
    this.#socket.destroy()
    this.#detach()
  }

  /** Another transport takes the connection: the socket closes, and nothing more is written. */
  discard () {
    this.#detach()
    this.#connection.transport = null
    this.#socket.destroy()
  }

  /** Hands everything to the socket, which is about to end. */
  #flush () {
    if (!this.#isDetached && !this.#socket.destroyed) this.#write()
  }

  /** Lets go of the socket, which has ended or is about to. */
  #detach () {
    if (this.#isDetached) return
    this.#isDetached = true
    this.#channel.detach()
    this.#owesDrained = false
    this.#context.release()
    forgetWork(this)
    // Bytes that still arrive are discarded, so that the socket reaches its end.
    if (!this.#socket.destroyed) this.#socket.resume()
  }

  applicationPaused () {
    this.#reading.stop('application')
  }

  applicationResumed () {
    this.#reading.clear('application')
    nextTick(() => {
      if (this.#reading.isStoppedFor('application')) return
      this.#context.run(() => {
        this.enter(() => this.#connection.delivery.deliver())
        this.#reading.startIfFree()
      })
    })
  }

  /** @param {StopReason} reason */
  stopReading (reason) {
    if (reason === 'work') rememberWork(this)
    this.#reading.stop(reason)
  }

  /** @param {StopReason} reason */
  startReading (reason) {
    if (reason === 'work') forgetWork(this)
    // A stream emits what it holds in the context of the call that starts it.
    this.#context.run(() => this.#reading.start(reason))
  }

  /** We move the bytes, and not the program. */
  get isManual () {
    return false
  }

  /** Whether the kernel has everything. */
  get #isWritten () {
    return this.#connection.outgoing.bufferedAmount + this.writableLength === 0
  }

  get #buffered () {
    // Between ticks, only a full socket leaves bytes with the connection, and what it cannot hand over yet.
    const isWithConnection = this.#isFull || this.#touched || this.#connection.outgoing.isBehindSenders
    return this.writableLength + (isWithConnection ? this.#connection.outgoing.bufferedAmount : 0)
  }

  /** Bytes that the socket holds and the kernel has not taken. */
  get writableLength () {
    return this.#channel.writableLength
  }

  /**
   * Takes bytes that do not come from the kernel.
   *
   * @param {Buffer} chunk
   */
  receivedBeside (chunk) {
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
    // Only behind a full chunk Node reads on without looking at other sockets, up to 32 times.
    if (chunk.length < FULL_CHUNK) {
      this.#reading.rested()
      return this.batch(() => this.#connection.delivery.receive(chunk))
    }
    const start = now()
    try {
      this.batch(() => this.#connection.delivery.receive(chunk))
    } finally {
      this.#reading.worked(now() - start)
    }
  }

  /**
   * Runs what the peer has caused: what it sends leaves together when it is done.
   *
   * @param {() => void} work
   */
  batch (work) {
    if (this.#depth > 0) return this.#inside(work)
    let isDone = false
    try {
      this.#together(work)
      isDone = true
    } finally {
      if (!isDone) this.#deliverRest()
    }
  }

  /**
   * Runs work that a tick or a turn of the event loop brings: as a batch, in the context of the connection. Inside a
   * batch it is a part of that.
   *
   * @param {() => void} work
   */
  enter (work) {
    if (this.#depth > 0) return this.#inside(work)
    let isDone = false
    this.#context.run(() => {
      this.#together(work)
      isDone = true
    })
    if (!isDone) this.#deliverRest()
  }

  /** A handler has thrown. Its exception is on its way; what comes behind is delivered as if it had not. */
  #deliverRest () {
    nextTick(() => this.enter(() => this.#connection.delivery.deliver()))
  }

  /** @param {() => void} work of a batch that is under way */
  #inside (work) {
    this.#depth++
    try {
      work()
    } finally {
      this.#depth--
    }
  }

  /** @param {() => void} work */
  #together (work) {
    // What the application sends when the connection opens answers no request.
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

  /** @param {number} before what was buffered when the batch began */
  #endBatch (before) {
    if (this.#takes) this.#write()
    if (this.#isFull) this.#stall(this.#buffered - before)
  }

  #write () {
    const channel = this.#channel
    const isFull = channel.write()
    // If write() has given the socket back, `moveToStream` has written.
    if (channel === this.#channel) this.#isFull = isFull
  }

  /** Whether the channel may have more. A peer that does not read gets no more, so that its `drain` can come. */
  get #takes () {
    return !this.#isFull || (!this.#reading.isStoppedFor('peer') && this.#channel.takesWhenFull())
  }

  /**
   * Stops reading from a peer that does not read, when its own requests have filled the socket. What the application
   * sends on its own account does not count: two ends that send much to each other must both go on reading. The reactor
   * counts for itself.
   *
   * @param {number} added bytes that the last batch has added to what is buffered
   */
  #stall (added) {
    if (added <= 0 || this.#socket.destroyed) return
    this.#replied += added
    if (this.#replied < MAX_REPLIES) return
    this.#reading.stop('peer')
  }

  /** The kernel takes bytes again. */
  drained () {
    this.#isFull = false
    this.#replied = 0
    this.#write()
    // The peer has read the replies. What waits now is something else.
    this.#reading.start('peer')
    this.notifySender()
  }
}

module.exports = { Transport }
