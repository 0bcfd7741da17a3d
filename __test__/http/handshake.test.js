'use strict'

// Opening handshakes that interfaces make themselves: the checks of a request, the key and its accept value.

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')

const { Connection } = require('../../lib/connection/connection')
const { acceptValue, handshakeKey } = require('../../lib/http/handshake')
const { judgeHandshake } = require('../../lib/http/handshake')
const { test } = require('../support/test')

const STRICT = { interface: 'websocket-node' }
const LENIENT = { ...STRICT, strictHandshake: false }
const KEY = 'JFBCWHksyIpXV+6Wlq/9pw=='
const HEADERS = {
  host: 'example.com',
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-key': KEY,
  'sec-websocket-version': '13'
}

const requestWith = (changed = {}) => ({ method: 'GET', httpVersion: '1.1', headers: { ...HEADERS, ...changed } })

test('a request is checked before it is accepted, with the error texts of the interface', () => {
  const host = { code: 'invalid-request-header', message: 'Client must provide a Host header.', status: 400 }
  const version = {
    code: 'unsupported-version',
    message: 'Unsupported websocket client version: 7Only versions 8 and 13 are supported.',
    status: 426
  }
  const tea = { code: 'not-websocket', message: 'Not a WebSocket request', status: 400 }
  const cases = [
    ['valid', {}, null, null],
    ['no host', { host: undefined }, host, host],
    ['a wrong version', { 'sec-websocket-version': '7' }, version, version],
    ['another protocol', { upgrade: 'tea' }, tea, null],
    ['a list of values', { 'sec-websocket-protocol': ['a', 'b'] }, null, null]
  ]
  for (const [name, headers, strict, lenient] of cases) {
    assert.deepEqual(judgeHandshake(requestWith(headers), STRICT), strict, name)
    assert.deepEqual(judgeHandshake(requestWith(headers), LENIENT), lenient, name)
  }
  const driver = judgeHandshake(requestWith({ host: undefined }), {})
  assert.equal(driver.message, 'Invalid handshake request header: Host')
  assert.equal(judgeHandshake(requestWith({ upgrade: 'tea' }), { interface: 'ws', strictHandshake: false }).status, 400)
})

test('a connection accepts a request that passes the check', () => {
  const requests = [requestWith(), requestWith({ upgrade: 'tea', 'sec-websocket-version': ' 8.5' })]
  const cases = [[requests[0], STRICT, 'hybi-13'], [requests[1], LENIENT, 'hybi-8']]
  for (const [request, policy, version] of cases) {
    const connection = Connection.server(request, 'ws://example.com/', policy)
    connection.observer = { opened () {} }
    assert.equal(connection.version, version)
    assert.equal(connection.start(), true)
  }
})

test("the application's headers come last, and a cookie does not replace another", () => {
  const request = requestWith({ 'sec-websocket-protocol': 'a, B', 'sec-websocket-extensions': 'permessage-deflate' })
  const connection = Connection.server(request, 'ws://example.com/', { ...STRICT, protocols: ['B'] })
  for (const [name, value] of [
    ['Origin', 'http://\u00fc'], ['Set-Cookie', 'a=1;Path=/'], ['Set-Cookie', 'b=2'], ['Upgrade', 'tea']
  ]) assert.equal(connection.setHeader(name, value), true)
  connection.observer = { opened () {} }
  connection.start()
  assert.equal(connection.outgoing.takeOutput().toString('latin1'), [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=',
    'Sec-WebSocket-Protocol: B',
    'Origin: http://\u00fc',
    'Set-Cookie: a=1;Path=/',
    'Set-Cookie: b=2',
    '', ''
  ].join('\r\n'))
})

test('each key is new, and the accept value is its hash', () => {
  assert.equal(acceptValue(KEY), 'JdiiuafpBKRqD7eol0y4vJDTsTs=')
  const keys = new Set(Array.from({ length: 100 }, handshakeKey))
  assert.equal(keys.size, 100)
  for (const key of keys) {
    assert.equal(Buffer.from(key, 'base64').length, 16)
    assert.equal(Buffer.from(key, 'base64').toString('base64'), key)
    const hash = createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
    assert.equal(acceptValue(key), hash)
  }
})
