// @ts-check
'use strict'

// TLS in the reactor for `https.request()`.

const https = require('node:https')
const net = require('node:net')
const { adoptForRequest } = require('./adoption')
const { discard } = require('./agent')
const { declareAgreement } = require('./agreement')
const { hangUp } = require('./errors')
const { IS_SUPPORTED } = require('./platform')
const { RequestChannel } = require('./request_channel')
const { planOf } = require('./tls')
const { nodesMethod } = require('./tls_defaults')

/** Node's class. Tests of programs may replace the module `https` with an incomplete one. */
const Agent = /** @type {typeof https.Agent} */ (https.Agent ?? Object)

/**
 * An agent for one request, like the one that Node creates if the option `agent` is false. The reactor speaks TLS over
 * its socket if it does exactly what Node would do. The request receives the socket after the server is verified. After
 * an upgrade, the socket can be transferred to a connection. If the reactor refuses the server, Node tries again, so
 * that verdicts and messages of errors are Node's.
 */
class SecureAgent extends Agent {
  /** @type {any} */
  #request = null

  /** @param {any[]} args a request, and options */
  addRequest (...args) {
    this.#request = args[0]
    // @ts-expect-error Every agent has this method, although Node does not document it.
    return super.addRequest(...args)
  }

  /**
   * @param {any} options those of the request, completed by Node
   * @param {(error: any, socket?: any) => void} callback
   */
  createConnection (options, callback) {
    const plan = planFor(options)
    if (plan === null) return super.createConnection(options, callback)
    const connectByNode = (/** @type {any} */ socket) =>
      super.createConnection(socket ? { ...options, socket } : options)
    const socket = net.connect(options)
    const attempt = new Attempt(this.#request, socket, options.servername, callback)
    socket.once('connect', () => attempt.secure(plan, connectByNode))
  }
}

/** The attempt to get a socket for one request. Only the first outcome counts. */
class Attempt {
  #request
  #socket
  #servername
  #callback
  #destroy

  /**
   * @param {any} request
   * @param {any} socket that connects
   * @param {string} servername
   * @param {(error: any, socket?: any) => void} callback
   */
  constructor (request, socket, servername, callback) {
    this.#request = request
    this.#socket = socket
    this.#servername = servername
    this.#callback = callback
    this.#destroy = this.#requestDestroyed.bind(this)
    // A request without a socket emits no event when it is destroyed.
    request.destroy = this.#destroy
    socket.on('error', this.#failed)
    socket.on('close', this.#closed)
  }

  /**
   * @param {import('./tls').Plan} plan
   * @param {(socket: any) => any} connectByNode makes a connection with Node's TLS, over this socket if there is one
   */
  secure (plan, connectByNode) {
    const socket = this.#socket
    const adoption = adoptForRequest(socket, plan)
    if (adoption === null) return this.#end(() => connectByNode(socket))
    adoption.putAside()
    new RequestChannel(adoption, socket, {
      onSecure: () => this.#end(() => declareAgreement(socket, this.#servername)),
      onRefused: () => this.#end(() => {
        discard(socket)
        return connectByNode(null)
      })
    })
  }

  #failed = (/** @type {any} */ error) => this.#end(() => { throw error })

  /** Fails with Node's error for this case. */
  #closed = () => this.#failed(hangUp())

  /** @param {any} [error] */
  #requestDestroyed (error) {
    this.#restore()
    this.#request.destroy(error)
    this.#socket.destroy(error)
    return this.#request
  }

  #restore () {
    if (this.#request.destroy === this.#destroy) delete this.#request.destroy
  }

  /** @param {() => any} getSocket returns the socket, or throws the error */
  #end (getSocket) {
    this.#restore()
    this.#socket.removeListener('error', this.#failed)
    this.#socket.removeListener('close', this.#closed)
    let socket
    try {
      socket = getSocket()
    } catch (error) {
      return this.#callback(error)
    }
    this.#callback(null, socket)
  }
}

/**
 * Returns an agent for a request with these options, or null to use the program's agent or Node's.
 *
 * @param {any} options for `https.request`
 */
function secureAgent (options) {
  return IS_SUPPORTED && options.agent === false && !options.createConnection && agentIsNodes()
    ? new SecureAgent()
    : null
}

/** Returns whether Node would create an unmodified agent for the option `agent: false`. */
function agentIsNodes () {
  return https.globalAgent?.constructor === Agent &&
    AS_LOADED.every(({ object, name, value }) => object[name] === value)
}

/**
 * Returns the plan of the reactor for this connection, or null if Node must make the connection. Node makes it for a
 * program that accepts every certificate, because the program may ask for Node's verdict. Node also makes it for a
 * program that sets a timeout, because the socket must report the timeout during the TLS handshake.
 *
 * @param {any} options
 */
function planFor (options) {
  if (options.path || options.encoding || options.timeout || options.rejectUnauthorized === false) return null
  const rest = { ...options }
  for (const name of OF_HTTP) delete rest[name]
  return planOf(rest)
}

/** The options that a request passes to its agent and that do not concern the socket. */
const OF_HTTP = ['agent', 'hostname', 'method', 'path', 'headers', 'encoding', 'protocol', 'defaultPort', 'auth',
  'setHost', 'maxHeaderSize', 'insecureHTTPParser', 'joinDuplicateHeaders', 'uniqueHeaders', '_defaultAgent',
  '_agentKey', 'agentKeepAliveTimeoutBuffer']

/**
 * The methods that programs replace to observe or change requests. Each has a phrase that occurs in the source text of
 * Node's own method, in every version.
 *
 * @type {Array<[any, string, string]>}
 */
const METHODS = [
  [https, 'request', '._defaultAgent = module.exports.globalAgent'],
  [https, 'Agent', 'maxCachedSessions'],
  [Agent.prototype, 'createConnection', '_agentKey'],
  [Agent.prototype, 'createSocket', '_agentKey'],
  [Agent.prototype, 'addRequest', 'getName(options)']
]
const AS_LOADED = METHODS.map(([object, name, phrase]) => ({ object, name, value: nodesMethod(object, name, phrase) }))

module.exports = { secureAgent }
