// @ts-check
'use strict'

const { contextOf, needForNode, serverConfig, serverContextOf } = require('../transport/server_plan')

/** @typedef {import('../transport/server_plan').Context} Context */

/**
 * The TLS options of a server, as its program has set and changed them. They are converted when they are set, because a
 * program may change its buffers later.
 */
class Settings {
  #server
  /** @type {Context | string} the reason if only Node knows the options */
  #context = 'Node has not set the options'
  /** Node's object for the same options. A program that replaces it has other options. @type {any} */
  #credentials
  /** @type {number | undefined} in seconds */
  #sessionTimeout
  /** @type {Array<{ hostname: string, context: Context | string }>} */
  #contexts = []
  /** @type {number | undefined} in milliseconds */
  #handshakeTimeout
  /** @type {string | null} the reason why Node accepts all further connections */
  #reason = null
  /**
   * The configuration, and the members of the server that it was made of; null if it must be made anew.
   *
   * @type {{ members: any[], config: import('../../binding').TlsServerConfig | string } | null}
   */
  #cached = null

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
    this.#context = serverContextOf(options)
    this.#credentials = this.#server._sharedCreds
    this.#sessionTimeout = this.#server.sessionTimeout
    this.invalidate()
  }

  /**
   * @param {string} hostname
   * @param {any} options
   */
  contextAdded (hostname, options) {
    this.#contexts.push({ hostname, context: contextOf(options) })
    this.invalidate()
  }

  /**
   * Makes Node accept all further connections.
   *
   * @param {string} reason a sentence
   */
  leaveToNode (reason) {
    this.#reason ??= reason
  }

  /** Makes a new configuration for the next connection. */
  invalidate () {
    this.#cached = null
  }

  /**
   * Returns the configuration for the reactor, or the reason, a sentence, if Node must accept a connection that arrives
   * now.
   */
  config () {
    const server = this.#server
    if (this.#reason !== null) return this.#reason
    if (this.#credentials !== server._sharedCreds) return 'A program has replaced the credentials'
    // Or this version of Node stores contexts elsewhere.
    if (server._contexts?.length !== this.#contexts.length) return 'A program has added a context without addContext()'
    const need = needForNode(server)
    if (need !== null) return need
    const members = MEMBERS.map((name) => server[name])
    if (!this.#cached || members.some((value, index) => value !== this.#cached?.members[index])) {
      this.#cached = { members, config: this.#make() }
    }
    return this.#cached.config
  }

  #make () {
    const server = this.#server
    return serverConfig(this.#context, {
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

/** The members of Node's server that its listener reads for each connection. */
const MEMBERS = ['requestCert', 'rejectUnauthorized', 'ALPNProtocols']
/** The limit for the TLS handshake that Node has, in milliseconds. */
const HANDSHAKE_TIMEOUT = 120_000

module.exports = { Settings }
