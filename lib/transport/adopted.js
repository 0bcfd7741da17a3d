// @ts-check
'use strict'

const net = require('node:net')
const { types } = require('node:util')
const { NAME } = require('../scheduling')
const { HANDLE_METHODS, isUntouched } = require('./untouched')

/**
 * The behaviour of a socket and its handle while the reactor moves their bytes. Prototypes implement it, so that a
 * connection needs no functions or properties of its own. The methods by which a program uses the socket itself give
 * the socket back first. `close` and `reset` of the handle detach the descriptor first, because the system may reuse
 * its number at once.
 *
 * @typedef {import('./adoption').Adoption} Adoption
 */

/** @type {any} */
const ADOPTION = Symbol(NAME + '.adoption')

/** @type {any} */
const Socket = net.Socket

/**
 * Gives the socket back when a program adds a listener for its bytes. A listener rather than an overridden `on`,
 * because the sockets of an http server have an `on` of their own.
 *
 * @this {any}
 * @param {any} event
 */
function listenerAdded (event) {
  if (event === 'data' || event === 'readable') giveBack(this)
}

/** @param {any} owner a socket or its handle */
function giveBack (owner) {
  if (owner[ADOPTION].isActive) owner[ADOPTION].giveBack()
}

/**
 * An adopted socket. Its members give the socket back or update the adoption, and then do the same as the members of
 * Node's socket.
 */
class AdoptedSocket extends Socket {
  /** Whether the socket speaks TLS. Then it keeps the class when the adoption has ended, and encrypts nothing more. */
  static isTls = false
  /**
   * Whether the end of the adoption sends `close_notify`. For programs it does not, as in Node: a response that ends
   * with the connection must not seem complete if the program has destroyed the socket.
   */
  static endsTls = false

  ref () {
    this[ADOPTION].keepAlive(true)
    return super.ref()
  }

  unref () {
    this[ADOPTION].keepAlive(false)
    return super.unref()
  }

  _onTimeout () {
    if (!this[ADOPTION].isActive || this[ADOPTION].hasTimedOut()) super._onTimeout()
  }

  /** The bytes that the kernel has not accepted, in Node's buffer or in the outbox of the connection. */
  get writableLength () {
    return super.writableLength + this[ADOPTION].waiting
  }

  /** Whether `drain` follows. */
  get writableNeedDrain () {
    return super.writableNeedDrain || this[ADOPTION].waiting > 0
  }

  get _handle () {
    return super._handle
  }

  /** Gives the socket back, because Node sets the handle to null when it sends the socket to another process. */
  set _handle (handle) {
    if (handle !== null) giveBack(this)
    super._handle = handle
    if (handle === null) giveBack(this)
  }
}

/** The methods that give the socket back and then call Node's. */
const TAKING_BACK = [
  'write', 'end', 'cork', 'pause', 'setEncoding', 'push', 'unshift', '_write', '_writev', '_writeGeneric', '_final'
]
/**
 * The methods that do not give the socket back, because Node calls them during the adoption. A program may replace
 * them.
 */
const KEPT = ['read', '_read', 'resume', 'uncork', 'emit']

/** @type {any} */
const methods = {}
for (const name of TAKING_BACK) {
  methods[name] = /** @this {any} */ function (/** @type {any[]} */ ...args) {
    giveBack(this)
    return Socket.prototype[name].apply(this, args)
  }
}
for (const name of KEPT) {
  methods[name] = /** @this {any} */ function (/** @type {any[]} */ ...args) {
    if (name === 'emit' && args[0] === 'data') giveBack(this)
    return Socket.prototype[name].apply(this, args)
  }
}
// Defines data properties, as on Node's prototypes, because tools that wrap methods read the property descriptors.
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
 * Returns whether a program has replaced methods of an adopted socket. Runs before every write and has no loop, because
 * a loop over the names takes ten times as long.
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
 * The prototypes of adopted handles by their original prototypes. A handle keeps the new prototype when the socket is
 * given back, because the counters of the handle must still include the bytes that the reactor has counted.
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
      this[ADOPTION].detach()
      return original[method].apply(this, args)
    }
  }
  for (const name of Object.keys(HANDLE_METHODS)) {
    Object.defineProperty(adopted, name, {
      configurable: true,
      enumerable: true,
      // Node reads these properties only after the reactor has given the socket back, so a program reads them here.
      get () {
        giveBack(this)
        return original[name]
      },
      set (value) {
        giveBack(this)
        define(this, name, value)
      }
    })
  }
  // Node calls this method when a program may want to read. While the reactor reads, it has no effect.
  adopted.readStart = function () {
    return this[ADOPTION].isActive ? 0 : original.readStart.call(this)
  }
  // A native object of Node, such as a session of HTTP/2, would read and write the handle itself. While the reactor
  // speaks TLS, it must use the stream.
  Object.defineProperty(adopted, 'isStreamBase', {
    configurable: true,
    get () {
      return !this[ADOPTION].isTls && original.isStreamBase
    }
  })
  for (const [index, name] of ['bytesRead', 'bytesWritten'].entries()) {
    Object.defineProperty(adopted, name, {
      get () {
        const adoption = this[ADOPTION]
        // A closed handle reports no bytes, so this uses the count at the adoption.
        return Math.max(Reflect.get(original, name, this) || 0, adoption.before[index]) + adoption.counters()[index]
      }
    })
  }
  return adopted
}

