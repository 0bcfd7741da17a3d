'use strict'

// Open connections on loopback: one end is a socket of ours, the other a raw one that speaks frames.

const assert = require('node:assert/strict')

const { accept, connectOpen, once, serve } = require('./peer')
const { WebSocket } = require('./subject')
const { frame, fromClient } = require('./wire')

/**
 * @typedef {object} Opening
 * @property {object} [options] of our socket
 * @property {string[]} [protocols] of our socket
 * @property {object} [headers] those of the raw end: of its request to our server, or of its answer to our client
 * @property {object} [secure] options of a TLS server
 * @property {(ws, { socket }) => void} [onSocket] is called as soon as our socket has been made
 * @property {Function} [Subject] the package, if it is not the one that is tested
 */

/**
 * @typedef {object} Connection
 * @property ws our socket
 * @property socket its net.Socket
 * @property peer the raw end, a Peer
 * @property frame makes frames as the raw end sends them
 */

/**
 * A server of ours: `open()` makes one more connection to it. `before(socket)` is called when there is a net.Socket and
 * no WebSocket yet; `headers` are those of this connection.
 */
async function startServer (scope, { headers: usual, onSocket, Subject = WebSocket, ...given } = {}) {
  const arrived = []
  const { port, server, url } = await serve(scope, Subject, {
    ...given,
    onSocket: (ws, parts) => {
      arrived.push({ socket: parts.socket, ws })
      if (onSocket) onSocket(ws, parts)
    }
  })
  const open = async ({ before, headers = usual } = {}) => {
    if (before) server.prependOnceListener('upgrade', (request, socket) => before(socket))
    const peer = await connectOpen(scope, port, headers)
    const { socket, ws } = arrived.pop()
    if (ws.readyState === 0) await once(ws, 'open')
    return { frame: fromClient, peer, socket, ws }
  }
  return { open, port, server, url }
}

/** The same the other way round: a raw server, and clients of ours. */
async function startClients (scope, { headers: usual, onSocket, secure, Subject = WebSocket, ...given } = {}) {
  const server = await accept(scope, { secure })
  const open = async ({ before, headers = usual } = {}) => {
    const ws = new Subject.Client(server.url, given.protocols, given.options)
    const socket = ws._stream
    scope.defer(() => socket.destroy())
    if (onSocket) onSocket(ws, { socket })
    if (before) socket.prependOnceListener('connect', () => before(socket))
    const peer = await server.acceptedOpen(headers)
    if (ws.readyState === 0) await once(ws, 'open')
    return { frame, peer, socket: ws._stream, ws }
  }
  return { open, url: server.url }
}

/** One connection to a server of ours. */
async function openServer (scope, opening) {
  const { open } = await startServer(scope, opening)
  return open()
}

/** One client of ours. */
async function openClient (scope, opening) {
  const { open } = await startClients(scope, opening)
  return open()
}

/** Both ends, by what our socket is. */
const roles = { server: openServer, client: openClient }

/** A client and a server's socket of ours that are connected to each other, each by its Opening. */
async function openPair (scope, { client = {}, server = {} } = {}) {
  let accepted
  const { url } = await serve(scope, server.Subject ?? WebSocket, {
    ...server,
    onSocket: (ws, parts) => {
      accepted = ws
      if (server.onSocket) server.onSocket(ws, parts)
    }
  })
  const { onSocket, options, protocols, Subject = WebSocket } = client
  const ws = new Subject.Client(url, protocols, options)
  const socket = ws._stream
  scope.defer(() => socket.destroy())
  if (onSocket) onSocket(ws, { socket })
  await once(ws, 'open')
  return { client: ws, server: accepted }
}

/** Shows that a connection works in both directions. */
async function echoes ({ frame, peer, ws }, text = 'are you there?') {
  const message = once(ws, 'message')
  peer.write(frame('text', text))
  assert.equal((await message).data, text)
  ws.send(text)
  assert.equal((await peer.frame()).payload.toString(), text)
}

module.exports = { echoes, openClient, openPair, openServer, roles, startClients, startServer }
