'use strict'

// Differences from websocket 1.0.35 in closing. __test__/parity tests the shared behaviour.

const assert = require('node:assert/strict')

const { eventually } = require('../support/peer')
const { test } = require('../support/test')
const { deviation, eventsOf, roles } = require('../support/websocket')
const { closePayload, readFrames } = require('../support/wire')

const closed = (connection) => new Promise((resolve) => connection.once('close', (...given) => resolve(given)))
const payloadsOf = (peer) => readFrames(peer.bytes).frames.map(({ type, payload }) => [type, payload.toString('hex')])

for (const [role, open] of Object.entries(roles)) {
  test(`${role}: messages that arrive just before the end of TCP are delivered`, async (scope) => {
    const { connection, frame, peer } = await open(scope)
    const texts = ['a', 'b', 'c', 'd']
    const received = []
    connection.on('message', ({ utf8Data }) => received.push(utf8Data))
    const end = closed(connection)
    peer.write(Buffer.concat(texts.map((text) => frame('text', text))))
    if (!process.env.WEBSOCKET) peer.socket.end()
    else setTimeout(() => peer.socket.end(), 50)
    assert.deepEqual(await end, [1006, 'Connection dropped by remote peer.'])
    assert.deepEqual(received, texts)
  })

  deviation(`${role}: closeTimeout destroys the socket if the peer keeps TCP open`, async (scope) => {
    const { connection, peer } = await open(scope, { config: { closeTimeout: 40 } })
    const end = closed(connection)
    connection.close(4000, 'enough')
    await peer.frame()
    assert.deepEqual(await end, [4000, 'enough'])
    await eventually(() => connection.socket.destroyed, 'the end of the socket')
  })

  deviation(`${role}: closeTimeout ends a close that the peer does not answer`, async (scope) => {
    const { connection, peer } = await open(scope, { config: { closeTimeout: 40 } })
    const end = closed(connection)
    peer.socket.pause()
    connection.close()
    assert.deepEqual(await end, [1000, 'Normal connection closure'])
  })

  deviation(`${role}: frames after our close frame are ignored until closeTimeout`, async (scope) => {
    const { connection, frame, peer } = await open(scope, { config: { closeTimeout: 60 } })
    const events = eventsOf(connection)
    const end = closed(connection)
    connection.close(4000, 'ours')
    for (const bytes of [frame('text', 'x'), frame(3, 'reserved'), Buffer.alloc(1 << 20)]) peer.write(bytes)
    assert.deepEqual(await end, [4000, 'ours'])
    assert.deepEqual(events.map(([type]) => type), ['close'])
  })

  const LATE = {
    send: (connection, done) => connection.send('late', done),
    sendUTF: (connection, done) => connection.sendUTF('late', done),
    sendBytes: (connection, done) => connection.sendBytes(Buffer.from('late'), done),
    ping: (connection) => connection.ping('late'),
    pong: (connection) => connection.pong(Buffer.from('late'))
  }
  for (const [name, act] of Object.entries(LATE)) {
    deviation(`${role}: ${name} after close is refused and does not change the close`, async (scope) => {
      const { connection, frame, peer } = await open(scope)
      const events = eventsOf(connection)
      const end = closed(connection)
      const answers = []
      connection.close(4000, 'ours')
      act(connection, (error) => answers.push(error))
      await peer.until(() => readFrames(peer.bytes).frames.length > 0)
      peer.write(frame('close', closePayload(4000)))
      peer.socket.end()
      assert.deepEqual(await end, [4000, 'ours'])
      await scope.settle()
      act(connection, (error) => answers.push(error))
      await scope.settle()
      assert.deepEqual(events.map(([type]) => type), ['close'])
      assert.deepEqual(payloadsOf(peer), [['close', closePayload(4000, 'ours').toString('hex')]])
      if (act.length > 1) assert.deepEqual(answers.map((error) => error instanceof Error), [true, true])
    })
  }

  deviation(`${role}: a connection that a ping listener closes sends no pong`, async (scope) => {
    const { connection, frame, peer } = await open(scope)
    const end = closed(connection)
    connection.on('ping', () => connection.close(4000, 'enough'))
    peer.write(frame('ping', 'p'))
    await peer.until(() => readFrames(peer.bytes).frames.length > 0)
    peer.write(frame('close', closePayload(4000)))
    peer.socket.end()
    assert.deepEqual(await end, [4000, 'enough'])
    assert.deepEqual(payloadsOf(peer).map(([type]) => type), ['close'])
  })

  deviation(`${role}: a close reason above 123 bytes is cut at a character boundary`, async (scope) => {
    const { connection, peer } = await open(scope)
    connection.close(4000, 'é'.repeat(100))
    assert.deepEqual((await peer.frame()).payload, closePayload(4000, 'é'.repeat(61)))
  })

  for (const code of [1004, 1005, 1006, 999, 5000, 99999, -1, NaN]) {
    deviation(`${role}: drop with ${code} emits this code and sends no close frame`, async (scope) => {
      const { connection, peer } = await open(scope)
      const events = eventsOf(connection)
      connection.drop(code, 'dropped')
      assert.deepEqual(events, [['close', code, 'dropped']])
      await peer.ended()
      assert.equal(peer.bytes.length, 0)
    })

    deviation(`${role}: sendCloseFrame throws for ${code}`, async (scope) => {
      const { connection, peer } = await open(scope)
      assert.throws(() => connection.sendCloseFrame(code), { message: `Close code ${code} is not valid.` })
      connection.send('still open')
      assert.equal(String((await peer.frame()).payload), 'still open')
    })
  }

  deviation(`${role}: a paused connection that closes reads the peer's close frame`, async (scope) => {
    const { connection, frame, peer } = await open(scope)
    const end = closed(connection)
    connection.pause()
    connection.close(4000, 'ours')
    await peer.frame()
    peer.write(frame('close', closePayload(4000)))
    peer.socket.end()
    assert.deepEqual(await end, [4000, 'ours'])
  })

  deviation(`${role}: a paused connection reports the end of TCP when it resumes`, async (scope) => {
    const { connection, frame, peer } = await open(scope)
    const events = eventsOf(connection)
    connection.pause()
    peer.write(frame('text', 'a'))
    peer.socket.end()
    await scope.settle(50)
    assert.deepEqual(events, [])
    connection.resume()
    await eventually(() => events.length === 2, 'message and close')
    assert.deepEqual(events, [
      ['message', { type: 'utf8', utf8Data: 'a' }], ['close', 1006, 'Connection dropped by remote peer.']
    ])
  })
}
