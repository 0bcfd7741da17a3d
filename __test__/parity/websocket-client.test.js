'use strict'

const http = require('node:http')
const net = require('node:net')
const url = require('node:url')

const { accept, listen, once } = require('../support/peer')
const { acceptOf, closePayload, frame, upgradeResponse } = require('../support/wire')
const { dial, parity, parityTable, parityWhereverCut, settled, show, watch } = require('./websocket-clients')

parity('the class and its instances have the same properties', ({ client: Client }, log) => {
  const client = new Client()
  log.add('prototype', Object.keys(Client.prototype).sort())
  log.add('class', Client.name, Client.length)
  for (const name of ['connect', 'validateHandshake', 'failHandshake', 'succeedHandshake', 'abort']) {
    log.add(name, client[name].length)
  }
  log.add('instance', Object.keys(client), client.config)
})

parityTable('a client merges its configuration with', [
  ['undefined', undefined], ['null', null],
  ['known keys', { maxReceivedFrameSize: 1, closeTimeout: 2, fragmentOutgoingMessages: false }],
  ['unknown keys', { foo: 1, keepalive: true, keepaliveInterval: 5 }],
  ['inherited keys', Object.create({ closeTimeout: 7, tlsOptions: { a: 1 } })],
  ['tlsOptions', { tlsOptions: { a: 1, headers: { b: '2' } } }],
  ['tlsOptions: null', { tlsOptions: null, closeTimeout: 1 }],
  ['version 8', { webSocketVersion: 8 }], ['version 7', { webSocketVersion: 7 }],
  ['version 13 as text', { webSocketVersion: '13' }], ['no version', { webSocketVersion: undefined }]
], ({ client: Client }, log, scope, config) => {
  const given = config && Object.create(Object.getPrototypeOf(config), Object.getOwnPropertyDescriptors(config))
  log.call('config', () => {
    const { tlsOptions, ...rest } = new Client(given).config
    return { ...rest, tlsOptions: { ...tlsOptions } }
  })
  log.add('left to the caller', given && { ...given })
})

parityTable('a client asks for', [
  ['the root', ''], ['a path', 'chat/room'], ['a query', 'a/b?c=d&e=%20f'], ['a query without a path', '?q=1'],
  ['a URL without its fragment', 'a#fragment'], ['an encoded path', '%C3%A9/%2F'], ['an unencoded path', 'é ü?ö=ß'],
  ['dots', 'a/../b/./c'], ['quotes and brackets', '"<>`{}|^[]'], ['a long target', 'x'.repeat(5000)]
], async (websocket, log, scope, path) => {
  const { client } = await dial(websocket, log, scope, { path })
  show(log, 'client', client)
})

parityTable('a client asks with', [
  ['a protocol', ['a']], ['an empty text', ['']], ['a list', [['a', 'b', 'c']]], ['an empty list', [[]]],
  ['null', [null, null, null, null]], ['a number as protocols', [5]], ['a Set as protocols', [new Set(['a'])]],
  ['numbers in a list', [[5, 6]]],
  ['an origin', ['a', 'http://localhost']], ['an empty origin', ['a', '']],
  ['an origin that is not a string', ['a', { toString: () => 'o' }]],
  ['headers in the given order', [null, 'o', { 'X-B': '1', 'X-A': '2', Cookie: 'a=b' }]],
  ['a Host', [null, null, { 'X-A': '1', Host: 'other:1' }]], ['a host', [null, null, { host: 'other:1' }]],
  ['headers that the client sends itself', [['p'], 'o', {
    Upgrade: 'x', connection: 'y', 'sec-websocket-key': 'z', Origin: 'w', 'X-A': '1'
  }]],
  ['lists of headers', [null, null, { 'X-A': ['1', '2'], 'X-N': 5, 'Set-Cookie': ['a', 'b'] }]],
  ['inherited headers', [null, null, Object.create({ 'X-A': '1' })]],
  ['request options that cannot replace its own', [null, null, null, {
    hostname: 'example.invalid', port: 1, method: 'POST', path: '/other', headers: { 'X-O': '1' }
  }]],
  ['credentials', [null, null, null, { auth: 'user:password' }]],
  ['setHost', [null, null, null, { setHost: false }]]
], async (websocket, log, scope, rest) => {
  const { client } = await dial(websocket, log, scope, { rest })
  show(log, 'client', client)
})

