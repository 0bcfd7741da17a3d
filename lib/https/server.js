// @ts-check
'use strict'

const https = require('node:https')
const { accept } = require('./accept')
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
    settingsOf(this).changed()
  }

  /** @param {any} options */
  setOptions (options) {
    // @ts-expect-error Node has deprecated this method, and its types lack it.
    super.setOptions(options)
    settingsOf(this).giveUp()
  }
}

// Node 24 has removed this method.
if (!('setOptions' in https.Server.prototype)) Reflect.deleteProperty(Server.prototype, 'setOptions')

/**
 * Makes the server offer each new socket to the reactor first, and then to Node's listener.
 *
 * @param {Server} server
 */
function replaceListener (server) {
  const [byNode, ...others] = server.listeners('connection')
  // A program or a later version of Node has changed the class.
  if (others.length > 0 || !isNodesListener(byNode)) return settingsOf(server).giveUp()
  server.removeListener('connection', /** @type {any} */ (byNode))
  server.on('connection', (socket) => {
    const acceptByNode = () => byNode.call(server, socket)
    const settings = settingsOf(server)
    const config = settings.config()
    if (config === null || !accept(server, socket, config, settings.handshakeTimeout, acceptByNode)) acceptByNode()
  })
}

/** @param {any} listener */
function isNodesListener (listener) {
  const text = Function.prototype.toString.call(listener)
  return text.startsWith('function tlsConnectionListener(') && text.includes('new TLSSocket(rawSocket, {')
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
