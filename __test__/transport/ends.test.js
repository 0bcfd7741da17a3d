'use strict'

// A connection ends in every way and at every moment. Other connections of the reactor are not affected.

const assert = require('node:assert/strict')

const { eventually, once } = require('../support/peer')
const { closePayload } = require('../support/wire')
const { receivedBy } = require('../support/client')
const { echoes } = require('../support/open')
const { startNativeServer, starts, test } = require('../support/native')

/** The ends of a connection: methods of the socket, methods of the WebSocket, actions of the peer. */
const ENDS = {
  'socket.destroy': ({ socket }) => socket.destroy(),
  'socket.destroy with an error': ({ socket }) => socket.destroy(new Error('mine')),
  'socket.destroySoon': ({ socket }) => socket.destroySoon(),
  'socket.resetAndDestroy': ({ socket }) => reset(socket),
  'socket.end': ({ peer, socket }) => {
    socket.end()
    peer.socket.end()
  },
  'socket.end and socket.destroy': ({ socket }) => {
    socket.end()
    socket.destroy()
  },
  'ws.close': ({ frame, peer, rest, ws }) => {
    ws.close(3000, 'enough')
    if (rest) peer.write(rest)
    peer.write(frame('close', closePayload(3000)))
  },
  'ws.close and socket.destroy': ({ socket, ws }) => {
    ws.close()
    socket.destroy()
  },
  'the end of the peer': ({ peer }) => peer.socket.end(),
  'a close frame and the end of the peer': ({ frame, peer }) => peer.socket.end(frame('close', closePayload(3001))),
  'a reset by the peer': ({ peer }) => reset(peer.socket)
}

/** Node has no `resetAndDestroy` before 18.3. */
function reset (socket) {
  if (socket.resetAndDestroy) socket.resetAndDestroy()
  else socket.destroy()
}

/** The moments of the end. Each calls `act` once; most send all TEXTS in one packet. */
const MOMENTS = {
  'before the bytes are read': (connection, act) => {
    send(connection)
    act()
  },
  'in the handler of a message': (connection, act) => {
    connection.ws.on('message', ({ data }) => { if (data === 'b') act() })
    send(connection)
  },
  'in a promise of a handler': (connection, act) => {
    connection.ws.on('message', ({ data }) => { if (data === 'b') Promise.resolve().then(act) })
    send(connection)
  },
  'in a tick of a handler': (connection, act) => {
    connection.ws.on('message', ({ data }) => { if (data === 'b') process.nextTick(act) })
    send(connection)
  },
  'in an earlier handler of another connection': (connection, act, neighbour) => {
    neighbour.ws.once('message', act)
    neighbour.peer.write(neighbour.frame('text', 'now'))
    send(connection)
  },
  'in a later handler of another connection': (connection, act, neighbour) => {
    neighbour.ws.once('message', act)
    send(connection)
    neighbour.peer.write(neighbour.frame('text', 'now'))
  },
  'right after the batch': (connection, act) => {
    connection.ws.on('message', ({ data }) => { if (data === 'c') setImmediate(act) })
    send(connection)
  },
  'with half a message received': (connection, act) => {
    const bytes = connection.frame('text', 'half a message')
    connection.peer.write(bytes.subarray(0, 9))
    connection.rest = bytes.subarray(9)
    setTimeout(act, 20)
  },
  'with much output unwritten': (connection, act) => {
    connection.peer.socket.pause()
    for (let i = 0; i < 10; i++) connection.ws.send(Buffer.alloc(1 << 20))
    setTimeout(act, 20)
    setTimeout(() => connection.peer.socket.resume(), 60)
  },
  'while it is paused': (connection, act) => {
    connection.ws.pause()
    send(connection)
    setTimeout(() => {
      act()
      setTimeout(() => connection.ws.resume(), 20)
    }, 20)
  },
  'while idle': (connection, act) => setTimeout(act, 20)
}

const TEXTS = ['a', 'b', 'c']

function send ({ frame, peer }) {
  peer.write(Buffer.concat(TEXTS.map((text) => frame('text', text))))
}

for (const [role, start] of Object.entries(starts)) {
  for (const [how, end] of Object.entries(ENDS)) {
    for (const [when, arrange] of Object.entries(MOMENTS)) {
      test(`${role}: ${how} ${when} ends only this connection`, async (scope) => {
        const { open } = await start(scope)
        const neighbour = await open()
        const connection = await open()
        const events = receivedBy(connection.ws)
        const { socket, ws } = connection
        let sent = 0
        ws.on('message', ({ data }) => { if (ws.send(data)) sent++ })
        let acted = 0
        arrange(connection, () => {
          acted++
          end(connection)
        }, neighbour)
        await eventually(() => typeof events.at(-1) === 'number', 'close')
        await connection.peer.ended()
        connection.peer.socket.end()
        await eventually(() => socket.destroyed && socket._handle === null, 'the end of the socket')
        await scope.settle(5)

        assert.equal(acted, 1)
        const texts = events.slice(0, -1)
        assert.deepEqual(texts, TEXTS.slice(0, texts.length))
        assert.ok(sent <= texts.length)
        assert.equal(ws.readyState, 3)
        assert.equal(ws.send('late'), false)
        assert.equal(ws.bufferedAmount, 0)
        await echoes(neighbour)
      })
    }
  }
}

