'use strict'

// WebSocket-Node's clients over TLS: the effects of their options, and the texts of errors.

const https = require('node:https')
const { createAuthority } = require('../support/certs')
const { accept, once } = require('../support/peer')
const { closePayload, frame, upgradeResponse } = require('../support/wire')
const { parity, parityTable, settled, show, watch } = require('./websocket-clients')

const authority = createAuthority()
const { ca, local } = authority
const other = createAuthority()

/** A client that has sent its request over TLS, or has failed to. */
async function dial ({ client: Client }, log, scope, given = {}) {
  const { secure = local, host = '127.0.0.1', tlsOptions = {}, rest = [] } = given
  const server = await accept(scope, { secure })
  log.port(server.port)
  const client = new Client({ tlsOptions: { ...tlsOptions } })
  watch(log, client)
  client.on('connect', (connection) => scope.defer(() => connection.drop(1000, '', true)))
  client.connect(`wss://${host}:${server.port}/path?query`, ...rest)
  const failed = once(client, 'connectFailed')
  failed.catch(() => {})
  const peer = await Promise.race([server.accepted(), failed.then(() => null)])
  if (peer === null) return { client, peer }
  peer.socket.on('end', () => peer.socket.end())
  const head = await Promise.race([peer.head().catch(() => null), failed.then(() => null)])
  if (head !== null) log.head('request', head)
  return { client, head, peer, server }
}

parityTable('a client connects over TLS', [
  ['with the authority', { tlsOptions: { ca } }],
  ['without verification', { tlsOptions: { rejectUnauthorized: false } }],
  ['with request options', { rest: [null, null, null, { ca }] }],
  ['with a server name', { host: 'localhost', tlsOptions: { ca, servername: 'localhost' } }],
  ['with headers in tlsOptions', { tlsOptions: { ca, headers: { 'X-T': '1', Host: 'localhost', 'X-A': 't' } },
    rest: ['p', 'o', { 'X-A': 'u', 'X-B': '2' }] }],
  ['with tlsOptions that cannot replace its own options', { tlsOptions: {
    ca, hostname: 'example.invalid', port: 1, method: 'POST', path: '/x'
  } }],
  ['with TLS 1.2', { tlsOptions: { ca, maxVersion: 'TLSv1.2' } }],
  ['with TLS 1.3', { tlsOptions: { ca, minVersion: 'TLSv1.3' } }]
], async (websocket, log, scope, given) => {
  const { client, head, peer } = await dial(websocket, log, scope, given)
  peer.write(upgradeResponse(head, head.includes('Protocol') ? { 'Sec-WebSocket-Protocol': 'p' } : {}))
  const connection = await once(client, 'connect')
  const { encrypted, authorized, authorizationError } = client.socket
  log.add('socket', { encrypted, authorized }, String(authorizationError))
  show(log, 'client', client)
  connection.sendUTF('hello')
  log.add('frame', (await peer.frame()).payload)
  const message = once(connection, 'message')
  peer.write(frame('binary', Buffer.alloc(100000, 'x')))
  await message
  const closed = once(connection, 'close')
  peer.write(frame('close', closePayload(1000)))
  await closed
})

parityTable('a client fails over TLS', [
  ['without the authority', {}], ['with another authority', { tlsOptions: { ca: other.ca } }],
  ['for another host', { tlsOptions: { ca }, secure: authority.issue(['example.org']) }],
  ['for another server name', { tlsOptions: { ca, servername: 'example.org' } }],
  ['if checkServerIdentity refuses', { tlsOptions: { ca, checkServerIdentity: () => new Error('mine') } }],
  ['for a server with another TLS version', { tlsOptions: { ca, minVersion: 'TLSv1.3' },
    secure: { ...local, maxVersion: 'TLSv1.2' } }]
], async (websocket, log, scope, given) => {
  const { client } = await dial(websocket, log, scope, given)
  await scope.settle()
  log.add('socket', client.socket === undefined)
})

parity('a client reports a refusal over TLS', async (websocket, log, scope) => {
  const { client, head, peer } = await dial(websocket, log, scope, { tlsOptions: { ca } })
  peer.write(upgradeResponse(head, { 'X-A': '1' }, '404 Not Found'))
  await settled(client)
  peer.socket.end()
  await scope.settle()
})

parity('a client can be aborted over TLS', async (websocket, log, scope) => {
  const { client } = await dial(websocket, log, scope, { tlsOptions: { ca } })
  client.abort()
  await settled(client)
  await scope.settle()
})

parity('an agent of the program makes the TLS connection', async (websocket, log, scope) => {
  const agent = new https.Agent({ ca })
  const { createConnection } = agent
  agent.createConnection = function (...given) {
    log.add('asked', given[0].servername, given[0].path)
    return createConnection.apply(this, given)
  }
  scope.defer(() => agent.destroy())
  const { client, head, peer } = await dial(websocket, log, scope, { rest: [null, null, null, { agent }] })
  peer.write(upgradeResponse(head))
  await settled(client)
  log.add('sockets', Object.values(agent.sockets).length)
})

parity('frames in the chunk of the response are delivered over TLS', async (websocket, log, scope) => {
  const { client, head, peer } = await dial(websocket, log, scope, { tlsOptions: { ca } })
  const frames = [frame('text', 'a'), frame('binary', Buffer.alloc(70000, 'b')), frame('close', closePayload(1000))]
  const closed = new Promise((resolve) => client.on('connect', (connection) => connection.on('close', resolve)))
  peer.write(Buffer.concat([Buffer.from(upgradeResponse(head)), ...frames]))
  await closed
})
