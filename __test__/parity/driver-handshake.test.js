'use strict'

const { fromClient, upgradeRequest, upgradeResponse } = require('../support/wire')
const { dial, httpDriver, openServer, parity, parityTable, propertiesOf, watch } = require('./driver-scripts')

parityTable('a server answers', [
  ['a plain request', {}],
  ['with the subprotocol that the client prefers',
    { headers: { 'sec-websocket-protocol': 'a, b' }, options: { protocols: ['b', 'a'] } }],
  ['with protocols given as a text', { headers: { 'sec-websocket-protocol': 'b' }, options: { protocols: 'a , b' } }],
  ['an offer of protocols as an array',
    { headers: { 'sec-websocket-protocol': ['x', 'b'] }, options: { protocols: ['b'] } }],
  ['an offer without a common protocol', { headers: { 'sec-websocket-protocol': 'A' }, options: { protocols: ['a'] } }],
  ['an offer of protocols without protocols of its own', { headers: { 'sec-websocket-protocol': 'a' } }],
  ['with custom headers before its own', { set: [['X-Name', ' a  b '], ['x-name', 'lost'], [' Y ', 5]] }],
  ['with custom headers in place of its own', { set: [['Upgrade', 'nope'], ['sec-websocket-accept', 'x']] }],
  ['with headers that may repeat', {
    set: ['Set-Cookie', 'set-cookie2', 'WARNING', 'WWW-Authenticate'].flatMap((name) => [[name, '1'], [name, '2']])
  }],
  ['without undefined headers', { set: [['X', undefined], ['Y', false]] }],
  ['a request that was forwarded', { headers: { 'x-forwarded-proto': 'https' } }],
  ['a Connection list', { headers: { connection: 'keep-alive, Upgrade', upgrade: 'WebSocket' } }],
  ['an empty extension header', { headers: { 'sec-websocket-extensions': '' } }],
  ['an extension that it does not have', { headers: { 'sec-websocket-extensions': 'a; b=1' } }]
], (library, log, feed, { set = [], ...given }) => {
  const driver = httpDriver(library, log, given)
  log.add('before', propertiesOf(driver))
  for (const [name, value] of set) log.call(`set ${name}`, () => driver.setHeader(name, value))
  log.call('start', () => driver.start())
  log.call('start again', () => driver.start())
  log.call('set late', () => driver.setHeader('Late', '1'))
  log.call('set nothing late', () => driver.setHeader('Late', undefined))
  feed.deliver(driver.io, fromClient('text', 'hi'))
})

parity('setHeader of null throws a TypeError', (library, log) => {
  const driver = httpDriver(library, log)
  log.kind('set', () => driver.setHeader('X', null))
  log.kind('set', () => driver.setHeader(null, 'X'))
  log.call('start', () => driver.start())
})

const REFUSED = [
  ['a POST', { more: { method: 'POST' } }],
  ['no Upgrade', { headers: { upgrade: undefined } }],
  ['an Upgrade that is not websocket', { headers: { upgrade: 'h2c' } }],
  ['no Connection', { headers: { connection: undefined } }],
  ['a Connection that is not upgrade', { headers: { connection: 'close' } }],
  ['no key', { headers: { 'sec-websocket-key': undefined } }],
  ['an invalid extension header', { headers: { 'sec-websocket-extensions': 'a; ;' } }],
  ['a request, without custom headers', { headers: { upgrade: 'h2c' }, set: true }]
]

parityTable('a server refuses', REFUSED, (library, log, feed, { set, ...given }) => {
  const driver = httpDriver(library, log, given)
  if (set) driver.setHeader('X', '1')
  log.call('text', () => driver.text('queued'))
  log.call('start', () => driver.start())
  log.call('start again', () => driver.start())
  log.call('text', () => driver.text('late'))
  log.call('ping', () => driver.ping())
  log.call('close', () => driver.close())
  log.call('setHeader', () => driver.setHeader('A', 'b'))
  feed.deliver(driver.io, fromClient('text', 'hi'))
})

