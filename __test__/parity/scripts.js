'use strict'

// The openings of most scripts: a server or a client under test, and a raw peer.

const { accept, connect, once, serve } = require('../support/peer')
const wire = require('../support/wire')

/** A server socket and a raw client that has sent `headers`. Does not wait for `open`. */
async function request (WebSocket, log, scope, { headers, line, protocols, options, onSocket, extra } = {}) {
  let given
  const sockets = new Promise((resolve) => { given = resolve })
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => {
      const ws = new WebSocket(request, socket, body, protocols, options)
      log.add('constructed', ws.readyState, ws.protocol, ws.url, ws.version)
      log.watch(ws)
      if (onSocket) onSocket(ws, { request, socket, body })
      given(ws)
    }
  })
  log.port(port)
  const peer = await connect(scope, port)
  peer.write(Buffer.concat([Buffer.from(wire.upgradeRequest(headers, line)), extra || Buffer.alloc(0)]))
  return { peer, ws: await sockets }
}

/** The same, open. */
async function openServer (WebSocket, log, scope, given = {}) {
  const { peer, ws } = await request(WebSocket, log, scope, given)
  log.head('response', await peer.head())
  if (ws.readyState === 0) await once(ws, 'open')
  return { peer, ws }
}

/** Starts a client under test. Resolves when its raw server has read the request; the server does not respond. */
async function dial (WebSocket, log, scope, { path = '', protocols, options } = {}) {
  const server = await accept(scope)
  log.port(server.port)
  const ws = new WebSocket.Client(`${server.url}${path}`, protocols, options)
  scope.defer(() => ws._stream.destroy())
  log.watch(ws)
  const peer = await server.accepted()
  const head = await peer.head()
  log.head('request', head)
  log.hide(wire.acceptOf(wire.headerOf(head, 'sec-websocket-key')), 'ACCEPT')
  return { head, peer, ws }
}

/** The same, open. */
async function openClient (WebSocket, log, scope, given) {
  const { head, peer, ws } = await dial(WebSocket, log, scope, given)
  peer.write(wire.upgradeResponse(head))
  await once(ws, 'open')
  return { peer, ws }
}

/** Both roles, for scripts in which they behave alike. */
const roles = [
  { role: 'server', open: openServer, toSubject: wire.fromClient, note: (log, peer) => log.wire(peer) },
  { role: 'client', open: openClient, toSubject: wire.frame, note: (log, peer) => log.frames(peer) }
]

module.exports = { dial, openClient, openServer, request, roles }
