'use strict'

const assert = require('node:assert/strict')

const { recordLines } = require('../support/client')
const { roles } = require('../support/open')
const { once } = require('../support/peer')
const { deviation } = require('../support/test')

for (const [role, open] of Object.entries(roles)) {
  deviation(`${role}: pingTimeout closes the connection if the peer does not answer a ping`, async (scope) => {
    const { peer, ws } = await open(scope, { options: { ping: 0.05, pingTimeout: 0.1 } })
    const events = recordLines(ws)
    await once(ws, 'close')
    assert.equal(events.length, 3)
    assert.match(events[0], /^error Network error: ws:.*: no pong has arrived within 0\.1 seconds of a ping$/)
    assert.deepEqual(events.slice(1), ['end', 'close 1006 '])
    const frames = await peer.frames(1)
    assert.equal(frames[0].type, 'ping')
    await peer.ended()
  })

  deviation(`${role}: pingTimeout keeps the connection if the peer answers the latest ping`, async (scope) => {
    const { frame, peer, ws } = await open(scope, { options: { ping: 0.03, pingTimeout: 0.2 } })
    const events = recordLines(ws)
    let pings = 0
    const timer = setInterval(async () => {
      const waiting = peer.bytes.length > 0 ? await peer.frames(1) : []
      pings += waiting.length
      const latest = waiting.filter(({ type }) => type === 'ping').pop()
      if (latest) peer.write(frame('pong', latest.payload))
    }, 45)
    scope.defer(() => clearInterval(timer))
    await scope.settle(600)
    assert.ok(pings >= 5, `${pings} pings`)
    assert.deepEqual(events, [])
    clearInterval(timer)
    await once(ws, 'close')
  })

  deviation(`${role}: pingTimeout ignores unsolicited pongs`, async (scope) => {
    const { frame, peer, ws } = await open(scope, { options: { ping: 0.03, pingTimeout: 0.1 } })
    const pongs = Buffer.concat(['', '999999', 'x'].map((data) => frame('pong', data)))
    const timer = setInterval(() => peer.write(pongs), 10)
    scope.defer(() => clearInterval(timer))
    peer.socket.on('error', () => {})
    assert.equal((await once(ws, 'close')).code, 1006)
  })

  deviation(`${role}: pingTimeout does not close a paused connection, whose pongs are unread`, async (scope) => {
    const { frame, peer, ws } = await open(scope, { options: { ping: 0.05, pingTimeout: 0.1 } })
    const events = recordLines(ws)
    ws.pause()
    await scope.settle(400)
    assert.deepEqual(events, [])
    for (const { payload } of await peer.frames(1)) peer.write(frame('pong', payload))
    ws.resume()
    await once(ws, 'close')
    assert.match(events[0], /no pong/)
  })

  deviation(`${role}: a pong that arrives while the event loop is blocked counts for pingTimeout`, async (scope) => {
    const { frame, peer, ws } = await open(scope, { options: { ping: 0.05, pingTimeout: 0.15 } })
    const events = recordLines(ws)
    for (let i = 0; i < 3; i++) {
      const [{ payload }] = await peer.frames(1)
      peer.write(frame('pong', payload))
      const end = Date.now() + 250
      while (Date.now() < end) { /* block the event loop */ }
    }
    assert.deepEqual(events, [])
  })

  deviation(`${role}: ping without pingTimeout never closes a connection`, async (scope) => {
    const { peer, ws } = await open(scope, { options: { ping: 0.02 } })
    await peer.frames(10)
    assert.equal(ws.readyState, 1)
  })
}
