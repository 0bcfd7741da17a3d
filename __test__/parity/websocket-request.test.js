'use strict'

const { once } = require('node:events')

const { KEY } = require('../support/wire')
const { parity, parityTable } = require('./websocket-services')

const LENIENT = { strictHandshake: false }

parity('the class of requests has the same names', ({ library, log }) => {
  log.add('request', library.request.name, library.request.super_.name)
  for (const name in library.request.prototype) log.add('method', name)
})

parityTable('a request reads', [
  ['a plain handshake', {}],
  ['version 8', { 'Sec-WebSocket-Version': '8', 'Sec-WebSocket-Origin': 'http://old', Origin: 'http://new' }],
  ['version 13 with an origin', { Origin: 'http://o', 'Sec-WebSocket-Origin': 'http://old' }],
  ['a non-ASCII origin', { Origin: 'http://\xe9' }],
  ['one protocol', { 'Sec-WebSocket-Protocol': 'chat' }],
  ['protocols in mixed case', { 'Sec-WebSocket-Protocol': 'Chat, SOAP,wamp,  x' }],
  ['protocols on two lines', { 'Sec-WebSocket-Protocol': ['a, B', 'c'] }],
  ['one extension', { 'Sec-WebSocket-Extensions': 'permessage-deflate' }],
  ['extensions with parameters', {
    'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits, foo; x=1'
  }],
  ['extensions in upper case', { 'Sec-WebSocket-Extensions': 'FOO; X=Y' }],
  ['a quoted parameter', { 'Sec-WebSocket-Extensions': 'foo; x="1"' }],
  ['one proxy', { 'X-Forwarded-For': '1.2.3.4' }],
  ['two proxies', { 'X-Forwarded-For': '1.2.3.4, 5.6.7.8' }],
  ['proxies without spaces', { 'X-Forwarded-For': '1.2.3.4,::1' }],
  ['proxies on two lines', { 'X-Forwarded-For': ['1.2.3.4', '5.6.7.8'] }],
  ['a cookie', { Cookie: 'a=b' }],
  ['a quoted cookie and one without a value', { Cookie: 'a=b; c="d e"; f' }],
  ['cookies without a name or a value', { Cookie: '=x; y=; =' }],
  ['cookies with spaces', { Cookie: ' a = b ;  c=  d' }],
  ['cookies with commas', { Cookie: 'a=1, b=2,c=3' }],
  ['a cookie with an equals sign in its value', { Cookie: 'a=b=c' }],
  ['cookies with escapes', { Cookie: 'a=%20%C3%A9%3B; %61=b' }],
  ['cookies with a lone quote', { Cookie: 'a="; b="x' }],
  ['two cookies with the same name', { Cookie: 'a=1; a=2' }],
  ['cookies on two lines', { Cookie: ['a=1', 'b=2'] }],
  ['cookies and extensions with names of Object.prototype', {
    Cookie: '__proto__=1; constructor=2', 'Sec-WebSocket-Extensions': '__proto__; constructor=1'
  }]
], async (service, headers) => {
  await service.start()
  const { request } = await service.request(headers)
  service.note(request)
})

parityTable('a request reads the target', [
  ['with a query', '/chat/room?name=x&y=%20&name=z'],
  ['that is only a query', '/?'],
  ['with escapes', '/%7Euser/%zz'],
  ['with a fragment', '/a#b'],
  ['that names a host', 'http://example.com:8080/x?y=1'],
  ['that begins with two slashes', '//elsewhere/x'],
  ['an asterisk', '*']
], async (service, target) => {
  await service.start()
  const { request } = await service.request({}, { target })
  service.note(request)
})

parityTable('a server can ignore', [
  ['X-Forwarded-For', { ignoreXForwardedFor: true }],
  ['cookies', { parseCookies: false }],
  ['extensions', { parseExtensions: false }]
], async (service, config) => {
  await service.start(config)
  const { request } = await service.request({
    'X-Forwarded-For': '1.2.3.4',
    Cookie: config.parseCookies === false ? 'a=%' : 'a',
    'Sec-WebSocket-Extensions': 'foo'
  })
  service.note(request)
})

