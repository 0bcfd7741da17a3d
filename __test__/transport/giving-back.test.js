'use strict'

// The reactor gives a socket back: while bytes are under way, while a timer runs, for another process, or while another
// socket takes its slot. The same tests with the stream transport show the expected behaviour.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const net = require('node:net')
const { PassThrough } = require('node:stream')

const { test } = require('../support/test')
const { eventually, once } = require('../support/peer')
const { closePayload } = require('../support/wire')
const { receivedBy } = require('../support/client')
const { usesReactor } = require('../support/transport')
const { echoes } = require('../support/open')
const { starts, transports } = require('../support/native')

const TEXTS = ['a', 'b', 'c', 'd']
/** The time limit, in milliseconds. */
const TIMEOUT = 300

/** Uses of a socket that give it back to Node's stream. */
const USES = {
  'write()': (socket) => socket.write(''),
  'pause()': (socket) => {
    socket.pause()
    setTimeout(() => socket.resume(), 20)
  },
  'a listener of data': (socket) => socket.on('data', () => {}),
  'a listener of one data': (socket) => socket.once('data', () => {}),
  'a listener of readable': (socket) => socket.on('readable', () => socket.read()),
  'pipe()': (socket) => socket.pipe(new PassThrough()).resume(),
  'an iterator': (socket) => iterate(socket)
}

async function iterate (socket) {
  const iterator = socket.iterator({ destroyOnReturn: false })
  await iterator.next().catch(() => {})
}

/** The bytes of one packet, the messages and close code that they cause, and the frames of our answers. */
const PACKETS = {
  messages: {
    bytes: ({ frame }) => TEXTS.map((text) => frame('text', text)),
    events: TEXTS,
    answers: TEXTS
  },
  'a message and a ping': {
    bytes: ({ frame }) => [frame('text', 'a'), frame('ping', 'are you there?')],
    events: ['a'],
    answers: ['a', 'are you there?']
  },
  'a message, half a message and a ping between the halves': {
    bytes: ({ frame }) => [frame('text', 'a'), frame('text', 'b', { fin: false }), frame('ping', 'c'),
      frame('continuation', 'c'), frame('text', 'd').subarray(0, 2)],
    events: ['a', 'bc'],
    answers: ['a', 'c', 'bc']
  },
  'a message and a close': {
    bytes: ({ frame }) => [frame('text', 'a'), frame('close', closePayload(1000))],
    events: ['a', 1000],
    answers: ['a', String(closePayload(1000))]
  }
}

/**
 * The connection whose handler uses the socket: the socket's own, at its first message, or one with an earlier handler.
 */
const USERS = {
  'its own handler': (connection, _neighbour, use) => connection.ws.once('message', use),
  'a handler of another connection': (_connection, neighbour, use) => {
    neighbour.ws.once('message', use)
    neighbour.peer.write(neighbour.frame('text', 'now'))
  }
}

/** Actions before a silence. */
const SILENCES = {
  'nothing at all': () => {},
  'a message that arrives': ({ frame, peer }) => peer.write(frame('text', 'x')),
  'a message that we send': ({ ws }) => ws.send('x'),
  'a ping that arrives': ({ frame, peer }) => peer.write(frame('ping', 'x')),
  'bytes without a complete message': ({ frame, peer }) => peer.write(frame('text', 'x').subarray(0, 1)),
  'its return to the stream': ({ socket }) => socket.write('')
}

/** The moments at which the timeout is set. */
const SETTERS = {
  'set after the open event': (open, set) => open().then((connection) => {
    set(connection.socket)
    return connection
  }),
  // Only for clients: our constructor stops the timeouts that the HTTP server has set.
  'set before the connection is made': (open, set) => open({ before: set })
}

/** Changes of a socket that we must not undo. */
const CHANGES = {
  'not extensible': (socket) => Object.preventExtensions(socket),
  'an instance of another class': (socket) => Object.setPrototypeOf(socket, class extends net.Socket {}.prototype)
}

