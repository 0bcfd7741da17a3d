'use strict'

// Subclasses, replaced methods, and methods called with another `this`.

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const { Stream } = require('node:stream')
const util = require('node:util')

const { openServer } = require('../support/open')
const { connectOpen, eventually, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { test } = require('../support/test')
const { closePayload, fromClient } = require('../support/wire')

test('a program can inherit from WebSocket with util.inherits and call', async (scope) => {
  function Chat (request, socket, body, name) {
    WebSocket.call(this, request, socket, body)
    this.name = name
    this.on('message', ({ data }) => this.say(data))
  }
  util.inherits(Chat, WebSocket)
  Chat.prototype.say = function (text) { return this.send(`${this.name}: ${text}`) }

  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => {
      const chat = new Chat(request, socket, body, 'Ada')
      for (const kind of [Chat, WebSocket, Stream, EventEmitter]) assert.ok(chat instanceof kind)
    }
  })
  const peer = await connectOpen(scope, port)
  peer.write(fromClient('text', 'Hi'))
  assert.equal((await peer.frame()).payload.toString(), 'Ada: Hi')
})

test('a program can inherit from Client with util.inherits and with class', async (scope) => {
  function Old (url) { WebSocket.Client.call(this, url) }
  util.inherits(Old, WebSocket.Client)
  class New extends WebSocket.Client {}

  const { url } = await serve(scope, WebSocket)
  for (const Kind of [Old, New]) {
    const ws = new Kind(url)
    scope.defer(() => ws._stream.destroy())
    await once(ws, 'open')
    assert.ok(ws instanceof Kind && ws instanceof WebSocket.Client)
  }
})

test('a program can inherit from WebSocket with class', async (scope) => {
  class Chat extends WebSocket {
    send (data) { return super.send(`${data}!`) }
  }
  const { port } = await serve(scope, Chat, { onSocket: (ws) => ws.on('open', () => ws.send('Hi')) })
  const peer = await connectOpen(scope, port)
  assert.equal((await peer.frame()).payload.toString(), 'Hi!')
})

test('a program can replace send() of an instance, also for write() and end()', async (scope) => {
  const { peer, ws } = await openServer(scope)
  const { send } = ws
  const seen = []
  ws.send = function (data) {
    seen.push(data)
    return send.call(this, data)
  }
  ws.send('a')
  ws.write('b')
  ws.end('c')
  const frames = await peer.frames(4)
  assert.deepEqual(seen, ['a', 'b', 'c'])
  assert.deepEqual(frames.map(({ type }) => type), ['text', 'text', 'text', 'close'])
})

test('close() ignores a third argument', async (scope) => {
  const { peer, ws } = await openServer(scope)
  assert.equal(ws.close(3001, 'why', { wasClean: true }), undefined)
  assert.deepEqual((await peer.frame()).payload, closePayload(3001, 'why'))
})

test('a handler can set on… properties to null', async (scope) => {
  const { peer, ws } = await openServer(scope)
  const seen = []
  ws.onmessage = ({ data }) => {
    seen.push(data)
    ws.onmessage = null
    ws.onclose = null
  }
  ws.onclose = () => seen.push('onclose')
  peer.write(Buffer.concat([fromClient('text', 'a'), fromClient('text', 'b'), fromClient('close', '')]))
  await peer.ended()
  assert.deepEqual(seen, ['a'])
})

test('methods of the prototype work when called on an instance', async (scope) => {
  const { peer, ws } = await openServer(scope)
  const { send, close } = WebSocket.prototype
  send.call(ws, 'called on an instance')
  close.call(ws)
  assert.deepEqual((await peer.frames(2)).map(({ type }) => type), ['text', 'close'])
})

test('a program can replace emit() of all emitters, and sees events without listeners', async (scope) => {
  const { peer, ws } = await openServer(scope)
  const { emit } = EventEmitter.prototype
  const seen = []
  EventEmitter.prototype.emit = function (type, ...details) {
    if (this === ws) seen.push(type)
    return emit.call(this, type, ...details)
  }
  scope.defer(() => { EventEmitter.prototype.emit = emit })
  peer.write(fromClient('text', 'a'))
  await eventually(() => seen.length === 2)
  assert.deepEqual(seen, ['data', 'message'])
})

test('a listener that onmessage adds receives the same message', async (scope) => {
  const { peer, ws } = await openServer(scope)
  const received = []
  ws.onmessage = () => {
    ws.onmessage = null
    ws.on('message', ({ data }) => received.push(data))
    ws.on('data', (data) => received.push(`data ${data}`))
  }
  peer.write(fromClient('text', 'a'))
  peer.write(fromClient('text', 'b'))
  await eventually(() => received.length === 3)
  assert.deepEqual(received, ['a', 'data b', 'b'])
})

test('a program can replace emit() of an instance', async (scope) => {
  const { peer, ws } = await openServer(scope)
  const seen = []
  const { emit } = ws
  ws.emit = function (type, ...details) {
    seen.push(type)
    return emit.call(this, type, ...details)
  }
  peer.write(Buffer.concat([fromClient('text', 'a'), fromClient('close', '')]))
  await peer.ended()
  assert.deepEqual(seen, ['data', 'message', 'end', 'close'])
})

test('a program can replace dispatchEvent() of an instance', async (scope) => {
  const { peer, ws } = await openServer(scope)
  const seen = []
  ws.dispatchEvent = (event) => seen.push(event.type)
  ws.onmessage = () => assert.fail('dispatched')
  peer.write(Buffer.concat([fromClient('text', 'a'), fromClient('close', '')]))
  await peer.ended()
  assert.deepEqual(seen, ['message', 'close'])
})

test('an error without a listener does not throw', async (scope) => {
  const { peer, ws } = await openServer(scope)
  peer.write(fromClient(3, ''))
  assert.equal((await once(ws, 'close')).code, 1002)
})

test('our server and our client exchange messages', async (scope) => {
  const values = ['', 'text', 'é€\u{1d11e}', 'x'.repeat(70000), Buffer.alloc(0), Buffer.alloc(70000, 7)]
  const { url } = await serve(scope, WebSocket, {
    protocols: ['echo'],
    onSocket: (ws) => {
      ws.on('message', ({ data }) => ws.send(data))
      ws.on('close', ({ code, reason }) => assert.deepEqual([code, reason], [3000, 'enough']))
    }
  })
  const ws = new WebSocket.Client(url, ['none', 'echo'])
  const received = []
  ws.on('message', ({ data }) => received.push(data))
  await once(ws, 'open')
  assert.equal(ws.protocol, 'echo')
  for (const value of values) ws.send(value)
  await eventually(() => received.length === values.length, 'all echoes')
  assert.deepEqual(received, values)
  await new Promise((resolve) => ws.ping('pong?', resolve))
  ws.close(3000, 'enough')
  const { code, reason } = await once(ws, 'close')
  assert.deepEqual([code, reason], [3000, 'enough'])
})
