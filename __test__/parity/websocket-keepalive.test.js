'use strict'

const assert = require('node:assert/strict')
const FakeTimers = require('@sinonjs/fake-timers')

const { test } = require('../support/test')
const { CONFIGS, original, streamPair, subject } = require('../support/websocket')
const { closePayload } = require('../support/wire')
const { Transcript } = require('./transcript')
const { parity, parityTable, turns } = require('./websocket-scripts')

const KEEPALIVE = {
  keepalive: true,
  keepaliveInterval: 20000,
  dropConnectionOnKeepaliveTimeout: true,
  keepaliveGracePeriod: 10000,
  useNativeKeepalive: false
}
const TIMERS = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval']

function fakeClock (scope) {
  const clock = FakeTimers.install({ toFake: TIMERS })
  scope.defer(() => clock.uninstall())
  return clock
}

/** Opens a connection whose timers a fake clock fires. */
async function opened (run, config, more) {
  const clock = fakeClock(run.scope)
  await run.open({ config: { ...KEEPALIVE, ...config }, ...more })
  return clock
}

/** Waits until the peer has received `count` frames, and records the number. */
async function heard (run, count) {
  await run.received(count)
  run.note('the peer has heard', count)
}

parity('a connection sends an empty ping after the interval', async (run) => {
  const clock = await opened(run)
  run.note('timers', clock.countTimers())
  clock.tick(19999)
  run.connection.send('no ping before this')
  clock.tick(1)
  await heard(run, 2)
  await run.closeByPeer()
  run.note('timers', clock.countTimers())
})

parity('a connection is dropped without a close frame if the peer sends nothing in the grace period', async (run) => {
  const clock = await opened(run)
  clock.tick(20000)
  await heard(run, 1)
  clock.tick(9999)
  run.properties('still there')
  clock.tick(1)
  run.properties('dropped')
  await run.over()
  run.note('timers', clock.countTimers())
})

parityTable('the timers restart after', [
  ['a pong', (run) => run.frame('pong', '')], ['a message', (run) => run.frame('text', 'a')],
  ['a ping', (run) => run.frame('ping', 'a')]
], async (run, bytes) => {
  const clock = await opened(run)
  clock.tick(20000)
  await heard(run, 1)
  clock.tick(9000)
  run.peer.write(bytes(run))
  await turns(10)
  clock.tick(19999)
  run.properties('still there')
  clock.tick(1)
  await turns(4)
  clock.tick(10000)
  await run.over()
})

parityTable('a connection is not dropped while the peer sends', [
  ['a frame', (run) => run.frame('text', 'abcdef')],
  ['a message', (run) => Buffer.concat([run.frame('text', 'abc', { fin: false }), run.frame('continuation', 'def')])]
], async (run, bytesOf) => {
  const clock = await opened(run)
  const bytes = bytesOf(run)
  const message = new Promise((resolve) => run.connection.once('message', resolve))
  for (let at = 0; at < bytes.length; at++) {
    clock.tick(8000)
    run.peer.write(bytes.subarray(at, at + 1))
    await turns(10)
  }
  await message
  run.peer.bytes = Buffer.alloc(0)
  await run.closeByPeer()
}, { tcp: true })

parity('messages that we send do not restart the interval', async (run) => {
  const clock = await opened(run)
  clock.tick(15000)
  run.connection.send('a')
  clock.tick(5000)
  await heard(run, 2)
  await run.closeByPeer()
})

parity('pings continue at the interval if dropConnectionOnKeepaliveTimeout is false', async (run) => {
  const clock = await opened(run, { dropConnectionOnKeepaliveTimeout: false })
  for (let count = 1; count <= 3; count++) {
    clock.tick(20000)
    await heard(run, count)
  }
  run.properties()
  await run.closeByPeer()
  run.note('timers', clock.countTimers())
})

parityTable('a connection is dropped after an interval of', [
  ['1 ms and a grace period of 1 ms', { keepaliveInterval: 1, keepaliveGracePeriod: 1 }],
  ['1 s and a grace period of 30 s', { keepaliveInterval: 1000, keepaliveGracePeriod: 30000 }]
], async (run, config) => {
  const clock = await opened(run, config)
  clock.tick(config.keepaliveInterval)
  await heard(run, 1)
  clock.tick(config.keepaliveGracePeriod - 1)
  run.properties('still there')
  clock.tick(1)
  await run.over()
})

