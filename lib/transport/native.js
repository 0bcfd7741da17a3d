// @ts-check
'use strict'

const { AsyncResource } = require('node:async_hooks')
const net = require('node:net')
// Not the globals: programs that fake the clock mean their own timers.
const { setTimeout } = require('node:timers')
const { getSystemErrorName } = require('node:util')
const { isMainThread } = require('node:worker_threads')
const native = require('../native')
const { rememberWork, forgetWork } = require('./tick')

/**
 * The reactor of this environment, and the channels of the sockets that it has.
 */
class Dispatcher {
  /** @type {Array<NativeChannel | undefined>} by the number of the socket */
  channels = []
  /** 1 while a batch is under way. */
  state = new Int32Array(1)
  /** @type {any[]} */
  #entries = []
  #next = 0
  #count = 0
  /** When this batch was first seen to take its time. */
  #begun = 0
  /** It has taken long enough: the rest waits for another turn of the event loop. */
  isLate = false
  /** @type {import('../../binding').Reactor} */
  reactor

  constructor () {
    // In a worker, Node closes descriptors without a word when it is terminated.
    this.reactor = new native.Reactor(this, this.dispatch, this.resume, this.state, isMainThread)
  }

  /**
   * @param {number} number
   * @param {NativeChannel} channel
   */
  add (number, channel) {
    this.channels[number] = channel
    this.#count += 1
    rememberWork(this)
  }

