'use strict'

// The negotiation of extensions.

const assert = require('node:assert/strict')
const test = require('node:test')

const websocket = require('../../lib/websocket-driver')
const { dial, request } = require('../support/drivers')
const { headerOf, upgradeResponse } = require('../support/wire')

function extension (name, calls, rsv1 = true) {
  const session = {
    generateOffer: () => ({}),
    generateResponse: () => ({}),
    activate: (parameters) => {
      calls.push([name, parameters])
      return true
    },
    processIncomingMessage: (message, callback) => callback(null, message),
    processOutgoingMessage: (message, callback) => callback(null, message),
    close: () => {}
  }
  return {
    name,
    type: 'permessage',
    rsv1,
    rsv2: false,
    rsv3: false,
    createClientSession: () => session,
    createServerSession: (offers) => {
      calls.push([name, offers])
      return session
    }
  }
}

test('an extension that was not offered is refused before any other is activated', () => {
  const calls = []
  const { driver, head, seen } = dial({}, (driver) => driver.addExtension(extension('a', calls)))
  driver.io.write(Buffer.from(upgradeResponse(head, { 'Sec-WebSocket-Extensions': 'a, b' })))
  const message = 'Error during WebSocket handshake: ' +
    'Server sent an extension response for unknown extension "b"'
  assert.deepEqual(seen, [['error', message], ['close', 1002, message]])
  assert.deepEqual(calls, [])
})

test('an extension that has a session but makes no offer is refused', () => {
  const calls = []
  const { driver, head, seen } = dial({}, (driver) => {
    const silent = extension('a', calls)
    const session = silent.createClientSession()
    silent.createClientSession = () => ({ ...session, generateOffer: () => null })
    driver.addExtension(silent)
  })
  driver.io.write(Buffer.from(upgradeResponse(head, { 'Sec-WebSocket-Extensions': 'a' })))
  assert.match(seen[0][1], /unknown extension "a"$/)
  assert.deepEqual(calls, [])
})

test('__proto__ is an ordinary parameter', () => {
  const calls = []
  const driver = websocket.http(request({ 'sec-websocket-extensions': 'a; __proto__=1; b; __proto__="x"' }))
  driver.addExtension(extension('a', calls))
  driver.start()
  const [[, [offer]]] = calls
  assert.deepEqual(Object.entries(offer), [['__proto__', [1, 'x']], ['b', true]])
  assert.equal(Object.getPrototypeOf(offer), Object.prototype)
  assert.equal({}.b, undefined)
})

test('values that need quotes are quoted', () => {
  const calls = []
  const { head } = dial({}, (driver) => {
    const quoting = extension('a', calls)
    const session = quoting.createClientSession()
    const offer = { b: 'c d', e: 'f "g"', h: '', i: 'j' }
    quoting.createClientSession = () => ({ ...session, generateOffer: () => offer })
    driver.addExtension(quoting)
  })
  assert.equal(headerOf(head, 'sec-websocket-extensions'), 'a; b="c d"; e="f \\"g\\""; h=""; i=j')
})

test('an extension header may contain leading and trailing spaces', () => {
  const calls = []
  const driver = websocket.http(request({ 'sec-websocket-extensions': ' a; b ' }))
  driver.addExtension(extension('a', calls))
  assert.equal(driver.start(), true)
  assert.deepEqual(calls, [['a', [{ b: true }]]])
})
