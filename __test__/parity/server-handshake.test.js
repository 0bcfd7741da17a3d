'use strict'

const { Duplex } = require('node:stream')

const { connect, once, serve } = require('../support/peer')
const { original } = require('../support/subject')
const { fromClient, KEY, upgradeRequest } = require('../support/wire')
const { parity, parityTable } = require('./compare')
const { openServer, request } = require('./scripts')

parityTable('answers an upgrade', [
  ['plain', {}],
  ['a longer Connection list', { headers: { Connection: 'keep-alive, Upgrade' } }],
  ['upper case', { headers: { Upgrade: 'WEBSOCKET', Connection: 'UPGRADE' } }],
  ['a path and query', { line: { target: '/chat/room?name=x&y=%20#' } }],
  ['a host with port', { headers: { Host: 'example.com:8080' } }],
  ['an unknown extension', { headers: { 'Sec-WebSocket-Extensions': 'x-unknown; a=1; b="c, d"' } }],
  ['an origin, which is not checked', { headers: { Origin: 'https://elsewhere.example' } }],
  ['behind a TLS proxy', { headers: { 'X-Forwarded-Proto': 'https' } }],
  ['X-Forwarded-Ssl', { headers: { 'X-Forwarded-Ssl': 'on' } }],
  ['X-Forwarded-Scheme', { headers: { 'X-Forwarded-Scheme': 'https' } }],
  ['Https: on', { headers: { Https: 'on' } }],
  ['two forwarded protocols', { headers: { 'X-Forwarded-Proto': 'https,http' } }]
], async (WebSocket, log, scope, given) => {
  const { peer } = await openServer(WebSocket, log, scope, given)
  await scope.settle()
  log.wire(peer)
})

parityTable('chooses a subprotocol', [
  ['none offered', ['a'], null],
  ['none configured', undefined, 'a, b'],
  ['null configured', null, 'a, b'],
  ['the first of the client', ['b', 'a'], 'a, b'],
  ['configured as a string', 'x , b,c', 'a, b'],
  ['without spaces', ['b'], 'a,b,c'],
  ['with many spaces', ['b'], 'a  ,   b'],
  ['no match', ['c'], 'a, b'],
  ['case sensitive', ['A'], 'a'],
  ['two header lines', ['b'], ['a', 'b']],
  ['an empty list', [], 'a'],
  ['an empty string', '', 'a']
], async (WebSocket, log, scope, protocols, offer) => {
  const given = { protocols, headers: { 'Sec-WebSocket-Protocol': offer } }
  const { ws } = await openServer(WebSocket, log, scope, given)
  log.add('protocol', ws.protocol)
})

parityTable('sends custom headers', [
  ['in the order given', { 'X-B': '1', 'X-A': '2' }],
  ['trimmed of spaces', { '  X-Trim  ': '   value   ' }],
  ['the first of two that differ in case', { 'X-A': '1', 'x-a': '2' }],
  ['those that may repeat', { 'Set-Cookie': 'a=1', 'set-cookie': 'b=2', Warning: '1', warning: '2' }],
  ['numbers and objects', { 'X-N': 12, 'X-O': { toString: () => 'text' }, 'X-L': [1, 2], 'X-B': false }],
  ['undefined left out', { 'X-U': undefined, 'X-V': 'v' }],
  ['replacing the library\'s Upgrade', { Upgrade: 'nope' }],
  ['replacing the library\'s Connection and protocol', { connection: 'x', 'sec-websocket-protocol': 'mine' }],
  ['names of Object.prototype', { constructor: '1', hasOwnProperty: '2', toString: '3' }],
  ['inherited ones', Object.create({ 'X-Inherited': 'yes' })],
  ['an empty value', { 'X-Empty': '' }],
  ['tabs inside', { 'X-Tab': 'a\tb' }],
  ['beyond ASCII', { 'X-Name': 'é' }]
], async (WebSocket, log, scope, headers) => {
  await openServer(WebSocket, log, scope, {
    options: { headers },
    protocols: ['a'],
    headers: { 'Sec-WebSocket-Protocol': 'a' }
  })
})

parityTable('refuses', [
  ['a POST', { line: { method: 'POST' } }],
  ['another Upgrade', { headers: { Upgrade: 'h2c' } }],
  ['a list of upgrades', { headers: { Upgrade: 'websocket, foo' } }],
  ['a missing key', { headers: { 'Sec-WebSocket-Key': null } }],
  ['a malformed extension header', { headers: { 'Sec-WebSocket-Extensions': 'a; ;' } }],
  ['with custom headers left out', { headers: { 'Sec-WebSocket-Key': null }, options: { headers: { 'X-A': '1' } } }]
], async (WebSocket, log, scope, given) => {
  const { peer } = await request(WebSocket, log, scope, given)
  log.add('ended', await peer.ended())
  log.add('response', peer.bytes.toString())
  await scope.settle()
})