parity('a client asks with version 8', async (websocket, log, scope) => {
  const { client, head, peer } = await dial(websocket, log, scope, {
    config: { webSocketVersion: 8 }, rest: ['a', 'http://localhost']
  })
  peer.write(upgradeResponse(head, { 'Sec-WebSocket-Protocol': 'a' }))
  await settled(client)
  show(log, 'client', client)
})

parity('tlsOptions have no effect without TLS', (websocket, log, scope) =>
  dial(websocket, log, scope, { config: { tlsOptions: { headers: { 'X-T': '1' }, method: 'POST', path: '/x' } } }))

parityTable('connect refuses', [
  ['a path', '/x'], ['a word', 'word'], ['an empty text', ''], ['no host', 'ws:'], ['no scheme', '//localhost/'],
  ['undefined', undefined], ['null', null], ['a number', 5], ['an empty object', {}],
  ['an object without a host', { protocol: 'ws:' }], ['a bad port', 'ws://127.0.0.1:99999/'],
  ['a header with a line break', 'ws://127.0.0.1:1/', null, null, { 'X-A': 'a\r\nb' }],
  ['a header that is undefined', 'ws://127.0.0.1:1/', null, null, { 'X-A': undefined }],
  ['an origin with a line break', 'ws://127.0.0.1:1/', null, 'a\r\nb'],
  ['a wrong agent', 'ws://127.0.0.1:1/', null, null, null, { agent: 5 }],
  ['null in a list of protocols', 'ws://127.0.0.1:1/', [null]]
], ({ client: Client }, log, scope, ...given) => {
  const client = new Client()
  client.on('connectFailed', () => {})
  log.call('connect', () => client.connect(...given))
  log.add('keys', Object.keys(client).sort())
})

parity('connect refuses invalid characters in protocols', ({ client: Client }, log) => {
  const client = new Client()
  client.on('connectFailed', () => {})
  for (let code = 0; code <= 0x100; code++) {
    const name = `a${String.fromCharCode(code)}b`
    log.call(String(code), () => client.connect('ws://127.0.0.1:1/', [name]))
    client.abort()
  }
  log.call('the first of several', () => client.connect('ws://127.0.0.1:1/', ['good', 'b ad', 'wor/se']))
})

parityTable('connect accepts as a URL', [
  ['the result of url.parse()', (port) => url.parse(`ws://localhost:${port}/a?b#c`)],
  ['the result of url.parse() with a query object', (port) => url.parse(`ws://localhost:${port}/a?b=c`, true)],
  ['fields', (port) => ({ protocol: 'ws:', host: `127.0.0.1:${port}`, hostname: '127.0.0.1', port, path: '/a' })],
  ['another scheme', (port) => `http://127.0.0.1:${port}/a`],
  ['another case', (port) => `WS://LOCALHOST:${port}/A`],
  ['user and password', (port) => `ws://user:pass@127.0.0.1:${port}/a`]
], async ({ client: Client }, log, scope, urlFor) => {
  const server = await accept(scope)
  log.port(server.port)
  const client = new Client()
  watch(log, client)
  client.connect(urlFor(server.port))
  const peer = await server.accepted()
  log.head('request', await peer.head())
  show(log, 'client', client)
  client.abort()
  await settled(client)
})

