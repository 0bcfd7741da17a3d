'use strict'

const { Duplex } = require('node:stream')

const { connect, once, serve } = require('../support/peer')
const { original } = require('../support/subject')
const { fromClient, KEY, upgradeRequest } = require('../support/wire')
const { parity, parityTable } = require('./compare')
const { openServer, request } = require('./scripts')

parityTable('a server answers an upgrade', [
  ['without options', {}],
  ['with a longer Connection list', { headers: { Connection: 'keep-alive, Upgrade' } }],
  ['in upper case', { headers: { Upgrade: 'WEBSOCKET', Connection: 'UPGRADE' } }],
  ['with a path and query', { line: { target: '/chat/room?name=x&y=%20#' } }],
  ['with a host and port', { headers: { Host: 'example.com:8080' } }],
  ['with an unknown extension', { headers: { 'Sec-WebSocket-Extensions': 'x-unknown; a=1; b="c, d"' } }],
  ['with an origin, which is not checked', { headers: { Origin: 'https://elsewhere.example' } }],
  ['through a TLS proxy', { headers: { 'X-Forwarded-Proto': 'https' } }],
  ['with X-Forwarded-Ssl', { headers: { 'X-Forwarded-Ssl': 'on' } }],
  ['with X-Forwarded-Scheme', { headers: { 'X-Forwarded-Scheme': 'https' } }],
  ['with Https: on', { headers: { Https: 'on' } }],
  ['with two forwarded protocols', { headers: { 'X-Forwarded-Proto': 'https,http' } }]
], async (WebSocket, log, scope, given) => {
  const { peer } = await openServer(WebSocket, log, scope, given)
  await scope.settle()
  log.wire(peer)
})

parityTable('a server chooses a subprotocol:', [
  ['none offered', ['a'], null],
  ['none configured', undefined, 'a, b'],
  ['null configured', null, 'a, b'],
  ['the first that the client prefers', ['b', 'a'], 'a, b'],
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

parityTable('a server sends custom headers', [
  ['in the given order', { 'X-B': '1', 'X-A': '2' }],
  ['trimmed of spaces', { '  X-Trim  ': '   value   ' }],
  ['once if two differ only in case', { 'X-A': '1', 'x-a': '2' }],
  ['that may repeat', { 'Set-Cookie': 'a=1', 'set-cookie': 'b=2', Warning: '1', warning: '2' }],
  ['from numbers and objects', { 'X-N': 12, 'X-O': { toString: () => 'text' }, 'X-L': [1, 2], 'X-B': false }],
  ['without undefined values', { 'X-U': undefined, 'X-V': 'v' }],
  ['that replace the library\'s Upgrade', { Upgrade: 'nope' }],
  ['that replace the library\'s Connection and protocol', { connection: 'x', 'sec-websocket-protocol': 'mine' }],
  ['with names of Object.prototype', { constructor: '1', hasOwnProperty: '2', toString: '3' }],
  ['that are inherited', Object.create({ 'X-Inherited': 'yes' })],
  ['with an empty value', { 'X-Empty': '' }],
  ['with tabs', { 'X-Tab': 'a\tb' }],
  ['with non-ASCII text', { 'X-Name': 'é' }]
], async (WebSocket, log, scope, headers) => {
  await openServer(WebSocket, log, scope, {
    options: { headers },
    protocols: ['a'],
    headers: { 'Sec-WebSocket-Protocol': 'a' }
  })
})

parityTable('a server refuses', [
  ['a POST', { line: { method: 'POST' } }],
  ['an Upgrade that is not websocket', { headers: { Upgrade: 'h2c' } }],
  ['an Upgrade that is a list', { headers: { Upgrade: 'websocket, foo' } }],
  ['a missing key', { headers: { 'Sec-WebSocket-Key': null } }],
  ['a malformed extension header', { headers: { 'Sec-WebSocket-Extensions': 'a; ;' } }],
  ['requests without custom headers', { headers: { 'Sec-WebSocket-Key': null }, options: { headers: { 'X-A': '1' } } }]
], async (WebSocket, log, scope, given) => {
  const { peer } = await request(WebSocket, log, scope, given)
  log.add('ended', await peer.ended())
  log.add('response', peer.bytes.toString())
  await scope.settle()
})

parityTable('a server reports the refusal of', [
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

parity('open is emitted once, after the tick of the constructor', async (WebSocket, log, scope) => {
  await openServer(WebSocket, log, scope, {
    onSocket: () => {
      process.nextTick(() => log.add('tick'))
      setImmediate(() => log.add('immediate'))
    }
  })
  await scope.settle()
})

parity('frames in the chunk of the request are delivered', async (WebSocket, log, scope) => {
  await openServer(WebSocket, log, scope, {
    extra: Buffer.concat([fromClient('text', 'early'), fromClient('binary', 'bird')])
  })
  await scope.settle()
})

parity('half a frame in the chunk of the request is completed later', async (WebSocket, log, scope) => {
  const whole = fromClient('text', 'in two pieces')
  const { peer, ws } = await openServer(WebSocket, log, scope, { extra: whole.subarray(0, 9) })
  peer.write(whole.subarray(9))
  await once(ws, 'message')
})

parityTable('the constructor accepts as body', [
  ['an empty Buffer', () => Buffer.alloc(0)],
  // A new frame for each run, because the original unmasks in the caller's memory.
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

parityTable('the constructor throws for options', [
  ['unknown', { unknown: 1 }],
  ['unknown and undefined', { unknown: undefined }],
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

parity('the constructor accepts all documented options together', async (WebSocket, log, scope) => {
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

/** A socket without a network, for states that are hard to reach with a real socket. */
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

parity('the constructor accepts any Duplex with the methods of a socket', async (WebSocket, log, scope) => {
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
