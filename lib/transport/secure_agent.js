// @ts-check
'use strict'

// TLS by the reactor below `https.request`.

const https = require('node:https')
const net = require('node:net')
const { takeForRequest } = require('./adoption')
const { discard } = require('./agent')
const { declareAgreement } = require('./agreement')
const { IS_SUPPORTED } = require('./platform')
const { RequestChannel } = require('./request_channel')
const { nodes, planOf } = require('./tls')

/** Tests of programs put modules of their own in the place of Node's, with what they need. */
const Agent = /** @type {typeof https.Agent} */ (https.Agent ?? Object)

/**
 * An agent for one request, as Node makes one where the option `agent` is false. The socket that it gives speaks TLS in
 * the reactor, if that does what Node would, and comes when the server is known to be the right one. A connection can
 * have it after an upgrade. What the reactor refuses is tried once more by Node, so verdicts and texts of errors are
 * Node's.
 */
class SecureAgent extends Agent {
  /** @type {any} */
  #request = null

  /** @param {any[]} args a request, and options */
  addRequest (...args) {
    this.#request = args[0]
    // @ts-expect-error Every agent has it, documented or not.
    return super.addRequest(...args)
  }

  /**
   * @param {any} options complete: the request's, and what Node adds
   * @param {(error: any, socket?: any) => void} answer
   */
  createConnection (options, answer) {
    const plan = planFor(options)
    if (plan === null) return super.createConnection(options, answer)
    const byNode = (/** @type {any} */ socket) => super.createConnection(socket ? { ...options, socket } : options)
    const socket = net.connect(options)
    const attempt = new Attempt(this.#request, socket, options.servername, answer)
    socket.once('connect', () => attempt.secure(plan, byNode))
  }
}

/** One request that waits for its socket. The first answer counts. */
class Attempt {
  #request
  #socket
  #servername
  #answer
  #destroy

  /**
   * @param {any} request
   * @param {any} socket that connects
   * @param {string} servername
   * @param {(error: any, socket?: any) => void} answer
   */
  constructor (request, socket, servername, answer) {
    this.#request = request
    this.#socket = socket
    this.#servername = servername
    this.#answer = answer
    this.#destroy = this.#interrupted.bind(this)
    // A request without a socket does not tell that it is destroyed.
    request.destroy = this.#destroy
    socket.on('error', this.#failed)
    socket.on('close', this.#closed)
  }

  /**
   * @param {import('./tls').Plan} plan
   * @param {(socket: any) => any} byNode makes a connection, by this socket if there is one
   */
  secure (plan, byNode) {
    const socket = this.#socket
    const adoption = takeForRequest(socket, plan)
    if (adoption === null) return this.#end(() => byNode(socket))
    new RequestChannel(adoption, socket, {
      onSecure: () => this.#end(() => declareAgreement(socket, this.#servername)),
      onRefused: () => this.#end(() => {
        discard(socket)
        return byNode(null)
      })
    })
  }

  #failed = (/** @type {any} */ error) => this.#end(() => { throw error })

  /** As Node words it. */
  #closed = () => this.#failed(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }))

  /** @param {any} [error] */
  #interrupted (error) {
    this.#restore()
    this.#request.destroy(error)
    this.#socket.destroy(error)
    return this.#request
  }

  #restore () {
    if (this.#request.destroy === this.#destroy) delete this.#request.destroy
  }

  /** @param {() => any} socketFor throws the error that there is instead of a socket */
  #end (socketFor) {
    this.#restore()
    this.#socket.removeListener('error', this.#failed)
    this.#socket.removeListener('close', this.#closed)
    let socket
    try {
      socket = socketFor()
    } catch (error) {
      return this.#answer(error)
    }
    this.#answer(null, socket)
  }
}

/**
 * An agent for a request by these options, or null where the program's own agent or Node's is to be used.
 *
 * @param {any} options for `https.request`
 */
function secureAgent (options) {
  return IS_SUPPORTED && options.agent === false && !options.createConnection && nodeIsAsEver()
    ? new SecureAgent()
    : null
}

/** Whether an `agent` that is false would be one of Node's, which nothing has changed. */
function nodeIsAsEver () {
  return https.globalAgent?.constructor === Agent &&
    AS_LOADED.every(({ object, name, value }) => object[name] === value)
}

/**
 * How the reactor would make this connection. A program that takes every certificate may ask what Node thinks of it,
 * and one that sets a timeout hears of it from a socket that has not agreed on TLS yet.
 *
 * @param {any} options
 */
function planFor (options) {
  if (options.path || options.encoding || options.timeout || options.rejectUnauthorized === false) return null
  const rest = { ...options }
  for (const name of OF_HTTP) delete rest[name]
  return planOf(rest)
}

/** What a request hands on to its agent that is not for the socket. */
const OF_HTTP = ['agent', 'hostname', 'method', 'path', 'headers', 'encoding', 'protocol', 'defaultPort', 'auth',
  'setHost', 'maxHeaderSize', 'insecureHTTPParser', 'joinDuplicateHeaders', 'uniqueHeaders', '_defaultAgent',
  '_agentKey', 'agentKeepAliveTimeoutBuffer']

/**
 * Programs replace these to see or change what requests do. By what only Node's own say, in every version.
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
const AS_LOADED = METHODS.map(([object, name, phrase]) => ({ object, name, value: nodes(object, name, phrase) }))

module.exports = { secureAgent }
