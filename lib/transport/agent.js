// @ts-check
'use strict'

// Connections that the program makes: by an agent like Node's `http.Agent`, or by a function.

const { ClientRequest } = require('node:http')
const tls = require('node:tls')

/**
 * Called once, with the connection or an error.
 *
 * @callback Callback
 * @param {any} error
 * @param {any} [stream]
 */

/**
 * The request that asks an agent for a stream, and that is never written. It is a real `ClientRequest`, because agents
 * read its headers, listen to its events and call its methods.
 */
class AgentRequest extends ClientRequest {
  /** @type {Callback | null} */
  #callback = null
  /** @type {any} */
  #stream = null

  /**
   * @param {any} agent
   * @param {any} options
   * @param {Callback} callback
   */
  constructor (agent, options, callback) {
    super({ ...REQUEST, path: options.path, headers: options.headers })
    this.agent = agent
    this.#callback = callback
    this.on('error', (error) => this.#failed(error))
    agent.addRequest(this, options)
  }

  /**
   * @param {any} stream
   * @param {any} [error]
   */
  onSocket (stream, error) {
    if (error) return this.#failed(error)
    const callback = this.#callback
    this.#callback = null
    if (callback === null) return discard(stream)
    this.#stream = stream
    callback(null, stream)
  }

  /** @param {any} [error] */
  destroy (error) {
    if (this.destroyed) return this
    this.destroyed = true
    this.#failed(error ?? new Error('The agent has destroyed the request'))
    return this
  }

  /** Notifies the agent that its stream is in use. The agent may resume the stream, or put bytes into it. */
  announce () {
    this.emit('socket', this.#stream)
  }

  /** Removes the stream from the agent. The agent then neither counts the stream nor returns it to the pool. */
  removeFromAgent () {
    this.#stream.emit('agentRemove')
  }

  /** Cancels the request. Destroys a stream that arrives later. */
  cancel () {
    this.#callback = null
    this.destroyed = true
  }

  /** @param {any} error */
  #failed (error) {
    const callback = this.#callback
    this.#callback = null
    if (callback !== null) callback(error)
    else if (this.#stream !== null) this.#stream.destroy(error)
  }
}

/**
 * Asks an agent for a connection to a server.
 *
 * @param {any} agent
 * @param {URL} url
 * @param {any} options for `net.connect()`, or for `tls.connect()` when the URL is secure
 * @param {Callback} callback
 */
function connectByAgent (agent, url, options, callback) {
  const isSecure = url.protocol === 'wss:'
  const verified = isSecure && !options.checkServerIdentity ? { checkServerIdentity: identityOf(options) } : null
  return new AgentRequest(agent, {
    ...options,
    ...verified,
    protocol: isSecure ? 'https:' : 'http:',
    hostname: options.host,
    path: url.pathname + url.search,
    method: 'GET',
    headers: { Host: url.host, Upgrade: 'websocket', Connection: 'Upgrade' },
    agent,
    // Read by agent-base, which otherwise searches the call stack for names of functions.
    secureEndpoint: isSecure
  }, callback)
}

/**
 * Returns a function that checks the certificate against the server's host. Agents drop a host that is an IP address,
 * and Node would then check the certificate against another name.
 *
 * @param {any} options
 */
function identityOf ({ servername, host }) {
  return (/** @type {string} */ name, /** @type {any} */ certificate) =>
    tls.checkServerIdentity(servername || host, certificate)
}

/**
 * Asks a function for a connection, as `http.request()` does. The function returns a stream, or calls back.
 *
 * @param {Function} createConnection
 * @param {any} options
 * @param {Callback} callback
 */
function connectByFunction (createConnection, options, callback) {
  let isCalled = false
  const once = (/** @type {any} */ error, /** @type {any} */ stream) => {
    if (isCalled) return
    isCalled = true
    callback(error, stream)
  }
  const stream = createConnection(options, once)
  if (!stream) return
  if (!isCalled && !isDuplex(stream)) throw notDuplex(stream)
  once(null, stream)
}

/** @param {any} value */
function isDuplex (value) {
  return typeof value === 'object' && value !== null && METHODS.every((name) => typeof value[name] === 'function')
}

/** @param {any} value not part of the message, because it may contain passwords */
function notDuplex (value) {
  return new TypeError(`Invalid connection: ${Object.prototype.toString.call(value)}; expected a Duplex`)
}

/** @param {any} stream that arrived too late, or is not usable */
function discard (stream) {
  if (!isDuplex(stream)) return
  stream.on('error', () => {})
  stream.destroy()
}

const METHODS = ['on', 'removeListener', 'emit', 'write', 'end', 'destroy', 'pause', 'resume']
/**
 * Options with an agent that does nothing. The constructor of a request calls its agent, and checks its protocol.
 *
 * @type {any}
 */
const REQUEST = { agent: { addRequest () {}, options: {}, keepAlive: false, maxSockets: Infinity }, setHost: false }

module.exports = { connectByAgent, connectByFunction, discard, isDuplex, notDuplex }
