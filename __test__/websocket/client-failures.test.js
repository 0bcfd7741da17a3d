'use strict'

// Failures of a client to connect that differ from the original's.

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const http = require('node:http')

const { client: WebSocketClient } = require('../../lib/websocket')
const { ask, connect, outcomesOf } = require('../support/asking')
const { eventually, once } = require('../support/peer')
const { test } = require('../support/test')
const { frame, upgradeResponse } = require('../support/wire')

const DEFLATE = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
const UNMATCHED = 'Server selected extensions that do not match the offer: '

for (const [name, asking, headers, message] of [
  ['an extension that was not offered', {}, DEFLATE,
    'Server selected an extension that was not offered: permessage-deflate'],
  ['a malformed extension', {}, { 'Sec-WebSocket-Extensions': 'a;;' },
    'Server selected an extension that was not offered: a;;'],
  ['a subprotocol without a request for one', {}, { 'Sec-WebSocket-Protocol': 'a' },
    'Server selected a protocol that was not requested: a'],
  ['an extension and a subprotocol that were not requested', {}, { ...DEFLATE, 'Sec-WebSocket-Protocol': 'a' },
    'Server selected an extension that was not offered: permessage-deflate']
]) {
  test(`a client refuses ${name}`, async (scope) => {
    const { client, outcomes, peer, request } = await ask(scope, asking)
    peer.write(upgradeResponse(request, headers))
    await once(client, 'connectFailed')
    await peer.ended()
    assert.deepEqual(outcomes, [message])
  })

  test(`with strictHandshake: false, a client accepts ${name}`, async (scope) => {
    const { connection, peer } = await connect(scope, { ...asking, config: { strictHandshake: false }, headers })
    assert.deepEqual([connection.extensions, connection.protocol], [[], undefined])
    const message = once(connection, 'message')
    peer.write(frame('text', 'hello'))
    assert.equal((await message).utf8Data, 'hello')
  })
}

for (const strictHandshake of [true, false]) {
  for (const header of [
    'permessage-deflate; client_max_window_bits=16', 'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; unknown', 'permessage-deflate; client_no_context_takeover=1', 'permessage-deflate, foo', 'foo',
    'permessage-deflate, permessage-deflate', 'permessage-deflate; client_max_window_bits', 'a;;'
  ]) {
    test(`a client that offers compression refuses ${header}, strictHandshake: ${strictHandshake}`, async (scope) => {
      const config = { perMessageDeflate: true, strictHandshake }
      const { client, outcomes, peer, request } = await ask(scope, { config })
      peer.write(upgradeResponse(request, { 'Sec-WebSocket-Extensions': header }))
      await once(client, 'connectFailed')
      assert.deepEqual(outcomes, [UNMATCHED + header])
    })
  }
}

test('a client ignores informational responses other than 101', async (scope) => {
  const { client, peer, request } = await ask(scope)
  peer.write('HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
  await scope.settle(5)
  peer.write(upgradeResponse(request))
  await once(client, 'connect')
})

for (const [name, answer] of [
  ['refuses and continues to send', (peer, request) => {
    peer.write(upgradeResponse(request, { 'Transfer-Encoding': 'chunked' }, '503 Service Unavailable'))
    const timer = setInterval(() => peer.write('4\r\nbody\r\n'), 1)
    peer.socket.on('close', () => clearInterval(timer))
    return timer
  }],
  ['refuses and is silent', (peer, request) =>
    peer.write(upgradeResponse(request, { 'Content-Length': '100' }, '404 Not Found'))],
  ['refuses and keeps the connection alive', (peer, request) =>
    peer.write(upgradeResponse(request, { Connection: 'keep-alive', 'Content-Length': '0' }, '404 Not Found'))],
  ['sends an invalid response and a frame', (peer, request) => peer.write(Buffer.concat([
    Buffer.from(upgradeResponse(request, { 'Sec-WebSocket-Accept': 'x' })), frame('text', 'hello')
  ]))],
  ['sends an invalid response and is silent', (peer, request) => peer.write(upgradeResponse(request, { Upgrade: 'x' }))]
]) {
  test(`a client destroys the socket of a server that ${name}`, async (scope) => {
    const { client, outcomes, peer, request } = await ask(scope)
    answer(peer, request)
    await once(client, 'connectFailed')
    await eventually(() => client.socket.destroyed, 'the end of the socket')
    await peer.ended()
    peer.socket.destroy()
    await scope.settle(10)
    assert.equal(outcomes.length, 1)
  })
}

test('a reset after a refusal emits no second connectFailed', async (scope) => {
  const { client, outcomes, peer, request } = await ask(scope)
  peer.write(upgradeResponse(request, { 'Content-Length': '100' }, '404 Not Found'))
  peer.socket.resetAndDestroy()
  await once(client, 'connectFailed')
  await scope.settle()
  assert.equal(outcomes.length, 1)
})

test('a response stays open for a listener that reads its body', async (scope) => {
  const { client, outcomes, peer, request } = await ask(scope)
  const body = new Promise((resolve) => client.on('httpResponse', (response) => {
    const chunks = []
    response.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks).toString()))
  }))
  peer.write(upgradeResponse(request, { 'Content-Length': '6' }, '404 Not Found') + 'not')
  await scope.settle(10)
  peer.write(' me')
  assert.equal(await body, 'not me')
  assert.deepEqual(outcomes, [])
})

