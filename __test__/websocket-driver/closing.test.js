'use strict'

// The closing handshake of a driver: codes, reasons and events.

const assert = require('node:assert/strict')
const test = require('node:test')

const websocket = require('../../lib/websocket-driver')
const { observe, openServer, request } = require('../support/drivers')
const { closePayload, frame } = require('../support/wire')

test('a close reason is cut at 123 bytes, between two characters', () => {
  for (const [reason, kept] of [['x'.repeat(124), 'x'.repeat(123)], ['é'.repeat(62), 'é'.repeat(61)]]) {
    const { driver, seen } = openServer()
    assert.equal(driver.close(reason, 1000), true)
    assert.deepEqual(seen, [['frame', 'close', closePayload(1000, kept).toString('latin1')]])
  }
})

test('a close code that is not allowed on the wire throws a RangeError', () => {
  for (const code of [-1, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535, 65536, 66536, Infinity]) {
    const { driver, seen } = openServer()
    assert.throws(() => driver.close('', code), RangeError, String(code))
    assert.deepEqual([seen, driver.readyState], [[], 1], String(code))
  }
  for (const code of [1000, 1003, 1007, 1014, 3000, 4999]) {
    const { driver } = openServer()
    assert.equal(driver.close('', code), true, String(code))
  }
})

test('a driver that is not open closes with any code, because it sends none', () => {
  for (const code of [1005, 70000]) {
    const driver = websocket.http(request())
    const seen = observe(driver)
    assert.equal(driver.close('bye', code), true)
    assert.deepEqual(seen.map(([type, , reason]) => [type, reason]), [['close', 'bye']])
  }
})

test('the close event is emitted although a listener throws while the close frame is written', () => {
  const { driver, seen } = openServer({ requireMasking: false })
  driver.io.once('data', () => { throw new Error('mine') })
  assert.throws(() => driver.io.write(frame('close', closePayload(1001))), /mine/)
  driver.io.write(frame('ping'))
  assert.deepEqual(seen.filter(([type]) => type === 'close'), [['close', 1001, '']])
})
