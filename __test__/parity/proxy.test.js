'use strict'

const { accept, eventually, once } = require('../support/peer')
const { acceptOf, headerOf, upgradeResponse } = require('../support/wire')
const { parity, parityTable } = require('./compare')

const CONNECTED = 'HTTP/1.1 200 OK\r\n\r\n'

/** A client whose CONNECT request has arrived at a raw proxy. */
async function viaProxy (WebSocket, log, scope, { url = 'ws://example.test/', credentials = '', options = {}, proxy } = {}) {
  const server = await accept(scope)
  log.port(server.port, 'PROXY')
  const origin = `http://${credentials}127.0.0.1:${server.port}`
  const ws = new WebSocket.Client(url, null, { ...options, proxy: { origin, ...proxy } })
  scope.defer(() => ws._stream.destroy())
  log.watch(ws)
  const peer = await server.accepted()
  log.head('connect', await peer.head())
  return { peer, ws }
}

parityTable('a client asks the proxy for', [
  ['port 80', { url: 'ws://example.test/' }], ['port 443', { url: 'wss://example.test/x?y' }],
  ['another port', { url: 'ws://example.test:8080/' }], ['an address', { url: 'ws://10.1.2.3:99/' }],
  ['an IPv6 address', { url: 'ws://[::1]:99/' }], ['a host in capitals', { url: 'ws://EXAMPLE.test' }],
  ['a host, with credentials', { credentials: 'user:pass@' }],
  ['a host, with encoded credentials', { credentials: 'us%20er:p%40@' }],
  ['a host, with a user name only', { credentials: 'user@' }],
  ['a host, with custom headers', { proxy: { headers: { 'User-Agent': 'me', 'X-A': ' trimmed ', 'X-U': undefined } } }],
  ['a host, with headers that cannot replace its own', {
    credentials: 'user:pass@',
    proxy: { headers: { host: 'x', Connection: 'close', 'Proxy-Authorization': 'mine' } }
  }],
  ['a host, without the credentials of the server', { url: 'ws://secret:word@example.test/' }]
], (WebSocket, log, scope, given) => viaProxy(WebSocket, log, scope, given))

parity('a client sends its handshake after the success of the proxy', async (WebSocket, log, scope) => {
  const { peer, ws } = await viaProxy(WebSocket, log, scope, {
    url: 'ws://user:pass@example.test:8080/path',
    options: { headers: { Origin: 'me' } }
  })
  log.add('nothing more', peer.bytes.length)
  peer.write(CONNECTED)
  const head = await peer.head()
  log.head('request', head)
  log.hide(acceptOf(headerOf(head, 'sec-websocket-key')), 'ACCEPT')
  peer.write(upgradeResponse(head))
  await once(ws, 'open')
  log.call('send', () => ws.send('through'))
  await peer.until(() => peer.bytes.length > 0)
  log.frames(peer)
})

parity('the response of the proxy can arrive in pieces', async (WebSocket, log, scope) => {
  const { peer } = await viaProxy(WebSocket, log, scope)
  peer.socket.setNoDelay(true)
  for (const byte of 'HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n') {
    peer.write(byte)
    await scope.settle(1)
  }
  log.head('request', await peer.head())
})

parityTable('a proxy refuses and ends the connection', [
  ['407', 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n'],
  ['403', 'HTTP/1.1 403 Forbidden\r\n\r\n'], ['502', 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n']
], async (WebSocket, log, scope, answer) => {
  const { peer, ws } = await viaProxy(WebSocket, log, scope)
  peer.write(answer)
  peer.socket.end()
  await eventually(() => ws.readyState === 3, 'closed')
  await scope.settle()
})

parity('a proxy that ends the connection without a response is 1006', async (WebSocket, log, scope) => {
  const { peer, ws } = await viaProxy(WebSocket, log, scope)
  peer.socket.end()
  await once(ws, 'close')
  await scope.settle()
})

parity('a client can be closed before the proxy has answered', async (WebSocket, log, scope) => {
  const { peer, ws } = await viaProxy(WebSocket, log, scope)
  log.call('close', () => ws.close(3000, 'enough'))
  log.add('state', ws.readyState)
  await peer.ended()
  await scope.settle()
})