/**
 * Returns whether a socket is an unmodified socket of Node: not of another class, not behind a Proxy, and without
 * methods or a buffer of the program. A program may observe the bytes of any other socket.
 *
 * @param {any} socket
 */
function isPlain (socket) {
  return Object.getPrototypeOf(socket) === Socket.prototype && !types.isProxy(socket) && isUntouched(socket) &&
    !usesBufferOfProgram(socket)
}

/** @type {symbol | null | undefined} the key of the buffer that a socket has with the option `onread` */
let bufferSymbol

/** @param {any} socket */
function usesBufferOfProgram (socket) {
  bufferSymbol ??= Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'kBuffer') ?? null
  return bufferSymbol !== null && Boolean(socket[bufferSymbol])
}

/**
 * @param {any} socket
 * @param {Adoption} adoption
 * @param {typeof AdoptedSocket} type
 */
function setPrototypes (socket, adoption, type) {
  const handle = socket._handle
  const isNew = handle[ADOPTION] === undefined
  // Before the prototypes: V8 gives each object that gets properties later a hidden class of its own.
  handle[ADOPTION] = socket[ADOPTION] = adoption
  if (isNew) {
    const original = Object.getPrototypeOf(handle)
    if (!adoptedHandles.has(original)) adoptedHandles.set(original, adoptedHandle(original))
    Object.setPrototypeOf(handle, adoptedHandles.get(original))
  }
  Object.setPrototypeOf(socket, type.prototype)
  socket.on('newListener', listenerAdded)
  rebindTimer(socket)
}

/**
 * Changes the class of a socket of ours.
 *
 * @param {any} socket
 * @param {typeof AdoptedSocket} type
 */
function changeClass (socket, type) {
  Object.setPrototypeOf(socket, type.prototype)
}

/**
 * Undoes `setPrototypes` for a socket whose adoption has ended. A socket that has spoken TLS keeps its class, so that
 * no later write reaches the peer without encryption.
 *
 * @param {any} socket
 * @param {typeof AdoptedSocket} type
 */
function restoreSocket (socket, type) {
  if (!type.isTls) restorePrototype(socket, type)
  socket.removeListener('newListener', listenerAdded)
  if (!socket.destroyed && !socket[ADOPTION].hasFired) rebindTimer(socket)
}

/**
 * Restores the prototype of Node's sockets. If the prototype was replaced or the socket sealed, our methods stay and
 * behave like Node's.
 *
 * @param {any} socket
 * @param {typeof AdoptedSocket} type
 */
function restorePrototype (socket, type) {
  const isOurs = Object.getPrototypeOf(socket) === type.prototype
  if (isOurs && Object.isExtensible(socket)) Object.setPrototypeOf(socket, Socket.prototype)
}

/**
 * Sets the timer of a socket anew, because a timer calls the `_onTimeout` that the socket had when the timer was set.
 *
 * @param {any} socket
 */
function rebindTimer (socket) {
  if (socket.timeout) socket.setTimeout(socket.timeout)
}

/**
 * Returns the last adoption of this handle, or null.
 *
 * @param {any} handle
 * @returns {Adoption | null}
 */
function formerAdoption (handle) {
  return handle[ADOPTION] ?? null
}

module.exports = {
  ADOPTION, AdoptedSocket, changeClass, formerAdoption, isPlain, isReplaced, restorePrototype, restoreSocket,
  setPrototypes
}
