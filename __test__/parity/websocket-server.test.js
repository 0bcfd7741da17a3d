'use strict'

const http = require('node:http')
const { once } = require('node:events')
const { inherits } = require('node:util')

const { createAuthority } = require('../support/certs')
const { listen } = require('../support/peer')
const { closePayload, fromClient, readFrames } = require('../support/wire')
const { parity, parityTable } = require('./websocket-services')

const SENT = { 'Sec-WebSocket-Protocol': 'A, b', Origin: 'http://o' }

/** Opens a connection and returns the client and the server's end. */
async function open (service, headers) {
  const { peer, request } = await service.request(headers)
  const connection = request.accept()
  await peer.head()
  return { connection, peer }
}

/** Makes the client answer a close frame. */
async function closed (service, { connection, peer }) {
  const close = once(connection, 'close')
  const frame = await peer.frame()
  service.log.add('client received', frame.type, frame.payload)
  peer.socket.end(fromClient('close', closePayload(1000)))
  await close
}

parity('a server has the same properties', async ({ library, log }) => {
  const server = new library.server()
  log.add('new', Object.keys(server), server.connections, server.pendingRequests, server.config)
  const httpServer = http.createServer()
  server.mount({ httpServer })
  log.add('mounted', Object.keys(server))
  const { httpServer: mounted, ...config } = server.config
  log.add('config', config)
  log.add('on', mounted.length, mounted[0] === httpServer, httpServer.listenerCount('upgrade'))
  log.add('emitter', server instanceof require('node:events').EventEmitter, library.server.super_ === undefined)
  for (const name in library.server.prototype) log.add('method', name)
})

parityTable('mount throws without an HTTP server:', [
  ['no argument'],
  ['null', null],
  ['an empty object', {}],
  ['httpServer: null', { httpServer: null }]
], async ({ library, log }, config) => {
  const server = new library.server()
  log.call('mount', () => server.mount(config))
  log.call('new', () => void new library.server(config ?? {}))
  log.add('config', Object.keys(server.config), server.config.httpServer)
})

parity('the configuration is merged, and the caller\'s object is not changed', async ({ library, log }) => {
  const httpServer = http.createServer()
  const given = Object.assign(Object.create({ inherited: 1, closeTimeout: 7 }), { httpServer, unknown: 2 })
  const server = new library.server(given)
  const { httpServer: mounted, ...config } = server.config
  log.add('config', config)
  log.add('given', Object.keys(given), given.httpServer === httpServer)
  const list = [httpServer]
  server.mount({ httpServer: list, keepalive: undefined })
  log.add('the same list', server.config.httpServer === list, server.config.keepalive)
  log.add('listeners', httpServer.listenerCount('upgrade'))
})

parity('a server handles several HTTP servers until it is unmounted', async (service) => {
  const { log, scope } = service
  await service.start(null)
  const second = http.createServer()
  const port = await listen(scope, second)
  service.server.mount({ httpServer: [service.http, second] })
  service.watch()
  const first = await open(service)
  const other = await service.request({}, { port })
  other.request.accept()
  log.add('open', service.server.connections.length)
  service.server.unmount()
  log.add('listeners', service.http.listenerCount('upgrade'), second.listenerCount('upgrade'))
  log.add('open', service.server.connections.length, first.connection.connected)
  const message = once(first.connection, 'message')
  first.peer.write(fromClient('text', 'still here'))
  log.add('message', (await message)[0])
})

parity('two servers on one HTTP server both handle a request', async (service) => {
  await service.start()
  const other = new service.library.server({ httpServer: service.http, keepalive: false })
  other.on('request', (request) => service.log.add('other', request.resource))
  const { request } = await service.request({}, { target: '/both' })
  service.log.add('first', request.resource)
})

parityTable('autoAcceptConnections accepts', [
  ['a plain handshake', {}],
  ['the first protocol, in lower case', { 'Sec-WebSocket-Protocol': 'A, b' }],
  ['the origin', { Origin: 'http://o' }],
  ['version 8', { 'Sec-WebSocket-Version': '8', 'Sec-WebSocket-Origin': 'http://o' }]
], async (service, headers) => {
  await service.start({ autoAcceptConnections: true })
  service.watch()
  service.server.on('request', () => service.log.add('request'))
  const peer = await service.ask(headers)
  await service.answered(peer)
  const [connection] = service.server.connections
  service.log.add('connection', connection.protocol)
})

parity('autoAcceptConnections does not depend on chunks', async (service) => {
  await service.start({ autoAcceptConnections: true })
  service.watch()
  const peer = await service.ask(SENT)
  await service.answered(peer)
}, { cut: true })

parity('a server refuses requests without a listener', async (service) => {
  await service.start()
  service.watch()
  const peer = await service.ask(SENT)
  await service.refused(peer)
  service.log.add('pending', service.server.pendingRequests.length)
})

parity('an exception of a request listener reaches the HTTP server', async (service) => {
  await service.start()
  service.server.on('request', () => { throw new Error('of the handler') })
  const { emit } = service.http
  const thrown = new Promise((resolve) => {
    service.http.emit = function (...given) {
      try {
        return emit.apply(this, given)
      } catch (error) {
        resolve(error)
      }
    }
  })
  await service.ask({})
  service.log.add('thrown', await thrown)
})