  /** @param {number} number */
  remove (number) {
    this.channels[number] = undefined
    this.#count -= 1
    if (this.#count > 0) return
    forgetWork(this)
    setTimeout(() => this.#closeIfIdle(), IDLE_TIMEOUT).unref()
  }

  /** Test runners load the package again and again: what nobody uses must not stay. */
  #closeIfIdle () {
    if (this.#count > 0 || dispatcher !== this) return
    dispatcher = undefined
    this.reactor.close()
  }

  /** What handlers have sent in a batch that does not come to its end. */
  endProcess () {
    this.reactor.flushAll()
  }

  endTick () {}

  /** @param {any[]} entries number and value, number and value … */
  dispatch (...entries) {
    this.#entries = entries
    this.#next = 0
    this.#begun = 0
    this.isLate = false
    this.resume()
  }

  /** Goes on behind a handler that has thrown. */
  resume () {
    while (this.#next < this.#entries.length) {
      const number = this.#entries[this.#next] >> 3
      const channel = this.channels[number]
      if (channel === undefined) this.#next += 2
      else channel.resource.runInAsyncScope(this.#run, this, channel, number)
    }
    this.#entries = NOTHING
  }

  #lookAtTheClock () {
    if (this.#begun === 0) this.#begun = performance.now()
    else if (performance.now() - this.#begun > MAX_TURN) this.isLate = true
  }

  /**
   * What has happened to one socket, in a row.
   *
   * @param {NativeChannel} channel
   * @param {number} number
   */
  #run (channel, number) {
    while (this.#next < this.#entries.length && this.#entries[this.#next] >> 3 === number) {
      const entry = this.#entries[this.#next] & 7
      const value = this.#entries[this.#next + 1]
      this.#next += 2
      if ((this.#next & (ENTRIES_BETWEEN_LOOKS - 1)) === 0) this.#lookAtTheClock()
      // A handler may have let go of the socket.
      if (this.channels[number] === channel) channel.happened(entry, value)
    }
  }
}

/**
 * A socket whose bytes the reactor moves, by its descriptor. The socket stays its owner.
 *
 * @implements {Channel}
 * @typedef {import('./transport').Channel} Channel
 */
class NativeChannel {
  resource = new AsyncResource('faye-websocket-rs')
  #dispatcher
  #number
  #socket
  #handle
  #driver
  #transport
  #isAlive = false
  #onListener
  /** Bytes read and written by way of the handle, when the reactor took over. */
  #before = [0, 0]
  /** And by the reactor, when it has let go. */
  #counted = [0, 0]
  /** What `_onTimeout` has seen last. */
  #seen = 0
  /** @type {Array<() => void>} what undoes the methods that the socket has from us */
  #replaced = []

  /**
   * @param {Dispatcher} dispatcher
   * @param {number} number
   * @param {any} socket
   * @param {import('../driver/driver').Driver} driver
   * @param {import('./transport').Transport} transport
   */
  constructor (dispatcher, number, socket, driver, transport) {
    this.#dispatcher = dispatcher
    this.#number = number
    this.#socket = socket
    this.#handle = socket._handle
    this.#driver = driver
    this.#transport = transport
    this.#before = this.#handleCounters()
    this.#onListener = (/** @type {string} */ event) => {
      if (event === 'data' || event === 'readable') transport.release()
    }
    dispatcher.add(number, this)
    this.#watch()
    this.#keepAlive(this.#handle.hasRef?.() ?? true)
  }

  get isBatching () {
    return this.#dispatcher.state[0] === 1
  }

  // What the kernel has not taken is the driver's.
  get writableLength () {
    return 0
  }

  write () {
    return this.#number >= 0 && !this.#dispatcher.reactor.flush(this.#number)
  }

  stop () {
    if (this.#number >= 0) this.#dispatcher.reactor.setReading(this.#number, false)
  }

  start () {
    if (this.#number >= 0) this.#dispatcher.reactor.setReading(this.#number, true)
  }

  /** Lets go of the socket, and lets libuv read it again. */
  detach () {
    if (!this.#leave()) return
    const handle = this.#handle
    if (this.#socket.destroyed || this.#socket._handle !== handle) return
    const rest = this.#driver.takeOutput()
    if (rest !== null) this.#socket.write(rest)
    handle.reading = true
    handle.readStart()
    this.#socket.resume()
  }

  /**
   * @param {number} entry
   * @param {any} value
   */
  happened (entry, value) {
    if (this.#socket.timeout) this.#socket._unrefTimer()
    switch (entry) {
      case MESSAGE: return this.#driver.receiveMessage(value, this.#dispatcher.isLate)
      case POLL: return this.#transport.batch(() => this.#driver.receiveOthers())
      case DRAINED: return this.#transport.drained()
      case ENDED: return this.#transport.release()
      case FAILED: return this.#fail('read', value)
      case UNWRITABLE: return this.#fail('write', value)
    }
  }

  /**
   * As Node does.
   *
   * @param {'read' | 'write'} syscall
   * @param {number} number
   */
  #fail (syscall, number) {
    const code = getSystemErrorName(-number)
    const error = Object.assign(new Error(`${syscall} ${code}`), { errno: -number, code, syscall })
    this.#leave()
    this.#socket.destroy(error)
  }

  /** Deregisters the descriptor. False when that has been done. */
  #leave () {
    if (this.#number < 0) return false
    const number = this.#number
    this.#dispatcher.reactor.flush(number)
    this.#counted = this.#dispatcher.reactor.counters(number)
    this.#number = -1
    this.#dispatcher.remove(number)
    this.#driver.unregister(this.#dispatcher.reactor, number)
    this.#keepAlive(false)
    this.#unwatch()
    return true
  }

  /** @param {boolean} isAlive */
  #keepAlive (isAlive) {
    if (isAlive === this.#isAlive) return
    this.#isAlive = isAlive
    this.#dispatcher.reactor.keepAlive(isAlive)
  }

  /** @returns {number[]} bytes read and written */
  #counters () {
    if (this.#number >= 0) this.#counted = this.#dispatcher.reactor.counters(this.#number)
    return this.#handleCounters().map((count, index) => count + this.#counted[index])
  }

  /** A handle that is closed has forgotten: then it has nothing to add. */
  #handleCounters () {
    const prototype = Object.getPrototypeOf(this.#handle)
    return ['bytesRead', 'bytesWritten'].map((name, index) =>
      Math.max(Reflect.get(prototype, name, this.#handle) || 0, this.#before[index]))
  }

  /** Whoever uses the socket itself gets it back, and whoever closes its descriptor lets us know before. */
  #watch () {
    const socket = this.#socket
    const handle = this.#handle
    socket.on('newListener', this.#onListener)
    for (const method of SOCKET_METHODS) {
      this.#replace(socket, method, (/** @type {any[]} */ ...args) => {
        this.#transport.release()
        return socket[method](...args)
      })
    }
    for (const method of ['ref', 'unref']) {
      const original = socket[method]
      this.#replace(socket, method, () => {
        this.#keepAlive(method === 'ref')
        return original.call(socket)
      })
    }
    const onTimeout = socket._onTimeout
    this.#replace(socket, '_onTimeout', () => this.#timedOut() && onTimeout.call(socket))
    for (const method of HANDLE_METHODS) {
      const original = handle[method]
      if (typeof original !== 'function') continue
      this.#replace(handle, method, (/** @type {any[]} */ ...args) => {
        this.#leave()
        return original.apply(handle, args)
      })
    }
    // Node reads whenever somebody might want it to.
    this.#replace(handle, 'readStart', () => 0)
    const define = { configurable: true, enumerable: true }
    Object.defineProperty(handle, 'bytesRead', { ...define, get: () => this.#counters()[0] })
    Object.defineProperty(handle, 'bytesWritten', { ...define, get: () => this.#counters()[1] })
  }

  /**
   * Gives an object a method of its own, until `#unwatch`.
   *
   * @param {any} object
   * @param {string} name
   * @param {Function} method
   */
  #replace (object, name, method) {
    const before = Object.getOwnPropertyDescriptor(object, name)
    Object.defineProperty(object, name, { value: method, configurable: true, writable: true, enumerable: false })
    this.#replaced.push(() => {
      if (before) Object.defineProperty(object, name, before)
      else delete object[name]
    })
  }

  #unwatch () {
    this.#socket.removeListener('newListener', this.#onListener)
    for (const restore of this.#replaced.splice(0)) restore()
  }

  /** Bytes that came to no message count as well. */
  #timedOut () {
    const [read, written] = this.#counters()
    if (read + written === this.#seen) return true
    this.#seen = read + written
    this.#socket._unrefTimer()
    return false
  }
}

/**
 * Takes over a socket, or returns null where that is not possible.
 *
 * @param {any} socket
 * @param {import('../driver/driver').Driver} driver
 * @param {import('./transport').Transport} transport
 */
function adopt (socket, driver, transport) {
  if (!qualifies(socket)) return null
  const found = dispatcherOfThisEnvironment()
  if (found === null) return null
  const handle = socket._handle
  const number = driver.register(found.reactor, handle.fd)
  if (number < 0) return null
  // Reading from the stream has Node start reading from the kernel: that is stopped behind it.
  for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) driver.store(chunk)
  handle.readStop()
  handle.reading = false
  return new NativeChannel(found, number, socket, driver, transport)
}

/**
 * Runs what sends to many: everything leaves together when it is done.
 *
 * @template T
 * @param {() => T} work
 * @returns {T}
 */
function batch (work) {
  const found = dispatcher
  if (!found || found.state[0] === 1) return work()
  found.state[0] = 1
  try {
    return work()
  } finally {
    found.reactor.endBatch()
  }
}

/** @type {Dispatcher | null | undefined} */
let dispatcher

function dispatcherOfThisEnvironment () {
  if (dispatcher === undefined) {
    try {
      dispatcher = new Dispatcher()
    } catch {
      dispatcher = null
    }
  }
  return dispatcher
}

/** @param {any} socket */
function qualifies (socket) {
  if (!IS_SUPPORTED || Object.getPrototypeOf(socket) !== net.Socket.prototype) return false
  const handle = socket._handle
  if (!handle || !(handle.fd >= 0) || typeof handle.readStop !== 'function') return false
  if (OWN_METHODS.some((method) => Object.hasOwn(socket, method))) return false
  if (socket.listenerCount('data') + socket.listenerCount('readable') > 0) return false
  if (socket.writableLength > 0 || socket.writableEnded || socket.destroyed || socket.connecting) return false
  return !socket._readableState.ended && !socket.readableEncoding
}

/** @type {any[]} */
const NOTHING = []
/** Numbers and values. A power of two. */
const ENTRIES_BETWEEN_LOOKS = 32
/** Milliseconds of handlers before timers and other connections have their turn. */
const MAX_TURN = 20
/** Milliseconds. */
const IDLE_TIMEOUT = 1000
const MESSAGE = 0
const POLL = 1
const DRAINED = 2
const ENDED = 3
const FAILED = 4
const UNWRITABLE = 5
const SOCKET_METHODS = ['write', 'end', 'pause', 'setEncoding']
const HANDLE_METHODS = ['close', 'reset']
const OWN_METHODS = ['write', 'end', 'push', 'emit']
const IS_SUPPORTED = ['linux', 'darwin'].includes(process.platform) && !('bun' in process.versions) &&
  !('deno' in process.versions) && typeof native.Reactor === 'function' &&
  process.env.FAYE_WEBSOCKET_TRANSPORT !== 'stream'

module.exports = { adopt, batch }
