// @ts-check
'use strict'

const net = require('node:net')
const { types } = require('node:util')
const { NAME } = require('../scheduling')
const { HANDLE_METHODS, isUntouched } = require('./untouched')

/**
 * What is different about a socket and its handle while a reactor moves their bytes. By prototypes, so that a
 * connection costs neither functions nor properties of its own. Methods by which a program uses the socket itself give
 * it back first. The handle's `close` and `reset` deregister the descriptor first, because its number may be used again
 * at once.
 *
 * @typedef {import('./adoption').Adoption} Adoption
 */

/** @type {any} */
const ADOPTION = Symbol(NAME + '.adoption')

/** @type {any} */
const Socket = net.Socket

/**
 * Not by methods: those of an http server's sockets are their own.
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

/** Each of these gives the socket back, or does what is needed beside, and then is the original. */
class AdoptedSocket extends Socket {
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

  /** Bytes that wait for the kernel, wherever. */
  get writableLength () {
    return super.writableLength + this[ADOPTION].waiting
  }

  /** A `drain` follows. */
  get writableNeedDrain () {
    return super.writableNeedDrain || this[ADOPTION].waiting > 0
  }

  get _handle () {
    return super._handle
  }

  /** Node takes it away when it sends the socket to another process: from then on nothing is ours. */
  set _handle (handle) {
    if (handle !== null) giveBack(this)
    super._handle = handle
    if (handle === null) giveBack(this)
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
      this[ADOPTION].detach()
      return original[method].apply(this, args)
    }
  }
  for (const name of Object.keys(HANDLE_METHODS)) {
    Object.defineProperty(adopted, name, {
      configurable: true,
      enumerable: true,
      // Node's own writing gets these when it has the socket back, so a program is asking.
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
  // Node reads whenever a program might want it to.
  adopted.readStart = function () {
    return this[ADOPTION].isActive ? 0 : original.readStart.call(this)
  }
  for (const [index, name] of ['bytesRead', 'bytesWritten'].entries()) {
    Object.defineProperty(adopted, name, {
      get () {
        const adoption = this[ADOPTION]
        // A handle that is closed has forgotten what it has counted.
        return Math.max(Reflect.get(original, name, this) || 0, adoption.before[index]) + adoption.counters()[index]
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
 * @param {Adoption} adoption
 * @param {typeof AdoptedSocket} type
 */
function setPrototypes (socket, adoption, type) {
  const handle = socket._handle
  if (handle[ADOPTION] === undefined) {
    const original = Object.getPrototypeOf(handle)
    if (!adoptedHandles.has(original)) adoptedHandles.set(original, adoptedHandle(original))
    Object.setPrototypeOf(handle, adoptedHandles.get(original))
  }
  handle[ADOPTION] = socket[ADOPTION] = adoption
  Object.setPrototypeOf(socket, type.prototype)
  socket.on('newListener', listenerAdded)
  rebindTimer(socket)
}

/**
 * If the prototype was replaced or the socket sealed, our methods stay and behave like Node's.
 *
 * @param {any} socket
 * @param {typeof AdoptedSocket} type
 */
function restorePrototype (socket, type) {
  const isOurs = Object.getPrototypeOf(socket) === type.prototype
  if (isOurs && Object.isExtensible(socket)) Object.setPrototypeOf(socket, Socket.prototype)
  socket.removeListener('newListener', listenerAdded)
  if (!socket.destroyed && !socket[ADOPTION].hasFired) rebindTimer(socket)
}

/** @param {any} socket whose timer calls the `_onTimeout` that it had when the timer was set */
function rebindTimer (socket) {
  if (socket.timeout) socket.setTimeout(socket.timeout)
}

/**
 * The adoption that has had this handle's bytes before.
 *
 * @param {any} handle
 * @returns {Adoption | null}
 */
function formerAdoption (handle) {
  return handle[ADOPTION] ?? null
}

module.exports = { ADOPTION, AdoptedSocket, formerAdoption, isPlain, isReplaced, restorePrototype, setPrototypes }
