'use strict'

const net = require('node:net')

const { accept, listen } = require('../support/peer')
const { acceptOf, closePayload, frame, headerOf, upgradeResponse } = require('../support/wire')
const { parity, parityTable, parityWhereverCut } = require('./websocket-clients')

const TYPES = ['open', 'message', 'error', 'close']
/** Without `bufferedAmount`, which the original does not have. */
const ATTRIBUTES = ['url', 'readyState', 'protocol', 'extensions', 'binaryType']

/** Records each event with its properties in order, and the attributes of the socket. */
function watch (log, ws) {
  for (const type of TYPES) {
    ws['on' + type] = function (event) {
      const own = Object.fromEntries(Object.keys(event).map((key) => [key, shown(event[key], ws)]))
      log.add(`on${type}`, own, this === ws, attributesOf(ws))
    }
    ws.addEventListener(type, () => log.add(type))
  }
}

function shown (value, ws) {
  if (value === ws) return 'the socket'
  if (value instanceof ArrayBuffer) return ['ArrayBuffer', Buffer.from(value).toString('hex')]
  return typeof value === 'function' ? 'a function' : value
}

function attributesOf (ws) {
  return Object.fromEntries(ATTRIBUTES.map((name) => [name, ws[name]]))
}

/** A socket that has sent its request to a raw server, and a function that ends both. */
async function dial ({ w3cwebsocket: W3CWebSocket }, log, scope, { listens = true, path = '', rest = [] } = {}) {
  const server = await accept(scope)
  log.port(server.port)
  const ws = new W3CWebSocket(server.url + path, ...rest)
  scope.defer(() => {
    ws._client.abort()
    if (ws._connection) ws._connection.drop(1000, '', true)
  })
  if (listens) watch(log, ws)
  const peer = await server.accepted()
  peer.socket.on('end', () => peer.socket.end())
  const head = await peer.head()
  log.head('request', head)
  log.hide(acceptOf(headerOf(head, 'sec-websocket-key')), 'ACCEPT')
  const end = async () => {
    const closed = ws.readyState === 3 || heard(ws, 'close')
    peer.socket.end()
    await Promise.all([closed, peer.ended()])
    await scope.settle(5)
  }
  return { end, head, peer, ws }
}

/** The same, open. */
async function open (websocket, log, scope, given) {
  const dialled = await dial(websocket, log, scope, given)
  const opened = heard(dialled.ws, 'open')
  dialled.peer.write(upgradeResponse(dialled.head))
  await opened
  return dialled
}

/** Resolves when all current listeners have been called for an event. */
function heard (ws, type) {
  return new Promise((resolve) => ws.addEventListener(type, resolve))
}

/** A socket without a connection, to dispatch events. */
function idle ({ w3cwebsocket: W3CWebSocket }, scope) {
  const ws = new W3CWebSocket('ws://127.0.0.1:1/')
  ws._client.removeAllListeners()
  scope.defer(() => ws._client.abort())
  return ws
}

function propertiesOf (object) {
  const { arguments: none, caller, ...properties } = Object.getOwnPropertyDescriptors(object)
  return Object.entries(properties).map(([name, { get, set, value, ...flags }]) =>
    [name, typeof get, typeof set, typeof value, Object.values(flags)].join()).sort()
}

parity('the class and its instances have the same properties', (websocket, log, scope) => {
  const { w3cwebsocket: W3CWebSocket } = websocket
  log.add('class', propertiesOf(W3CWebSocket), W3CWebSocket.length, W3CWebSocket.name)
  log.add('prototype', propertiesOf(W3CWebSocket.prototype))
  log.add('chain', Object.getPrototypeOf(W3CWebSocket.prototype) === Object.prototype)
  const ws = idle(websocket, scope)
  log.add('instance', Object.keys(ws), attributesOf(ws), TYPES.map((type) => ws['on' + type]))
  for (const name of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']) {
    log.add(name, W3CWebSocket[name], W3CWebSocket.prototype[name], ws[name])
  }
  for (const name of ['send', 'close', 'addEventListener', 'removeEventListener', 'dispatchEvent']) {
    log.add(name, ws[name].length, Object.keys(ws).includes(name))
  }
})

parityTable('an attribute cannot be set:', [
  ['url'], ['readyState'], ['protocol'], ['extensions'], ['bufferedAmount'], ['OPEN']
].map(([name]) => [name, name]), (websocket, log, scope, name) => {
  const ws = idle(websocket, scope)
  log.call('set', () => { ws[name] = 'x' })
  log.add('still', ws[name])
})

parityTable('a program sets binaryType to', [
  ['arraybuffer'], ['blob'], ['nodebuffer'], [''], [null], [undefined], [5]
].map(([type]) => [String(type), type]), (websocket, log, scope, type) => {
  const ws = idle(websocket, scope)
  log.call('set', () => { ws.binaryType = type })
  log.add('is', ws.binaryType)
})

