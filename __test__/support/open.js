'use strict'

// Open connections on loopback: one end is our socket, and the peer is a raw socket that reads and writes frames.

const assert = require('node:assert/strict')

const { accept, connectOpen, once, serve } = require('./peer')
const { WebSocket } = require('./subject')
const { frame, fromClient } = require('./wire')

/**
 * @typedef {object} Opening
 * @property {object} [options] of our socket
 * @property {string[]} [protocols] of our socket
 * @property {object} [headers] of the raw end: of its request to our server, or of its response to our client
 * @property {object} [secure] options of a TLS server
 * @property {(ws, { socket }) => void} [onSocket] is called when our socket has been created
 * @property {Function} [Subject] the package, if it is not the package under test
 */

/**
 * @typedef {object} Connection
 * @property ws our socket
 * @property socket its net.Socket
 * @property peer the raw end, a Peer
 * @property frame makes frames as the raw end sends them
 */

/**
 * Starts our server. Each `open()` opens a connection to it from a raw peer with these `headers`. `open()` calls
 * `before(socket)` with the net.Socket before the server creates the WebSocket.
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

/** Starts a raw server. Each `open()` connects our client to it. */
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

/** Starts our server, and opens one connection to it. */
async function openServer (scope, opening) {
  const { open } = await startServer(scope, opening)
  return open()
}

/** Opens our client, connected to a raw server. */
async function openClient (scope, opening) {
  const { open } = await startClients(scope, opening)
  return open()
}

/** Functions that open a connection, by the role of our socket. */
const roles = { server: openServer, client: openClient }

/** Connects our client to our server. Each end has its own Opening. */
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

/** Asserts that a connection works in both directions. */
async function echoes ({ frame, peer, ws }, text = 'are you there?') {
  const message = once(ws, 'message')
  peer.write(frame('text', text))
  assert.equal((await message).data, text)
  ws.send(text)
  assert.equal((await peer.frame()).payload.toString(), text)
}

module.exports = { echoes, openClient, openPair, openServer, roles, startClients, startServer }