for (const [role, start] of Object.entries(starts)) {
  const ORDERLY = ['socket.destroy', 'socket.end', 'socket.destroySoon', 'ws.close', 'ws.close and socket.destroy']
  for (const how of ORDERLY) {
    test(`${role}: messages sent before ${how} in a handler reach the peer`, async (scope) => {
      const { open } = await start(scope)
      const connection = await open()
      const { peer, ws } = connection
      ws.on('message', ({ data }) => {
        if (ws.readyState > 1) return
        ws.send(`${data} received`)
        if (data !== 'b') return
        ws.send(Buffer.alloc(30000, 'bye'))
        ENDS[how](connection)
        ws.send('late')
      })
      send(connection)
      const frames = await peer.frames(3)
      await peer.ended()
      assert.deepEqual(frames.slice(0, 2).map(({ payload }) => String(payload)), ['a received', 'b received'])
      assert.deepEqual(frames[2].payload, Buffer.alloc(30000, 'bye'))
      const rest = [...frames.slice(3), ...(peer.bytes.length > 0 ? await peer.frames(1) : [])]
      assert.ok(rest.every(({ type }) => type === 'close'), 'a message after the end')
    })
  }

  test(`${role}: the end of the peer follows all of its messages`, async (scope) => {
    const { open } = await start(scope)
    const { frame, peer, ws } = await open()
    const events = receivedBy(ws)
    const texts = Array.from({ length: 3000 }, (_, index) => `message ${index} ${'.'.repeat(index % 500)}`)
    peer.socket.end(Buffer.concat(texts.map((text) => frame('text', text))))
    await eventually(() => events.length > texts.length, 'all messages and the end')
    assert.deepEqual(events, [...texts, 1006])
  })

  test(`${role}: a reset emits the error text of Node`, async (scope) => {
    const { open } = await start(scope)
    const { peer, socket, ws } = await open()
    const errors = []
    socket.on('error', ({ code, errno, message, syscall }) => errors.push({ code, errno, message, syscall }))
    ws.on('error', ({ message }) => errors.push(message))
    peer.socket.resetAndDestroy()
    const { code } = await once(ws, 'close')
    assert.equal(code, 1006)
    const { ECONNRESET } = require('node:os').constants.errno
    assert.equal(errors.length, 2)
    const shape = { code: 'ECONNRESET', errno: -ECONNRESET, message: 'read ECONNRESET', syscall: 'read' }
    assert.deepEqual(errors.find((error) => typeof error === 'object'), shape)
    assert.equal(errors.find((error) => typeof error === 'string'), `Network error: ${ws.url}: read ECONNRESET`)
  }, { skip: !require('node:net').Socket.prototype.resetAndDestroy && 'Node has no resetAndDestroy before 18.3' })

  test(`${role}: after socket.destroy in a handler no byte is written to the descriptor`, async (scope) => {
    const { open } = await start(scope)
    const connection = await open()
    const { peer, socket, ws } = connection
    const events = receivedBy(ws)
    ws.on('message', () => {
      socket.destroy()
      assert.equal(ws.send('late'), ws.readyState <= 1)
    })
    send(connection)
    await once(ws, 'close')
    await peer.ended()
    assert.deepEqual(events.slice(0, 1), ['a'])
    assert.equal(peer.bytes.length, 0)
  })
}

test('a closing server counts and awaits its connections', async (scope) => {
  const { open, server } = await startNativeServer(scope)
  const count = () => new Promise((resolve, reject) => {
    server.getConnections((error, number) => error ? reject(error) : resolve(number))
  })
  const connections = [await open(), await open(), await open()]
  assert.equal(await count(), 3)
  let isClosed = false
  server.close(() => { isClosed = true })
  await echoes(connections[0])
  connections[0].ws.close()
  connections[0].peer.write(connections[0].frame('close', closePayload(1000)))
  await once(connections[0].ws, 'close')
  await eventually(() => connections[0].socket.destroyed, 'the end of the socket')
  await scope.settle()
  assert.equal(await count(), 2)
  connections[1].socket.destroy()
  await once(connections[1].ws, 'close')
  await scope.settle()
  assert.equal(await count(), 1)
  await echoes(connections[2])
  assert.equal(isClosed, false)
  connections[2].peer.socket.end()
  await eventually(() => isClosed, 'the server has closed')
})