parity('readyState returns the _readyState that a program has set', (websocket, log, scope) => {
  const ws = idle(websocket, scope)
  ws._readyState = 3
  log.add('readyState', ws.readyState)
  log.call('close', () => ws.close())
  log.call('send', () => ws.send('x'))
})

parity('a socket opens, sends, receives and closes', async (websocket, log, scope) => {
  const { end, head, peer, ws } = await dial(websocket, log, scope, {
    path: 'a?b', rest: [['p', 'q'], 'o', { 'X-A': '1' }]
  })
  const opened = heard(ws, 'open')
  peer.write(upgradeResponse(head, { 'Sec-WebSocket-Protocol': 'q' }))
  await opened
  log.add('keys', Object.keys(ws))
  log.call('send', () => ws.send('hello'))
  const message = heard(ws, 'message')
  peer.write(frame('text', 'hello yourself'))
  await message
  log.call('close', () => ws.close())
  log.add('after close', attributesOf(ws))
  log.call('close again', () => ws.close())
  log.call('send when closing', () => ws.send('x'))
  peer.write(frame('close', closePayload(1000)))
  await end()
  log.frames(peer)
  log.call('send when closed', () => ws.send('x'))
  log.call('close when closed', () => ws.close())
})

parityWhereverCut('a socket receives', [
  ['text', [frame('text', 'a'), frame('text', 'ü€\u{1d11e}')]],
  ['bytes', [frame('binary', 'abc'), frame('binary', Buffer.alloc(300, 1))]],
  ['an empty binary message', [frame('binary', '')]],
  ['fragments', [frame('text', 'a', { fin: false }), frame('ping', 'p'), frame('continuation', 'b')]],
  ['a violation', [frame('text', 'a'), frame(3)]],
  ['a close frame', [frame('text', 'a'), frame('close', closePayload(3000, 'why'))]]
], async (websocket, log, scope, frames, send) => {
  const { end, head, peer, ws } = await dial(websocket, log, scope)
  const opened = heard(ws, 'open')
  await Promise.all([opened, send(peer, Buffer.concat([Buffer.from(upgradeResponse(head)), ...frames]))])
  await scope.settle(40)
  await end()
  log.frames(peer)
})

const BYTES = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7])

parityTable('a socket sends', [
  ['text', 'hello'], ['an empty text', ''], ['a String', new Object('boxed')],
  ['a Buffer', Buffer.from('bytes')], ['an empty Buffer', Buffer.alloc(0)],
  ['an ArrayBuffer', BYTES.buffer.slice(2, 5)], ['an empty ArrayBuffer', new ArrayBuffer(0)],
  ['a typed array', BYTES], ['a part of a typed array', BYTES.subarray(2, 5)],
  ['16-bit words', new Uint16Array(BYTES.buffer, 2, 2)],
  ['floats', new Float64Array([1.5])], ['a clamped array', new Uint8ClampedArray([1, 2])],
  ['a SharedArrayBuffer', new SharedArrayBuffer(3)],
  ['a number', 5], ['true', true], ['an object', {}], ['an array', [1, 2]], ['a function', () => {}],
  ['a symbol', Symbol('s')], ['null', null], ['undefined', undefined], ['an object with a length', { byteLength: 3 }],
  ['a Date', new Date(0)]
], async (websocket, log, scope, data) => {
  const { end, peer, ws } = await open(websocket, log, scope)
  log.call('send', () => ws.send(data))
  await scope.settle(10)
  peer.write(frame('close', closePayload(1000)))
  await end()
  log.frames(peer)
})

parityTable('a socket closes', [
  ['without a code', []], ['with a code', [3000]], ['with a code and a reason', [4999, 'why']],
  ['with 1000', [1000, 'ok']], ['with 1001', [1001]], ['with only a reason', [undefined, 'why']],
  ['with 0', [0, 'why']], ['with null', [null, null]], ['with a code as text', ['3000', 'why']]
], async (websocket, log, scope, given) => {
  const { end, peer, ws } = await open(websocket, log, scope)
  log.call('close', () => ws.close(...given))
  log.add('state', ws.readyState)
  peer.write(frame('close', closePayload(1000)))
  await end()
  log.frames(peer)
})

parityTable('close refuses', [['999', 999], ['1005', 1005], ['2000', 2000], ['5000', 5000]],
  async (websocket, log, scope, code) => {
    const { end, ws } = await open(websocket, log, scope)
    log.call('close', () => ws.close(code, 'why'))
    log.add('state', ws.readyState)
    await end()
  })

