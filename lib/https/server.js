// @ts-check
'use strict'

const https = require('node:https')
const { accept } = require('./accept')
const { isNodes } = require('../transport/tls_defaults')
const { Settings } = require('./settings')

/** Node's class. Other JavaScript runtimes may have none. @type {any} */
const NodeServer = https.Server ?? Object

/**
 * An `https.Server` of Node, whose connections the reactor decrypts. Node's constructor and methods check all options,
 * so that errors are Node's. Of Node's listeners, this server replaces only the one that receives each new socket.
 * Those for secure connections and for errors remain, and so does Node's HTTP parser.
 *
 * As Node's class, it is a function that programs may call without `new`, and for their own objects.
 *
 * @this {any}
 * @param {any} [options]
 * @param {any} [listener]
 * @returns {any}
 */
function Server (options, listener) {
  if (!(this instanceof Server)) return new /** @type {any} */ (Server)(options, listener)
  NodeServer.call(this, options, listener)
  replaceListener(this)
}

class Members extends NodeServer {
  /** Whether the reactor decrypts a connection that arrives now. */
  get isNative () {
    return typeof settingsOf(this).config() !== 'string'
  }

  /** The reason for the value of `isNative`, a sentence. */
  get nativeReason () {
    const config = settingsOf(this).config()
    return typeof config === 'string' ? config : 'rustls decrypts connections'
  }

  // Node's constructor calls this method, too.
  /** @param {any} options */
  setSecureContext (options) {
    super.setSecureContext(options)
    settingsOf(this).contextSet(options)
  }

  /**
   * @param {string} hostname
   * @param {any} context
   */
  addContext (hostname, context) {
    super.addContext(hostname, context)
    settingsOf(this).contextAdded(hostname, context)
  }

  /** @param {any} keys */
  setTicketKeys (keys) {
    super.setTicketKeys(keys)
    settingsOf(this).invalidate()
  }

  /** @param {any} options */
  setOptions (options) {
    super.setOptions(options)
    settingsOf(this).leaveToNode('A program has called setOptions()')
  }
}

// Node 24 has removed this method.
if (!('setOptions' in NodeServer.prototype)) Reflect.deleteProperty(Members.prototype, 'setOptions')
Object.setPrototypeOf(Server, NodeServer)
Server.prototype = Members.prototype
Server.prototype.constructor = Server

/**
 * Makes the server offer each new socket to the reactor first, and then to Node's listener.
 *
 * @param {any} server
 */
function replaceListener (server) {
  const [byNode, ...others] = server.listeners('connection')
  const isUnchanged = others.length === 0 && isNodes(byNode, 'tlsConnectionListener', 'new TLSSocket(rawSocket, {')
  if (!isUnchanged) {
    return settingsOf(server).leaveToNode('A program or a later version of Node has changed the class https.Server')
  }
  server.removeListener('connection', byNode)
  server.on('connection', (/** @type {any} */ socket) => {
    const acceptByNode = () => byNode.call(server, socket)
    const settings = settingsOf(server)
    const config = settings.config()
    if (typeof config === 'string' || !accept(server, socket, config, settings.handshakeTimeout, acceptByNode)) {
      acceptByNode()
    }
  })
}

/** @type {WeakMap<object, Settings>} */
const settings = new WeakMap()

/**
 * Returns the settings of a server. They cannot be a property, because Node's constructor already needs them.
 *
 * @param {any} server
 */
function settingsOf (server) {
  const found = settings.get(server) ?? new Settings(server)
  if (!settings.has(server)) settings.set(server, found)
  return found
}

module.exports = { Server }
