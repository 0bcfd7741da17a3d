'use strict'

// The moment at which the native half of a connection is released, and its return values afterwards.

const assert = require('node:assert/strict')
const { setImmediate: nextTurn } = require('node:timers/promises')

const native = require('../../lib/native')

/** The connections that were released since a test began. */
const released = []
const { release } = native.Connection.prototype
native.Connection.prototype.release = function () {
  released.push(this)
  return release.call(this)
}
const original = native.calls
// The other modules read the functions when they are loaded.
native.calls = () => {
  const all = original()
  const release = (number) => {
    all.release(number)
    released.push(native.Connection.of(number))
  }
  return { ...all, release }
}

const { openServer: openDriver } = require('../support/drivers')
const { starts, transports } = require('../support/native')
const { once } = require('../support/peer')
const { test } = require('../support/test')
const { roles } = require('../support/websocket')
const { closePayload, fromClient } = require('../support/wire')

const { Closed } = native.ReadyState
const { Refused, WaitsForWork } = native.Sent
const calls = original()

/** The ends of connections. */
const ENDS = {
  'the peer closes': ({ peer, frame }) => peer.write(frame('close', closePayload(1000))),
  'the program closes': ({ ws, peer, frame }) => {
    ws.close()
    peer.write(frame('close', closePayload(1000)))
  },
  'the peer breaks a rule': ({ peer, frame }) => peer.write(frame(3, '')),
  'the peer ends its half': ({ peer }) => peer.socket.end(),
  'the peer resets the connection': ({ peer }) => peer.socket.resetAndDestroy(),
  'the socket is destroyed': ({ ws }) => (ws.socket ?? ws._stream).destroy(),
  'a message with a receipt is on its way': ({ ws, peer, frame }) => {
    ws.send('last', () => {})
    peer.write(frame('close', closePayload(1000)))
  }
}

/** Waits for later turns of the event loop, in which another event could follow. */
async function settle () {
  for (let turn = 0; turn < 5; turn++) await nextTurn()
}

/** Checks that one connection was released, once, and behaves as ended. */
function assertReleased (what) {
  assert.equal(released.length, 1, what)
  const [connection] = released.splice(0)
  const { number } = connection
  assert.equal(calls.readyState(number), Closed)
  assert.equal(calls.text(number, 'a'), Refused)
  assert.equal(calls.messages(number), null)
  assert.equal(connection.readyState, Closed)
  assert.equal(connection.poll(true, true, true), null)
  assert.equal(connection.version, 'hybi-13')
}

for (const transport of transports) {
  for (const [role, start] of Object.entries(starts)) {
    test(`the connection of a ${role} is released once, with the ${transport} transport`, async (t) => {
      const { open } = await start(t, { transport })
      for (const [name, end] of Object.entries(ENDS)) {
        const connection = await open()
        const { ws } = connection
        assert.deepEqual(released, [], name)
        const closed = once(ws, 'close')
        end(connection)
        await closed
        await settle()
        assertReleased(name)
        assert.deepEqual([ws.send('late'), ws.ping(), ws.readyState, ws.bufferedAmount], [false, false, 3, 0], name)
        ws.close()
        ws.terminate?.()
      }
      await settle()
      assert.deepEqual(released, [])
    })
  }

  for (const [role, open] of Object.entries(roles)) {
    test(`the connection of a ${role} of websocket is released once, with the ${transport} transport`, async (t) => {
      for (const [name, end] of Object.entries(ENDS)) {
        const config = { transport: transport === 'stream' ? 'stream' : undefined, closeTimeout: 1000 }
        const { connection, ...ends } = await open(t, { config })
        connection.on('error', () => {})
        const closed = once(connection, 'close')
        end({ ws: connection, ...ends })
        ends.peer.socket.on('end', () => ends.peer.socket.end())
        await closed
        await settle()
        assertReleased(name)
        connection.sendUTF('late', () => {})
        connection.drop()
        assert.deepEqual(released, [], name)
      }
    })
  }
}

test('the connection of a driver is released once, before the close event', () => {
  const { driver, seen } = openDriver()
  driver.on('close', () => assertReleased('in a handler'))
  driver.io.write(Buffer.concat([fromClient('text', 'a'), fromClient('close', closePayload(1000, 'bye'))]))
  assert.deepEqual(seen.slice(-3), [['message', 'a'], ['frame', 'close', '\x03\xe8bye'], ['close', 1000, 'bye']])
  assert.deepEqual([driver.text('late'), driver.ping(), driver.close(), driver.getState()],
    [false, false, false, 'closed'])
  driver.io.write(fromClient('text', 'late'))
  driver.io.end()
  assert.equal(seen.at(-1)[0], 'close')
  assert.deepEqual(released, [])
})

test('a driver whose listener throws still sends its last frame', () => {
  const { driver, seen } = openDriver()
  driver.io.once('data', () => { throw new Error('mine') })
  assert.throws(() => driver.io.write(Buffer.concat([fromClient('ping', 'p'), fromClient('close', closePayload())])),
    { message: 'mine' })
  driver.io.write(Buffer.alloc(0))
  assert.deepEqual(seen.map(([name]) => name).slice(-2), ['frame', 'close'])
  released.length = 0
})

test('a released connection behaves as ended, however often it is released', () => {
  const headers = {
    host: 'a', connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13',
    'sec-websocket-key': 'JFBCWHksyIpXV+6Wlq/9pw==', 'sec-websocket-protocol': 'chat'
  }
  const connection = native.Connection.server('GET', 'ws://a/', true, headers, { protocols: 'chat', maxLength: 7 })
  connection.start()
  const message = native.Prepared.text('a')
  const { number } = connection
  connection.release()
  connection.release()
  // Another connection does not get its number.
  const other = native.Connection.established(false, {})
  assert.notEqual(other.number, number)

  const nothing = { accepted: false, events: [] }
  assert.deepEqual(connection.start(), nothing)
  assert.deepEqual(connection.close(1000, ''), nothing)
  assert.deepEqual(connection.work().events, [])
  assert.deepEqual(connection.discardOutput().events, [])
  assert.deepEqual([connection.ping(Buffer.alloc(1)), connection.pong(Buffer.alloc(1))], [false, false])
  assert.equal(connection.sendFrame(true, 0, 1, Buffer.alloc(1)), Refused)
  assert.deepEqual([connection.setHeader('a', 'b'), connection.negotiates(), connection.hasWork], [false, false, false])
  assert.deepEqual([connection.takePassed(), connection.takeWrite(), connection.bufferedAmount], [0, null, 0])
  assert.deepEqual([connection.protocol, connection.version, connection.maxLength], ['chat', 'hybi-13', 7])

  assert.equal(calls.text(number, 'a'), Refused)
  assert.equal(calls.bytes(number, false, Buffer.alloc(1)), Refused)
  assert.equal(calls.prepared(number, message.number), Refused)
  assert.equal(calls.plain(number, 'a'), Refused)
  assert.equal(calls.receive(number, fromClient('text', 'a')), undefined)
  assert.equal(calls.messages(number), null)
  assert.deepEqual([calls.outputLength(number), calls.takeOutput(number, Buffer.alloc(8))], [0, 0])
  assert.notEqual(calls.text(other.number, 'a'), WaitsForWork)
  assert.throws(() => calls.text('none', 'a'), TypeError)
  assert.equal(released.splice(0).length, 2)
})