parityTable('a server refuses with a text', [
  ['version 12', '12'], ['version 8', '8'], ['version 013', '013'], ['two versions', '13, 8'],
  ['no version', undefined], ['an empty version', '']
], (library, log, feed, version) => {
  // Without the head, because only ours names the supported version.
  const driver = library.http({
    method: 'GET',
    url: '/',
    headers: {
      connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-key': 'x', 'sec-websocket-version': version
    }
  }, { allowDrafts: false })
  driver.io.on('data', (chunk) => log.add('body', chunk.toString().split('\r\n\r\n')[1]))
  driver.on('error', (error) => log.add('error', error, propertiesOf(driver)))
  driver.on('close', (event) => log.add('close', { ...event }, propertiesOf(driver)))
  log.call('start', () => driver.start())
})

parityTable('before start(), a server', [
  ['queues messages', (driver, log) => {
    log.call('text', () => driver.text('a'))
    log.call('binary', () => driver.binary(Buffer.from([1])))
    log.call('frame', () => driver.frame('b'))
    log.call('ping', () => driver.ping('c'))
    log.call('pong', () => driver.pong('d'))
    log.call('messages', () => driver.messages.write('e'))
    log.call('start', () => driver.start())
  }],
  ['can be closed', (driver, log) => {
    log.call('text', () => driver.text('a'))
    log.call('close', () => driver.close('bye', 3001))
    log.call('close again', () => driver.close())
    log.call('text', () => driver.text('a'))
    log.call('start', () => driver.start())
  }],
  ['can be closed without a reason', (driver, log) => {
    log.call('close', () => driver.close())
    log.call('start', () => driver.start())
  }]
], (library, log, feed, script) => script(httpDriver(library, log), log))

parityTable('a client asks', [
  ['without options', {}],
  ['for a default port', { url: 'ws://example.com:80/a' }],
  ['for another port', { url: 'wss://EXAMPLE.com:80/a' }],
  ['for an IPv6 address', { url: 'ws://[::1]:8080/' }],
  ['for a non-ASCII host', { url: 'ws://bücher.example/ü?ü#ü' }],
  ['for a URL without a path', { url: 'ws://example.com' }],
  ['for a query', { url: 'ws://example.com?a=b c' }],
  ['with credentials', { url: 'ws://us%20er:pa%3Ass@example.com/' }],
  ['with a user name only', { url: 'ws://user@example.com/' }],
  ['for protocols', { options: { protocols: ['a', 'b'] } }],
  ['for protocols given as a text', { options: { protocols: 'a ,b, c' } }],
  ['for no protocol', { options: { protocols: [] } }],
  ['for protocols of an empty text', { options: { protocols: '' } }],
  ['with headers', {
    before: (driver) => {
      for (const [name, value] of [['Origin', 'http://a/'], ['Host', 'b'], ['x', ' 1 '], ['X', '2'], ['Cookie', 3]]) {
        driver.setHeader(name, value)
      }
    }
  }]
], (library, log, feed, given) => {
  const { driver } = dial(library, log, given)
  log.add('after', propertiesOf(driver))
  log.call('start again', () => driver.start())
  log.call('setHeader', () => driver.setHeader('A', 'b'))
})

const ACCEPTED = [
  ['valid headers', {}],
  ['headers in another case', { Upgrade: 'WEBSOCKET', Connection: 'UPGRADE' }],
  ['more headers', { 'X-A': ['1', '2'], 'x-a': '3', 'Set-Cookie': ['a', 'b'], 'X-Empty': '' }],
  ['headers with names of Object.prototype', { constructor: 'x', toString: 'y' }],
  ['a protocol', { 'Sec-WebSocket-Protocol': 'b' }],
  ['an empty protocol', { 'Sec-WebSocket-Protocol': '' }],
  ['an empty extension header', { 'Sec-WebSocket-Extensions': '' }]
]

const REFUSED_ANSWERS = [
  ['no Upgrade', { Upgrade: null }],
  ['an empty Upgrade', { Upgrade: '' }],
  ['an Upgrade that is not websocket', { Upgrade: 'h2c' }],
  ['no Connection', { Connection: null }],
  ['an empty Connection', { Connection: '' }],
  ['a Connection that is not upgrade', { Connection: 'close' }],
  ['no accept value', { 'Sec-WebSocket-Accept': null }],
  ['a wrong accept value', { 'Sec-WebSocket-Accept': 'x' }],
  ['a protocol that was not requested', { 'Sec-WebSocket-Protocol': 'c' }],
  ['a protocol in another case', { 'Sec-WebSocket-Protocol': 'A' }],
  ['two protocols', { 'Sec-WebSocket-Protocol': 'a, b' }],
  ['an invalid extension header', { 'Sec-WebSocket-Extensions': ';' }],
  ['an unknown extension', { 'Sec-WebSocket-Extensions': 'x; y=1' }]
]

