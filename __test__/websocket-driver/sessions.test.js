'use strict'

// Unusual behaviour of sessions of extensions, and of handlers during sessions.

const assert = require('node:assert/strict')
const test = require('node:test')

const websocket = require('../../lib/websocket-driver')
const { request } = require('../support/drivers')
const { fromClient } = require('../support/wire')

/** Opens a server driver with one extension, whose session has the methods in `given`. */
function open (given, offer = 'test') {
  const session = {
    generateResponse: () => ({}),
    processIncomingMessage: (message, callback) => callback(null, message),
    processOutgoingMessage: (message, callback) => callback(null, message),
    close () {},
    ...given
  }
  const driver = websocket.http(request({ 'sec-websocket-extensions': offer }))
  const offers = []
  driver.addExtension({
    name: 'test',
    type: 'permessage',
    rsv1: false,
    rsv2: false,
    rsv3: false,
    createServerSession (given) {
      offers.push(...given)
      return session
    }
  })
  const seen = []
  driver.on('message', ({ data }) => seen.push(data))
  driver.on('error', ({ message }) => seen.push(message))
  driver.on('close', ({ code }) => seen.push(code))
  assert.equal(driver.start(), true)
  return { driver, offers, seen }
}

const texts = (...all) => Buffer.concat(all.map((text) => fromClient('text', text)))

test('an exception of a handler propagates, and no message is lost', () => {
  const { driver, seen } = open({})
  const mine = new Error('mine')
  driver.once('message', () => { throw mine })
  assert.throws(() => driver.io.write(texts('a', 'b')), (error) => error === mine)
  driver.io.write(texts('c'))
  assert.deepEqual(seen, ['a', 'b', 'c'])
})

for (const [name, results] of Object.entries({
  nothing: [],
  'neither error nor message': [null, null],
  'a message without data': [null, { rsv1: false, rsv2: false, rsv3: false, opcode: 1 }]
})) {
  test(`a session that returns ${name} fails the connection`, () => {
    const { driver, seen } = open({ processIncomingMessage: (_message, callback) => callback(...results) })
    driver.io.write(texts('a'))
    assert.deepEqual(seen, ['test: the session returned no message with bytes as its data', 1010])
  })
}

for (const thrown of [undefined, null, 'text', Object.freeze(new Error('text')), { message: 'text', type: 70000 }]) {
  test(`a session may throw ${typeof thrown} ${thrown}`, () => {
    const { driver, seen } = open({ processIncomingMessage () { throw thrown } })
    driver.io.write(texts('a'))
    assert.equal(seen.length, 2)
    assert.match(seen[0], /^test: (text|undefined|null)$/)
    assert.equal(seen[1], 1010)
  })
}

test('a session may return any bytes as text', () => {
  const { driver, seen } = open({
    processIncomingMessage: (message, callback) => callback(null, { ...message, data: new Uint8Array([72, 105]) })
  })
  driver.io.write(texts('a'))
  assert.deepEqual(seen, ['Hi'])
})

test('a parameter that is repeated thousands of times takes linear time', () => {
  const count = 30000
  const start = process.cpuUsage()
  const { offers } = open({}, 'test' + ';b'.repeat(count))
  const { user, system } = process.cpuUsage(start)
  assert.equal(offers[0].b.length, count)
  assert.ok(user + system < 500000, `${user + system} microseconds`)
})
