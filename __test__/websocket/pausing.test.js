'use strict'

// Programs that pause, resume and destroy the socket of a connection directly.

const assert = require('node:assert/strict')

const { eventually } = require('../support/peer')
const { test } = require('../support/test')
const { roles } = require('../support/websocket')

const recordEvents = (connection) => {
  const events = []
  for (const type of ['pause', 'resume', 'error', 'close']) connection.on(type, () => events.push(type))
  connection.on('message', ({ utf8Data }) => events.push(utf8Data))
  return events
}

/**
 * `[object that pauses, object that resumes]`. A connection paused by its own method must be resumed by its own method.
 */
const WAYS = [['socket', 'socket'], ['socket', 'connection'], ['connection', 'connection']]

for (const [role, open] of Object.entries(roles)) {
  for (const [pauses, resumes] of WAYS) {
    test(`${role}: ${pauses}.pause() and ${resumes}.resume() work and emit events`, async (scope) => {
      const { connection, frame, peer } = await open(scope)
      const object = { connection, socket: connection.socket }
      await scope.settle()
      const events = recordEvents(connection)
      for (let round = 0; round < 2; round++) {
        object[pauses].pause()
        assert.deepEqual([events, connection.inputPaused], [['pause'], true])
        peer.write(frame('text', 'a'))
        await scope.settle(30)
        assert.deepEqual(events, ['pause'])
        object[resumes].resume()
        await eventually(() => events.length === 3, 'the message')
        assert.deepEqual([events.splice(0), connection.inputPaused], [['pause', 'resume', 'a'], false])
      }
    })

    test(`${role}: ${pauses}.pause() in a handler, then ${resumes}.resume(), only delays messages`, async (scope) => {
      const { connection, frame, peer } = await open(scope)
      const object = { connection, socket: connection.socket }
      await scope.settle()
      const events = recordEvents(connection)
      connection.once('message', () => object[pauses].pause())
      peer.write(Buffer.concat(['a', 'b', 'c'].map((text) => frame('text', text))))
      await scope.settle(30)
      assert.deepEqual(events, ['a', 'pause'])
      object[resumes].resume()
      await eventually(() => events.length === 5, 'all messages')
      assert.deepEqual(events, ['a', 'pause', 'resume', 'b', 'c'])
    })
  }

  for (const [name, error, expected] of [
    ['is destroyed', undefined, ['close']],
    ['fails', Object.assign(new Error('mine'), { syscall: 'read', code: 'EMINE' }), ['error', 'close']]
  ]) {
    test(`${role}: a paused connection whose socket ${name} closes and discards messages`, async (scope) => {
      const { connection, frame, peer } = await open(scope)
      await scope.settle()
      connection.pause()
      const events = recordEvents(connection)
      peer.write(frame('text', 'a'))
      await scope.settle(30)
      connection.socket.destroy(error)
      await eventually(() => events.includes('close'), 'close')
      connection.resume()
      await scope.settle()
      assert.deepEqual(events.filter((type) => type !== 'resume'), expected)
    })
  }

  test(`${role}: a paused connection whose peer ends TCP closes without a resume`, async (scope) => {
    const { connection, peer } = await open(scope)
    await scope.settle()
    connection.pause()
    const events = recordEvents(connection)
    peer.socket.end()
    await eventually(() => events.includes('close'), 'close')
    assert.deepEqual(events, ['close'])
  })
}
