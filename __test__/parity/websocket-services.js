'use strict'

// Runs the same script with servers of websocket 1.0.35 and with ours: an HTTP server whose upgrades they handle, and
// raw clients. With `cut`, runs it again with a client's request split at every position into two chunks.

const assert = require('node:assert/strict')
const http = require('node:http')
const https = require('node:https')

const { connect, listen } = require('../support/peer')
const { inScope, test } = require('../support/test')
const { original, subject } = require('../support/websocket')
const { upgradeRequest } = require('../support/wire')
const { Transcript } = require('./transcript')

/** The properties of requests in both packages. */
const READ = [
  'resource', 'host', 'key', 'webSocketVersion', 'origin', 'requestedProtocols', 'requestedExtensions', 'cookies',
  'remoteAddress', 'remoteAddresses'
]
const URL_PARTS = ['protocol', 'slashes', 'host', 'hash', 'search', 'query', 'pathname', 'path', 'href']

/** One run of a script: a server of one package, its clients, and the observations. */
class Service {
  constructor (library, log, scope, cut) {
    this.library = library
    this.log = log
    this.scope = scope
    this.cut = cut
    this.longest = 0
  }

  /** Starts an HTTP server, and mounts a WebSocketServer on it unless `config` is null. */
  async start (config = {}, { secure } = {}) {
    this.http = secure ? https.createServer(secure) : http.createServer()
    this.secure = secure
    this.port = await listen(this.scope, this.http)
    this.server = new this.library.server()
    if (config !== null) this.server.mount({ httpServer: this.http, keepalive: false, ...config })
    this.scope.defer(() => { for (const each of this.server.connections) each.socket.destroy() })
    return this.server
  }

  /** Records the events of a server. */
  watch (server = this.server, name = 'server') {
    const state = () => `${server.connections.length} open, ${server.pendingRequests.length} pending`
    server.on('connect', (connection) => this.log.add(`${name}: connect`, connection.protocol, state()))
    server.on('close', (connection, code, text) => {
      this.log.add(`${name}: close`, code, text, connection.state, state())
    })
    server.on('upgradeError', (error) => this.log.add(`${name}: upgradeError`, error, state()))
  }

  /** Returns a raw client that has sent a request, in two chunks if this run splits it. */
  async ask (headers, { port = this.port, ...line } = {}) {
    const peer = await connect(this.scope, port, { secure: this.secure && { rejectUnauthorized: false } })
    const bytes = Buffer.from(upgradeRequest(headers, line), 'latin1')
    this.longest = Math.max(this.longest, bytes.length)
    if (this.cut > 0 && this.cut < bytes.length) {
      peer.socket.setNoDelay(true)
      peer.write(bytes.subarray(0, this.cut))
      await turns(2)
      peer.write(bytes.subarray(this.cut))
    } else {
      peer.write(bytes)
    }
    return peer
  }

  /** Returns such a client, `peer`, and the `request` that the server emits for it. */
  async request (headers, line) {
    const requests = new Promise((resolve) => this.server.once('request', resolve))
    const peer = await this.ask(headers, line)
    const request = await requests
    for (const type of ['requestResolved', 'requestAccepted', 'requestRejected']) {
      request.on(type, (given) => {
        const what = given === request ? 'the request' : `${given.constructor.name} ${given.protocol}`
        this.log.add(type, what, `pending: ${this.server.pendingRequests.length}`)
      })
    }
    return { peer, request }
  }

  /** Records all properties that a server has read from a request. */
  note (request) {
    const { log } = this
    log.add('keys', Object.keys(request))
    for (const name of READ) log.add(name, request[name])
    const { protocolFullCaseMap, resourceURL } = request
    log.add('spellings', Object.entries(protocolFullCaseMap))
    log.add('resourceURL', resourceURL.constructor.name, ...URL_PARTS.map((part) => resourceURL[part]))
  }

  call (what, action) {
    let result
    try {
      result = action()
    } catch (error) {
      this.log.add(`${what} throws`, error)
      return undefined
    }
    this.log.add(`${what} returns`, result === undefined ? 'nothing' : result.constructor.name)
    return result
  }

  /** Records a refusal and the end of the socket after it. The client ends its half after the server. */
  async refused (peer) {
    this.log.add('ended', await peer.ended())
    this.log.add('answer', peer.bytes.toString('latin1'))
    peer.socket.end()
  }

  /** Records the response to an accepted handshake. */
  async answered (peer) {
    this.log.add('answer', await peer.head())
  }
}

async function turns (count) {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

async function record (library, script, values, cut = 0) {
  const log = new Transcript()
  let longest = 0
  try {
    await inScope(async (scope) => {
      const service = new Service(library, log, scope, cut)
      await script(service, ...values)
      longest = service.longest
    })
  } catch (error) {
    error.message += `\nafter:\n${log.finished().join('\n')}`
    throw error
  }
  return { lines: log.finished(), longest }
}

/** `script(service, ...values)` must record the same transcript with both packages, for every split of its requests. */
function parity (name, script, { cut = false, values = [] } = {}) {
  test(name, async () => {
    const { lines: expected, longest } = await record(original.websocket, script, values)
    assert.notEqual(expected.length, 0, 'the script recorded nothing')
    if (process.env.SHOW_TRANSCRIPTS) console.log(`${name}\n  ${expected.join('\n  ')}`)
    for (let at = 0; at < (cut ? longest : 1); at++) {
      const { lines } = await record(subject.websocket, script, values, at)
      assert.deepEqual(lines, expected, at > 0 ? `cut at ${at}` : 'whole')
    }
  }, { timeout: 60000 })
}

/** A row per case: `[name, ...values]`. */
function parityTable (name, rows, script, options) {
  for (const [row, ...values] of rows) parity(`${name}: ${row}`, script, { ...options, values })
}

module.exports = { parity, parityTable, turns }
