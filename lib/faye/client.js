'use strict'

const util = require('node:util')
const { Driver } = require('../websocket-driver/driver')
const { clientTarget } = require('../http/url')
const { Dial } = require('../transport/dial')
const { API, readOptions } = require('./api')
const { CONNECTING } = require('./ready_state')
const { waysOf } = require('./ways')

/** The client's end of a connection. Connects at once. */
function Client (url, protocols, options) {
  options = readOptions(options)
  const target = clientTarget(url)
  this._driver = Driver.client(target.url, { maxLength: options.maxLength, protocols })
  this._driver.url = url
  this._name = target.name
  this._stream = null
  API.call(this, options)
  this._dial = new Dial(target, waysOf(options, target), this._driver, new Owner(this))
  if (this._lifetime.isAborted) return this._endSoon()
  this._dial.begin()
  this._lifetime.begin()
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

Client.prototype._finalizeClose = function () {
  this._dial.end()
  API.prototype._finalizeClose.call(this)
}

/** What the dial tells. */
class Owner {
  #client

  constructor (client) {
    this.#client = client
  }

  isWaiting () {
    return this.#client.readyState <= CONNECTING
  }

  use (stream) {
    this.#client._configureStream(stream)
  }

  retire () {
    const client = this.#client
    client._retired = client._stream
    client._transport = null
  }

  moveBy (transport) {
    this.#client._transport = transport
  }

  arrive () {
    if (!this.isWaiting()) return
    this.#client._connectTransport()
    this.#client._transport.start()
  }

  fail (error) {
    try {
      this.#client._streamFailed(error)
    } finally {
      this.#client._abort()
    }
  }

  /** Any answer of a proxy but a tunnel ends the connection, even if the proxy keeps it open. */
  refuse ({ message }) {
    try {
      this.#client._emitError(message)
    } finally {
      this.#client._abort()
    }
  }
}

module.exports = { Client }
