'use strict'

// A connection stops reading from a peer that does not read the replies to its messages. Messages that the application
// sends by itself must never stop two peers from reading each other.

const assert = require('node:assert/strict')
const { randomBytes } = require('node:crypto')
const npmDeflate = require('permessage-deflate')

const deflate = require('../../lib/permessage-deflate')
const { passing } = require('../support/extensions')
const { deviation } = require('../support/test')
const { openPair, openServer } = require('../support/open')
const { eventually } = require('../support/peer')
const { fromClient } = require('../support/wire')

const MiB = 1 << 20
const COUNT = 48
const EACH = 8

/** Functions that send messages. */
const SENDING = {
  'all at once': (ws, messages) => {
    for (const message of messages) ws.send(message)
  },
  'in callbacks of send(), 16 at a time': (ws, messages) => {
    const next = () => {
      if (messages.length > 0) ws.send(messages.shift(), next)
    }
    for (let i = 0; i < 16; i++) next()
  },
  'when drain is emitted': (ws, messages) => {
    const next = () => {
      while (messages.length > 0) if (!ws.send(messages.shift())) return
    }
    ws.on('drain', next)
    next()
  },
  'one in each turn of the event loop': (ws, messages) => {
    const next = () => {
      ws.send(messages.shift())
      if (messages.length > 0) setImmediate(next)
    }
    next()
  }
}

/** Functions that acknowledge messages. */
const ACKNOWLEDGING = {
  'in the handler': (ws) => ws.send('ack'),
  'in a microtask': async (ws) => {
    await null
    ws.send('ack')
  },
  'with pings': (ws, acknowledged, number) => ws.ping(`ack ${number}`, acknowledged)
}

for (const [when, send] of Object.entries(SENDING)) {
  for (const [how, acknowledge] of Object.entries(ACKNOWLEDGING)) {
    deviation(`two peers that send ${when} and acknowledge ${how} receive everything`, async (scope) => {
      const got = []
      const run = (ws, index) => {
        const count = got[index] = { messages: 0, acks: 0 }
        const start = () => {
          if (index === 0) ws.send('go')
          send(ws, Array.from({ length: COUNT }, () => Buffer.alloc(MiB)))
        }
        ws.on('message', ({ data }) => {
          // A message in a later turn is not a reply.
          if (data === 'go') return setImmediate(start)
          if (data === 'ack') return count.acks++
          if (++count.messages % EACH === 0) acknowledge(ws, () => count.acks++, count.messages)
        })
      }
      await openPair(scope, {
        server: { onSocket: (ws) => run(ws, 0) },
        client: {
          onSocket: (ws) => {
            ws.on('open', () => setImmediate(() => ws.send('go')))
            run(ws, 1)
          }
        }
      })
      const expected = { messages: COUNT, acks: COUNT / EACH }
      const isDone = ({ messages, acks }) => messages === expected.messages && acks === expected.acks
      await eventually(() => got.length === 2 && got.every(isDone), JSON.stringify(expected), 30000)
        .catch((error) => assert.fail(`${error.message}, but ${JSON.stringify(got)}`))
    }, { timeout: 40000 })
  }
}

/** Messages and extensions with which messages are written some time after `send()`. */
const DELAYED = {
  'compressed in slices': { extensions: [deflate], messageOf: (bytes) => bytes },
  'compressed by threads': { extensions: [npmDeflate], messageOf: (bytes) => bytes },
  'as Blobs': { extensions: [], messageOf: (bytes) => new Blob([bytes]) }
}

for (const [how, { extensions, messageOf }] of Object.entries(DELAYED)) {
  deviation(`two peers that send each other messages ${how} receive everything`, async (scope) => {
    const got = [0, 0]
    const message = messageOf(randomBytes(MiB))
    const run = (ws, index) => {
      ws.on('message', () => got[index]++)
      for (let sent = 0; sent < COUNT; sent++) ws.send(message)
    }
    await openPair(scope, {
      server: { options: { extensions }, onSocket: (ws) => run(ws, 0) },
      client: { options: { extensions }, onSocket: (ws) => run(ws, 1) }
    })
    await eventually(() => got.every((each) => each === COUNT), `${COUNT} messages each`, 60000)
      .catch((error) => assert.fail(`${error.message}, but ${got}`))
  }, { timeout: 90000 })
}

/**
 * The native transport reads messages in runs without extensions, and in a batch of the transport with extensions of a
 * program.
 */
const READ_BY = { 'the core': [], 'an extension of the program': [passing] }

for (const [reader, extensions] of Object.entries(READ_BY)) {
  deviation(`${reader} reads requests of a peer that reads, even if output is always waiting`,
    async (scope) => {
      let requests = 0
      const { peer, ws } = await openServer(scope, {
        headers: { 'Sec-WebSocket-Extensions': 'passing' }, options: { extensions }
      })
      ws.on('message', () => {
        requests++
        ws.send(Buffer.alloc(65536))
      })
      peer.socket.removeAllListeners('data')
      peer.socket.on('data', () => {})
      // More than the kernel accepts: the socket is never empty.
      const fill = () => {
        while (ws.bufferedAmount < 16 * MiB) ws.send(Buffer.alloc(MiB))
      }
      const filling = setInterval(fill, 0)
      scope.defer(() => clearInterval(filling))
      fill()
      const count = 600
      const request = fromClient('text', 'request')
      for (let sent = 0; sent < count; sent++) {
        peer.write(request)
        if (sent % 10 === 9) await eventually(() => requests === sent + 1, `request ${sent}`, 15000)
      }
      assert.equal(requests, count)
    }, { timeout: 60000 })
}
