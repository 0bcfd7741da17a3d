'use strict'

// The routes of a client to a raw server: directly, over TLS, and through a proxy.

const { createAuthority } = require('./certs')
const { recordAll } = require('./client')
const { accept } = require('./peer')
const { WebSocket } = require('./subject')

const authority = createAuthority()
const OK = 'HTTP/1.1 200 OK\r\n\r\n'

/** The routes to a server. Each function resolves when the client's upgrade request has arrived. */
const WAYS = {
  directly: (scope, options) => arrive(scope, 'ws', options),
  'over TLS': (scope, options) => arrive(scope, 'wss', options),
  'through a proxy': async (scope, options) => {
    const proxied = await arrive(scope, 'ws', { ...options, proxied: true })
    proxied.peer.write(OK)
    return { ...proxied, head: await proxied.peer.head() }
  }
}

/** Starts a client. Resolves when its first request has arrived: for an upgrade or a tunnel. */
async function arrive (scope, scheme, { protocols = ['a', 'b'], proxied = false, ...options } = {}) {
  const server = await accept(scope, { secure: scheme === 'wss' && !proxied && authority.local })
  const ws = new WebSocket.Client(proxied ? `${scheme}://example.test/` : server.url, protocols, {
    ca: authority.ca, ...(proxied && { proxy: { origin: `http://127.0.0.1:${server.port}` } }), ...options
  })
  scope.defer(() => ws._stream.destroy())
  const events = recordAll(ws)
  const peer = await server.accepted()
  return { events, head: await peer.head(), peer, ws }
}

module.exports = { OK, WAYS, arrive, authority }
