// @ts-check
'use strict'

// Connects a client to its server: directly, through a proxy, or with a connection that the program makes. Adds TLS for
// a `wss:` URL, unless the program's stream is already encrypted.

const { AsyncResource } = require('node:async_hooks')
const net = require('node:net')
const { Duplex } = require('node:stream')
const tls = require('node:tls')
const { Tunnel } = require('../http/tunnel')
const { nextTick } = require('../scheduling')
const transports = require('.')
const { connectByAgent, connectByFunction, discard, isDuplex, notDuplex } = require('./agent')
const { planOf } = require('./tls')

/**
 * The client that needs the connection.
 *
 * @typedef {object} Owner
 * @property {() => boolean} isWaiting whether it still needs the connection
 * @property {(stream: any) => void} useStream listens to this stream, in addition to earlier streams
 * @property {() => void} detach stops listening to the stream, and clears the transport, which the dial discards
 * @property {(transport: any) => void} useTransport uses this transport, which verifies the server first
 * @property {() => void} startHandshake starts the opening handshake, because the server is verified
 * @property {(error: any) => void} fail ends the client, because the connection has failed
 * @property {(error: Error) => void} refuse ends the client, because a proxy has refused
 *
 * The options of the program, of which `proxy`, `agent` and `createConnection` exclude each other.
 *
 * @typedef {object} DialOptions
 * @property {boolean} isStream whether to use Node's TLS in any case
 * @property {any} net
 * @property {any} tls
 * @property {any} ca
 * @property {{ url: URL, endpoint: Endpoint, headers: any, tls: any } | null} proxy
 * @property {any} agent
 * @property {Function | null} createConnection
 *
 * @typedef {import('../http/url').Endpoint} Endpoint
 * @typedef {import('../http/url').Target} Target
 * @typedef {import('../connection/seam').Connection} Connection
 */

/** The dial of one client. Writes nothing to the server before the server is verified. */
class Dial {
  #target
  #server
  #options
  #connection
  #owner
  /** The options of `tls.connect()` for the server. */
  #tls
  /** @type {any} */
  #stream = null
  /** @type {ReturnType<typeof connectByAgent> | null} */
  #agentRequest = null

  /**
   * @param {Target} target
   * @param {DialOptions} options
   * @param {Connection} connection
   * @param {Owner} owner
   */
  constructor (target, options, connection, owner) {
    this.#target = target
    this.#server = target.endpoint
    this.#options = options
    this.#connection = connection
    this.#owner = owner
    this.#tls = tlsOptions(this.#server.host, options.tls, options.ca)
  }

  /** Begins to connect. Throws for invalid options at once, because the program cannot catch a later exception. */
  begin () {
    const { agent, createConnection, proxy } = this.#options
    if (proxy !== null) this.#throughProxy(proxy)
    else if (agent || createConnection) this.#byProgram(agent, createConnection)
    else this.#directly()
  }

  /** Cancels the request to an agent, because the client has its connection or no longer needs one. */
  cancel () {
    this.#agentRequest?.cancel()
  }

  #directly () {
    const server = this.#server
    const plan = server.secure && !this.#options.isStream ? planOf(this.#tls) : null
    this.#useStream(plan === null
      ? connect(server, this.#options.net, this.#tls, () => this.#owner.startHandshake())
      : connect({ ...server, secure: false }, this.#tls, null, () => this.#secureNatively(plan)))
  }

  /**
   * Speaks TLS in the reactor. The reactor is stricter than OpenSSL, so if it refuses the server, Node tries again.
   *
   * @param {import('./tls').Plan} plan
   */
  #secureNatively (plan) {
    if (!this.#owner.isWaiting()) return
    const stream = this.#stream
    /** @type {import('./transport').Transport | null} */
    const transport = transports.connectSecurely(stream, this.#connection, {
      ...plan,
      onSecure: () => transport?.start(),
      onRefused: () => {
        const isRef = stream._handle?.hasRef?.() ?? true
        this.#owner.detach()
        transport?.discard()
        this.#useStream(connect(this.#server, null, this.#tls, () => this.#owner.startHandshake()))
        if (!isRef) this.#stream.unref()
      }
    })
    if (transport === null) this.#secureByNode()
    else this.#owner.useTransport(transport)
  }