parityTable('a connection sends no pings', [
  ['without keepalive', { keepalive: false }], ['with keepalive undefined', { keepalive: undefined }],
  ['with keepalive undefined and no other key', {
    keepalive: undefined, keepaliveInterval: undefined, keepaliveGracePeriod: undefined,
    dropConnectionOnKeepaliveTimeout: undefined
  }],
  ['with useNativeKeepalive', { useNativeKeepalive: true }]
], async (run, config) => {
  const clock = await opened(run, config)
  run.note('timers', clock.countTimers())
  clock.tick(100000)
  await run.closeByPeer()
})

parity('a closed connection has no keep-alive timers', async (run) => {
  const clock = await opened(run, { closeTimeout: 3000 })
  run.connection.close()
  await run.received(1)
  await run.feed(run.frame('close', closePayload(1000)))
  await run.over()
  run.note('timers', clock.countTimers())
})

parity('programs can call the methods of keep-alive', async (run) => {
  const clock = await opened(run)
  run.call('clear', () => run.connection.clearKeepaliveTimer())
  run.note('timers', clock.countTimers())
  clock.tick(50000)
  run.call('set', () => run.connection.setKeepaliveTimer())
  run.note('timers', clock.countTimers())
  clock.tick(20000)
  await heard(run, 1)
  run.call('clear the grace period', () => run.connection.clearGracePeriodTimer())
  clock.tick(50000)
  run.properties('still there')
  await run.closeByPeer()
})

parity('the interval is read when the timer is set', async (run) => {
  const clock = await opened(run)
  run.connection.config.keepaliveInterval = 500
  run.connection.setKeepaliveTimer()
  clock.tick(500)
  await heard(run, 1)
  await run.closeByPeer()
})

parity('the timer calls a replaced ping', async (run) => {
  const clock = await opened(run)
  run.connection.ping = (...given) => run.note('patched', ...given)
  clock.tick(20000)
  await turns(2)
  await run.closeByPeer()
})

parity('the grace period calls a replaced drop', async (run) => {
  const clock = await opened(run)
  run.connection.drop = (...given) => run.note('patched', ...given)
  clock.tick(30000)
  await turns(2)
  delete run.connection.drop
  await run.closeByPeer()
})

const BAD = [
  ['no interval', { keepaliveInterval: undefined }], ['a text as the interval', { keepaliveInterval: '20000' }],
  ['null as the interval', { keepaliveInterval: null }], ['no grace period', { keepaliveGracePeriod: undefined }],
  ['a text as the grace period', { keepaliveGracePeriod: '10000' }],
  ['neither', { keepaliveInterval: undefined, keepaliveGracePeriod: undefined }],
  ['no grace period but no need for it', { keepaliveGracePeriod: undefined, dropConnectionOnKeepaliveTimeout: false }],
  ['no interval but no need for it', { keepaliveInterval: undefined, useNativeKeepalive: true }],
  ['no keepalive', { keepaliveInterval: undefined, keepalive: false }]
]

for (const [name, config] of BAD) {
  test(`the constructor with ${name} has the same outcome`, async (scope) => {
    const transcripts = []
    for (const { Connection } of [original, subject]) {
      const log = new Transcript()
      const clock = fakeClock(scope)
      const { socket } = await streamPair(scope, 'server')
      log.kind('new', () => new Connection(socket, [], null, false, { ...CONFIGS.server, ...KEEPALIVE, ...config }))
      const again = (await streamPair(scope, 'server')).socket
      log.call('new', () => {
        const made = new Connection(again, [], null, false, { ...CONFIGS.server, ...KEEPALIVE, ...config })
        made.drop()
      })
      clock.uninstall()
      transcripts.push(log.finished())
    }
    assert.deepEqual(transcripts[1], transcripts[0])
  })
}

test('useNativeKeepalive turns on keep-alive of the socket', async (scope) => {
  for (const { Connection } of [original, subject]) {
    const calls = []
    const { socket } = await streamPair(scope, 'server')
    for (const method of ['setKeepAlive', 'setNoDelay', 'setTimeout']) {
      socket[method] = (...given) => calls.push([method, ...given])
    }
    const config = { ...CONFIGS.server, ...KEEPALIVE, useNativeKeepalive: true, disableNagleAlgorithm: false }
    assert.ok(new Connection(socket, [], null, false, config))
    assert.deepEqual(calls, [['setNoDelay', false], ['setTimeout', 0], ['setKeepAlive', true, 20000]])
  }
})