const ANSWERS = [
  ['valid headers', [{}]],
  ['headers in another case', [{ Upgrade: 'WEBSOCKET', Connection: 'UPGRADE' }]],
  ['more headers', [{ Server: 'x', 'Set-Cookie': ['a=1', 'b=2'], 'X-Empty': '', 'X-Twice': ['1', '2'] }]],
  ['another Upgrade', [{ Upgrade: 'h2c' }]], ['two upgrades', [{ Upgrade: 'websocket, h2c' }]],
  ['a list in Connection', [{ Connection: 'keep-alive, Upgrade' }]],
  ['no accept value', [{ 'Sec-WebSocket-Accept': null }]], ['an empty accept value', [{ 'Sec-WebSocket-Accept': '' }]],
  ['a wrong accept value', [{ 'Sec-WebSocket-Accept': 'x' }]],
  ['two accept values', [{ 'Sec-WebSocket-Accept': ['x', 'y'] }]],
  ['an accept value for another key', [{ 'Sec-WebSocket-Accept': acceptOf('x') }]],
  ['only wrong headers', [{ Upgrade: 'x', Connection: 'keep-alive, upgrade', 'Sec-WebSocket-Accept': null }]],
  ['no reason phrase', [{}, '101']], ['another reason phrase', [{}, '101 Sure, go ahead']]
]
const PROTOCOL_ANSWERS = [
  ['the first', [{ 'Sec-WebSocket-Protocol': 'a' }]], ['the second', [{ 'Sec-WebSocket-Protocol': 'b' }]],
  ['one that was not requested', [{ 'Sec-WebSocket-Protocol': 'c' }]],
  ['another case', [{ 'Sec-WebSocket-Protocol': 'A' }]],
  ['two', [{ 'Sec-WebSocket-Protocol': 'a, b' }]], ['two headers', [{ 'Sec-WebSocket-Protocol': ['a', 'b'] }]],
  ['none', [{}]], ['an empty one', [{ 'Sec-WebSocket-Protocol': '' }]],
  ['none, and only wrong headers', [{ Upgrade: 'x', Connection: 'keep-alive, upgrade', 'Sec-WebSocket-Accept': null }]]
]
const NOTHING = { Upgrade: null, Connection: null, 'Sec-WebSocket-Accept': null }
const REFUSALS = [
  ['status 200', [{}, '200 OK']], ['status 301', [{ Location: 'ws://127.0.0.1:1/' }, '301 Moved Permanently']],
  ['status 302 to another path', [{ Location: '/elsewhere' }, '302 Found']],
  ['status 400 with a body', [{ 'Content-Length': '4' }, '400 Bad Request', 'body']],
  ['status 401', [{ 'WWW-Authenticate': 'Basic', 'Set-Cookie': ['a=1', 'b=2'] }, '401 Unauthorized']],
  ['status 404', [{}, '404 Not Found']], ['status 404 and no other headers', [NOTHING, '404 Not Found']],
  ['status 500 and no reason', [{}, '500']],
  ['101 without Upgrade', [{ Upgrade: null }]], ['101 without Connection', [{ Connection: null }]],
  ['101 with another Connection', [{ Connection: 'keep-alive' }]], ['101 without headers', [NOTHING]]
]

async function judge (websocket, log, scope, rest, [headers, status], send) {
  const { client, end, head, peer } = await dial(websocket, log, scope, { rest })
  const answer = Buffer.from(upgradeResponse(head, headers, status))
  await Promise.all([settled(client), send(peer, answer)])
  const { response } = client
  log.add('response', response && { status: response.statusCode, headers: { ...response.headers } })
  log.add('state', client.protocol, client.firstDataChunk === null)
  await end()
}

parityWhereverCut('a client receives a response with', ANSWERS, (websocket, log, scope, answer, send) =>
  judge(websocket, log, scope, [], answer, send))

parityWhereverCut('a client receives the protocol', PROTOCOL_ANSWERS, (websocket, log, scope, answer, send) =>
  judge(websocket, log, scope, [['a', 'b']], answer, send))

parityWhereverCut('a client fails on', REFUSALS, async (websocket, log, scope, [headers, status, body = ''], send) => {
  const { client, end, head, peer } = await dial(websocket, log, scope)
  const answer = Buffer.from(upgradeResponse(head, headers, status) + body)
  await Promise.all([settled(client), send(peer, answer)])
  await end()
})

