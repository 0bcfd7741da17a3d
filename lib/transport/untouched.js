// @ts-check
'use strict'

/**
 * Knows whether the methods by which Node moves a socket's bytes are Node's. Programs wrap them to count, record or
 * mock what passes; such a socket stays with the stream, which calls them.
 *
 * A wrapper may be older than this module, so Node's methods are recognised by their text, once. Afterwards, comparing
 * them costs some nanoseconds.
 */

const { prototype: emitter } = require('node:events')
const net = require('node:net')

/** @type {any} */
const prototype = net.Socket.prototype

/**
 * Words from the text of Node's own methods, the same from Node 18 to 26.
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

/** Those of the prototype alone: an http server gives its sockets their own. */
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

/** What was last found to be Node's: @type {Record<string, any>} */
const known = Object.fromEntries(
  Object.keys({ ...SOCKET_METHODS, ...LISTENER_METHODS, ...HANDLE_METHODS }).map((name) => [name, undefined]))

/** @type {WeakMap<Function, boolean>} whether it is Node's */
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

// Written out, because a loop over names costs ten times as much.

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

/** Whether the class of Node's sockets is as Node made it. `emit` may be patched for all emitters, as by `domain`. */
function classIsUntouched () {
  return (hasKnownMethods(prototype) || recognise(prototype, SOCKET_METHODS)) &&
    ((prototype.on === known.on && prototype.addListener === known.addListener) ||
      recognise(prototype, LISTENER_METHODS)) &&
    prototype.emit === emitter.emit
}

/**
 * The same of one socket of that class, and of its handle.
 *
 * @param {any} socket
 */
function isUntouched (socket) {
  const handle = socket._handle
  return classIsUntouched() && hasKnownMethods(socket) && socket.emit === emitter.emit &&
    (handleHasKnownMethods(handle) || recognise(handle, HANDLE_METHODS)) && handle.onread?.name === 'onStreamRead'
}

module.exports = { HANDLE_METHODS, SOCKET_METHODS, classIsUntouched, isUntouched }