parityTable('the peer closes', [
  ['without a code', ['']], ['with 1000', [closePayload(1000)]], ['with a reason', [closePayload(1000, 'bye')]],
  ['with 1001', [closePayload(1001)]], ['with 1011', [closePayload(1011, 'oh')]], ['with 3000', [closePayload(3000)]],
  ['with 999', [closePayload(999)]], ['with one byte', ['x']], ['without a frame', []]
], async (websocket, log, scope, payload) => {
  const { end, peer } = await open(websocket, log, scope)
  if (payload.length > 0) peer.write(frame('close', payload[0]))
  await end()
})

parityTable('a socket closes before it has connected', [
  ['and the server never responds', () => {}],
  ['and the server accepts', (peer, head) => peer.write(upgradeResponse(head))],
  ['and the server accepts and sends', (peer, head) =>
    peer.write(Buffer.concat([Buffer.from(upgradeResponse(head)), frame('text', 'a'), frame('close', '')]))],
  ['and the server refuses', (peer, head) => peer.write(upgradeResponse(head, {}, '404 Not Found'))],
  ['and the response is invalid', (peer, head) => peer.write(upgradeResponse(head, { 'Sec-WebSocket-Accept': 'x' }))]
], async (websocket, log, scope, answer) => {
  for (const given of [[], [3000, 'why']]) {
    const { head, peer, ws } = await dial(websocket, log, scope)
    log.call('close', () => ws.close(...given))
    log.add('then', attributesOf(ws))
    answer(peer, head)
    await scope.settle(40)
    log.frames(peer)
    log.call('close', () => ws.close())
  }
})

parity('an exception of an error handler is thrown by close()', async (websocket, log, scope) => {
  const { head, peer, ws } = await dial(websocket, log, scope, { listens: false })
  ws.onerror = () => {
    log.add('error')
    throw new Error('of the error handler')
  }
  ws.addEventListener('close', () => log.add('close', ws.readyState))
  log.call('close', () => ws.close())
  peer.write(upgradeResponse(head))
  await scope.settle()
})

parityTable('a socket fails to connect', [
  ['to a server that refuses', async (peer, head) => peer.write(upgradeResponse(head, {}, '404 Not Found'))],
  ['to a server with an invalid response', (peer, head) => peer.write(upgradeResponse(head, { Upgrade: 'x' }))],
  ['to a server that ends', (peer) => peer.socket.end()],
  ['to a server that resets', (peer) => peer.socket.resetAndDestroy()]
], async (websocket, log, scope, answer) => {
  const { head, peer, ws } = await dial(websocket, log, scope)
  const closed = heard(ws, 'close')
  answer(peer, head)
  await closed
  log.add('keys', Object.keys(ws))
})

parity('a socket fails to connect if no server listens', async ({ w3cwebsocket: W3CWebSocket }, log, scope) => {
  const server = net.createServer()
  const port = await listen(scope, server)
  await new Promise((resolve) => server.close(resolve))
  log.port(port)
  const ws = new W3CWebSocket(`ws://127.0.0.1:${port}/`)
  watch(log, ws)
  await heard(ws, 'close')
})

parityTable('the constructor throws for', [
  ['a path', ['/x']], ['no argument', []], ['an invalid protocol', ['ws://127.0.0.1:1/', 'a b']],
  ['an unsupported version', ['ws://127.0.0.1:1/', null, null, null, null, { webSocketVersion: 7 }]],
  ['a header with a line break', ['ws://127.0.0.1:1/', null, null, { 'X-A': 'a\nb' }]]
], ({ w3cwebsocket: W3CWebSocket }, log, scope, given) => {
  log.call('new', () => { new W3CWebSocket(...given) })
})

parity('a socket assembles fragments even with assembleFragments: false', async (websocket, log, scope) => {
  const config = { assembleFragments: false, tlsOptions: { a: 1 }, closeTimeout: 7, foo: 'bar' }
  const { end, ws } = await open(websocket, log, scope, { rest: [null, null, null, null, config] })
  log.add('config', config, ws._client.config)
  await end()
})

parity('request options reach the request', async (websocket, log, scope) => {
  const { end } = await dial(websocket, log, scope, {
    rest: ['p', 'o', { 'X-A': '1' }, { auth: 'user:password', headers: { 'X-B': '2' } }]
  })
  await end()
})

parity('a socket with another binaryType discards binary messages', async (websocket, log, scope) => {
  const { end, peer, ws } = await open(websocket, log, scope)
  Object.defineProperty(ws, 'binaryType', { value: 'blob' })
  peer.write(Buffer.concat([frame('binary', 'a'), frame('text', 'b')]))
  await scope.settle()
  await end()
})