parityTable('httpResponse is emitted for', REFUSALS, async (websocket, log, scope, [headers, status, body = '']) => {
  const { client, head, peer } = await dial(websocket, log, scope)
  client.on('httpResponse', (response, given) => {
    log.add('httpResponse', response.statusCode, response.headers, given === client)
    response.on('data', (chunk) => log.add('body', chunk))
    response.on('end', () => log.add('end'))
  })
  peer.write(upgradeResponse(head, headers, status) + body)
  await settled(client)
  log.add('ended', await peer.ended())
  await scope.settle()
})

parityTable('a client fails on a response that is not HTTP', [
  ['words', 'hello there\r\n\r\n'], ['another protocol', 'SSH-2.0-OpenSSH_9.0\r\n\r\n'],
  ['no status', 'HTTP/1.1\r\n\r\n'], ['a status of letters', 'HTTP/1.1 abc OK\r\n\r\n'],
  ['a head that is too large', `HTTP/1.1 101 OK\r\nX-A: ${'x'.repeat(100000)}\r\n\r\n`]
], async (websocket, log, scope, answer) => {
  const { client, peer } = await dial(websocket, log, scope)
  peer.write(answer)
  await settled(client)
  await scope.settle()
})

parityTable('a client fails when the server', [
  ['ends the connection', (peer) => peer.socket.end()],
  ['ends the connection within a head', (peer) => peer.socket.end('HTTP/1.1 101 Switching')],
  ['resets the connection', (peer) => peer.socket.resetAndDestroy()]
], async (websocket, log, scope, leave) => {
  const { client, peer } = await dial(websocket, log, scope)
  leave(peer)
  await settled(client)
  await scope.settle()
})

parity('a client fails if no server listens', async ({ client: Client }, log, scope) => {
  const server = net.createServer()
  const port = await listen(scope, server)
  await new Promise((resolve) => server.close(resolve))
  log.port(port)
  const client = new Client()
  watch(log, client)
  client.connect(`ws://127.0.0.1:${port}/`)
  await settled(client)
  await scope.settle()
})

parity('a failure without a listener does not throw', async ({ client: Client }, log, scope) => {
  const server = await accept(scope)
  const client = new Client()
  client.connect(server.url)
  const peer = await server.accepted()
  peer.socket.resetAndDestroy()
  await scope.settle()
  log.add('goes on')
})

parityTable('a client can be aborted', [
  ['before connect', async (client) => client.abort()],
  ['while it waits for the response', async (client, server) => {
    client.connect(server.url)
    await (await server.accepted()).head()
    client.abort()
    await settled(client)
  }],
  ['within the head of a response', async (client, server) => {
    client.connect(server.url)
    const peer = await server.accepted()
    await peer.head()
    peer.write('HTTP/1.1 101 Switching Protocols\r\n')
    await new Promise((resolve) => setTimeout(resolve, 20))
    client.abort()
    await settled(client)
  }],
  ['after it has failed', async (client, server) => {
    client.connect(server.url)
    const peer = await server.accepted()
    peer.socket.end()
    await settled(client)
    client.abort()
  }],
  ['after it has connected', async (client, server) => {
    client.connect(server.url)
    const peer = await server.acceptedOpen()
    await settled(client)
    client.abort()
    peer.write(frame('text', 'still there'))
    peer.write(frame('close', closePayload(1000)))
  }]
], async ({ client: Client }, log, scope, abort) => {
  const server = await accept(scope)
  log.port(server.port)
  const client = new Client()
  watch(log, client)
  await abort(client, server)
  await scope.settle()
  log.add('afterwards', client.listenerCount('connect'), client._req === null)
})

/** Frames in the chunk of the response. */
const FIRST_BYTES = [
  ['a message', [frame('text', 'a')]],
  ['messages', [frame('text', 'a'), frame('binary', 'b'), frame('text', ''), frame('text', 'c')]],
  ['a close frame', [frame('text', 'a'), frame('close', closePayload(1001, 'bye'))]],
  ['a violation', [frame('text', 'a'), frame(3)]],
  ['half a frame', [frame('text', 'whole'), frame('text', 'half').subarray(0, 3)]],
  ['a ping', [frame('ping', 'p'), frame('text', 'a')]]
]

