'use strict'

const assert = require('node:assert/strict')
const net = require('node:net')
const { networkInterfaces } = require('node:os')

const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { accept, eventually, listen, once } = require('../support/peer')
const { closePayload, frame, fromClient, upgradeResponse } = require('../support/wire')

function record (ws) {
  const events = []
  for (const type of ['open', 'message', 'error', 'end', 'close']) {
    ws.on(type, (event) => events.push(event && type !== 'end' ? { ...event, target: 0, currentTarget: 0 } : { type }))
  }
  events.types = () => events.map(({ type }) => type)
  return events
}

/** A client whose request has arrived. */
async function dial (scope, protocols, options) {
  const server = await accept(scope)
  const ws = new WebSocket.Client(server.url, protocols, options)
  scope.defer(() => ws._stream.destroy())
  const events = record(ws)
  const peer = await server.accepted()
  return { events, head: await peer.head(), peer, ws }
}

async function open (scope, protocols, options) {
  const dialled = await dial(scope, protocols, options)
  dialled.peer.write(upgradeResponse(dialled.head))
  await once(dialled.ws, 'open')
  return dialled
}

for (const connection of ['keep-alive, Upgrade', 'upgrade,keep-alive', 'Keep-Alive ,\tUPGRADE']) {
  deviation(`accepts an answer with Connection: ${JSON.stringify(connection)}`, async (scope) => {
    const { head, peer, ws } = await dial(scope)
    peer.write(upgradeResponse(head, { Connection: connection }))
    await once(ws, 'open')
  })
}

test('refuses an answer whose Connection lacks the token', async (scope) => {
  for (const connection of ['close', 'keep-alive', 'upgraded', 'not-upgrade, close']) {
    const { events, head, peer, ws } = await dial(scope)
    peer.write(upgradeResponse(head, { Connection: connection }))
    await once(ws, 'close')
    assert.deepEqual(events.types(), ['error', 'end', 'close'])
    assert.equal(events[0].message, "Error during WebSocket handshake: 'Connection' header value is not 'Upgrade'")
  }
})

for (const [type, payload] of [['text', 'masked'], ['binary', ''], ['ping', 'x'], ['close', closePayload(1000)]]) {
  deviation(`a masked ${type} frame from the server fails the connection with 1002`, async (scope) => {
    const { events, peer, ws } = await open(scope)
    peer.write(fromClient(type, payload))
    await once(ws, 'close')
    assert.deepEqual(events.types(), ['open', 'error', 'end', 'close'])
    assert.equal(events[3].code, 1002)
    assert.equal(events[3].reason, events[1].message)
    const closing = await peer.frame()
    assert.equal(closing.type, 'close')
    assert.equal(closing.payload.readUInt16BE(), 1002)
  })
}

deviation('the net option reaches the connection', async (scope) => {
  const server = await accept(scope)
  const asked = []
  const options = Object.freeze({
    localAddress: '127.0.0.1',
    lookup: (host, options, callback) => {
      asked.push(host)
      if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }])
      else callback(null, '127.0.0.1', 4)
    }
  })
  const ws = new WebSocket.Client(`ws://made-up.test:${server.port}/`, null, { net: options })
  scope.defer(() => ws._stream.destroy())
  const peer = await server.accepted()
  assert.match(await peer.head(), new RegExp(`\r\nHost: made-up\\.test:${server.port}\r\n`))
  assert.deepEqual(asked, ['made-up.test'])
})

deviation('the objects of the caller stay as they are', async (scope) => {
  const server = await accept(scope)
  const given = { net: {}, tls: {}, proxy: { tls: {} }, headers: {}, ca: 'x' }
  for (const each of [given, given.net, given.tls, given.proxy, given.proxy.tls, given.headers]) Object.freeze(each)
  const protocols = Object.freeze(['a'])
  const ws = new WebSocket.Client(server.url, protocols, given)
  scope.defer(() => ws._stream.destroy())
  await server.acceptedOpen()
  await once(ws, 'open')
})