for (const transport of transports) {
  for (const [role, start] of Object.entries(starts)) {
    const title = `${role}, ${transport}`

    for (const [what, { bytes, events, answers }] of Object.entries(PACKETS)) {
      for (const [whose, arrange] of Object.entries(USERS)) {
        for (const [how, use] of Object.entries(USES)) {
          test(`${title}: ${what} in one packet arrive although ${whose} uses ${how}`, async (scope) => {
            const { open } = await start(scope, { transport })
            const neighbour = await open()
            const connection = await open()
            const { peer, socket, ws } = connection
            const received = receivedBy(ws)
            ws.on('message', ({ data }) => ws.send(data))
            let used = 0
            arrange(connection, neighbour, () => {
              used++
              use(socket)
            })
            peer.write(Buffer.concat(bytes(connection)))
            const frames = await peer.frames(answers.length)
            await eventually(() => received.length === events.length, `${events}, not only ${received}`)
            assert.deepEqual([used, received], [1, events])
            assert.deepEqual(frames.map(({ payload }) => String(payload)), answers)
            await echoes(neighbour)
          })
        }
      }
    }

    for (const [when, setUp] of Object.entries(SETTERS)) {
      if (role === 'server' && when === 'set before the connection is made') continue
      test(`${title}: a timeout ${when} fires once, in time after the last activity`, async (scope) => {
        const { open } = await start(scope, { transport })
        const silences = []
        for (const [what, act] of Object.entries(SILENCES)) {
          const order = []
          let begun
          const connection = await setUp(open, (socket) => {
            begun = performance.now()
            socket.setTimeout(TIMEOUT).on('timeout', () => order.push('timeout'))
          })
          silences.push((async () => {
            if (what !== 'nothing at all') {
              await scope.settle(TIMEOUT / 2)
              begun = performance.now()
              act(connection)
            }
            // Checks the order of timers and not the clock: all timers are late on a busy machine.
            await scope.settle(TIMEOUT * 1.4 - (performance.now() - begun))
            order.push('control')
            await scope.settle(TIMEOUT * 1.5)
            assert.deepEqual(order, ['timeout', 'control'], what)
          })())
        }
        await Promise.all(silences)
      })

      test(`${title}: a timeout ${when} does not fire while bytes arrive, even without a message`, async (scope) => {
        const { open } = await start(scope, { transport })
        let last = -Infinity
        let timeouts = 0
        const { frame, peer, ws } = await setUp(open, (socket) => socket.setTimeout(TIMEOUT).on('timeout', () => {
          timeouts++
          // On a busy machine this process itself may have sent nothing for too long.
          assert.ok(performance.now() - last > TIMEOUT - 5, 'too soon')
        }))
        const received = receivedBy(ws)
        for (const byte of frame('text', 'a message')) {
          peer.write(Buffer.from([byte]))
          last = performance.now()
          await scope.settle(TIMEOUT / 4)
        }
        await eventually(() => timeouts === 1, 'the timeout')
        assert.deepEqual(received, ['a message'])
      })
    }

    test(`${title}: a pending drain event fires even if the socket is given back`, async (scope) => {
      const { open } = await start(scope, { transport })
      const { peer, socket, ws } = await open()
      peer.socket.pause()
      while (ws.bufferedAmount === 0) {
        ws.send(Buffer.alloc(1 << 20))
        await scope.settle()
      }
      assert.equal(ws.send('more'), false)
      const drained = once(ws, 'drain')
      // Node reads several chunks before the reactor's turn: when the socket is given back, the kernel accepts the
      // rest.
      let chunks = 0
      peer.socket.on('data', () => {
        if (++chunks === 25) socket.on('data', () => {})
      })
      peer.socket.resume()
      await drained
      assert.equal(usesReactor(ws), false)
    })

    test(`${title}: a timeout that bytes have postponed fires even if the socket is given back`, async (scope) => {
      const { open } = await start(scope, { transport })
      const { frame, peer, socket } = await open()
      const order = []
      socket.setTimeout(TIMEOUT).on('timeout', () => order.push('timeout'))
      await scope.settle(TIMEOUT * 0.6)
      peer.write(frame('text', 'half').subarray(0, 3))
      await scope.settle(TIMEOUT * 0.7)
      socket.on('data', () => {})
      await scope.settle(TIMEOUT * 1.4)
      order.push('control')
      assert.deepEqual(order, ['timeout', 'control'])
    })

    test(`${title}: a timeout that bytes and then a message have postponed fires once`, async (scope) => {
      const { open } = await start(scope, { transport })
      const { frame, peer, socket } = await open()
      const bytes = frame('text', 'in halves')
      const order = []
      socket.setTimeout(TIMEOUT).on('timeout', () => order.push('timeout'))
      await scope.settle(TIMEOUT * 0.6)
      peer.write(bytes.subarray(0, 3))
      await scope.settle(TIMEOUT * 0.7)
      peer.write(bytes.subarray(3))
      await scope.settle(TIMEOUT * 1.4)
      order.push('control')
      await scope.settle(TIMEOUT * 1.5)
      assert.deepEqual(order, ['timeout', 'control'])
    })

    test(`${title}: a socket that ends in its timeout handler fires one timeout`, async (scope) => {
      const { open } = await start(scope, { transport })
      const { peer, socket } = await open()
      let timeouts = 0
      socket.setTimeout(TIMEOUT / 3).on('timeout', () => {
        timeouts++
        socket.end()
      })
      assert.equal(await peer.ended(), 'fin')
      await scope.settle(TIMEOUT)
      assert.equal(timeouts, 1)
    })

    test(`${title}: a write error does not reach the next socket in the same slot`, async (scope) => {
      const { open } = await start(scope, { transport })
      const errors = []
      const lost = await open()
      lost.ws.on('error', ({ message }) => errors.push(`the lost connection: ${message}`))
      // The kernel resets a socket that closes with unread bytes.
      lost.peer.socket.pause()
      lost.ws.send(Buffer.alloc(1 << 20))
      await scope.settle()
      let replaced = 0
      const connection = await open({
        before: () => {
          replaced++
          lost.peer.socket.destroy()
          lost.ws.send('a')
          lost.ws.send('b')
          lost.socket.destroy()
        }
      })
      connection.ws.on('error', ({ message }) => errors.push(message))
      await echoes(connection)
      await scope.settle()
      await echoes(connection)
      assert.deepEqual([replaced, errors], [1, []])
      assert.equal(connection.ws.readyState, 1)
    })

    for (const [what, change] of Object.entries(CHANGES)) {
      test(`${title}: a socket that a handler makes ${what} works and ends as before`, async (scope) => {
        const { open } = await start(scope, { transport })
        const neighbour = await open()
        const { frame, peer, socket, ws } = await open()
        const received = receivedBy(ws)
        let prototype
        ws.once('message', () => {
          change(socket)
          prototype = Object.getPrototypeOf(socket)
        })
        peer.write(Buffer.concat(TEXTS.map((text) => frame('text', text))))
        await eventually(() => received.length === TEXTS.length, 'all messages')
        const closed = once(socket, 'close')
        peer.write(frame('close', closePayload(1000)))
        await closed
        assert.deepEqual(received, [...TEXTS, 1000])
        if (what === 'an instance of another class') assert.equal(Object.getPrototypeOf(socket), prototype)
        await echoes(neighbour)
      })
    }

    test(`${title}: a socket that is sent to another process belongs to it at once`, async (scope) => {
      const { open } = await start(scope, { transport })
      const { frame, peer, socket, ws } = await open()
      const received = receivedBy(ws)
      const errors = []
      ws.on('error', ({ message }) => errors.push(message))
      const child = spawn(process.execPath, ['-e', `(${readsSockets})()`], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc']
      })
      scope.defer(() => child.kill('SIGKILL'))
      const arrived = once(child, 'message')
      child.send('yours', socket)
      assert.equal(await arrived, 'arrived')
      assert.equal(socket._handle, null)

      const bytes = frame('text', 'not for the parent')
      const read = once(child, 'message')
      peer.write(bytes)
      assert.equal(await read, bytes.toString('hex'))
      await scope.settle()
      assert.deepEqual(received, [])

      for (let i = 0; i < 50; i++) assert.equal(ws.send('x'.repeat(10000)), false)
      await eventually(() => received.length > 0, 'the end')
      assert.deepEqual([received, errors.length, ws.bufferedAmount], [[1006], 1, 0])
      assert.equal(peer.bytes.length, 0)
    })
  }
}

/** Runs in its own process. */
function readsSockets () {
  process.on('message', (_, socket) => {
    socket.on('data', (chunk) => process.send(chunk.toString('hex')))
    socket.on('error', () => {})
    process.send('arrived')
  })
  process.on('disconnect', () => process.exit())
}