parityTable('a server refuses', [
  ['no Host', { Host: null }, { version: '1.0' }],
  ['an empty Host', { Host: '' }],
  ['no key', { 'Sec-WebSocket-Key': null }],
  ['an empty key', { 'Sec-WebSocket-Key': '' }],
  ['no version', { 'Sec-WebSocket-Version': null }],
  ['a version that is not a number', { 'Sec-WebSocket-Version': 'x' }],
  ['version 0', { 'Sec-WebSocket-Version': '0' }],
  ['version 7', { 'Sec-WebSocket-Version': '7' }],
  ['version 130', { 'Sec-WebSocket-Version': '130' }],
  ['version -13', { 'Sec-WebSocket-Version': '-13' }],
  ['a malformed escape in a cookie', { Cookie: 'a=%zz' }],
  ['no Host before no key', { Host: null, 'Sec-WebSocket-Key': null, Cookie: 'a=%' }, { version: '1.0' }],
  ['no key before an invalid version', { 'Sec-WebSocket-Key': null, 'Sec-WebSocket-Version': '7' }],
  ['an invalid version before an invalid cookie', { 'Sec-WebSocket-Version': '7', Cookie: 'a=%' }]
], async (service, headers, line) => {
  await service.start()
  service.watch()
  service.server.on('request', () => service.log.add('request'))
  const peer = await service.ask(headers, line)
  await service.refused(peer)
})

parity('the refusal of a handshake does not depend on chunks', async (service) => {
  await service.start()
  service.watch()
  const peer = await service.ask({ 'Sec-WebSocket-Version': '7' })
  await service.refused(peer)
}, { cut: true })

parityTable('with strictHandshake: false, a server accepts', [
  ['a POST', {}, { method: 'POST' }],
  ['an Upgrade that is not websocket', { Upgrade: 'h2c' }],
  ['a key of the wrong length', { 'Sec-WebSocket-Key': 'short' }],
  ['version 13.5', { 'Sec-WebSocket-Version': '13.5' }],
  ['version 8 and more', { 'Sec-WebSocket-Version': '8, 13' }],
  ['a malformed extension header', { 'Sec-WebSocket-Extensions': 'a; ;=' }],
  ['protocols that are not tokens', { 'Sec-WebSocket-Protocol': 'a b, c' }]
], async (service, headers, line) => {
  await service.start(LENIENT)
  service.watch()
  const { peer, request } = await service.request(headers, line)
  service.note(request)
  service.call('accept', () => request.accept())
  await service.answered(peer)
})

const SENT = { 'Sec-WebSocket-Protocol': 'A, b, Chat, CHAT' }
const DATE = new Date(Date.UTC(2030, 0, 2, 3, 4, 5))