parity('a server lists its requests and connections', async (service) => {
  const { log } = service
  const server = await service.start()
  const lists = () => [server.connections.length, server.pendingRequests.length]
  const first = await service.request({})
  log.add('first', lists(), server.pendingRequests[0] === first.request)
  const second = await service.request({})
  log.add('second', lists())
  const connection = first.request.accept()
  log.add('accepted', lists(), server.connections[0] === connection)
  second.request.reject()
  log.add('rejected', lists())
  const third = await service.request({})
  log.add('third', lists())
  const gone = once(third.request.socket, 'close')
  third.request.socket.on('error', () => {})
  third.peer.socket.destroy()
  third.request.socket.destroy()
  await gone
  log.add('gone', lists())
  const close = once(server, 'close')
  connection.on('close', () => log.add('the connection closes', lists()))
  server.on('close', () => log.add('the server tells', lists()))
  first.peer.socket.destroy()
  await close
})

parity('closeAllConnections closes connections and rejects pending requests', async (service) => {
  const { log, server: none } = service
  await service.start()
  service.watch()
  const first = await open(service)
  const second = await open(service)
  const pending = await service.request({})
  const resolved = await service.request({})
  resolved.request.reject(404)
  service.call('closeAllConnections', () => service.server.closeAllConnections())
  log.add('state', first.connection.state, second.connection.state, service.server.connections.length, none)
  log.add('pending', service.server.pendingRequests.length)
  process.nextTick(() => log.add('next tick', service.server.pendingRequests.length))
  await service.refused(pending.peer)
  await closed(service, first)
  await closed(service, second)
  const later = await open(service)
  log.add('later', later.connection.connected)
})

parity('shutDown unmounts and closes', async (service) => {
  await service.start()
  service.watch()
  const first = await open(service)
  service.call('shutDown', () => service.server.shutDown())
  service.log.add('listeners', service.http.listenerCount('upgrade'))
  await closed(service, first)
  service.call('shutDown again', () => service.server.shutDown())
})

parity('methods of a server that was never mounted throw', async ({ library, log }) => {
  const server = new library.server()
  log.kind('unmount', () => server.unmount())
  log.kind('shutDown', () => server.shutDown())
  log.kind('closeAllConnections', () => server.closeAllConnections())
  log.kind('broadcast', () => server.broadcast('x'))
  log.kind('broadcast null', () => server.broadcast(null))
})

parityTable('a server broadcasts', [
  ['text', 'broadcast', 'Hé'],
  ['a Buffer', 'broadcast', Buffer.from([1, 2, 3])],
  ['a text above the threshold of fragments', 'broadcast', 'x'.repeat(40000)],
  ['a number', 'broadcast', 12],
  ['an array', 'broadcast', ['a', 'b']],
  ['an object', 'broadcast', { toString: () => 'described' }],
  ['an object without toString', 'broadcast', Object.create(null)],
  ['text as text', 'broadcastUTF', 'x'],
  ['a Buffer as text', 'broadcastUTF', Buffer.from('x')],
  ['a Buffer as bytes', 'broadcastBytes', Buffer.from('x')],
  ['text as bytes', 'broadcastBytes', 'x']
], async (service, method, data) => {
  await service.start()
  const ends = [await open(service), await open(service)]
  service.call(method, () => service.server[method](data))
  service.server.broadcastUTF('behind')
  for (const { peer } of ends) {
    await peer.until(() => peer.bytes.includes('behind'), 'the last message')
    for (const { type, payload } of readFrames(peer.bytes).frames) service.log.add('received', type, payload)
  }
})

parity('broadcast calls replaced methods', async (service) => {
  const { log } = service
  await service.start()
  const { connection } = await open(service)
  connection.sendUTF = (data) => log.add('sendUTF', data)
  connection.sendBytes = (data) => log.add('sendBytes', data)
  service.server.broadcast('text')
  service.server.broadcast(Buffer.from('bytes'))
  service.server.broadcastUTF = (data) => log.add('broadcastUTF', data)
  service.server.broadcast('again')
})

parity('util.inherits works with a server', async (service) => {
  const { library, log } = service
  function Sub (config) {
    library.server.call(this, config)
    this.own = true
  }
  inherits(Sub, library.server)
  Sub.prototype.handleUpgrade = function (request) {
    log.add('handleUpgrade', request.url)
    return library.server.prototype.handleUpgrade.apply(this, arguments)
  }
  Sub.prototype.handleRequestAccepted = function (connection) {
    log.add('handleRequestAccepted', this.own)
    return library.server.prototype.handleRequestAccepted.call(this, connection)
  }
  await service.start(null)
  service.server = new Sub({ httpServer: service.http, keepalive: false })
  service.watch()
  await open(service)
})

parity('a server accepts connections over TLS', async (service) => {
  await service.start({}, { secure: createAuthority().local })
  service.watch()
  const { peer, request } = await service.request(SENT)
  service.note(request)
  const connection = request.accept('b', request.origin)
  await service.answered(peer)
  const message = once(connection, 'message')
  peer.write(fromClient('text', 'over TLS'))
  service.log.add('message', (await message)[0])
  connection.sendUTF('reply')
  service.log.add('reply', (await peer.frame()).payload)
})

parity('accept() throws for an invalid keepaliveInterval', async (service) => {
  await service.start({ keepalive: true, keepaliveInterval: '20000' })
  const { request } = await service.request({})
  service.call('accept', () => request.accept())
})
