'use strict'

// Bytes may be given to a driver in any form that websocket-driver takes.

const test = require('node:test')
const assert = require('node:assert/strict')

const websocket = require('../../lib/websocket-driver')

const REQUEST = 'GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Key: JFBCWHksyIpXV+6Wlq/9pw==\r\nSec-WebSocket-Version: 13\r\n\r\n'

const FORMS = [
  ['a string', (text) => text],
  ['an array of numbers', (text) => [...Buffer.from(text)]],
  ['a Buffer', (text) => Buffer.from(text)],
  ['a Uint8Array', (text) => new Uint8Array(Buffer.from(text))]
]

for (const [form, chunk] of FORMS) {
  test(`io and parse() take ${form}`, () => {
    const driver = websocket.server({ requireMasking: false })
    const messages = []
    driver.on('message', ({ data }) => messages.push(data))
    driver.io.write(chunk(REQUEST))
    assert.equal(driver.url, '/chat')
    driver.start()
    // The first byte of a frame is no UTF-8, so it cannot come as a string.
    driver.parse([0x81, 2])
    driver.parse(chunk('é'))
    driver.parse([0x81, 2])
    driver.io.end(chunk('ü'))
    assert.deepEqual(messages, ['é', 'ü'])
  })

  test(`the stream of a proxy takes ${form}`, () => {
    const proxy = websocket.client('ws://localhost/').proxy('http://localhost:8080')
    let connected = 0
    proxy.on('connect', () => { connected += 1 })
    proxy.start()
    proxy.write(chunk('HTTP/1.1 200 OK\r\n'))
    proxy.end(chunk('\r\n'))
    assert.deepEqual([connected, proxy.statusCode], [1, 200])
  })
}