parityTable('accept() gets', [
  ['no arguments'],
  ['null', null, null, null],
  ['an empty protocol', ''],
  ['a protocol in the client\'s spelling', 'a'],
  ['the second protocol', 'b'],
  ['the last of two spellings', 'chat'],
  ['an origin', undefined, 'http://o'],
  ['a non-ASCII origin', undefined, 'http://\xe9'],
  ['an origin with line breaks', undefined, 'http://o\r\nX-Evil: 1\n\r'],
  ['a cookie', undefined, undefined, [{ name: 'n', value: 'v' }]],
  ['a cookie with all attributes', undefined, undefined, [{
    name: 'n', value: 'v', path: '/p', domain: 'EX.com', expires: DATE, maxage: 60, secure: true, httponly: true
  }]],
  ['two cookies', undefined, 'http://o', [{ name: 'n', value: 'v' }, { name: 'm', value: '"w"', path: '/' }]],
  ['no cookies', undefined, undefined, []],
  ['a cookie with characters that are removed', undefined, undefined, [{ name: 'a b;c', value: 'x y;\r\nz' }]],
  ['a maximum age as text', undefined, undefined, [{ name: 'n', value: 'v', maxage: '61.9s' }]],
  ['a maximum age that is rounded', undefined, undefined, [{ name: 'n', value: 'v', maxage: 1.5 }]],
  ['a maximum age of zero', undefined, undefined, [{ name: 'n', value: 'v', maxage: 0 }]],
  ['attributes that are false', undefined, undefined, [{
    name: 'n', value: 'v', path: '', domain: '', expires: null, maxage: '', secure: false, httponly: false
  }]],
  ['a protocol, an origin and a cookie', 'b', 'http://o', [{ name: 'n', value: 'v' }]]
], async (service, ...given) => {
  await service.start()
  service.watch()
  const { peer, request } = await service.request(SENT)
  const connection = service.call('accept', () => request.accept(...given))
  service.log.add('connection', connection.protocol, connection.extensions, connection.webSocketVersion,
    connection.remoteAddress, connection.remoteAddresses, connection.state, connection.maskOutgoingPackets)
  service.log.add('same', connection.config === service.server.config, connection.socket === request.socket)
  service.log.add('left', request.requestedProtocols, request.protocolFullCaseMap)
  await service.answered(peer)
})

parity('the response to a handshake does not depend on chunks', async (service) => {
  await service.start()
  service.watch()
  const { peer, request } = await service.request({ ...SENT, Cookie: 'a=b', 'X-Forwarded-For': '1.2.3.4' })
  service.note(request)
  request.accept('a', request.origin, [{ name: 'n', value: 'v' }])
  await service.answered(peer)
}, { cut: true })

parity('accept() answers version 8', async (service) => {
  await service.start()
  const { peer, request } = await service.request({ 'Sec-WebSocket-Version': '8', 'Sec-WebSocket-Origin': 'http://o' })
  const connection = request.accept(null, request.origin)
  service.log.add('version', connection.webSocketVersion)
  await service.answered(peer)
})

const cookie = (more) => [undefined, undefined, [{ name: 'n', value: 'v', ...more }]]

parityTable('accept() throws for', [
  ['a protocol that was not requested', 'other'],
  ['a protocol in the client\'s spelling', 'A'],
  ['a protocol with a space', 'a b'],
  ['a protocol with a separator', 'a/b'],
  ['a non-ASCII protocol', '\xe9'],
  ['a protocol with a line break', 'a\r\nX: 1'],
  ['cookies that are not an array', undefined, undefined, { name: 'n', value: 'v' }],
  ['a cookie without a name', undefined, undefined, [{ value: 'v' }]],
  ['a cookie without a value', ...cookie({ value: '' })],
  ['two cookies with the same name', undefined, undefined, [{ name: 'n', value: '1' }, { name: ' n', value: '2' }]],
  ['a cookie name with an equals sign', ...cookie({ name: 'a=b' })],
  ['a cookie name with a delete character', ...cookie({ name: 'a\x7f' })],
  ['a value with a comma', ...cookie({ value: 'a,b' })],
  ['a value with quotes inside', ...cookie({ value: 'a"b' })],
  ['a quoted value with a comma', ...cookie({ value: '"a,b"' })],
  ['a non-ASCII value', ...cookie({ value: '\xe9' })],
  ['a path with a semicolon', ...cookie({ path: '/a;b c' })],
  ['a path with a line break', ...cookie({ path: '/a\r\nX: 1' })],
  ['a domain that is a number', ...cookie({ domain: 5 })],
  ['a domain with a space', ...cookie({ domain: 'a b' })],
  ['a date as text', ...cookie({ expires: 'tomorrow' })],
  ['a date as a number', ...cookie({ expires: 5 })],
  ['a negative age', ...cookie({ maxage: -1 })],
  ['an age of letters', ...cookie({ maxage: 'x' })],
  ['a text for secure', ...cookie({ secure: 'yes' })],
  ['a number for httponly', ...cookie({ httponly: 1 })],
  ['an invalid path before an invalid domain', ...cookie({ path: ';', domain: 5 })],
  ['an invalid age before an invalid flag', ...cookie({ maxage: -1, secure: 1 })],
  ['an invalid second cookie', undefined, undefined, [{ name: 'n', value: 'v' }, { name: 'm' }]]
], async (service, ...given) => {
  await service.start()
  service.watch()
  const { peer, request } = await service.request(SENT)
  service.call('accept', () => request.accept(...given))
  service.log.add('left', request.requestedProtocols, request.protocolFullCaseMap)
  service.call('accept again', () => request.accept())
  await service.refused(peer)
})

