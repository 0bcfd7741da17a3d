'use strict'

const net = require('node:net')

const { accept, once } = require('../support/peer')
const { acceptOf, frame, headerOf, upgradeResponse } = require('../support/wire')
const { parity, parityTable } = require('./compare')
const { dial, openClient } = require('./scripts')

parityTable('a client requests', [
  ['a path', 'chat/room'],
  ['a query', 'a/b?c=d&e=%20f'],
  ['a query without a path', '?q=1'],
  ['a URL without its fragment', 'a#fragment'],
  ['an encoded path', '%C3%A9/%2F'],
  ['an unencoded path', 'é ü/\u{1d11e}?ö=ß'],
  ['dots', 'a/../b/./c'],
  ['quotes and brackets', '"<>`{}|^[]'],
  ['a long target', 'x'.repeat(5000)]
], async (WebSocket, log, scope, path) => {
  const { ws } = await dial(WebSocket, log, scope, { path })
  log.add('url', ws.url.replace(/:\d+/, ':PORT'))
})

parityTable('a client requests the subprotocols', [
  ['undefined', undefined], ['null', null], ['one', 'a'], ['a list as text', 'a , b,c'], ['a list', ['a', 'b', 'c']],
  ['an empty list', []], ['empty text', '']
], (WebSocket, log, scope, protocols) => dial(WebSocket, log, scope, { protocols }))

parityTable('a client sends headers', [
  ['in the given order', { Origin: 'http://localhost', 'X-B': '1', 'X-A': '2' }],
  ['trimmed', { ' X-A ': '  spaced out  ' }],
  ['that cannot replace the library\'s', { Host: 'evil', upgrade: 'x', CONNECTION: 'y', 'Sec-WebSocket-Version': '8' }],
  ['that cannot replace the key', { 'Sec-WebSocket-Key': 'mine' }],
  ['that add a protocol', { 'Sec-WebSocket-Protocol': 'mine' }],
  ['that repeat', { 'Set-Cookie': '1', 'set-cookie': '2', Cookie: 'a', cookie: 'b' }],
  ['of other types', { 'X-N': 1, 'X-F': false, 'X-U': undefined, 'X-L': ['a', 'b'] }],
  ['inherited', Object.create({ 'X-I': 'inherited' })],
  ['with non-ASCII text', { 'X-Name': 'é€' }],
  ['with authorization', { Authorization: 'Bearer x' }]
], (WebSocket, log, scope, headers) => dial(WebSocket, log, scope, { options: { headers } }))