  /** @param {NonNullable<DialOptions['proxy']>} proxy */
  #throughProxy (proxy) {
    if (this.#server.secure) {
      this.#tls.secureContext ??= tls.createSecureContext({ ciphers: tls.DEFAULT_CIPHERS, ...this.#tls })
    }
    const tunnel = new Tunnel(this.#target.url, proxy.url)
    for (const name in proxy.headers) tunnel.setHeader(name, proxy.headers[name])
    const { endpoint } = proxy
    const stream = connect(endpoint, this.#options.net, tlsOptions(endpoint.host, proxy.tls), () => {
      if (stream.writable) stream.write(tunnel.request())
    })
    const feed = (/** @type {Buffer} */ chunk) => {
      const response = tunnel.receive(chunk)
      if (response === null) return
      // The response is complete: from now on, the stream leads to the server.
      stream.removeListener('data', feed)
      if (!response.isConnected) return this.#owner.refuse(tunnel.refusal())
      stream.pause()
      this.#connected()
    }
    this.#useStream(stream)
    stream.on('data', feed)
  }

  /**
   * @param {any} agent
   * @param {Function | null} createConnection
   */
  #byProgram (agent, createConnection) {
    const { host, port, path, secure } = this.#server
    const options = { ...(secure ? this.#tls : this.#options.net), host, port }
    // The program may call back in any context.
    const callback = AsyncResource.bind((/** @type {any} */ error, /** @type {any} */ stream) =>
      this.#streamArrived(error, stream))
    if (createConnection) {
      const { protocol } = this.#target.url
      return connectByFunction(createConnection, { ...options, ...(path && { path }), protocol }, callback)
    }
    this.#agentRequest = connectByAgent(agent, this.#target.url, options, callback)
  }

  /**
   * @param {any} error
   * @param {any} stream
   */
  #streamArrived (error, stream) {
    if (!this.#owner.isWaiting()) return discard(stream)
    if (!error && !isDuplex(stream)) error = notDuplex(stream)
    if (!error && (stream.destroyed || stream.readable === false)) error = new Error('The connection has ended')
    if (error) discard(stream)
    // If a proxy has refused, its agent passes a stream that can only be read and contains the response.
    const isResponse = !error && stream.writable === false
    if (!error) this.#useStream(isResponse ? responseStream(stream) : stream)
    // Waits for handlers that the program attaches in this tick.
    nextTick(() => {
      if (!this.#owner.isWaiting()) return
      if (error) return this.#owner.fail(error)
      this.#agentRequest?.announce()
      if (isResponse) this.#owner.startHandshake()
      else this.#awaitConnection(stream)
    })
  }

  /** @param {any} stream */
  #awaitConnection (stream) {
    // An agent may have resumed the stream, but the bytes belong to the handshake.
    stream.pause()
    const next = AsyncResource.bind(() => {
      if (!this.#owner.isWaiting()) return
      this.#agentRequest?.removeFromAgent()
      this.#connected()
    })
    if (stream.encrypted && stream.secureConnecting) stream.once('secureConnect', next)
    else if (stream.connecting) stream.once('connect', next)
    else nextTick(next)
  }

  /** Continues with a stream that leads to the server. The program may have encrypted it already. */
  #connected () {
    if (!this.#owner.isWaiting()) return
    const isEncrypted = this.#options.proxy === null && this.#stream.encrypted === true
    if (this.#server.secure && !isEncrypted) this.#secureByNode()
    else this.#owner.startHandshake()
  }

  #secureByNode () {
    if (!this.#owner.isWaiting()) return
    let stream
    try {
      stream = tls.connect({ ...this.#tls, socket: this.#stream }, () => this.#owner.startHandshake())
    } catch (error) {
      // Only tls.connect() can check some of the options.
      return this.#owner.fail(error)
    }
    this.#useStream(stream)
  }

  /** @param {any} stream */
  #useStream (stream) {
    this.#stream = stream
    this.#owner.useStream(stream)
  }
}

/**
 * Connects to an endpoint. Calls `onConnect` once the peer is verified, and writes nothing before that.
 *
 * @param {Endpoint} endpoint
 * @param {any} netOptions
 * @param {any} secureOptions
 * @param {() => void} onConnect
 */
function connect ({ secure, ...place }, netOptions, secureOptions, onConnect) {
  return secure
    ? tls.connect({ ...secureOptions, ...place }, onConnect)
    : net.connect({ ...netOptions, ...place }, onConnect)
}

/**
 * Returns the options of `tls.connect()`. Copies the given ones, which belong to the program.
 *
 * @param {string} host
 * @param {any} given
 * @param {any} [ca]
 */
function tlsOptions (host, given, ca) {
  const options = { ...given, host }
  if (!options.ca && ca) options.ca = ca
  // RFC 6066 section 3: an IP address is not a server name. The certificate is still checked against the host.
  if (!options.servername && !net.isIP(host)) options.servername = host
  return options
}

/**
 * Returns a Duplex around a stream that can only be read. Discards writes, because the response has already arrived.
 *
 * @param {any} stream
 */
function responseStream (stream) {
  const response = new Duplex({
    read () {},
    write: (chunk, encoding, callback) => callback(),
    destroy (error, callback) {
      stream.destroy()
      callback(error)
    }
  })
  stream.on('data', (/** @type {Buffer} */ chunk) => response.push(chunk))
  stream.on('end', () => response.push(null))
  stream.on('error', (/** @type {any} */ error) => response.destroy(error))
  stream.on('close', () => stream.readableEnded || response.destroy())
  return response
}

module.exports = { Dial }
