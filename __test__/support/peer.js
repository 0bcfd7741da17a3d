'use strict'

// The other end of a connection: a raw socket whose bytes, end and errors a test can wait for.

const http = require('node:http')
const https = require('node:https')
const net = require('node:net')
const tls = require('node:tls')

const { countFrames, readFrames, upgradeRequest, upgradeResponse } = require('./wire')

const WAIT = 8000
const { setTimeout, clearTimeout } = globalThis

class Peer {
  constructor (socket) {
    this.socket = socket
    this.bytes = Buffer.alloc(0)
    this.ending = null
    this.waiting = new Set()
    socket.on('data', (chunk) => {
      this.bytes = Buffer.concat([this.bytes, chunk])
      this.check()
    })
    socket.on('end', () => this.finish('fin'))
    socket.on('error', (error) => this.finish(error.code))
    socket.on('close', () => this.finish('closed'))
  }

  finish (how) {
    if (this.ending === null) this.ending = how
    this.check()
  }

  check () {
    for (const attempt of this.waiting) attempt()
  }

  until (predicate, what = 'the expected bytes') {
    return new Promise((resolve, reject) => {
      const attempt = () => {
        if (!predicate()) return
        clearTimeout(timer)
        this.waiting.delete(attempt)
        resolve()
      }
      const timer = setTimeout(() => {
        this.waiting.delete(attempt)
        reject(new Error(`${what} did not arrive; ended: ${this.ending}; received ${this.bytes.length} bytes: ` +
          JSON.stringify(this.bytes.toString('latin1', 0, 400))))
      }, WAIT)
      this.waiting.add(attempt)
      attempt()
    })
  }

  write (data) {
    return this.socket.write(data)
  }

  /** Waits for an HTTP head and removes it from the received bytes. */
  async head () {
    let end
    await this.until(() => (end = this.bytes.indexOf('\r\n\r\n')) >= 0, 'a complete head')
    const head = this.bytes.toString('latin1', 0, end + 4)
    this.bytes = this.bytes.subarray(end + 4)
    return head
  }

  /** Waits for `count` frames and removes them from the received bytes. */
  async frames (count) {
    await this.until(() => countFrames(this.bytes) >= count, `${count} frames`)
    const { frames, rest } = readFrames(this.bytes)
    this.bytes = rest
    return frames
  }

  async frame () {
    const frames = await this.frames(1)
    return frames[0]
  }

  /** Waits for the end of the connection. Resolves with 'fin', 'closed' or the code of the error. */
  async ended () {
    await this.until(() => this.ending !== null, 'the end of the connection')
    return this.ending
  }
}

/** Listens until the test ends, by default on a free port. Resolves with the port. */
async function listen (scope, server, port = 0) {
  const sockets = new Set()
  const track = (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }
  server.on('connection', track)
  scope.defer(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return server.address().port
}

/**
 * Starts an HTTP or HTTPS server that passes upgrades to `onUpgrade`, or creates a `WebSocket` and passes it to
 * `onSocket`.
 */
async function serve (scope, WebSocket, { protocols, options, secure, onUpgrade, onSocket, onRequest } = {}) {
  const server = secure ? https.createServer(secure) : http.createServer()
  server.on('upgrade', onUpgrade || ((request, socket, body) => {
    const ws = new WebSocket(request, socket, body, protocols, options)
    if (onSocket) onSocket(ws, { request, socket, body })
  }))
  if (onRequest) server.on('request', onRequest)
  const port = await listen(scope, server)
  return { port, server, url: `${secure ? 'wss' : 'ws'}://127.0.0.1:${port}/` }
}

/** Opens a raw connection to `port`. */
async function connect (scope, port, { secure, ...options } = {}) {
  const target = { host: '127.0.0.1', port, allowHalfOpen: true, ...options }
  const socket = secure ? tls.connect({ ...target, ...secure }) : net.connect(target)
  scope.defer(() => socket.destroy())
  const peer = new Peer(socket)
  await new Promise((resolve, reject) => {
    socket.once(secure ? 'secureConnect' : 'connect', resolve)
    socket.once('error', reject)
  })
  return peer
}

/** Opens a raw connection to `port`, and completes the opening handshake. */
async function connectOpen (scope, port, headers, options) {
  const peer = await connect(scope, port, options)
  peer.write(upgradeRequest(headers))
  peer.response = await peer.head()
  return peer
}

/** Starts a raw server. `accepted()` resolves with the next connection as a Peer. */
async function accept (scope, { secure } = {}) {
  const server = secure
    ? tls.createServer({ ...secure, allowHalfOpen: true })
    : net.createServer({ allowHalfOpen: true })
  const arrived = []
  const waiting = []
  const errors = []
  server.on(secure ? 'secureConnection' : 'connection', (socket) => {
    const peer = new Peer(socket)
    if (waiting.length > 0) waiting.shift()(peer)
    else arrived.push(peer)
  })
  server.on('tlsClientError', (error) => errors.push(error))
  const port = await listen(scope, server)
  const accepted = () => new Promise((resolve, reject) => {
    if (arrived.length > 0) return resolve(arrived.shift())
    const timer = setTimeout(() => reject(new Error('no connection arrived')), WAIT)
    timer.unref()
    waiting.push((peer) => {
      clearTimeout(timer)
      resolve(peer)
    })
  })

  /** Accepts the next connection, and responds to its upgrade request. */
  const acceptedOpen = async (headers) => {
    const peer = await accepted()
    peer.request = await peer.head()
    peer.write(upgradeResponse(peer.request, headers))
    return peer
  }
  return { accepted, acceptedOpen, arrived, errors, port, url: `${secure ? 'wss' : 'ws'}://127.0.0.1:${port}/` }
}

/** Resolves with the object of the next event of this type. */
function once (emitter, type, milliseconds = WAIT) {
  return new Promise((resolve, reject) => {
    const listener = (value) => {
      clearTimeout(timer)
      resolve(value)
    }
    const timer = setTimeout(() => {
      emitter.removeListener(type, listener)
      reject(new Error(`no '${type}' event`))
    }, milliseconds)
    // If a test waits for the first of two events, the timer of the other event must not keep the process alive.
    timer.unref()
    emitter.once(type, listener)
  })
}

/** Polls until `predicate` returns true. */
async function eventually (predicate, what, milliseconds = WAIT) {
  const end = Date.now() + milliseconds
  while (!predicate()) {
    if (Date.now() > end) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Writes until the socket accepts no chunk for 300 ms. Resolves with the number of written chunks. */
async function writeUntilStalled (scope, socket, chunks) {
  let written = 0
  for (const chunk of chunks) {
    written++
    if (socket.write(chunk)) continue
    const drained = await Promise.race([once(socket, 'drain').catch(() => false), scope.settle(300).then(() => null)])
    if (drained === null) break
  }
  return written
}

module.exports = { WAIT, Peer, accept, connect, connectOpen, eventually, listen, once, serve, writeUntilStalled }
