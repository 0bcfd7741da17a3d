// @ts-check
'use strict'

const { contextOf, isNodeUnmodified, serverConfig } = require('../transport/server_plan')

/** @typedef {import('../transport/server_plan').Context} Context */

/**
 * The TLS options of a server, as its program has set and changed them. They are converted when they are set, because a
 * program may change its buffers later.
 */
class Settings {
  #server
  /** @type {Context | null} null if only Node knows the options */
  #context = null
  /** Node's object for the same options. A program that replaces it has other options. @type {any} */
  #credentials
  /** @type {number | undefined} in seconds */
  #sessionTimeout
  /** @type {Array<{ hostname: string, context: Context | null }>} */
  #contexts = []
  /** @type {number | undefined} in milliseconds */
  #handshakeTimeout
  #isUnknown = false
  /** The configuration, and the members of the server that it was made of. */
  #members = NOTHING
  /** @type {any} */
  #config = null

  /** @param {any} server */
  constructor (server) {
    this.#server = server
  }

  /** The limit for the TLS handshake, in milliseconds. */
  get handshakeTimeout () {
    return this.#handshakeTimeout ?? HANDSHAKE_TIMEOUT
  }

  /** @param {any} options of the constructor, or those that replace them */
  contextSet (options) {
    // Only the constructor can set this option. It calls this method first.
    this.#handshakeTimeout ??= options.handshakeTimeout || HANDSHAKE_TIMEOUT
    this.#context = contextOf(options, OTHER_OPTIONS)
    this.#credentials = this.#server._sharedCreds
    this.#sessionTimeout = this.#server.sessionTimeout
    this.changed()
  }

  /**
   * @param {string} hostname
   * @param {any} options
   */
  contextAdded (hostname, options) {
    this.#contexts.push({ hostname, context: contextOf(options) })
    this.changed()
  }

  /** Makes Node accept all further connections. */
  giveUp () {
    this.#isUnknown = true
  }

  /** Makes a new configuration for the next connection. */
  changed () {
    this.#members = NOTHING
  }

  /** Returns the configuration for the reactor, or null if Node must accept a connection that arrives now. */
  config () {
    const server = this.#server
    if (this.#isUnknown || this.#context === null || this.#credentials !== server._sharedCreds) return null
    // A program has added a context by another way.
    if (server._contexts.length !== this.#contexts.length) return null
    if (EVENTS.some((name) => server.listenerCount(name) > 0)) return null
    const members = MEMBERS.map((name) => server[name])
    if (this.#members === NOTHING || members.some((value, index) => value !== this.#members[index])) {
      this.#members = members
      this.#config = this.#make(this.#context)
    }
    return isNodeUnmodified() ? this.#config : null
  }

  /** @param {Context} context */
  #make (context) {
    const server = this.#server
    if (server.ALPNCallback) return null
    return serverConfig(context, {
      others: this.#contexts,
      requestCert: server.requestCert,
      rejectUnauthorized: server.rejectUnauthorized,
      protocols: server.ALPNProtocols,
      ticketKeys: server.getTicketKeys(),
      sessionContext: server.sessionIdContext,
      sessionTimeout: this.#sessionTimeout
    })
  }
}

/** @type {any[]} */
const NOTHING = []
/** The members of Node's server that its listener reads for each connection. */
const MEMBERS = ['requestCert', 'rejectUnauthorized', 'ALPNProtocols', 'ALPNCallback']
/** The limit for the TLS handshake that Node has, in milliseconds. */
const HANDSHAKE_TIMEOUT = 120_000
/**
 * The events of Node's TLS that the reactor does not have. After `connect`, programs pass the socket to
 * `tls.TLSSocket`, which works with sockets of Node's TLS only.
 */
const EVENTS = ['newSession', 'resumeSession', 'OCSPRequest', 'keylog', 'connect']
/** The other options of `https.createServer()` that the reactor follows, or that do not concern connections. */
const OTHER_OPTIONS = [
  // TLS
  'ALPNProtocols', 'handshakeTimeout', 'rejectUnauthorized', 'requestCert', 'sessionIdContext', 'sessionTimeout',
  'ticketKeys',
  // HTTP
  'IncomingMessage', 'ServerResponse', 'connectionsCheckingInterval', 'headersTimeout', 'insecureHTTPParser',
  'joinDuplicateHeaders', 'keepAliveTimeout', 'maxHeaderSize', 'optimizeEmptyRequests', 'rejectNonStandardBodyWrites',
  'requestTimeout', 'requireHostHeader', 'shouldUpgradeCallback', 'uniqueHeaders',
  // Sockets
  'allowHalfOpen', 'blockList', 'keepAlive', 'keepAliveInitialDelay', 'noDelay'
]

module.exports = { Settings }