parityTable('reports a refusal of', [
  ['a wrong version', { 'Sec-WebSocket-Version': '12' }],
  ['version 8', { 'Sec-WebSocket-Version': '8' }],
  ['version 013', { 'Sec-WebSocket-Version': '013' }],
  ['version 13.0', { 'Sec-WebSocket-Version': '13.0' }],
  ['two versions', { 'Sec-WebSocket-Version': '13, 8' }],
  ['no version', { 'Sec-WebSocket-Version': null }],
  ['a wrong version before a missing key', { 'Sec-WebSocket-Version': '7', 'Sec-WebSocket-Key': null }],
  // The original allows no drafts and does not know the option.
  ['a draft request', {
    'Sec-WebSocket-Version': null,
    'Sec-WebSocket-Key': null,
    'Sec-WebSocket-Key1': '1   38 wZ3f9 23O0 3l 0r',
    'Sec-WebSocket-Key2': '27   0E 6 2  1665:< ;U 1H'
  }]
], async (WebSocket, log, scope, headers) => {
  const options = WebSocket === original ? {} : { allowDrafts: false }
  const { peer } = await request(WebSocket, log, scope, { headers, options })
  log.add('ended', await peer.ended())
  const [head, body] = peer.bytes.toString().split('\r\n\r\n')
  log.add('status', head.split('\r\n')[0], 'body', body)
  await scope.settle()
})

parity('open comes after the constructing tick, once', async (WebSocket, log, scope) => {
  await openServer(WebSocket, log, scope, {
    onSocket: () => {
      process.nextTick(() => log.add('tick'))
      setImmediate(() => log.add('immediate'))
    }
  })
  await scope.settle()
})

parity('frames in the packet of the request are delivered', async (WebSocket, log, scope) => {
  await openServer(WebSocket, log, scope, {
    extra: Buffer.concat([fromClient('text', 'early'), fromClient('binary', 'bird')])
  })
  await scope.settle()
})

parity('half a frame in the packet of the request is completed later', async (WebSocket, log, scope) => {
  const whole = fromClient('text', 'in two pieces')
  const { peer, ws } = await openServer(WebSocket, log, scope, { extra: whole.subarray(0, 9) })
  peer.write(whole.subarray(9))
  await once(ws, 'message')
})

parityTable('accepts as body', [
  ['an empty Buffer', () => Buffer.alloc(0)],
  // made anew for each run: the original unmasks in the caller's memory
  ['a frame', () => fromClient('text', 'given')],
  ['two frames and a half', () => Buffer.concat([
    fromClient('text', 'a'), fromClient('binary', 'b'), fromClient('text', 'c').subarray(0, 3)
  ])]
], async (WebSocket, log, scope, makeBody) => {
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket) => {
      const ws = new WebSocket(request, socket, makeBody())
      log.watch(ws)
    }
  })
  log.port(port)
  const peer = await connect(scope, port)
  peer.write(upgradeRequest())
  log.head('response', await peer.head())
  await scope.settle()
})

parityTable('throws for options', [
  ['unknown', { unknown: 1 }],
  ['unknown although undefined', { unknown: undefined }],
  ['inherited', Object.create({ inherited: 1 })],
  ['protocols', { protocols: ['a'] }],
  ['masking', { masking: true }]
], async (WebSocket, log, scope, options) => {
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => {
      log.call('new WebSocket', () => new WebSocket(request, socket, body, null, options))
      socket.destroy()
    }
  })
  const peer = await connect(scope, port)
  peer.write(upgradeRequest())
  await peer.ended()
})

parity('accepts all documented options at once', async (WebSocket, log, scope) => {
  await openServer(WebSocket, log, scope, {
    options: { headers: {}, extensions: [], maxLength: 10, ping: 0, proxy: {}, tls: {}, ca: 'x' }
  })
})

parity('a header value of null throws a TypeError', async (WebSocket, log, scope) => {
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => {
      log.kind('null value', () => new WebSocket(request, socket, body, null, { headers: { 'X-A': null } }))
      socket.destroy()
    }
  })
  const peer = await connect(scope, port)
  peer.write(upgradeRequest())
  await peer.ended()
})

/** A socket without a network, for states that a real one is hard to bring into. */
class Double extends Duplex {
  constructor (log, options) {
    super(options)
    this.log = log
  }

  _read () {}

  _write (chunk, encoding, callback) {
    this.written = Buffer.concat([this.written || Buffer.alloc(0), chunk])
    callback()
  }

  setTimeout (...args) { this.log.add('setTimeout', ...args) }

  setNoDelay (...args) { this.log.add('setNoDelay', ...args) }
}

const REQUEST = {
  method: 'GET',
  url: '/x',
  httpVersion: '1.1',
  httpVersionMajor: 1,
  httpVersionMinor: 1,
  headers: {
    host: 'localhost',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': KEY,
    'sec-websocket-version': '13'
  }
}

parity('any duplex with the methods of a socket will do', async (WebSocket, log, scope) => {
  const socket = new Double(log)
  const ws = new WebSocket(REQUEST, socket, Buffer.alloc(0), ['a'], {})
  log.watch(ws)
  log.add('listeners', ['close', 'end', 'error'].map((type) => socket.listenerCount(type) > 0))
  await once(ws, 'open')
  ws.send('Hi')
  const message = once(ws, 'message')
  socket.push(fromClient('text', 'Hello'))
  await message
  const close = once(ws, 'close')
  socket.push(fromClient('close', Buffer.from('03e8', 'hex')))
  await close
  log.add('written', socket.written)
  log.add('destroyed', socket.destroyed)
  await scope.settle()
})
