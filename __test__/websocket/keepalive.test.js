'use strict'

// Keep-alive over the native transport, and under fake timers. __test__/parity tests the behaviour that we share with
// websocket 1.0.35.

const assert = require('node:assert/strict')
const FakeTimers = require('@sinonjs/fake-timers')

const { test } = require('../support/test')
const { deviation, eventsOf, roles } = require('../support/websocket')

const TIMERS = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval']
const CONFIG = {
  keepalive: true, keepaliveInterval: 1000, dropConnectionOnKeepaliveTimeout: true, keepaliveGracePeriod: 500
}

async function opened (scope, open, config) {
  const clock = FakeTimers.install({ toFake: TIMERS })
  scope.defer(() => clock.uninstall())
  return { clock, ...await open(scope, { config: { ...CONFIG, ...config } }) }
}

async function arrive (peer, bytes) {
  peer.write(bytes)
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function block (milliseconds) {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: an ended connection starts no timer`, async (scope) => {
    const { clock, connection, frame } = await opened(scope, open)
    connection.drop()
    connection.handleSocketData(frame('text', 'late'))
    connection.setKeepaliveTimer()
    connection.setGracePeriodTimer()
    assert.equal(clock.countTimers(), 0)
  })

  for (const [name, make] of [
    ['a part of a frame', (frame) => frame('text', 'abcdef').subarray(0, 4)],
    ['a fragment', (frame) => frame('text', 'a', { fin: false })]
  ]) {
    deviation(`${role}: ${name} in the grace period keeps the connection, later silence drops it`, async (scope) => {
      const { clock, connection, frame, peer } = await opened(scope, open)
      const events = eventsOf(connection)
      clock.tick(1000)
      await peer.frame()
      clock.tick(400)
      await arrive(peer, make(frame))
      clock.tick(100)
      assert.equal(connection.connected, true)
      clock.tick(1000)
      await peer.frame()
      assert.equal(connection.connected, true)
      clock.tick(500)
      assert.deepEqual(events, [['close', 1006, 'Peer not responding.']])
      assert.equal(clock.countTimers(), 0)
    })
  }

  deviation(`${role}: a paused connection is not dropped`, async (scope) => {
    const { clock, connection, frame, peer } = await opened(scope, open)
    const events = eventsOf(connection)
    connection.pause()
    clock.tick(1000)
    await peer.frame()
    await arrive(peer, frame('pong', ''))
    clock.tick(5000)
    assert.equal(connection.connected, true)
    connection.resume()
    const message = new Promise((resolve) => connection.once('message', resolve))
    peer.write(frame('text', 'a'))
    await message
    assert.deepEqual(events.map(([type]) => type), ['pong', 'message'])
  })

  test(`${role}: timers set in a close handler stop, even on a paused connection`, async (scope) => {
    const { clock, connection } = await opened(scope, open)
    connection.pause()
    connection.on('close', () => connection.setKeepaliveTimer())
    connection.drop()
    clock.tick(10000)
    assert.equal(clock.countTimers(), 0)
  })

  test(`${role}: a connection whose peer answers pings stays open`, async (scope) => {
    const { clock, connection, frame, peer } = await opened(scope, open)
    for (let round = 0; round < 20; round++) {
      clock.tick(1000)
      assert.equal((await peer.frame()).type, 'ping')
      await arrive(peer, frame('pong', ''))
    }
    assert.equal(connection.connected, true)
    assert.equal(clock.countTimers(), 1)
  })

  deviation(`${role}: a pong that arrives while the event loop is blocked counts`, async (scope) => {
    const { connection, frame, peer } = await open(scope, {
      config: { ...CONFIG, keepaliveInterval: 20, keepaliveGracePeriod: 30 }
    })
    for (let round = 0; round < 5; round++) {
      await peer.frame()
      peer.write(frame('pong', ''))
      block(60)
      await scope.settle(5)
      assert.equal(connection.connected, true)
    }
  })

  test(`${role}: a connection with a silent peer is dropped even if the event loop was blocked`, async (scope) => {
    const { connection, peer } = await open(scope, {
      config: { ...CONFIG, keepaliveInterval: 20, keepaliveGracePeriod: 30 }
    })
    const events = eventsOf(connection)
    const closed = new Promise((resolve) => connection.once('close', resolve))
    await peer.frame()
    block(60)
    await closed
    assert.deepEqual(events, [['close', 1006, 'Peer not responding.']])
  })

  test(`${role}: with real timers, a connection with a silent peer is dropped`, async (scope) => {
    const { connection, peer } = await open(scope, {
      config: { ...CONFIG, keepaliveInterval: 30, keepaliveGracePeriod: 30 }
    })
    const events = eventsOf(connection)
    await new Promise((resolve) => connection.once('close', resolve))
    await peer.ended()
    assert.deepEqual(events, [['close', 1006, 'Peer not responding.']])
    assert.equal((await peer.frame()).type, 'ping')
  })
}
