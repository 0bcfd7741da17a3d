'use strict'

const net = require('node:net')
const tls = require('node:tls')
const util = require('node:util')
const { Driver } = require('../driver/driver')
const { clientTarget, endpoint, parseProxyUrl } = require('../driver/url')
const transports = require('../transport')
const { planOf } = require('../transport/tls')
const { API, readOptions } = require('./api')
const { CONNECTING } = require('./ready_state')

/** The client's end of a connection. Connects at once. */
function Client (url, protocols, options) {
  options = readOptions(options)
  const target = clientTarget(url)
  this._driver = Driver.client(target.url, { maxLength: options.maxLength, protocols })
  this._driver.url = url
  this._name = target.name
  API.call(this, options)
  this._connect(target.endpoint, options)
}
util.inherits(Client, API)

Client.prototype._open = function () {
  this._readResponse()
  API.prototype._open.call(this)
}

Client.prototype._emitError = function (message) {
  this._readResponse()
  API.prototype._emitError.call(this, message)
}

/** The server's answer, good or bad, is there before the application hears of it. */
Client.prototype._readResponse = function () {
  this.headers = this._driver.headers
  this.statusCode = this._driver.statusCode
}

Client.prototype._connect = function (server, options) {
  const proxy = proxyOf(options.proxy)
  if (proxy && server.path) throw new Error(`${this._name} cannot be reached through a proxy`)
  const serverTls = tlsOptions(server.host, options.tls, options.ca)
  if (this._lifetime.isAborted) return this._endSoon()

  if (!proxy) {
    this._connectDirectly(server, options.net, serverTls)
    return this._lifetime.begin()
  }

  // What is wrong with these options is thrown now: later it would be nobody's exception.
  if (server.secure) serverTls.secureContext ??= tls.createSecureContext({ ciphers: tls.DEFAULT_CIPHERS, ...serverTls })

  // Not by stream.pipe(), which on Node 24 swallows what handlers throw.
  const feed = (chunk) => tunnel.write(chunk)
  const tunnel = this._openTunnel(proxy, () => {
    // The proxy has had its say: from here on the stream is the server's.
    stream.removeListener('data', feed)
    stream.pause()
    this._tunnelled(server.secure, serverTls)
  })
  const gate = endpoint(proxy.url)
  const stream = connect(gate, options.net, tlsOptions(gate.host, proxy.tls), () => tunnel.start())
  this._configureStream(stream)
  tunnel.pipe(stream, { end: false })
  stream.on('data', feed)
  this._lifetime.begin()
}

Client.prototype._connectDirectly = function (server, netOptions, serverTls) {
  const plan = server.secure && this._transportName !== 'stream' ? planOf(serverTls) : null
  const stream = plan === null
    ? connect(server, netOptions, serverTls, () => this._start())
    : connect({ ...server, secure: false }, serverTls, null, () => this._secure(plan, server, serverTls))
  this._configureStream(stream)
}

/** TLS in the reactor, which is stricter than OpenSSL: what it refuses is tried once more, by Node. */
Client.prototype._secure = function (plan, server, serverTls) {
  if (this.readyState > 0) return
  const stream = this._stream
  this._transport = transports.connectSecurely(stream, this._driver, {
    ...plan,
    onSecure: () => this._transport.start(),
    onRefused: () => {
      const isRef = stream._handle?.hasRef?.() ?? true
      this._retire(stream)
      this._configureStream(connect(server, null, serverTls, () => this._start()))
      if (!isRef) this._stream.unref()
    }
  })
  if (this._transport === null) this._tunnelled(true, serverTls)
}

/** From here on nothing is heard of this stream. */
Client.prototype._retire = function (stream) {
  this._retired = stream
  this._transport.detach()
  this._transport = this._driver.transport = null
  stream.destroy()
}

/** The handshake with the proxy. Any answer but a tunnel ends the connection, even if the proxy keeps it open. */
Client.prototype._openTunnel = function (proxy, onConnect) {
  const tunnel = this._proxy = this._driver.proxy(proxy.url)
  for (const name in proxy.headers) tunnel.setHeader(name, proxy.headers[name])
  tunnel.on('connect', onConnect)
  tunnel.on('error', (error) => {
    try {
      this._emitError(error.message)
    } finally {
      this._abort()
    }
  })
  return tunnel
}

Client.prototype._tunnelled = function (secure, serverTls) {
  if (this.readyState > CONNECTING) return
  if (!secure) return this._start()
  let stream
  try {
    stream = tls.connect({ ...serverTls, socket: this._stream }, () => this._start())
  } catch (error) {
    // An option that tls.connect() alone can judge.
    try {
      return this._streamFailed(error)
    } finally {
      this._abort()
    }
  }
  this._configureStream(stream)
}

Client.prototype._start = function () {
  if (this.readyState > CONNECTING) return
  this._connectTransport()
  this._transport.start()
}

/** What was given may be a URL with a password: no message shows it. */
function proxyOf (given) {
  if (!given) return null
  if (typeof given !== 'object') throw new TypeError(`Invalid proxy: a ${typeof given}; expected { origin }`)
  const { origin, headers, tls } = given
  return origin ? { url: parseProxyUrl(origin), headers, tls } : null
}

/** `onConnect` is called once everything about the peer is known to be right: nothing is written before. */
function connect ({ secure, ...place }, netOptions, secureOptions, onConnect) {
  return secure
    ? tls.connect({ ...secureOptions, ...place }, onConnect)
    : net.connect({ ...netOptions, ...place }, onConnect)
}

/** A copy: what the caller gave is the caller's. */
function tlsOptions (host, given, ca) {
  const options = { ...given, host }
  if (!options.ca && ca) options.ca = ca
  // RFC 6066: an IP address is no server name. The certificate is checked against the host all the same.
  if (!options.servername && !net.isIP(host)) options.servername = host
  return options
}

module.exports = { Client }
