'use strict'

const { EventEmitter } = require('node:events')

const { parity, parityTable } = require('./websocket-services')

/** Starts a server with a router whose handlers record their arguments. */
async function route (service, ...mounts) {
  const { library, log } = service
  await service.start()
  service.watch()
  const router = new library.router({ server: service.server })
  for (const [name, path, protocol] of mounts) {
    router.mount(path, protocol, (request) => {
      log.add(`handler ${name}`, request.protocol)
      request.reject(403, name)
    })
  }
  return router
}

parity('a router has the same properties', async ({ library, log }) => {
  const router = new library.router()
  log.add('new', Object.keys(router), router.config, router.handlers, router.server)
  const server = new EventEmitter()
  router.attachServer(server)
  log.add('attached', Object.keys(router), router.server === server, server.listenerCount('request'))
  router.mount('/x', 'Chat', () => {})
  router.mount(/y/, null, () => {})
  log.add('handlers', ...router.handlers.map((handler) => Object.entries(handler).map(String)))
  router.detachServer()
  log.add('detached', router.server, server.listenerCount('request'))
  const given = Object.create({ inherited: 1 })
  const configured = new library.router(Object.assign(given, { server, unknown: 2 }))
  log.add('configured', Object.keys(configured.config), configured.server === server)
  for (const name in library.router.prototype) log.add('method', name)
})

parity('a router attaches and detaches', async ({ library, log }) => {
  const router = new library.router()
  log.call('attach nothing', () => router.attachServer())
  log.call('detach', () => router.detachServer())
  router.attachServer(new EventEmitter())
  log.call('detach', () => router.detachServer())
  log.call('detach again', () => router.detachServer())
})

const handler = () => {}

parityTable('a router mounts', [
  ['nothing', []],
  ['an empty path', ['', 'x', handler]],
  ['no callback', ['/x', 'x']],
  ['no protocol and no callback', ['/x']],
  ['a number as path', [5, 'x', handler]],
  ['an object as path', [{}, 'x', handler]],
  ['a path', ['/x', 'x', handler]],
  ['an empty protocol', ['/x', '', handler]],
  ['a RegExp', [/^\/x/i, '*', handler]],
  ['any path', ['*', '*', handler]],
  ['a path with characters of a RegExp', ['/a.b*(c)[d]{e}+?^$|\\-#, f', 'x', handler]]
], async ({ library, log }, given) => {
  const router = new library.router()
  log.call('mount', () => router.mount(...given))
  log.call('mount again', () => router.mount(...given))
  log.add('handlers', router.handlers.map(({ path, pathString, protocol }) => [String(path), pathString, protocol]))
})

parity('a router has one handler for each path and protocol', async ({ library, log }) => {
  const router = new library.router()
  const mount = (path, protocol) => log.call(`mount ${path} ${protocol}`, () => router.mount(path, protocol, handler))
  mount('/x', 'a')
  mount('/x', 'A')
  mount('/x', 'b')
  mount('/x', null)
  mount('/x', undefined)
  mount('/x', '*')
  mount(/^\/x$/, 'a')
  mount(/^\/x$/i, 'a')
  mount('/X', 'a')
})

parity('a router unmounts', async ({ library, log }) => {
  const router = new library.router()
  router.mount('/x', 'a', handler)
  router.mount('/x', 'b', handler)
  router.mount('*', '*', handler)
  const unmount = (path, protocol) => {
    log.call(`unmount ${path} ${protocol}`, () => router.unmount(path, protocol))
    log.add('left', router.handlers.map(({ pathString, protocol }) => [pathString, protocol]))
  }
  unmount('/y', 'a')
  unmount('/x', 'c')
  unmount('/x', 'A')
  unmount('/x', 'a')
  unmount(/^\/x$/, 'b')
  unmount('*', '*')
})

const PATHS = [['any', '*', '*'], ['x', '/x', '*']]

