// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const net = require('node:net')
const { types } = require('node:util')
const { nextTick } = require('../runtime')
const { HANDLE_METHODS, classIsUntouched, isUntouched } = require('./untouched')

/**
 * What is different about a socket and its handle while a reactor moves their bytes. By prototypes, so that a
 * connection costs neither functions nor properties of its own.
 *
 * @typedef {object} Channel
 * @property {() => void} release gives the socket back to a program that uses it itself
 * @property {number} waiting bytes that the kernel has not taken
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
const CHANNEL = Symbol('channel')

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

/** @param {any} owner a socket or its handle */
function release (owner) {
  if (owner[CHANNEL].isActive) owner[CHANNEL].release()
}

/** Each of these gives the socket back, or does what is needed beside, and then is the original. */
class AdoptedSocket extends Socket {
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

  /** Bytes that wait for the kernel, wherever. */
  get writableLength () {
    return super.writableLength + this[CHANNEL].waiting
  }

  /** A `drain` follows. */
  get writableNeedDrain () {
    return super.writableNeedDrain || this[CHANNEL].waiting > 0
  }

  get _handle () {
    return super._handle
  }

  /** Node takes it away when it sends the socket to another process: from then on nothing is ours. */
  set _handle (handle) {
    if (handle !== null) release(this)
    super._handle = handle
    if (handle === null) release(this)
  }
}

/** Methods that give the socket back: what they do is done by Node's. */
const TAKING_BACK = [
  'write', 'end', 'cork', 'pause', 'setEncoding', 'push', 'unshift', '_write', '_writev', '_writeGeneric', '_final'
]
/** Methods that do not, because Node calls them while the socket is ours; a program may replace them. */
const KEPT = ['read', '_read', 'resume', 'uncork', 'emit']

/** @type {any} */
const methods = {}
for (const name of TAKING_BACK) {
  methods[name] = /** @this {any} */ function (/** @type {any[]} */ ...args) {
    release(this)
    return Socket.prototype[name].apply(this, args)
  }
}
for (const name of KEPT) {
  methods[name] = /** @this {any} */ function (/** @type {any[]} */ ...args) {
    if (name === 'emit' && args[0] === 'data') release(this)
    return Socket.prototype[name].apply(this, args)
  }
}
// Properties like those of Node's prototypes, and no accessors: what wraps methods looks at how they are defined.
for (const name of [...TAKING_BACK, ...KEPT]) define(AdoptedSocket.prototype, name, methods[name])
AdoptedSocket.prototype.constructor = net.Socket

/**
 * @param {any} object
 * @param {string} name
 * @param {any} value
 */
function define (object, name, value) {
  Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true })
}

/**
 * Whether a program has replaced methods of a socket that the reactor has. Asked before bytes are written, and written
 * out, because a loop over names costs ten times as much.
 *
 * @param {any} socket
 */
function isReplaced (socket) {
  return socket.write !== methods.write || socket.end !== methods.end || socket._write !== methods._write ||
    socket._writev !== methods._writev || socket._writeGeneric !== methods._writeGeneric ||
    socket._final !== methods._final || socket.cork !== methods.cork || socket.uncork !== methods.uncork ||
    socket.push !== methods.push || socket.unshift !== methods.unshift || socket.emit !== methods.emit ||
    socket.read !== methods.read || socket._read !== methods._read || socket.pause !== methods.pause ||
    socket.resume !== methods.resume
}

/**
 * Speaks TLS, and cannot be given back while it does: what a program writes is encrypted, what it puts in is read, and
 * other methods have no effect on the bytes.
 */
class SecureSocket extends AdoptedSocket {
  /**
   * @param {any} chunk
   * @param {any} [encoding]
   * @param {any} [done]
   */
  write (chunk, encoding, done) {
    const hasRoom = this[CHANNEL].writeAround(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
    const callback = typeof encoding === 'function' ? encoding : done
    if (callback) nextTick(callback)
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

  /**
   * @param {any} chunk
   * @param {any} [encoding]
   */
  push (chunk, encoding) {
    if (!this[CHANNEL].isActive || chunk === null) return Socket.prototype.push.call(this, chunk, encoding)
    this[CHANNEL].received(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
    return true
  }

  /**
   * @param {any} chunk
   * @param {any} [encoding]
   */
  unshift (chunk, encoding) {
    return this.push(chunk, encoding)
  }

  /** @param {any[]} args */
  emit (...args) {
    if (args[0] === 'data' && this[CHANNEL].isActive) this.push(args[1])
    return Socket.prototype.emit.apply(this, /** @type {any} */ (args))
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
  for (const name of Object.keys(HANDLE_METHODS)) {
    Object.defineProperty(adopted, name, {
      configurable: true,
      enumerable: true,
      // Node's own writing gets these when it has the socket back, so a program is asking.
      get () {
        release(this)
        return original[name]
      },
      set (value) {
        release(this)
        define(this, name, value)
      }
    })
  }
  // Node reads whenever a program might want it to.
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

/**
 * Whether a socket is one of Node's, and a program that looks at its bytes would have to look at it: not one of
 * another class, or behind a Proxy, or with methods or a buffer of the program's.
 *
 * @param {any} socket
 */
function isPlain (socket) {
  return Object.getPrototypeOf(socket) === Socket.prototype && !types.isProxy(socket) && isUntouched(socket) &&
    !usesBufferOfProgram(socket)
}

/** @type {symbol | null | undefined} by which a socket has the buffer of its option `onread` */
let bufferSymbol

/** @param {any} socket */
function usesBufferOfProgram (socket) {
  bufferSymbol ??= Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'kBuffer') ?? null
  return bufferSymbol !== null && Boolean(socket[bufferSymbol])
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
 * If the prototype was replaced or the socket sealed, our methods stay and behave like Node's.
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

module.exports = { adopt, classIsUntouched, formerChannel, giveBack, isPlain, isReplaced }
