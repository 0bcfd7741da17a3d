// @ts-check
'use strict'

const https = require('node:https')
const { accept } = require('./accept')
const { isNodes } = require('../transport/tls_defaults')
const { Settings } = require('./settings')

/** Node's class. Other JavaScript runtimes may have none. */
const NodeServer = /** @type {typeof https.Server} */ (https.Server ?? Object)

/**
 * An `https.Server` of Node, whose connections the reactor decrypts. Node's constructor and methods check all options,
 * so that errors are Node's. Of Node's listeners, this server replaces only the one that receives each new socket.
 * Those for secure connections and for errors remain, and so does Node's HTTP parser.
 */
class Server extends NodeServer {
  /**
   * @param {any} [options]
   * @param {any} [listener]
   */
  constructor (options, listener) {
    super(options, listener)
    replaceListener(this)
  }

  /** Whether the reactor decrypts a connection that arrives now. */
  get isNative () {
    return settingsOf(this).config() !== null
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
    // @ts-expect-error Node has deprecated this method, and its types lack it.
    super.setOptions(options)
    settingsOf(this).leaveToNode()
  }
}

// Node 24 has removed this method.
if (!('setOptions' in NodeServer.prototype)) Reflect.deleteProperty(Server.prototype, 'setOptions')

/**
 * Makes the server offer each new socket to the reactor first, and then to Node's listener.
 *
 * @param {Server} server
 */
function replaceListener (server) {
  const [byNode, ...others] = server.listeners('connection')
  const isUnchanged = others.length === 0 && isNodes(byNode, 'tlsConnectionListener', 'new TLSSocket(rawSocket, {')
  // A program or a later version of Node has changed the class.
  if (!isUnchanged) return settingsOf(server).leaveToNode()
  server.removeListener('connection', /** @type {any} */ (byNode))
  server.on('connection', (socket) => {
    const acceptByNode = () => byNode.call(server, socket)
    const settings = settingsOf(server)
    const config = settings.config()
    if (config === null || !accept(server, socket, config, settings.handshakeTimeout, acceptByNode)) acceptByNode()
  })
}

/** @type {WeakMap<Server, Settings>} */
const settings = new WeakMap()

/**
 * Returns the settings of a server. They cannot be a property, because Node's constructor already needs them.
 *
 * @param {Server} server
 */
function settingsOf (server) {
  const found = settings.get(server) ?? new Settings(server)
  if (!settings.has(server)) settings.set(server, found)
  return found
}

module.exports = { Server }