parityTable('a router finds a handler', [
  ['by path', '/x', null, [['y', '/y', null], ['x', '/x', null]]],
  ['by path, without the query', '/x?y', null, [['x', '/x', null]]],
  ['by the whole path', '/x/y', null, [['x', '/x', null]]],
  ['by path, case-sensitive', '/X', null, [['x', '/x', null]]],
  ['by path, with escapes', '/a%20b', null, [['x', '/a b', null], ['y', '/a%20b', null]]],
  ['by RegExp', '/room/12', null, [['x', /^\/room\/\d+$/, null]]],
  ['in the order of mounting', '/x', null, [['any', '*', null], ['x', '/x', null]]],
  ['by protocol', '/x', 'b', [['a', '/x', 'a'], ['b', '/x', 'b']]],
  ['by protocol in another case', '/x', 'CHAT', [['chat', '/x', 'Chat']]],
  ['in the client\'s order of protocols', '/x', 'b, a', [['a', '/x', 'a'], ['b', '/x', 'b']]],
  ['for any protocol', '/x', 'b', [['a', '/x', 'a'], ['any', '/x', '*']]],
  ['for any protocol if the client requests none', '/x', null, [['any', '/x', '*']]],
  ['for any protocol before the client\'s second', '/x', 'z, a', [['a', '/x', 'a'], ['any', '/x', '*']]],
  ['for no protocol only if the client requests none', '/x', 'a', [['none', '/x', null]]],
  ['for a protocol only if the client requests it', '/x', null, [['a', '/x', 'a']]],
  ['on any path', '/anything', 'a', PATHS],
  ['only if one is mounted', '/x', 'a', []],
  ['for a protocol with the internal name of none', '/x', '____no_protocol____', [['none', '/x', null]]]
], async (service, target, protocol, mounts) => {
  await route(service, ...mounts)
  const peer = await service.ask({ 'Sec-WebSocket-Protocol': protocol }, { target })
  await service.refused(peer)
})

parity('the choice of a handler does not depend on chunks', async (service) => {
  await route(service, ['a', '/x', 'a'], ['b', '/x', 'b'])
  const peer = await service.ask({ 'Sec-WebSocket-Protocol': 'B, a' }, { target: '/x' })
  await service.refused(peer)
}, { cut: true })

const cookie = [{ name: 'n', value: 'v' }]

parityTable('a handler of a router', [
  ['accepts', (request) => request.accept()],
  ['accepts with an origin and cookies', (request) => request.accept(request.origin, cookie)],
  ['rejects', (request) => request.reject()],
  ['rejects with all arguments', (request) => request.reject(401, 'who?', { 'WWW-Authenticate': 'Basic' })],
  ['accepts with invalid cookies', (request) => request.accept(null, 5)]
], async (service, answer) => {
  const { library, log } = service
  await service.start()
  service.watch()
  const router = new library.router()
  router.attachServer(service.server)
  router.mount('/x', 'b', (request) => {
    const { webSocketRequest } = request
    log.add('request', request.constructor.name, Object.keys(request), request.protocol, request.origin)
    log.add('the same', ['resource', 'resourceURL', 'httpRequest', 'remoteAddress', 'webSocketVersion',
      'requestedExtensions', 'cookies'].map((name) => request[name] === webSocketRequest[name]))
    request.on('requestAccepted', (connection) => log.add('requestAccepted', connection.protocol))
    request.on('requestRejected', (given) => log.add('requestRejected', given === request))
    webSocketRequest.on('requestAccepted', () => log.add('inner requestAccepted'))
    webSocketRequest.on('requestRejected', () => log.add('inner requestRejected'))
    service.call('answer', () => answer(request))
  })
  const peer = await service.ask({
    'Sec-WebSocket-Protocol': 'a, B', Origin: 'http://o', Cookie: 'c=d', 'Sec-WebSocket-Extensions': 'foo'
  }, { target: '/x' })
  await service.answered(peer)
})

parity('a detached router handles no requests', async (service) => {
  const router = await route(service, ['x', '/x', null])
  router.detachServer()
  const peer = await service.ask({}, { target: '/x' })
  await service.refused(peer)
})
