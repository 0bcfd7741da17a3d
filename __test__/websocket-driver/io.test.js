'use strict'

// The input and output of a driver, in all forms that websocket-driver accepts.

const assert = require('node:assert/strict')
const test = require('node:test')

const websocket = require('../../lib/websocket-driver')
const { observe, openServer } = require('../support/drivers')
const { fromClient } = require('../support/wire')

const REQUEST = 'GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Key: JFBCWHksyIpXV+6Wlq/9pw==\r\nSec-WebSocket-Version: 13\r\n\r\n'

const FORMS = [
  ['a string', (text) => text],
  ['an array of numbers', (text) => [...Buffer.from(text)]],
  ['a Buffer', (text) => Buffer.from(text)],
  ['a Uint8Array', (text) => new Uint8Array(Buffer.from(text))]
]

for (const [form, chunk] of FORMS) {
  test(`io and parse() accept ${form}`, () => {
    const driver = websocket.server({ requireMasking: false })
    const messages = []
    driver.on('message', ({ data }) => messages.push(data))
    driver.io.write(chunk(REQUEST))
    assert.equal(driver.url, '/chat')
    driver.start()
    // The first byte of a frame is not UTF-8, so a string cannot contain it.
    driver.parse([0x81, 2])
    driver.parse(chunk('é'))
    driver.parse([0x81, 2])
    driver.io.end(chunk('ü'))
    assert.deepEqual(messages, ['é', 'ü'])
  })

  test(`the stream of a proxy accepts ${form}`, () => {
    const proxy = websocket.client('ws://localhost/').proxy('http://localhost:8080')
    let connected = 0
    proxy.on('connect', () => { connected += 1 })
    proxy.start()
    proxy.write(chunk('HTTP/1.1 200 OK\r\n'))
    proxy.end(chunk('\r\n'))
    assert.deepEqual([connected, proxy.statusCode], [1, 200])
  })
}

test('binary() and frame() accept any view', () => {
  const { driver, seen } = openServer()
  const view = new Uint8Array([0, 1, 2, 3]).subarray(1, 3)
  assert.equal(driver.binary(view), true)
  assert.equal(driver.frame(view), true)
  assert.deepEqual(seen, [['frame', 'binary', '\x01\x02'], ['frame', 'binary', '\x01\x02']])
})

test('two drivers piped into each other open and exchange messages', () => {
  const server = websocket.server()
  const client = websocket.client('ws://example.com/')
  server.on('connect', () => server.start())
  server.on('message', ({ data }) => server.text(`echo ${data}`))
  const seen = observe(client)
  client.io.pipe(server.io)
  server.io.pipe(client.io)
  client.text('early')
  client.start()
  client.close('bye', 3000)
  const events = seen.filter(([type]) => type !== 'frame' && type !== 'head')
  assert.deepEqual(events, [['open'], ['message', 'echo early'], ['close', 3000, 'bye']])
})

test('io.write() does not change the bytes of the caller', () => {
  const { driver } = openServer()
  const bytes = fromClient('text', 'masked')
  const before = Buffer.from(bytes)
  driver.io.write(bytes)
  assert.deepEqual(bytes, before)
})