parityTable('an exception is thrown by', [
  ['the property', (ws, fail) => { ws.onx = fail }], ['a listener', (ws, fail) => ws.addEventListener('x', fail)]
], (websocket, log, scope, attach) => {
  const ws = idle(websocket, scope)
  attach(ws, () => { throw new Error('thrown') })
  ws.addEventListener('x', () => log.add('another listener'))
  log.call('dispatch', () => ws.dispatchEvent({ type: 'x' }))
})

parity('the property is called first, then each listener once, in order', (websocket, log, scope) => {
  const ws = idle(websocket, scope)
  const one = () => log.add('one')
  ws.addEventListener('x', one)
  ws.addEventListener('x', function () { log.add('two', this === ws) })
  ws.addEventListener('x', one)
  ws.addEventListener('y', one)
  ws.onx = function (event) { log.add('onx', this === ws, event) }
  log.call('dispatch', () => ws.dispatchEvent({ type: 'x' }))
  ws.removeEventListener('x', () => {})
  ws.removeEventListener('x', one)
  ws.removeEventListener('x', one)
  log.call('without one', () => ws.dispatchEvent({ type: 'x' }))
  for (const given of [[], ['x'], ['x', null], [null, one], ['', one]]) {
    log.call('add', () => ws.addEventListener(...given))
    log.call('remove', () => ws.removeEventListener(...given))
  }
  log.add('types', Object.keys(ws._listeners).sort())
})

parity('listeners can add and remove listeners', (websocket, log, scope) => {
  const ws = idle(websocket, scope)
  const names = ['a', 'b', 'c', 'd']
  const listeners = Object.fromEntries(names.map((name) => [name, () => {
    log.add(name)
    if (name === 'a') ws.removeEventListener('x', listeners.a)
    if (name === 'c') ws.addEventListener('x', () => log.add('added'))
  }]))
  for (const name of names) ws.addEventListener('x', listeners[name])
  for (let round = 0; round < 3; round++) log.call('dispatch', () => ws.dispatchEvent({ type: 'x' }))
  ws.ony = () => ws.addEventListener('y', () => log.add('first of y'))
  log.call('dispatch', () => ws.dispatchEvent({ type: 'y' }))
  log.call('dispatch', () => ws.dispatchEvent({ type: 'y' }))
})

parityTable('stopImmediatePropagation stops the dispatch in', [
  ['the property', (ws, stop) => { ws.onx = stop }], ['a listener', (ws, stop) => ws.addEventListener('x', stop)]
], (websocket, log, scope, attach) => {
  const ws = idle(websocket, scope)
  attach(ws, (event) => {
    log.add('stops')
    event.stopImmediatePropagation()
  })
  ws.addEventListener('x', () => log.add('never'))
  const event = { type: 'x' }
  log.call('dispatch', () => ws.dispatchEvent(event))
  log.call('dispatch again', () => ws.dispatchEvent(event))
})

parityTable('dispatchEvent gets', [
  ['undefined', undefined], ['null', null], ['text', 'open'], ['no type', {}], ['a type that is a number', { type: 5 }],
  ['an unknown type', { type: 'whatever' }], ['an event that is prevented', { type: 'x', defaultPrevented: true }],
  ['an event of the DOM', new Event('x', { cancelable: true })], ['a frozen event', Object.freeze({ type: 'x' })],
  ['a frozen event with _yaeti', Object.freeze({ type: 'x', _yaeti: true })],
  ['an event with _yaeti', { type: 'x', _yaeti: true }], ['a name of Object.prototype', { type: 'toString' }]
], (websocket, log, scope, event) => {
  const ws = idle(websocket, scope)
  ws.onx = (given) => log.add('onx', given === event, given.target === ws, given.cancelable)
  ws.addEventListener('x', () => log.add('x'))
  log.call('dispatch', () => ws.dispatchEvent(event))
})

parity('a listener that is not a function', (websocket, log, scope) => {
  const ws = idle(websocket, scope)
  ws.onx = { handleEvent: () => log.add('never') }
  log.call('as a property', () => ws.dispatchEvent({ type: 'x' }))
  ws.addEventListener('x', { handleEvent: () => log.add('never') })
  log.kind('as a listener', () => ws.dispatchEvent({ type: 'x' }))
})

parity('a program can remove the listeners of _client and _connection', async (websocket, log, scope) => {
  const { ws } = await dial(websocket, log, scope)
  ws._client.removeAllListeners('connectFailed')
  ws._client.on('connectFailed', (error) => log.add('its own', error))
  ws._client.abort()
  await scope.settle()
  log.add('state', ws.readyState)
  const other = await open(websocket, log, scope)
  other.ws._connection.removeAllListeners()
  other.peer.write(frame('text', 'unheard'))
  other.peer.socket.end()
  await scope.settle()
  log.add('state', other.ws.readyState, other.ws._connection.connected)
})