parityTable('a client turns the credentials of a URL into a header', [
  ['both', 'user:pass@'], ['encoded', 'us%20er:p%3Ass%40@'], ['user only', 'user@'], ['password only', ':pass@'],
  ['unencoded', 'a b:c d@']
], async (WebSocket, log, scope, credentials) => {
  const server = await accept(scope)
  log.port(server.port)
  const ws = new WebSocket.Client(`ws://${credentials}127.0.0.1:${server.port}/`, null, {
    headers: { Authorization: 'mine' }
  })
  scope.defer(() => ws._stream.destroy())
  const peer = await server.accepted()
  log.head('request', await peer.head())
  log.add('url', ws.url.replace(/:\d+\//, ':PORT/'))
})

parity('the host name is lower-cased', async (WebSocket, log, scope) => {
  const server = await accept(scope)
  log.port(server.port)
  const ws = new WebSocket.Client(`WS://LOCALHOST:${server.port}`)
  ws.on('error', ({ message }) => log.add('error', message))
  const peer = await Promise.race([server.accepted(), once(ws, 'close')])
  if (typeof peer.head === 'function') log.head('request', await peer.head())
  ws._stream.destroy()
})

parityTable('a client refuses the URL', [
  ['http', 'http://127.0.0.1:1/'], ['https', 'https://127.0.0.1:1/'], ['a word', 'word'], ['an empty text', ''],
  ['a path', '/x'], ['no host', 'ws://'], ['a bad port', 'ws://127.0.0.1:99999/'], ['undefined', undefined],
  ['a number', 5], ['ftp', 'ftp://127.0.0.1/']
], (WebSocket, log, scope, url) => {
  log.call('new Client', () => new WebSocket.Client(url))
})

parity('a url of null throws a TypeError', (WebSocket, log) => {
  log.kind('null', () => new WebSocket.Client(null))
})

parityTable('a client throws for options', [
  ['unknown', { unknown: 1 }], ['unknown and undefined', { unknown: undefined }], ['protocols', { protocols: [] }],
  ['inherited', Object.create({ inherited: 1 })]
], async (WebSocket, log, scope, options) => {
  const server = await accept(scope)
  log.call('new Client', () => new WebSocket.Client(server.url, null, options))
  await scope.settle()
})

parityTable('a client receives a response with', [
  ['valid headers', {}],
  ['headers in another case', { Upgrade: 'WEBSOCKET', Connection: 'UPGRADE' }],
  ['more headers', { Server: 'x', 'Set-Cookie': ['a=1', 'b=2'], 'X-Empty': '', 'X-Twice': ['1', '2'] }],
  ['no Upgrade', { Upgrade: null }], ['an empty Upgrade', { Upgrade: '' }], ['another Upgrade', { Upgrade: 'h2c' }],
  ['two upgrades', { Upgrade: 'websocket, h2c' }],
  ['no Connection', { Connection: null }], ['an empty Connection', { Connection: '' }],
  ['another Connection', { Connection: 'close' }],
  ['no accept value', { 'Sec-WebSocket-Accept': null }], ['a wrong accept value', { 'Sec-WebSocket-Accept': 'x' }],
  ['an accept value for another key', { 'Sec-WebSocket-Accept': acceptOf('x') }],
  ['a requested protocol', { 'Sec-WebSocket-Protocol': 'b' }],
  ['a protocol that was not requested', { 'Sec-WebSocket-Protocol': 'c' }],
  ['a protocol in another case', { 'Sec-WebSocket-Protocol': 'A' }],
  ['two protocols', { 'Sec-WebSocket-Protocol': 'a, b' }],
  ['an extension that was not offered', { 'Sec-WebSocket-Extensions': 'permessage-deflate' }],
  ['a malformed extension', { 'Sec-WebSocket-Extensions': 'a;;' }],
  ['status 200', {}, '200 OK'], ['status 301', { Location: 'ws://127.0.0.1:1/' }, '301 Moved Permanently'],
  ['status 400', {}, '400 Bad Request'],
  ['status 401', { 'WWW-Authenticate': 'Basic' }, '401 Unauthorized'],
  ['status 404', {}, '404 Not Found'], ['status 503', {}, '503 Service Unavailable'],
  ['status 102', {}, '102 Processing'],
  ['no reason phrase', {}, '101'], ['another reason phrase', {}, '101 Sure, go ahead']
], async (WebSocket, log, scope, headers, status) => {
  const { head, peer, ws } = await dial(WebSocket, log, scope, { protocols: ['a', 'b'] })
  peer.write(upgradeResponse(head, headers, status))
  await Promise.race([once(ws, 'open'), once(ws, 'close')])
  await scope.settle()
  log.add('finally', ws.readyState, ws.statusCode, ws.protocol)
})

parityTable('a client fails on a response that is not HTTP', [
  ['words', 'hello there\r\n\r\n'], ['another protocol', 'SSH-2.0-OpenSSH_9.0\r\n\r\n'],
  ['no status', 'HTTP/1.1\r\n\r\n'], ['a status of letters', 'HTTP/1.1 abc OK\r\n\r\n']
], async (WebSocket, log, scope, answer) => {
  const { peer, ws } = await dial(WebSocket, log, scope)
  peer.write(answer)
  await once(ws, 'close')
  await scope.settle()
})

parity('the response can arrive in pieces', async (WebSocket, log, scope) => {
  const { head, peer, ws } = await dial(WebSocket, log, scope)
  peer.socket.setNoDelay(true)
  const response = upgradeResponse(head)
  for (let i = 0; i < response.length; i += 9) {
    peer.write(response.slice(i, i + 9))
    await scope.settle(1)
  }
  if (ws.readyState === 0) await once(ws, 'open')
})

parity('frames after the response are delivered', async (WebSocket, log, scope) => {
  const { head, peer, ws } = await dial(WebSocket, log, scope)
  const whole = frame('text', 'cut in two')
  peer.write(Buffer.concat([
    Buffer.from(upgradeResponse(head)), frame('text', 'a'), frame('ping', 'p'), whole.subarray(0, 4)
  ]))
  await once(ws, 'message')
  await scope.settle()
  peer.write(whole.subarray(4))
  await once(ws, 'message')
  log.frames(peer)
})

parity('the body of a refusal is ignored', async (WebSocket, log, scope) => {
  const { peer, ws } = await dial(WebSocket, log, scope)
  peer.write('HTTP/1.1 404 Not Found\r\nContent-Length: 20\r\nX-Reason: none\r\n\r\n')
  peer.write(Buffer.concat([frame('text', 'x'), frame('close', '')]))
  await once(ws, 'close')
  await scope.settle()
  log.add('ended', await peer.ended())
})

parity('repeated headers are joined', async (WebSocket, log, scope) => {
  const { head, peer, ws } = await dial(WebSocket, log, scope)
  peer.write(upgradeResponse(head, { 'X-A': ['1', '2', '3'], constructor: 'c' }))
  await once(ws, 'open')
  log.add('joined', ws.headers['x-a'], ws.headers.constructor)
})

parity('a refused TCP connection is a network error', async (WebSocket, log, scope) => {
  const server = net.createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  log.port(port)
  const ws = new WebSocket.Client(`ws://127.0.0.1:${port}/`)
  log.watch(ws)
  await once(ws, 'close')
  await scope.settle()
})

parity('the server can send the first frame', async (WebSocket, log, scope) => {
  const { peer, ws } = await openClient(WebSocket, log, scope, { protocols: 'a' })
  peer.write(frame('close', Buffer.from('03e96279', 'hex')))
  await once(ws, 'close')
  await peer.ended()
  log.frames(peer)
})

parity('each request has a new key of 16 random bytes', async (WebSocket, log, scope) => {
  const keys = new Set()
  for (let i = 0; i < 5; i++) {
    const { head } = await dial(WebSocket, log, scope)
    const key = headerOf(head, 'sec-websocket-key')
    log.add('length', Buffer.from(key, 'base64').length, Buffer.from(key, 'base64').toString('base64') === key)
    keys.add(key)
  }
  log.add('different', keys.size)
})