for (const [name, options, protocols] of [
  ['a value with CR and LF', { headers: { 'X-A': 'a\r\nX-B: b' } }],
  ['a value with LF', { headers: { 'X-A': 'a\nb' } }],
  ['a value with NUL', { headers: { 'X-A': 'a\0' } }],
  ['a name with CR', { headers: { 'X\rA': 'a' } }],
  ['a protocol with CR and LF', {}, ['a\r\nX-B: b']],
  ['protocols as text with LF', {}, 'a\nb'],
  ['a protocol with NUL', {}, ['a\0']]
]) {
  deviation(`throws for ${name} and sends no request`, async (scope) => {
    const server = await accept(scope)
    assert.throws(() => new WebSocket.Client(server.url, protocols, options), Error)
    await scope.settle(40)
    for (const peer of server.arrived) assert.equal(peer.bytes.length, 0)
  })
}

test('a url cannot inject bytes into the request', async (scope) => {
  const server = await accept(scope)
  for (const path of ['a\r\nX-A: b', 'a b', 'a\tb\0c']) {
    const ws = new WebSocket.Client(server.url + path)
    scope.defer(() => ws._stream.destroy())
    const head = await (await server.accepted()).head()
    assert.match(head, /^GET \/\S+ HTTP\/1\.1\r\nHost: /)
    assert.doesNotMatch(head, /\r\nX-A/)
  }
})

for (const [name, next] of [
  ['one endless line', () => 'x'.repeat(8192)],
  ['endless lines', (i) => `X-Line-${i}: ${'y'.repeat(8000)}\r\n`],
  ['many short lines', (i) => Array.from({ length: 1000 }, (_, j) => `a${i}-${j}: b\r\n`).join('')]
]) {
  deviation(`gives up on an answer whose head never ends: ${name}`, async (scope) => {
    const { events, peer, ws } = await dial(scope)
    peer.write('HTTP/1.1 101 Switching Protocols\r\n' + (name === 'one endless line' ? 'X-A: ' : ''))
    let sent = 0
    while (ws.readyState === 0 && sent < 400) {
      peer.write(next(sent++))
      await scope.settle(1)
    }
    await eventually(() => ws.readyState === 3, 'closed')
    assert.deepEqual(events.types(), ['error', 'end', 'close'])
    assert.match(events[0].message, /^Error during WebSocket handshake: /)
    assert.ok(sent < 200, 'stored much more than 64 KB')
  })
}

test('takes an answer whose head is large', async (scope) => {
  const { head, peer, ws } = await dial(scope)
  peer.write(upgradeResponse(head, { 'X-Large': 'x'.repeat(30000), 'X-Other': 'y'.repeat(20000) }))
  await once(ws, 'open')
  assert.equal(ws.headers['x-large'].length, 30000)
})

deviation('a response header may have any name', async (scope) => {
  const { head, peer, ws } = await dial(scope)
  peer.write(upgradeResponse(head, Object.fromEntries([['__proto__', 'x'], ['constructor', 'y'], ['toString', 'z']])))
  await once(ws, 'open')
  const headers = new Map(Object.entries(ws.headers))
  assert.deepEqual(['__proto__', 'constructor', 'tostring'].map((name) => headers.get(name)), ['x', 'y', 'z'])
})

const STATES = {
  'before TCP is connected': async (scope) => {
    const server = await accept(scope)
    const ws = new WebSocket.Client(server.url)
    return { events: record(ws), ws, code: 1000 }
  },
  'while the name is resolved': async () => {
    const options = { net: { lookup: () => {} } }
    const ws = new WebSocket.Client('ws://never-resolved.test/', null, options)
    return { events: record(ws), ws, code: 1000 }
  },
  'before the answer': async (scope) => ({ ...await dial(scope), code: 1000 }),
  'amid the answer': async (scope) => {
    const dialled = await dial(scope)
    dialled.peer.write('HTTP/1.1 101 Swi')
    await scope.settle()
    return { ...dialled, code: 1000 }
  },
  'when open': async (scope) => {
    const opened = await open(scope)
    opened.peer.frame().then(({ payload }) => opened.peer.write(frame('close', payload)))
    return { ...opened, code: 1000 }
  },
  'when closing': async (scope) => {
    const opened = await open(scope)
    opened.ws.close(3000)
    opened.peer.frame().then(({ payload }) => opened.peer.write(frame('close', payload)))
    return { ...opened, code: 3000 }
  },
  'when closed': async (scope) => {
    const opened = await open(scope)
    opened.peer.write(frame('close', closePayload(1001)))
    await once(opened.ws, 'close')
    return { ...opened, code: 1001 }
  }
}
for (const [name, reach] of Object.entries(STATES)) {
  const run = name === 'while the name is resolved' ? deviation : test
  run(`close works ${name}, with one close event`, async (scope) => {
    const { code, events, ws } = await reach(scope)
    scope.defer(() => ws._stream.destroy())
    assert.equal(ws.close(), undefined)
    ws.close()
    await eventually(() => ws.readyState === 3, 'closed')
    ws.close()
    await scope.settle(50)
    const closes = events.filter(({ type }) => type === 'close')
    assert.deepEqual(closes.map((event) => event.code), [code])
    assert.equal(events[events.length - 1].type, 'close')
  })
}

