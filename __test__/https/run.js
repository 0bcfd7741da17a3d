'use strict'

// A run of a case with one kind of server: the server, its clients, and a record of what the program and the clients
// observe. The records of two kinds of servers are compared.

const nodeHttps = require('node:https')
const net = require('node:net')
const tls = require('node:tls')

const { listen } = require('../support/peer')
const { local, root } = require('../support/tls')

const EVENTS = [
  'connection', 'secureConnection', 'tlsClientError', 'clientError', 'request', 'upgrade', 'connect', 'checkContinue',
  'checkExpectation', 'dropRequest', 'drop', 'timeout'
]

class Run {
  /**
   * @param {object} scope
   * @param {Function} create `createServer` of Node or of this package
   * @param {string} version the only version of TLS that the server accepts
   */
  constructor (scope, create, version) {
    this.scope = scope
    this.create = create
    this.version = version
    /** The observations, by observer. Their order is recorded for each observer. */
    this.seen = {}
  }

  log (observer, ...values) {
    (this.seen[observer] ??= []).push(values.map(plain))
  }

  /** Starts a server that records its events. */
  async serve (options, listener) {
    this.server = this.create({ ...local, minVersion: this.version, maxVersion: this.version, ...options })
    const { emit } = this.server
    const log = (...args) => this.log('server', ...args)
    this.server.emit = function (name, ...args) {
      if (EVENTS.includes(name)) log(name, ...args.filter((each) => each instanceof Error))
      return emit.call(this, name, ...args)
    }
    if (listener) this.server.on('request', listener)
    this.port = await listen(this.scope, this.server)
    return this.server
  }

  /** Connects a client. Resolves when it is secure or closed. */
  connect (options) {
    const socket = tls.connect({ ...this.target(), ...options })
    this.#record(socket)
    socket.on('error', ({ code }) => this.log('client', 'error', code))
    return new Promise((resolve) => {
      for (const name of ['secureConnect', 'close']) socket.once(name, () => resolve(socket))
    })
  }

  /** Connects a socket without TLS. */
  raw () {
    const socket = net.connect(this.port, '127.0.0.1')
    this.#record(socket)
    socket.on('error', () => {})
    return new Promise((resolve) => socket.on('connect', () => resolve(socket)))
  }

  target () {
    return { port: this.port, host: '127.0.0.1', servername: 'localhost', ca: root.cert }
  }

  #record (socket) {
    this.scope.defer(() => socket.destroy())
    socket.text = ''
    socket.on('data', (chunk) => { socket.text += chunk.toString('latin1') })
    socket.ended = new Promise((resolve) => socket.on('close', () => resolve()))
    socket.received = (text) => until(() => socket.text.includes(text), `${text} in ${socket.text}`)
  }

  /** Sends a request with Node's client. Resolves with the status, the body, and the code of an error. */
  request (options = {}, body = undefined) {
    return new Promise((resolve) => {
      const request = nodeHttps.request({ ...this.target(), agent: false, ...options }, (response) => {
        let text = ''
        response.on('data', (chunk) => { text += chunk })
        response.on('end', () => resolve([response.statusCode, text]))
        response.on('error', ({ code }) => resolve([response.statusCode, text, code]))
      })
      request.on('error', ({ code }) => resolve([code]))
      request.on('continue', () => this.log('client', 'continue'))
      request.end(body)
    })
  }
}

/** Returns an observed value without the parts that differ between connections. */
function plain (value) {
  if (!(value instanceof Error)) return value
  const { code, message } = value
  // Without the number of the thread, the function, and the file and line of OpenSSL.
  return { code, message: message.replace(/^(?:[0-9A-F]{8,}:)?error:(\w+):SSL routines:\w*:([^:]+).*$/s, '$1 $2') }
}

async function until (holds, what = String(holds)) {
  const end = Date.now() + 8000
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not reached: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

module.exports = { Run, until }
