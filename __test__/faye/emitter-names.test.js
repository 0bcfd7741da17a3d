'use strict'

// A WebSocket is an EventEmitter of Node, for events of any name.

const assert = require('node:assert/strict')

const { openServer } = require('../support/open')
const { test } = require('../support/test')

const NAMES = ['custom', 'constructor', 'toString', 'hasOwnProperty', '__proto__', Symbol('own')]

test('no name has a listener that the program has not added', async (scope) => {
  const { ws } = await openServer(scope)
  for (const name of NAMES) {
    assert.equal(ws.listenerCount(name), 0, String(name))
    assert.equal(ws.emit(name), false, String(name))
  }
  assert.deepEqual(ws.eventNames(), ['error'])
})

for (const name of NAMES) {
  test(`a listener of ${String(name)} is called, and removed`, async (scope) => {
    const { ws } = await openServer(scope)
    const calls = []
    const listener = (value) => calls.push(value)
    ws.on(name, listener).once('other', listener)
    ws.emit(name, 1)
    ws.emit('other', 2)
    assert.deepEqual(calls, [1, 2])
    assert.deepEqual(ws.eventNames(), ['error', name])
    ws.removeListener(name, listener)
    assert.equal(ws.emit(name, 3), false)
    assert.deepEqual(ws.eventNames(), ['error'])
  })
}
