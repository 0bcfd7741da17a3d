'use strict'

// Frames that a driver accepts, refuses and writes. __test__/parity/deviations.js contains the differences.

const assert = require('node:assert/strict')
const test = require('node:test')

const { failure, openClient, openServer, outcome } = require('../support/drivers')
const { closePayload, frame, fromClient } = require('../support/wire')

const NO_MASKS = () => openServer({ requireMasking: false })

test('text fails at its first bad byte, not at the end of the message', () => {
  const message = 'Could not decode a text frame as UTF-8'
  const start = frame('text', [0x61, 0xff], { fin: false })
  assert.deepEqual(outcome(NO_MASKS, start), failure(1007, message))
  const after = Buffer.concat([start, frame('ping'), frame('continuation', 'b')])
  assert.deepEqual(outcome(NO_MASKS, after), failure(1007, message))
  const unfinished = frame('text', [0xc0], { length: 1000 })
  assert.deepEqual(outcome(NO_MASKS, unfinished), failure(1007, message))
})

test('a length with the top bit set fails with 1002', () => {
  const bytes = frame('binary', '', { length: 2n ** 63n })
  assert.deepEqual(outcome(NO_MASKS, bytes), failure(1002, 'Received frame length with its most significant bit on'))
})

test('a masked frame from a server fails with 1002', () => {
  const message = 'Received masked frame but masking is not allowed'
  assert.deepEqual(outcome(() => openClient(), fromClient('text', 'a')), failure(1002, message))
  assert.deepEqual(outcome(() => openClient(), fromClient('ping')), failure(1002, message))
})

test('a continuation without a message fails at its header', () => {
  const message = 'Received unexpected continuation frame'
  assert.deepEqual(outcome(NO_MASKS, Buffer.from([0x80, 5])), failure(1002, message))
  assert.deepEqual(outcome(NO_MASKS, Buffer.from([0x00, 126, 1, 0])), failure(1002, message))
  const after = Buffer.concat([frame('text', 'a'), frame('continuation', 'b')])
  assert.deepEqual(outcome(NO_MASKS, after), failure(1002, message, [['message', 'a']]))
})

test('control frames do not count towards the length of a message', () => {
  const bytes = Buffer.concat([
    frame('text', 'x'.repeat(20), { fin: false }), frame('ping', 'p'.repeat(100)), frame('continuation')
  ])
  assert.deepEqual(outcome(() => openServer({ requireMasking: false, maxLength: 20 }), bytes), [
    ['frame', 'pong', 'p'.repeat(100)], ['ping', 'p'.repeat(100)], ['message', 'x'.repeat(20)]
  ])
})

test('no frame after a violation is processed, even while the connection closes', () => {
  const closing = () => {
    const opened = NO_MASKS()
    opened.driver.close('bye', 3001)
    opened.seen.length = 0
    return opened
  }
  const bytes = Buffer.concat([frame(3, ''), frame('ping'), frame('close')])
  assert.deepEqual(outcome(closing, bytes), [['close', 3001, 'bye']])
})

test('ping and pong above 125 bytes throw a RangeError and send nothing', () => {
  for (const open of [openServer, openClient]) {
    const { driver, seen } = open()
    for (const call of ['ping', 'pong']) {
      assert.throws(() => driver[call]('x'.repeat(126)), RangeError)
      assert.throws(() => driver[call]('é'.repeat(63)), RangeError)
    }
    assert.throws(() => driver.frame('x'.repeat(126), 'ping'), RangeError)
    assert.deepEqual(seen, [])
    assert.equal(driver.ping('x'.repeat(125)), true)
  }
})

test('frame() sends only allowed types, and changes the state like close()', () => {
  const { driver, seen } = openServer()
  for (const type of ['continuation', 'unknown', 5]) assert.throws(() => driver.frame('a', type), TypeError)
  assert.deepEqual(seen, [])
  assert.equal(driver.frame('bye', 'close', 3001), true)
  assert.equal(driver.readyState, 2)
  for (const type of ['ping', 'pong', 'close']) assert.equal(driver.frame('late', type), false, type)
  // The original returns true for these too.
  for (const type of [undefined, 'text', 'binary']) assert.equal(driver.frame('late', type), true, type)
  assert.deepEqual(seen, [['frame', 'close', closePayload(3001, 'bye').toString('latin1')]])
})