parityTable('a client receives a response with', [...ACCEPTED, ...REFUSED_ANSWERS], (library, log, feed, headers) => {
  const { driver, head } = dial(library, log, { options: { protocols: ['a', 'b'] } })
  log.call('text', () => driver.text('queued'))
  feed.deliver(driver.io, upgradeResponse(head, headers), Buffer.from([0x81, 1, 0x68]))
  log.add('protocol', driver.protocol)
  log.call('text', () => driver.text('after'))
  log.call('setHeader', () => driver.setHeader('A', 'b'))
})

parityTable('a client receives the status', [
  ['200', '200 OK'], ['302', '302 Found'], ['401', '401 Unauthorized'], ['500', '500 Oh no']
], (library, log, feed, status) => {
  const { driver, head } = dial(library, log)
  feed.deliver(driver.io, upgradeResponse(head, {}, status), 'a body')
  feed.deliver(driver.io, Buffer.from([0x81, 1, 0x68]))
})

parityTable('a client fails on', [
  ['words', 'hello there\r\n\r\n'],
  ['an invalid HTTP version', 'HTTP/x 101 Y\r\n\r\n'],
  ['an invalid status', 'HTTP/1.1 abc\r\n\r\n'],
  ['a TLS alert', Buffer.from('15030100020230', 'hex')]
], (library, log, feed, answer) => {
  const { driver } = dial(library, log)
  driver.io.write(Buffer.from(answer))
  if (driver.readyState === 0) driver.io.write(Buffer.from('\r\n\r\n'))
  log.add('state', driver.readyState)
}, { whole: 'the parsers fail at different bytes' })

parityTable('before the response, a client', [
  ['can be closed before it sends the request', (library, log) => {
    const driver = watch(log, library.client('ws://a/', { allowDrafts: false }))
    log.call('close', () => driver.close('bye', 3001))
    log.call('start', () => driver.start())
    log.call('close', () => driver.close())
  }],
  ['can be closed after it has sent the request', (library, log, feed) => {
    const { driver, head } = dial(library, log)
    log.call('close', () => driver.close())
    feed.deliver(driver.io, upgradeResponse(head))
  }],
  ['queues messages', (library, log, feed) => {
    const { driver, head } = dial(library, log, {
      before: (driver) => {
        log.call('text', () => driver.text('early'))
        log.call('ping', () => driver.ping('early'))
      }
    })
    log.call('binary', () => driver.binary(Buffer.from([1])))
    log.call('pong', () => driver.pong('d'))
    feed.deliver(driver.io, upgradeResponse(head), Buffer.from([0x81, 1, 0x68, 0x89, 0]))
  }]
], (library, log, feed, script) => script(library, log, feed))

function listen (library, log, options) {
  return watch(log, library.server({ allowDrafts: false, ...options }))
}

const RAW = [
  ['a WebSocket request', upgradeRequest()],
  ['a request with frames after it', Buffer.concat([Buffer.from(upgradeRequest()), fromClient('text', 'hi')])],
  ['a request with a protocol', upgradeRequest({ 'Sec-WebSocket-Protocol': 'b, a' })],
  ['a request with repeated headers', upgradeRequest({ 'X-A': ['1', '2'], 'x-a': '3', Cookie: ['a=1', 'b=2'] })],
  ['a request with headers named as members of Object.prototype',
    upgradeRequest({ constructor: 'a', toString: 'b', hasownproperty: 'c' })],
  ['a request with another target', upgradeRequest({}, { target: '/a/b?c=d%20e' })],
  ['a request with an absolute target', upgradeRequest({}, { target: 'http://example.com/x' })],
  ['a POST', upgradeRequest({ Upgrade: null, Connection: 'close' }, { method: 'POST' })],
  ['a request of HTTP/1.0', upgradeRequest({}, { version: '1.0' })],
  ['a request with a wrong Upgrade', upgradeRequest({ Upgrade: 'tea' })]
]

