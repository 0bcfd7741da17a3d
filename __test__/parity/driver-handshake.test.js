'use strict'

const { fromClient, upgradeRequest, upgradeResponse } = require('../support/wire')
const { dial, httpDriver, openServer, parity, parityTable, propertiesOf, watch } = require('./driver-scripts')

parityTable('a server answers', [
  ['a plain request', {}],
  ['with the subprotocol that the client likes best',
    { headers: { 'sec-websocket-protocol': 'a, b' }, options: { protocols: ['b', 'a'] } }],
  ['with protocols given as a list', { headers: { 'sec-websocket-protocol': 'b' }, options: { protocols: 'a , b' } }],
  ['an offer of protocols as an array',
    { headers: { 'sec-websocket-protocol': ['x', 'b'] }, options: { protocols: ['b'] } }],
  ['no protocol in common', { headers: { 'sec-websocket-protocol': 'A' }, options: { protocols: ['a'] } }],
  ['protocols that it has none of', { headers: { 'sec-websocket-protocol': 'a' } }],
  ['with custom headers first', { set: [['X-Name', ' a  b '], ['x-name', 'lost'], [' Y ', 5]] }],
  ['with custom headers in place of its own', { set: [['Upgrade', 'nope'], ['sec-websocket-accept', 'x']] }],
  ['with headers that may repeat', {
    set: ['Set-Cookie', 'set-cookie2', 'WARNING', 'WWW-Authenticate'].flatMap((name) => [[name, '1'], [name, '2']])
  }],
  ['without headers that have no value', { set: [['X', undefined], ['Y', false]] }],
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

parity('a header of null is a TypeError', (library, log) => {
  const driver = httpDriver(library, log)
  log.kind('set', () => driver.setHeader('X', null))
  log.kind('set', () => driver.setHeader(null, 'X'))
  log.call('start', () => driver.start())
})

const REFUSED = [
  ['a POST', { more: { method: 'POST' } }],
  ['no Upgrade', { headers: { upgrade: undefined } }],
  ['another Upgrade', { headers: { upgrade: 'h2c' } }],
  ['no Connection', { headers: { connection: undefined } }],
  ['another Connection', { headers: { connection: 'close' } }],
  ['no key', { headers: { 'sec-websocket-key': undefined } }],
  ['a bad extension header', { headers: { 'sec-websocket-extensions': 'a; ;' } }],
  ['custom headers left out', { headers: { upgrade: 'h2c' }, set: true }]
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

parityTable('a server refuses and says', [
  ['version 12', '12'], ['version 8', '8'], ['version 013', '013'], ['two versions', '13, 8'],
  ['no version', undefined], ['an empty version', '']
], (library, log, feed, version) => {
  // The head is left out: ours names the right version.
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

parityTable('before it starts, a server', [
  ['queues everything', (driver, log) => {
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
  ['plainly', {}],
  ['for a default port', { url: 'ws://example.com:80/a' }],
  ['for another port', { url: 'wss://EXAMPLE.com:80/a' }],
  ['for an IPv6 address', { url: 'ws://[::1]:8080/' }],
  ['for a host beyond ASCII', { url: 'ws://bücher.example/ü?ü#ü' }],
  ['for nothing', { url: 'ws://example.com' }],
  ['for a query', { url: 'ws://example.com?a=b c' }],
  ['with credentials', { url: 'ws://us%20er:pa%3Ass@example.com/' }],
  ['without half credentials', { url: 'ws://user@example.com/' }],
  ['for protocols', { options: { protocols: ['a', 'b'] } }],
  ['for protocols in a list', { options: { protocols: 'a ,b, c' } }],
  ['for no protocol', { options: { protocols: [] } }],
  ['for protocols that are empty', { options: { protocols: '' } }],
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
  ['good', {}],
  ['with other cases', { Upgrade: 'WEBSOCKET', Connection: 'UPGRADE' }],
  ['with more headers', { 'X-A': ['1', '2'], 'x-a': '3', 'Set-Cookie': ['a', 'b'], 'X-Empty': '' }],
  ['with a header named __proto__ in the way', { constructor: 'x', toString: 'y' }],
  ['with a protocol', { 'Sec-WebSocket-Protocol': 'b' }],
  ['with an empty protocol', { 'Sec-WebSocket-Protocol': '' }],
  ['with an empty extension header', { 'Sec-WebSocket-Extensions': '' }]
]

const REFUSED_ANSWERS = [
  ['no Upgrade', { Upgrade: null }],
  ['an empty Upgrade', { Upgrade: '' }],
  ['another Upgrade', { Upgrade: 'h2c' }],
  ['no Connection', { Connection: null }],
  ['an empty Connection', { Connection: '' }],
  ['another Connection', { Connection: 'close' }],
  ['no accept', { 'Sec-WebSocket-Accept': null }],
  ['a wrong accept', { 'Sec-WebSocket-Accept': 'x' }],
  ['a protocol that was not asked for', { 'Sec-WebSocket-Protocol': 'c' }],
  ['a protocol in another case', { 'Sec-WebSocket-Protocol': 'A' }],
  ['two protocols', { 'Sec-WebSocket-Protocol': 'a, b' }],
  ['a bad extension header', { 'Sec-WebSocket-Extensions': ';' }],
  ['an unknown extension', { 'Sec-WebSocket-Extensions': 'x; y=1' }]
]

parityTable('an answer that is', [...ACCEPTED, ...REFUSED_ANSWERS], (library, log, feed, headers) => {
  const { driver, head } = dial(library, log, { options: { protocols: ['a', 'b'] } })
  log.call('text', () => driver.text('queued'))
  feed.deliver(driver.io, upgradeResponse(head, headers), Buffer.from([0x81, 1, 0x68]))
  log.add('protocol', driver.protocol)
  log.call('text', () => driver.text('after'))
  log.call('setHeader', () => driver.setHeader('A', 'b'))
})

parityTable('an answer with the status', [
  ['200', '200 OK'], ['302', '302 Found'], ['401', '401 Unauthorized'], ['500', '500 Oh no']
], (library, log, feed, status) => {
  const { driver, head } = dial(library, log)
  feed.deliver(driver.io, upgradeResponse(head, {}, status), 'a body')
  feed.deliver(driver.io, Buffer.from([0x81, 1, 0x68]))
})

parityTable('an answer that is no HTTP', [
  ['at all', 'hello there\r\n\r\n'],
  ['of a version', 'HTTP/x 101 Y\r\n\r\n'],
  ['with a status', 'HTTP/1.1 abc\r\n\r\n'],
  ['but a TLS alert', Buffer.from('15030100020230', 'hex')]
], (library, log, feed, answer) => {
  const { driver } = dial(library, log)
  driver.io.write(Buffer.from(answer))
  if (driver.readyState === 0) driver.io.write(Buffer.from('\r\n\r\n'))
  log.add('state', driver.readyState)
}, { whole: 'the parsers give up at different bytes' })

parityTable('before it has an answer, a client', [
  ['can be closed when it has not asked', (library, log) => {
    const driver = watch(log, library.client('ws://a/', { allowDrafts: false }))
    log.call('close', () => driver.close('bye', 3001))
    log.call('start', () => driver.start())
    log.call('close', () => driver.close())
  }],
  ['can be closed when it has asked', (library, log, feed) => {
    const { driver, head } = dial(library, log)
    log.call('close', () => driver.close())
    feed.deliver(driver.io, upgradeResponse(head))
  }],
  ['queues everything', (library, log, feed) => {
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
  ['with frames behind it', Buffer.concat([Buffer.from(upgradeRequest()), fromClient('text', 'hi')])],
  ['with a protocol', upgradeRequest({ 'Sec-WebSocket-Protocol': 'b, a' })],
  ['with repeated headers', upgradeRequest({ 'X-A': ['1', '2'], 'x-a': '3', Cookie: ['a=1', 'b=2'] })],
  ['with headers named like members of objects',
    upgradeRequest({ constructor: 'a', toString: 'b', hasownproperty: 'c' })],
  ['with another target', upgradeRequest({}, { target: '/a/b?c=d%20e' })],
  ['with an absolute target', upgradeRequest({}, { target: 'http://example.com/x' })],
  ['of another kind', upgradeRequest({ Upgrade: null, Connection: 'close' }, { method: 'POST' })],
  ['of HTTP/1.0', upgradeRequest({}, { version: '1.0' })],
  ['of a wrong Upgrade', upgradeRequest({ Upgrade: 'tea' })]
]

parityTable('server() reads a request', RAW, (library, log, feed, bytes) => {
  const driver = listen(library, log, { protocols: ['a', 'b'] })
  driver.on('connect', () => {
    log.call('isWebSocket', () => library.isWebSocket(driver))
    log.call('start', () => driver.start())
  })
  // Frames behind the head wait for start(); the original has parsed them then.
  const end = Buffer.from(bytes).indexOf('\r\n\r\n') + 4
  feed.deliver(driver.io, bytes.slice(0, end))
  feed.deliver(driver.io, bytes.slice(end))
  log.call('text', () => driver.text('back'))
  log.call('pong', () => driver.pong('x'))
  log.call('close', () => driver.close())
  log.add('end', driver.readyState, driver.getState())
})

parity('server() replays what was called before the request', (library, log, feed) => {
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

parity('server() closed before the request', (library, log, feed) => {
  const driver = listen(library, log)
  log.call('close', () => driver.close('bye', 3001))
  feed.deliver(driver.io, upgradeRequest())
  log.call('start', () => driver.start())
})

parity('server() does not start what is not a WebSocket', (library, log, feed) => {
  const driver = listen(library, log)
  driver.on('connect', () => log.call('isWebSocket', () => library.isWebSocket(driver)))
  feed.deliver(driver.io, 'GET /page HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n')
})

const OTHERS = [
  ['a page', 'GET /page HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\n'],
  ['another protocol', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
  ['no upgrade of the connection', 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n'],
  ['something to be posted', 'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
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

parityTable('server() connects all the same', [
  ['when it cannot read the request', 'nonsense\r\n\r\n'],
  ['when there is no method', '\u0001\u0002\r\n\r\n'],
  ['when there is no version', 'GET /\r\n\r\n']
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
}, { whole: 'the parsers give up at different bytes' })

parity('errors need no listener', (library, log) => {
  for (const driver of [library.http({ method: 'GET', url: '/', headers: {} }, { allowDrafts: false })]) {
    driver.on('close', (event) => log.add('close', { ...event }))
    log.call('start', () => driver.start())
  }
  const server = library.server({ allowDrafts: false })
  log.call('write', () => server.io.write(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')))
  log.call('start', () => server.start())
})

parity('a driver can be started in the handler of anything', (library, log) => {
  const driver = openServer(library, log)
  driver.on('close', () => log.call('start', () => driver.start()))
  driver.close()
  driver.io.write(fromClient('close', Buffer.from([3, 232])))
})
