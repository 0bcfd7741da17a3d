'use strict'

// Missing arguments and arguments of another type: the TypeError names the argument and the expected type. The
// originals throw a TypeError too, about a property of undefined.

const test = require('node:test')
const assert = require('node:assert/strict')

const WebSocket = require('../..')
const driver = require('../../lib/websocket-driver')
const websocket = require('../../lib/websocket')

const { Client, EventSource } = WebSocket
const REQUEST = 'expected an http.IncomingMessage with its headers'
const RESPONSE = 'expected an http.ServerResponse'
const get = { method: 'GET', url: '/', headers: { host: 'localhost' } }

const CASES = [
  ['new WebSocket()', () => new WebSocket(), `Invalid request: undefined; ${REQUEST}`],
  ['new WebSocket(null)', () => new WebSocket(null), `Invalid request: null; ${REQUEST}`],
  ['new WebSocket({})', () => new WebSocket({}), `Invalid request: a value of type object; ${REQUEST}`],
  // The message omits the URL, because it may contain a password.
  ['new WebSocket(url)', () => new WebSocket('ws://me:secret@localhost/'),
    `Invalid request: a value of type string; ${REQUEST}`],
  ['new Client(null)', () => new Client(null), 'null is not a valid URL'],
  ['new EventSource()', () => new EventSource(), `Invalid request: undefined; ${REQUEST}`],
  ['new EventSource({})', () => new EventSource({}), `Invalid request: a value of type object; ${REQUEST}`],
  ['new EventSource(request)', () => new EventSource(get), `Invalid response: undefined; ${RESPONSE}`],
  ['isWebSocket()', () => WebSocket.isWebSocket(), `Invalid request: undefined; ${REQUEST}`],
  ['isEventSource()', () => EventSource.isEventSource(), `Invalid request: undefined; ${REQUEST}`],
  ['isEventSource({ method })', () => EventSource.isEventSource({ method: 'GET' }),
    `Invalid request: a value of type object; ${REQUEST}`],
  ['websocket-driver: http()', () => driver.http(), `Invalid request: undefined; ${REQUEST}`],
  ['websocket-driver: http({})', () => driver.http({}), `Invalid request: a value of type object; ${REQUEST}`],
  ['websocket-driver: isWebSocket()', () => driver.isWebSocket(), `Invalid request: undefined; ${REQUEST}`],
  ['websocket-driver: isSecureRequest()', () => driver.isSecureRequest(), `Invalid request: undefined; ${REQUEST}`]
]

for (const [call, run, message] of CASES) {
  test(`${call} throws a TypeError that names the expected type`, () => {
    assert.throws(run, { name: 'TypeError', message })
  })
}

test('clear error texts of the originals stay the same', () => {
  for (const connect of [() => new Client(), () => driver.client()]) {
    assert.throws(connect, { name: 'Error', message: 'undefined is not a valid WebSocket URL' })
  }
  assert.throws(() => new websocket.server({}), /You must specify an httpServer/)
  assert.throws(() => new websocket.client().connect('/'), /You must specify a full WebSocket URL/)
})
