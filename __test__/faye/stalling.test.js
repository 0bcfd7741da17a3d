'use strict'

// A peer that does not read the answers to its requests is not read from. Everyone else is: what the application sends
// on its own account must never stop two ends from reading each other.

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

/** How an end sends its messages. */
const SENDING = {
  'all at once': (ws, messages) => {
    for (const message of messages) ws.send(message)
  },
  'in callbacks of send, 16 at a time': (ws, messages) => {
    const next = () => {
      if (messages.length > 0) ws.send(messages.shift(), next)
    }
    for (let i = 0; i < 16; i++) next()
  },
  'as drain allows': (ws, messages) => {
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

/** How an end acknowledges. */
const ACKNOWLEDGING = {
  'in the handler': (ws) => ws.send('ack'),
  'in a promise': async (ws) => {
    await null
    ws.send('ack')
  },
  'by pings': (ws, acknowledged, number) => ws.ping(`ack ${number}`, acknowledged)
}

for (const [when, send] of Object.entries(SENDING)) {
  for (const [how, acknowledge] of Object.entries(ACKNOWLEDGING)) {
    deviation(`two ends that send ${when}, and acknowledge ${how}, get everything`, async (scope) => {
      const got = []
      const run = (ws, index) => {
        const count = got[index] = { messages: 0, acks: 0 }
        const start = () => {
          if (index === 0) ws.send('go')
          send(ws, Array.from({ length: COUNT }, () => Buffer.alloc(MiB)))
        }
        ws.on('message', ({ data }) => {
          // What is sent some time after a message does not answer it.
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

/** What an end sends, and by which extensions, so that it leaves some time after `send()`. */
const PUT_OFF = {
  'compressed in slices': { extensions: [deflate], messageOf: (bytes) => bytes },
  'compressed by threads': { extensions: [npmDeflate], messageOf: (bytes) => bytes },
  'given as Blobs': { extensions: [], messageOf: (bytes) => new Blob([bytes]) }
}

for (const [how, { extensions, messageOf }] of Object.entries(PUT_OFF)) {
  deviation(`two ends that send each other messages ${how} get everything`, async (scope) => {
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

/** Natively, messages are read in rows without extensions, and in a batch of the transport with those of a program. */
const READ_BY = { 'the core': [], 'an extension of the program': [passing] }

for (const [reader, extensions] of Object.entries(READ_BY)) {
  deviation(`a peer whose requests ${reader} reads is read as long as it reads, though something always waits for it`,
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
      // More than the kernel takes, at any time: the socket is never empty.
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
