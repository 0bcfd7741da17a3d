'use strict'

// Connections whose bytes the reactor moves, and the tests of them.

const assert = require('node:assert/strict')

const support = require('../support/test')
const { WebSocket } = require('../support/subject')
const { accept, connectOpen, once, serve } = require('../support/peer')
const { frame, fromClient } = require('../support/wire')
const { usesReactor } = require('../support/transport')

const UNAVAILABLE = process.env.FAYE_WEBSOCKET_TRANSPORT === 'stream'
  ? 'FAYE_WEBSOCKET_TRANSPORT=stream forces the other transport'
  : !['linux', 'darwin'].includes(process.platform) && 'there is no native transport on this platform'

/** A test that needs the native transport. */
function test (name, body, options = {}) {
  return support.test(name, body, { ...options, skip: UNAVAILABLE || options.skip || false })
}

/**
 * A server, and what makes connections to it: open server sockets, their net.Socket, and the raw client. `open(before)`
 * calls `before(socket)` right before a connection is made of the socket. `options.transport` may be `'stream'`, to
 * show that it is no different.
 */
async function nativeServer (scope, options = {}) {
  const { transport } = options
  const arrived = []
  const { port, server, url } = await serve(scope, WebSocket, {
    ...(transport && { options: { transport } }),
    ...options,
    onSocket: (ws, { socket }) => {
      assert.equal(usesReactor(ws), transport !== 'stream', 'native')
      arrived.push({ socket, ws })
      if (options.onSocket) options.onSocket(ws, { socket })
    }
  })
  const open = async (before) => {
    if (before) server.prependOnceListener('upgrade', (request, socket) => before(socket))
    const peer = await connectOpen(scope, port)
    const { socket, ws } = arrived.pop()
    if (ws.readyState === 0) await once(ws, 'open')
    return { frame: fromClient, peer, socket, ws }
  }
  return { open, port, server, url }
}

/** The same the other way round: our clients, and what a raw server has of them. */
async function nativeClients (scope, { transport } = {}) {
  const server = await accept(scope)
  const open = async (before) => {
    const ws = new WebSocket.Client(server.url, [], transport && { transport })
    scope.defer(() => ws._stream.destroy())
    if (before) ws._stream.prependOnceListener('connect', () => before(ws._stream))
    const peer = await server.acceptedOpen()
    await once(ws, 'open')
    assert.equal(usesReactor(ws), transport !== 'stream', 'native')
    return { frame, peer, socket: ws._stream, ws }
  }
  return { open }
}

/** What both transports do alike is tested with both, where there are two. */
const transports = UNAVAILABLE ? ['stream'] : ['native', 'stream']

const roles = { server: nativeServer, client: nativeClients }

/** What has been received on this connection: messages, and the codes of its ends. */
function record (ws) {
  const events = []
  ws.on('message', ({ data }) => events.push(String(data)))
  ws.on('close', ({ code }) => events.push(code))
  return events
}

/** Shows that a connection works in both directions. */
async function echoes ({ frame, peer, ws }, text = 'are you there?') {
  const message = once(ws, 'message')
  peer.write(frame('text', text))
  assert.equal((await message).data, text)
  ws.send(text)
  assert.equal((await peer.frame()).payload.toString(), text)
}

module.exports = { UNAVAILABLE, echoes, nativeClients, nativeServer, record, roles, test, transports }
