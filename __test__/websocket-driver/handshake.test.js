'use strict'

// The opening handshake of drivers: the requests and responses that they accept, and their output.

const assert = require('node:assert/strict')
const test = require('node:test')

const websocket = require('../../lib/websocket-driver')
const { dial, observe, request } = require('../support/drivers')
const { acceptOf, headerOf, KEY, upgradeRequest, upgradeResponse } = require('../support/wire')

test('the origin of a proxy must be an http or https URL', () => {
  const driver = websocket.client('ws://example.com/')
  for (const origin of ['nonsense', undefined, '', 'ftp://proxy/', { href: 5 }]) {
    assert.throws(() => driver.proxy(origin), /is not a valid proxy URL$/)
  }
})

for (const version of ['12', '8', undefined]) {
  test(`the response to version ${version} names the supported version`, () => {
    const driver = websocket.http(request({ 'sec-websocket-version': version }), { allowDrafts: false })
    const seen = observe(driver)
    assert.equal(driver.start(), false)
    const message = `Unsupported WebSocket version: ${version}`
    assert.deepEqual(seen, [
      ['head', 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n' +
        `Content-Length: ${message.length}\r\nSec-WebSocket-Version: 13\r\n\r\n${message}`],
      ['error', message],
      ['close', 1002, message]
    ])
  })
}

test('a client accepts a response with upgrade in a list of tokens', () => {
  for (const connection of ['keep-alive, Upgrade', 'upgrade,keep-alive', 'keep-alive,\tUPGRADE ,x']) {
    const { driver, head, seen } = dial()
    driver.io.write(Buffer.from(upgradeResponse(head, { Connection: connection })))
    assert.deepEqual(seen, [['open']], connection)
  }
})

test('a key that does not encode 16 bytes is refused', () => {
  const keys = ['', 'abc', 'x'.repeat(24), KEY.slice(0, -1), `${KEY}=`, 'JFBCWHksyIpXV+6Wlq/9p===', `${KEY}, ${KEY}`]
  for (const key of keys) {
    const driver = websocket.http(request({ 'sec-websocket-key': key }))
    const seen = observe(driver)
    assert.equal(driver.start(), false, key)
    assert.match(seen[0][1], /^HTTP\/1.1 400 .*\r\n\r\nInvalid handshake request header: Sec-WebSocket-Key$/s, key)
  }
})

test('a request over HTTP/1.1 requires a Host, an object without httpVersion does not', () => {
  const refused = (driver) => {
    const seen = observe(driver)
    return driver.start() ? null : seen.find(([type]) => type === 'error')[1]
  }
  const message = 'Invalid handshake request header: Host'
  assert.equal(refused(websocket.http(request({ host: undefined }, { httpVersion: '1.1' }))), message)
  assert.equal(refused(websocket.http(request({ host: '' }, { httpVersion: '1.1' }))), message)
  assert.equal(refused(websocket.http(request({ host: undefined }, { httpVersion: '1.0' }))), null)
  assert.equal(refused(websocket.http(request({ host: undefined }))), null)
  const server = websocket.server()
  server.io.write(Buffer.from(upgradeRequest({ Host: null })))
  assert.equal(refused(server), message)
})

test('headers that contain CR, LF or NUL throw and are not written', () => {
  const drivers = [websocket.http(request()), websocket.client('ws://example.com/')]
  for (const target of [...drivers, drivers[1].proxy('http://proxy/')]) {
    for (const bad of ['a\rb', 'a\nb', 'a\r\nEvil: 1', 'a\0b']) {
      assert.throws(() => target.setHeader('X', bad), Error)
      assert.throws(() => target.setHeader(bad, 'x'), Error)
    }
    assert.throws(() => target.setHeader('a b', 'x'), Error)
    const written = []
    const stream = target.io || target
    stream.on('data', (chunk) => written.push(chunk.toString()))
    target.start()
    assert.equal(written.length, 1)
    assert.doesNotMatch(written[0], /Evil|X:|\0/)
  }
  assert.throws(() => websocket.client('ws://example.com/', { protocols: ['a\r\nb'] }), Error)
  assert.throws(() => websocket.http(request(), { protocols: 'a\nb' }), Error)
})

test('a draft does not copy line breaks from the headers of a request object', () => {
  const headers = { 'sec-websocket-key': undefined, 'sec-websocket-version': undefined, origin: 'a\r\nEvil: 1' }
  const driver = websocket.http(request(headers))
  const seen = observe(driver)
  assert.equal(driver.start(), false)
  assert.doesNotMatch(seen[0][1], /Evil/)
})

test('server() stores all bytes after the head as body, and ignores Content-Length', () => {
  const driver = websocket.server()
  driver.io.write(Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody'))
  assert.equal(driver.body.toString(), 'body')
})

test('a client is connecting when its request is written, and accepts a response at once', () => {
  const driver = websocket.client('ws://example.com/')
  const states = []
  driver.io.on('data', (chunk) => {
    states.push(driver.readyState)
    if (states.length > 1) return
    driver.io.write(Buffer.from(upgradeResponse(chunk.toString())))
  })
  driver.on('open', () => states.push('open'))
  assert.equal(driver.start(), true)
  assert.deepEqual([states, driver.readyState], [[0, 'open'], 1])
})

test('a response whose head never ends fails the connection', () => {
  const { driver, seen } = dial()
  driver.io.write(Buffer.from('HTTP/1.1 101 Switching Protocols\r\n'))
  for (let line = 0; line < 2000 && driver.readyState === 0; line++) {
    driver.io.write(Buffer.from(`X-${line}: ${'x'.repeat(100)}\r\n`))
  }
  const message = 'Error during WebSocket handshake: Parse Error'
  assert.deepEqual(seen, [['error', message], ['close', 1002, message]])
})

test('a raw request whose head never ends is not a WebSocket request', () => {
  const driver = websocket.server()
  const seen = observe(driver)
  driver.io.write(Buffer.from('GET / HTTP/1.1\r\n'))
  for (let line = 0; line < 2000 && seen.length === 0; line++) {
    driver.io.write(Buffer.from(`X-${line}: ${'x'.repeat(100)}\r\n`))
  }
  assert.deepEqual(seen, [['connect']])
  assert.equal(websocket.isWebSocket(driver), false)
  assert.equal(driver.start(), false)
})

test('a header named __proto__ is an ordinary header', () => {
  const { driver, head } = dial()
  driver.io.write(Buffer.from(upgradeResponse(head, { ['__proto__']: 'x' })))
  assert.ok(Object.keys(driver.headers).includes('__proto__'))
  assert.equal(Object.getPrototypeOf(driver.headers), Object.prototype)
})

test('an accept value in other letter case is refused', () => {
  const { driver, head, seen } = dial()
  const accept = acceptOf(headerOf(head, 'sec-websocket-key'))
  driver.io.write(Buffer.from(upgradeResponse(head, { 'Sec-WebSocket-Accept': accept.toLowerCase() })))
  assert.equal(seen[0][0], 'error')
})