test('loss at any stage is one close event', async (scope) => {
  for (const part of [0, 1, 20, 100, 1000]) {
    for (const how of ['end', 'destroy']) {
      const { events, head, peer, ws } = await dial(scope)
      const whole = Buffer.concat([Buffer.from(upgradeResponse(head)), frame('text', 'x'.repeat(2000))])
      if (part > 0) peer.write(whole.subarray(0, part))
      await scope.settle(5)
      peer.socket[how]()
      await eventually(() => ws.readyState === 3, 'closed')
      await scope.settle(10)
      assert.deepEqual(events.filter(({ type }) => type === 'close').map(({ code }) => code), [1006])
    }
  }
})

test('a server that resets at once is one error and one close', async (scope) => {
  const server = net.createServer((socket) => socket.destroy())
  const port = await listen(scope, server)
  for (let i = 0; i < 10; i++) {
    const ws = new WebSocket.Client(`ws://127.0.0.1:${port}/`)
    const events = record(ws)
    await once(ws, 'close')
    assert.equal(events.filter(({ type }) => type === 'close').length, 1)
    assert.ok(events.filter(({ type }) => type === 'error').length <= 1)
    assert.equal(events[events.length - 1].code, 1006)
  }
})

test('a redirect is not followed', async (scope) => {
  const target = await accept(scope)
  const { peer, ws } = await dial(scope)
  peer.write(`HTTP/1.1 302 Found\r\nLocation: ${target.url}\r\n\r\n`)
  await once(ws, 'close')
  await scope.settle()
  assert.equal(target.arrived.length, 0)
  assert.equal(ws.statusCode, 302)
})

const HAS_IPV6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses.some(({ address }) => address === '::1'))

test('an IPv6 address is dialled and named with brackets', async (scope) => {
  const server = net.createServer({ allowHalfOpen: true })
  await new Promise((resolve) => server.listen(0, '::1', resolve))
  scope.defer(() => server.close())
  const { port } = server.address()
  const head = new Promise((resolve) => server.once('connection', (socket) => {
    scope.defer(() => socket.destroy())
    socket.once('data', (chunk) => resolve(chunk.toString()))
  }))
  const ws = new WebSocket.Client(`ws://[::1]:${port}/`)
  scope.defer(() => ws._stream.destroy())
  assert.match(await head, new RegExp(`\r\nHost: \\[::1\\]:${port}\r\n`))
}, { skip: HAS_IPV6 ? false : 'this machine has no ::1' })

test('the answer is visible in open and in the error of a refusal', async (scope) => {
  const { head, peer, ws } = await dial(scope)
  const seen = []
  ws.onopen = () => seen.push([ws.statusCode, ws.headers.upgrade])
  assert.equal(ws.statusCode, undefined)
  assert.equal(ws.headers, undefined)
  peer.write(upgradeResponse(head))
  await once(ws, 'open')

  const second = await dial(scope)
  second.ws.onerror = () => seen.push([second.ws.statusCode, second.ws.headers['x-why']])
  second.peer.write('HTTP/1.1 403 Forbidden\r\nX-Why: because\r\n\r\n')
  await once(second.ws, 'close')
  assert.deepEqual(seen, [[101, 'websocket'], [403, 'because']])
})