parityWhereverCut('a client delivers after the response', FIRST_BYTES, async (websocket, log, scope, frames, send) => {
  const { client, end, head, peer } = await dial(websocket, log, scope)
  const bytes = Buffer.concat([Buffer.from(upgradeResponse(head)), ...frames])
  await Promise.all([settled(client), send(peer, bytes)])
  await scope.settle(40)
  await end()
  log.frames(peer)
})

parityTable('a connect handler, with frames after the response,', [
  ['closes', (connection) => connection.close()], ['drops', (connection) => connection.drop()],
  ['sends', (connection) => connection.sendUTF('hello')]
], async (websocket, log, scope, handle) => {
  const { client, end, head, peer } = await dial(websocket, log, scope)
  client.on('connect', handle)
  peer.write(Buffer.concat([Buffer.from(upgradeResponse(head)), frame('text', 'a'), frame('text', 'b')]))
  await settled(client)
  await scope.settle()
  await end()
  log.frames(peer)
})

parityTable('a client calls a replaced method of the prototype:', [
  ['validateHandshake', {}], ['failHandshake', { 'Sec-WebSocket-Accept': 'x' }], ['succeedHandshake', {}]
], async (websocket, log, scope, name, headers) => {
  const { prototype } = websocket.client
  const method = prototype[name]
  prototype[name] = function (...given) {
    log.add(name, ...given)
    return method.apply(this, given)
  }
  scope.defer(() => { prototype[name] = method })
  const { client, end, head, peer } = await dial(websocket, log, scope)
  peer.write(upgradeResponse(head, headers))
  await settled(client)
  await end()
})

parity('a client can connect again', async (websocket, log, scope) => {
  const { client, end, head, peer, server } = await dial(websocket, log, scope)
  peer.write(upgradeResponse(head))
  await settled(client)
  client.connect(server.url + 'again')
  const other = await server.accepted()
  log.head('request', await other.head())
  other.socket.end()
  await settled(client)
  peer.write(frame('text', 'the first goes on'))
  await scope.settle()
  await end()
})

parity('request options reach http.request()', async (websocket, log, scope) => {
  const agent = new http.Agent({ keepAlive: true })
  agent.on('free', () => log.add('free'))
  scope.defer(() => agent.destroy())
  const controller = new AbortController()
  const { client } = await dial(websocket, log, scope, {
    rest: [null, null, null, { agent, signal: controller.signal, lookup: () => {}, timeout: 20 }]
  })
  log.add('sockets', Object.values(agent.sockets).length)
  client._req.on('timeout', () => log.add('timeout'))
  await scope.settle(60)
  controller.abort()
  await settled(client)
  await scope.settle()
  log.add('sockets', Object.values(agent.sockets).length)
})

parity('an agent does not keep the socket of a connection', async (websocket, log, scope) => {
  const agent = new http.Agent({ keepAlive: true })
  scope.defer(() => agent.destroy())
  const { client, end, head, peer } = await dial(websocket, log, scope, { rest: [null, null, null, { agent }] })
  peer.write(upgradeResponse(head))
  await settled(client)
  log.add('sockets', Object.values(agent.sockets).length, Object.values(agent.freeSockets).length)
  peer.write(frame('text', 'a'))
  await end()
})

parity('createConnection of the program makes the TCP connection', async ({ client: Client }, log, scope) => {
  const server = await accept(scope)
  const client = new Client()
  watch(log, client)
  client.connect('ws://example.invalid/path', null, null, null, {
    agent: null,
    createConnection: ({ hostname, host, port, path }) => {
      log.add('asked', { hostname, host, port, path })
      return net.connect(server.port, '127.0.0.1')
    }
  })
  const peer = await server.acceptedOpen()
  log.head('request', peer.request)
  await settled(client)
  peer.write(frame('close', closePayload(1000)))
  await once(peer.socket, 'end')
  peer.socket.end()
  await scope.settle()
})