parityTable('server() reads', RAW, (library, log, feed, bytes) => {
  const driver = listen(library, log, { protocols: ['a', 'b'] })
  driver.on('connect', () => {
    log.call('isWebSocket', () => library.isWebSocket(driver))
    log.call('start', () => driver.start())
  })
  // Ours parses frames after the head in start(). The original has parsed them by then.
  const end = Buffer.from(bytes).indexOf('\r\n\r\n') + 4
  feed.deliver(driver.io, bytes.slice(0, end))
  feed.deliver(driver.io, bytes.slice(end))
  log.call('text', () => driver.text('back'))
  log.call('pong', () => driver.pong('x'))
  log.call('close', () => driver.close())
  log.add('end', driver.readyState, driver.getState())
})

parity('server() replays the calls that were made before the request', (library, log, feed) => {
  const driver = listen(library, log)
  log.call('setHeader', () => driver.setHeader('X', '1'))
  log.call('text', () => driver.text('a'))
  log.call('binary', () => driver.binary(Buffer.from([1])))
  log.call('frame', () => driver.frame('b'))
  log.call('ping', () => driver.ping('c', () => log.add('ponged')))
  log.call('pong', () => driver.pong('d'))
  log.call('messages', () => driver.messages.write('e'))
  log.call('start', () => driver.start())
  feed.deliver(driver.io, upgradeRequest())
  feed.deliver(driver.io, fromClient('pong', 'c'), fromClient('text', 'hi'))
  log.call('close', () => driver.close('bye', 3001))
})

parity('server() can be closed before the request', (library, log, feed) => {
  const driver = listen(library, log)
  log.call('close', () => driver.close('bye', 3001))
  feed.deliver(driver.io, upgradeRequest())
  log.call('start', () => driver.start())
})

parity('server() reports a request that is not for a WebSocket', (library, log, feed) => {
  const driver = listen(library, log)
  driver.on('connect', () => log.call('isWebSocket', () => library.isWebSocket(driver)))
  feed.deliver(driver.io, 'GET /page HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n')
})

const OTHERS = [
  ['a page', 'GET /page HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\n'],
  ['another protocol', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
  ['an upgrade without Connection', 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n'],
  ['a POST', 'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
  ['a page, with keys of a draft',
    'GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key1: 1 \r\nSec-WebSocket-Key2: 1 \r\n\r\n']
]

parityTable('server() refuses a request for', OTHERS, (library, log, feed, bytes) => {
  const driver = watch(log, library.server())
  driver.on('connect', () => {
    log.add('version', driver.version)
    log.call('start', () => driver.start())
  })
  feed.deliver(driver.io, bytes)
  log.call('text', () => driver.text('late'))
  log.add('end', driver.readyState, driver.getState())
})

parityTable('http() refuses a request for', OTHERS, (library, log, feed, bytes) => {
  const [, method, url] = /^(\S+) (\S+)/.exec(bytes)
  const headers = {}
  for (const [, name, value] of bytes.matchAll(/\r\n([^:\r]+): (.*)/g)) headers[name.toLowerCase()] = value
  const driver = watch(log, library.http({ method, url, headers }))
  log.add('version', driver.version)
  log.call('start', () => driver.start())
  log.add('end', driver.readyState, driver.getState())
})

parityTable('server() emits connect', [
  ['even if the request is not HTTP', 'nonsense\r\n\r\n'],
  ['even without a method', '\u0001\u0002\r\n\r\n'],
  ['even without a version', 'GET /\r\n\r\n']
], (library, log, feed, bytes) => {
  const driver = library.server({ allowDrafts: false })
  driver.on('connect', () => {
    log.add('connect', driver.headers, library.isWebSocket(driver))
    log.call('start', () => driver.start())
  })
  driver.io.on('data', (chunk) => log.add('io data', chunk.toString()))
  driver.on('error', (error) => log.add('error', error))
  driver.on('close', (event) => log.add('close', { ...event }))
  driver.io.write(Buffer.from(bytes))
}, { whole: 'the parsers fail at different bytes' })

parity('an error without a listener does not throw', (library, log) => {
  for (const driver of [library.http({ method: 'GET', url: '/', headers: {} }, { allowDrafts: false })]) {
    driver.on('close', (event) => log.add('close', { ...event }))
    log.call('start', () => driver.start())
  }
  const server = library.server({ allowDrafts: false })
  log.call('write', () => server.io.write(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')))
  log.call('start', () => server.start())
})

parity('start() can be called in a handler of close', (library, log) => {
  const driver = openServer(library, log)
  driver.on('close', () => log.call('start', () => driver.start()))
  driver.close()
  driver.io.write(fromClient('close', Buffer.from([3, 232])))
})
