'use strict'

// The same script against the servers of websocket 1.0.35 and ours: an http server whose upgrades they take, and raw
// clients. With `cut` once more for every position at which a client's request can be cut into two packets.

const assert = require('node:assert/strict')
const http = require('node:http')
const https = require('node:https')

const { connect, listen } = require('../support/peer')
const { inScope, test } = require('../support/test')
const { original, subject } = require('../support/websocket')
const { upgradeRequest } = require('../support/wire')
const { Transcript } = require('./transcript')

/** Requests have these in both packages. */
const READ = [
  'resource', 'host', 'key', 'webSocketVersion', 'origin', 'requestedProtocols', 'requestedExtensions', 'cookies',
  'remoteAddress', 'remoteAddresses'
]
const URL_PARTS = ['protocol', 'slashes', 'host', 'hash', 'search', 'query', 'pathname', 'path', 'href']

/** One run of a script: a server of one of the packages, its clients, and what was observed. */
class Service {
  constructor (library, log, scope, cut) {
    this.library = library
    this.log = log
    this.scope = scope
    this.cut = cut
    this.longest = 0
  }

  /** Starts an http server, and mounts a WebSocketServer on it unless `config` is null. */
  async start (config = {}, { secure } = {}) {
    this.http = secure ? https.createServer(secure) : http.createServer()
    this.secure = secure
    this.port = await listen(this.scope, this.http)
    this.server = new this.library.server()
    if (config !== null) this.server.mount({ httpServer: this.http, keepalive: false, ...config })
    this.scope.defer(() => { for (const each of this.server.connections) each.socket.destroy() })
    return this.server
  }

  /** Notes the events of a server. */
  watch (server = this.server, name = 'server') {
    const state = () => `${server.connections.length} open, ${server.pendingRequests.length} pending`
    server.on('connect', (connection) => this.log.add(`${name}: connect`, connection.protocol, state()))
    server.on('close', (connection, code, text) => {
      this.log.add(`${name}: close`, code, text, connection.state, state())
    })
    server.on('upgradeError', (error) => this.log.add(`${name}: upgradeError`, error, state()))
  }

  /** A raw client that has sent a request, in two packets if this run cuts it. */
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

  /** The request that the server makes of such a client; the client is `peer`. */
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

  /** Everything that a server has read from a request. */
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

  /** The answer, and how the socket ended behind it. The client ends its half when the server has. */
  async refused (peer) {
    this.log.add('ended', await peer.ended())
    this.log.add('answer', peer.bytes.toString('latin1'))
    peer.socket.end()
  }

  /** The answer to a handshake that was accepted. */
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

/** `script(service, ...values)` must leave the same transcript with both packages, however its requests are cut. */
function parity (name, script, { cut = false, values = [] } = {}) {
  test(name, async () => {
    const { lines: expected, longest } = await record(original.websocket, script, values)
    assert.notEqual(expected.length, 0, 'the script noted nothing')
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