parityTable('reject() answers', [
  ['without arguments'],
  ['with only a status', 401],
  ['with a reason', 403, 'go away'],
  ['with line breaks in the reason', 400, 'go\r\naway: \n\r1'],
  ['with a non-ASCII reason', 400, '\xe9'],
  ['with headers', 302, null, { Location: 'http://x/', 'X-N': 5 }],
  ['with line breaks in headers', 400, '', { 'X-\r\nA': 'a\r\nb', 'X-B': ['c\n', 'd'] }],
  ['with inherited headers', 400, 'x', Object.create({ 'X-Inherited': 'yes' })],
  ['with a status as text', '404', 'x'],
  ['with null', null, null, null],
  ['with an unknown status', 299, 'x'],
  ...[100, 101, 200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 304, 305, 306, 307, 308, 400, 401, 402, 403, 404,
    405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 422, 426, 429, 431, 500, 501, 502, 503, 504,
    505, 511].map((status) => [`with ${status}`, status])
], async (service, ...given) => {
  await service.start()
  service.watch()
  const { peer, request } = await service.request({})
  service.call('reject', () => request.reject(...given))
  await service.refused(peer)
})

parity('a request can be answered only once', async (service) => {
  await service.start()
  service.watch()
  const first = await service.request({})
  service.call('accept', () => first.request.accept())
  service.call('accept', () => first.request.accept())
  service.call('reject', () => first.request.reject())
  const second = await service.request({})
  service.call('reject', () => second.request.reject())
  service.call('reject', () => second.request.reject())
  service.call('accept', () => second.request.accept())
  await service.refused(second.peer)
})

parityTable('the client disconnects before accept()', [
  ['with FIN', (peer) => peer.socket.end()],
  ['with RST, after FIN', (peer) => {
    peer.socket.end()
    peer.socket.destroy()
  }]
], async (service, leave) => {
  await service.start()
  service.watch()
  const { peer, request } = await service.request({})
  const socket = request.socket
  const left = once(socket, 'end')
  socket.on('error', () => {})
  leave(peer)
  await left
  const connection = service.call('accept', () => request.accept())
  connection.on('error', (error) => service.log.add('error', error))
  connection.on('close', (...given) => service.log.add('close', ...given))
  service.log.add('before', connection.state, connection.connected)
  process.nextTick(() => service.log.add('next tick', connection.state, connection.closeReasonCode))
  await once(connection, 'close')
  service.log.add('after', connection.state, socket.destroyed)
  await service.scope.settle()
})

parity('accept() calls back, writes and emits in order', async (service) => {
  await service.start()
  const { log } = service
  service.server.on('connect', () => log.add('connect'))
  const { peer, request } = await service.request({})
  const { write } = request.socket
  request.socket.write = function (...given) {
    log.add('write')
    return write.apply(this, given)
  }
  service.call('accept', () => request.accept())
  process.nextTick(() => log.add('next tick'))
  await service.answered(peer)
})

parity('the answer to the key is the example of RFC 6455', async (service) => {
  await service.start()
  const { peer, request } = await service.request({ 'Sec-WebSocket-Key': KEY })
  request.accept()
  await service.answered(peer)
})