test('a refusal does not end an earlier connection of the client', async (scope) => {
  const { client, connection, peer, server } = await connect(scope)
  client.connect(server.url)
  const other = await server.accepted()
  other.write(upgradeResponse(await other.head(), {}, '404 Not Found'))
  await once(client, 'connectFailed')
  const message = once(connection, 'message')
  peer.write(frame('text', 'still there'))
  assert.equal((await message).utf8Data, 'still there')
  connection.sendUTF('here, too')
  assert.equal((await peer.frame()).payload.toString(), 'here, too')
})

test('an invalid configuration ends the socket, and its error reaches the program', async (scope) => {
  const { client, peer, request } = await ask(scope, { config: { keepalive: true } })
  const { succeedHandshake } = client
  const surfaced = new Promise((resolve) => {
    client.succeedHandshake = function () {
      try {
        succeedHandshake.call(this)
      } catch (error) {
        resolve(error)
      }
    }
  })
  peer.write(upgradeResponse(request))
  assert.equal((await surfaced).message, 'keepaliveInterval must be specified and numeric if keepalive is true.')
  assert.equal(await peer.ended(), 'fin')
})

test('a socket can fail while a program validates the response', async (scope) => {
  const { client, peer, request } = await ask(scope)
  const judged = new Promise((resolve) => { client.validateHandshake = resolve })
  peer.write(upgradeResponse(request))
  await judged
  client.socket.resume()
  peer.socket.resetAndDestroy()
  await eventually(() => client.socket.destroyed, 'the end of the socket')
  client.failHandshake('too late')
})

test('a program can validate the response later', async (scope) => {
  const { client, peer, request } = await ask(scope)
  const { validateHandshake } = client
  client.validateHandshake = function () { setTimeout(() => validateHandshake.call(this), 20) }
  const messages = []
  client.on('connect', (connection) => connection.on('message', ({ utf8Data }) => messages.push(utf8Data)))
  peer.write(Buffer.concat([Buffer.from(upgradeResponse(request)), frame('text', 'a')]))
  await once(client, 'connect')
  peer.write(frame('text', 'b'))
  await eventually(() => messages.length === 2, 'two messages')
  assert.deepEqual(messages, ['a', 'b'])
})

test('a client works with mocks that have only the methods that the original calls', (scope) => {
  const { request: before } = http
  const request = Object.assign(new EventEmitter(), { end () {}, abort () { this.isAborted = true } })
  http.request = () => request
  scope.defer(() => { http.request = before })
  const client = new WebSocketClient()
  const outcomes = outcomesOf(client)
  client.connect('ws://localhost/')
  client.abort()
  assert.equal(request.isAborted, true)
  request.emit('response', { statusCode: 404, statusMessage: 'Not Found', headers: { a: 'b' }, socket: null })
  client.socket = Object.assign(new EventEmitter(), { writable: true, end () { this.isEnded = true } })
  client.response = { headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-accept': 'x' } }
  client.validateHandshake()
  assert.equal(client.socket.isEnded, true)
  assert.equal(outcomes[0], 'Server responded with a non-101 status: 404 Not Found\nResponse Headers Follow:\na: b\n')
  assert.match(outcomes[1], /^Sec-WebSocket-Accept header from server didn't match expected value of .{28}$/)
})
