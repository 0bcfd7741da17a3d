// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const net = require('node:net')

/**
 * What is different about a socket and its handle while a reactor moves their bytes. By prototypes, so that a
 * connection costs neither functions nor properties of its own.
 *
 * @typedef {object} Channel
 * @property {() => void} release gives the socket back, to whoever uses it itself
 * @property {() => boolean} leave lets go of the descriptor; false when that has been done
 * @property {(isAlive: boolean) => void} keepAlive whether the socket keeps the process alive
 * @property {() => boolean} hasTimedOut nothing has been read or written since the timer was last set
 * @property {boolean} hasFired it has been told so
 * @property {boolean} isSecure the bytes are records of TLS
 * @property {boolean} isActive the reactor has the descriptor
 * @property {number[]} before bytes that the handle had read and written when the reactor took it over
 * @property {() => number[]} counters and those that reactors have
 */

/** @type {any} */
const CHANNEL = Symbol('faye-websocket-rs.channel')

/** @type {any} */
const Socket = net.Socket

/**
 * Not by methods: those of an http server's sockets are their own.
 *
 * @this {any}
 * @param {any} event
 */
function listenerAdded (event) {
  if (event === 'data' || event === 'readable') release(this)
}

/** @param {any} socket */
function release (socket) {
  if (socket[CHANNEL].isActive) socket[CHANNEL].release()
}

/** Each of these gives the socket back, or does what is needed beside, and then is the original. */
class AdoptedSocket extends Socket {
  /** @param {any[]} args */
  write (...args) {
    release(this)
    return super.write(...args)
  }

  /** @param {any[]} args */
  end (...args) {
    release(this)
    return super.end(...args)
  }

  pause () {
    release(this)
    return super.pause()
  }

  /** @param {any} encoding */
  setEncoding (encoding) {
    release(this)
    return super.setEncoding(encoding)
  }

  ref () {
    this[CHANNEL].keepAlive(true)
    return super.ref()
  }

  unref () {
    this[CHANNEL].keepAlive(false)
    return super.unref()
  }

  _onTimeout () {
    if (!this[CHANNEL].isActive || this[CHANNEL].hasTimedOut()) super._onTimeout()
  }

  get _handle () {
    return super._handle
  }

  /** Node takes it away when it sends the socket to another process: from then on nothing is ours. */
  set _handle (handle) {
    super._handle = handle
    if (handle === null) release(this)
  }
}
AdoptedSocket.prototype.constructor = net.Socket

/** Speaks TLS, and cannot be given back while it does: nothing is written in the clear, and nobody else reads. */
class SecureSocket extends AdoptedSocket {
  /**
   * @param {any} chunk
   * @param {any} [encoding]
   * @param {any} [done]
   */
  write (chunk, encoding, done) {
    const hasRoom = this[CHANNEL].writeAround(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
    const callback = typeof encoding === 'function' ? encoding : done
    if (callback) process.nextTick(callback)
    return hasRoom
  }

  /** @param {any[]} args */
  end (...args) {
    const callback = args.find((each) => typeof each === 'function')
    if (args[0] !== undefined && args[0] !== callback) this.write(args[0], args[1])
    const rest = this[CHANNEL].finish()
    if (rest.length > 0) Socket.prototype.write.call(this, rest)
    return Socket.prototype.end.call(this, callback)
  }

  pause () {
    this[CHANNEL].stop()
    return this
  }

  resume () {
    this[CHANNEL].start()
    return this
  }
}

SecureSocket.prototype.constructor = net.Socket

/**
 * Prototypes of handles, and what comes before them. That stays when the socket is given back: what reactors have
 * counted remains counted.
 *
 * @type {Map<any, any>}
 */
const adoptedHandles = new Map()

/** @param {any} original */
function adoptedHandle (original) {
  const adopted = Object.create(original)
  for (const method of ['close', 'reset']) {
    // Pipes have no `reset`.
    if (typeof original[method] !== 'function') continue
    adopted[method] = function (/** @type {any[]} */ ...args) {
      this[CHANNEL].leave()
      return original[method].apply(this, args)
    }
  }
  // Node reads whenever somebody might want it to.
  adopted.readStart = function () {
    return this[CHANNEL].isActive ? 0 : original.readStart.call(this)
  }
  for (const [index, name] of ['bytesRead', 'bytesWritten'].entries()) {
    Object.defineProperty(adopted, name, {
      get () {
        const channel = this[CHANNEL]
        // A handle that is closed has forgotten what it has counted.
        return Math.max(Reflect.get(original, name, this) || 0, channel.before[index]) + channel.counters()[index]
      }
    })
  }
  return adopted
}

/** @param {any} socket */
function isPlain (socket) {
  return Object.getPrototypeOf(socket) === Socket.prototype
}

/**
 * @param {any} socket
 * @param {Channel} channel
 */
function adopt (socket, channel) {
  const handle = socket._handle
  if (handle[CHANNEL] === undefined) {
    const original = Object.getPrototypeOf(handle)
    if (!adoptedHandles.has(original)) adoptedHandles.set(original, adoptedHandle(original))
    Object.setPrototypeOf(handle, adoptedHandles.get(original))
  }
  handle[CHANNEL] = socket[CHANNEL] = channel
  Object.setPrototypeOf(socket, (channel.isSecure ? SecureSocket : AdoptedSocket).prototype)
  socket.on('newListener', listenerAdded)
  rebindTimer(socket)
}

/**
 * Whoever has changed the prototype in the meantime, or sealed the socket, has what the methods do when nobody has it.
 *
 * @param {any} socket
 */
function giveBack (socket) {
  const isOurs = [AdoptedSocket.prototype, SecureSocket.prototype].includes(Object.getPrototypeOf(socket))
  if (isOurs && Object.isExtensible(socket)) Object.setPrototypeOf(socket, Socket.prototype)
  socket.removeListener('newListener', listenerAdded)
  if (!socket.destroyed && !socket[CHANNEL].hasFired) rebindTimer(socket)
}

/** @param {any} socket whose timer calls the `_onTimeout` that it had when the timer was set */
function rebindTimer (socket) {
  if (socket.timeout) socket.setTimeout(socket.timeout)
}

/**
 * The channel that has had this socket's bytes before.
 *
 * @param {any} socket
 * @returns {any}
 */
function formerChannel (socket) {
  return socket._handle[CHANNEL] ?? null
}

module.exports = { adopt, formerChannel, giveBack, isPlain }
