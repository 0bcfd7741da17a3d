// @ts-check
'use strict'

/**
 * Decides whether the methods by which Node moves a socket's bytes are Node's own. Programs wrap these methods to
 * count, record or mock the bytes. Such a socket uses the stream transport, which calls the methods.
 *
 * A program may have wrapped the methods before this module was loaded. Therefore this module recognises Node's methods
 * by their source text, once. After that, a check compares functions, which takes some nanoseconds.
 */

const { prototype: emitter } = require('node:events')
const net = require('node:net')

/** @type {any} */
const prototype = net.Socket.prototype

/**
 * Phrases in the source text of Node's methods, the same from Node 18 to 26.
 *
 * @type {Record<string, RegExp>}
 */
const SOCKET_METHODS = {
  write: /\b_write\(this, /,
  end: /\bDuplex\.prototype\.end\.call\(this,/,
  cork: /\.corked\+\+/,
  uncork: /\.corked--/,
  _write: /\bthis\._writeGeneric\(false, /,
  _writev: /\bthis\._writeGeneric\(true, /,
  _writeGeneric: /\bwritevGeneric\(this, /,
  _final: /\bnew ShutdownWrap\(/,
  push: /\breadableAddChunk/,
  unshift: /\breadableAddChunk/,
  read: /\bthis\[kBuffer\]/,
  _read: /\btryReadStart\(this\)/,
  pause: /\bthis\[kBuffer\]/,
  resume: /\bthis\[kBuffer\]/
}

/** The same for methods of the prototype only, because the sockets of an http server have such methods of their own. */
const LISTENER_METHODS = {
  on: /\.prototype\.on\.call\(this, /,
  addListener: /\.prototype\.on\.call\(this, /
}

const NATIVE = /\{\s*\[native code\]\s*\}$/
const HANDLE_METHODS = {
  readStop: NATIVE,
  shutdown: NATIVE,
  writeBuffer: NATIVE,
  writev: NATIVE,
  writeAsciiString: NATIVE,
  writeLatin1String: NATIVE,
  writeUcs2String: NATIVE,
  writeUtf8String: NATIVE
}

/** The methods that were last recognised as Node's. @type {Record<string, any>} */
const known = Object.fromEntries(
  Object.keys({ ...SOCKET_METHODS, ...LISTENER_METHODS, ...HANDLE_METHODS }).map((name) => [name, undefined]))

/** @type {WeakMap<Function, boolean>} whether a function is Node's */
const verdicts = new WeakMap()

/**
 * @param {any} object
 * @param {Record<string, RegExp>} methods
 */
function recognise (object, methods) {
  return Object.keys(methods).every((name) => {
    const method = object[name]
    if (typeof method !== 'function') return false
    if (!verdicts.has(method)) verdicts.set(method, methods[name].test(Function.prototype.toString.call(method)))
    if (!verdicts.get(method)) return false
    known[name] = method
    return true
  })
}

// The comparisons have no loop, because a loop over the names takes ten times as long.

/** @param {any} socket */
function hasKnownMethods (socket) {
  return socket.write === known.write && socket.end === known.end && socket.cork === known.cork &&
    socket.uncork === known.uncork && socket._write === known._write && socket._writev === known._writev &&
    socket._writeGeneric === known._writeGeneric && socket._final === known._final && socket.push === known.push &&
    socket.unshift === known.unshift && socket.read === known.read && socket._read === known._read &&
    socket.pause === known.pause && socket.resume === known.resume
}

/** @param {any} handle */
function handleHasKnownMethods (handle) {
  return handle.readStop === known.readStop && handle.shutdown === known.shutdown &&
    handle.writeBuffer === known.writeBuffer && handle.writev === known.writev &&
    handle.writeAsciiString === known.writeAsciiString && handle.writeLatin1String === known.writeLatin1String &&
    handle.writeUcs2String === known.writeUcs2String && handle.writeUtf8String === known.writeUtf8String
}

/** The methods by which handles of Node write a Buffer: one for each class of handles. @type {Set<any>} */
const writers = new Set()

/**
 * Returns whether only methods of Node see the Buffers that are written to a socket.
 *
 * @param {any} socket
 */
function writesByNode (socket) {
  if (!hasKnownMethods(prototype) && !recognise(prototype, SOCKET_METHODS)) return false
  if (socket.write !== known.write || socket._write !== known._write) return false
  const writer = socket._handle?.writeBuffer
  return socket._writeGeneric === known._writeGeneric && (writers.has(writer) || isWriter(writer))
}

/** @param {any} writer */
function isWriter (writer) {
  if (typeof writer !== 'function' || !NATIVE.test(Function.prototype.toString.call(writer))) return false
  writers.add(writer)
  return true
}

/** Returns whether the class of Node's sockets is unmodified. `domain` and others may patch `emit` of all emitters. */
function classIsUntouched () {
  return (hasKnownMethods(prototype) || recognise(prototype, SOCKET_METHODS)) &&
    ((prototype.on === known.on && prototype.addListener === known.addListener) ||
      recognise(prototype, LISTENER_METHODS)) &&
    prototype.emit === emitter.emit
}

/**
 * Returns whether one socket of that class, and its handle, are unmodified as well.
 *
 * @param {any} socket
 */
function isUntouched (socket) {
  const handle = socket._handle
  return classIsUntouched() && hasKnownMethods(socket) && socket.emit === emitter.emit &&
    (handleHasKnownMethods(handle) || recognise(handle, HANDLE_METHODS)) && handle.onread?.name === 'onStreamRead'
}

module.exports = { HANDLE_METHODS, SOCKET_METHODS, classIsUntouched, isUntouched, writesByNode }
