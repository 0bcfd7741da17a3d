'use strict'

// Scenarios that must work with any globals. Each has two ends: `serve` runs in the program, with a socket of its
// server, and `meet` in the test, with the peer of that socket. `told` resolves with the values that `serve` passes to
// `tell`.
//
// `needsNode` marks scenarios that wait for an event for which Node looks up `process.nextTick`.

const assert = require('node:assert/strict')
const http = require('node:http')

const { Codec, compress } = require('../support/deflate')
const { passing } = require('../support/extensions')
const { closePayload, fromClient, frame } = require('../support/wire')

const DEFLATE = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
const BOTH = { 'Sec-WebSocket-Extensions': 'passing, permessage-deflate' }
/** 293 KB, more than the core compresses or inflates in one turn of the event loop. */
const LARGE = Array.from({ length: 60000 }, (_, index) => index * index % 9973).join()
const COUNT = 600
const CHUNKS = 200
/** The scenario that runs last. */
const EXIT = 'messages before process.exit() are sent'
const GO = fromClient('text', 'go')

// Stored before the program deletes it.
const { Promise } = globalThis

/** Blocks the event loop, with a clock that no program replaces. */
function busy (milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

const withDeflate = ({ deflate }) => ({ extensions: [deflate] })
const withBoth = ({ deflate }) => ({ extensions: [passing, deflate] })
/** A zlib of the program, which the core does not replace. */
const withZlib = ({ deflate, zlib }) => ({ extensions: [deflate.configure({ zlib: { ...zlib } })] })

const texts = (frames) => frames.map(({ payload }) => payload.toString())

function sendLarge (ws, { later }) {
  ws.on('message', () => later(() => ws.send(LARGE)))
}

async function meetLarge ({ peer }) {
  peer.write(GO)
  const { payload, rsv } = await peer.frame()
  assert.equal(rsv, 4)
  assert.equal(new Codec().inflate(payload).toString(), LARGE)
}

function countLength (ws) {
  ws.on('message', ({ data }) => ws.send(`${data.length} ${data.length === LARGE.length && data === LARGE}`))
}

async function meetLength ({ peer }) {
  peer.write(fromClient('text', compress(LARGE), { rsv: 4 }))
  const { payload, rsv } = await peer.frame()
  const bytes = rsv === 4 ? new Codec().inflate(payload) : payload
  assert.equal(bytes.toString(), `${LARGE.length} true`)
}

/** Receives `count` messages and answers the last. */
function countMessages (count, milliseconds) {
  return (ws) => {
    let received = 0
    ws.on('message', () => {
      busy(milliseconds)
      if (++received === count) ws.send(String(received))
    })
  }
}

const scenarios = {
  'messages of one tick are sent, also in a second round': {
    serve (ws, { later }) {
      ws.on('message', () => later(() => ['a', 'b', 'c'].forEach((text) => ws.send(text))))
    },
    async meet ({ peer }) {
      for (let round = 0; round < 2; round++) {
        peer.write(GO)
        assert.deepEqual(texts(await peer.frames(3)), ['a', 'b', 'c'])
      }
    }
  },
  'receipts are called': {
    serve (ws, { later, tell }) {
      ws.on('message', () => later(() => {
        for (const each of [1, 2, 3]) ws.send(String(each), (error) => tell(error?.message ?? each))
      }))
    },
    async meet ({ peer, told }) {
      peer.write(GO)
      assert.deepEqual([await told(), await told(), await told()], [1, 2, 3])
      assert.deepEqual(texts(await peer.frames(3)), ['1', '2', '3'])
    }
  },
  'the receipt of a message after close() is called with an error': {
    serve (ws, { later, tell }) {
      ws.on('message', () => later(() => {
        ws.close()
        ws.send('late', (error) => tell(error.message))
      }))
    },
    async meet ({ peer, told }) {
      peer.write(GO)
      assert.match(await told(), /^The message was not sent/)
    }
  },
  'many large messages are sent': {
    serve (ws, { later }) {
      ws.on('message', () => later(() => { for (let count = 0; count < 20; count++) ws.send(LARGE) }))
    },
    async meet ({ peer }) {
      peer.write(GO)
      for (const { payload } of await peer.frames(20)) assert.equal(payload.length, LARGE.length)
    }
  },
  'a large text is compressed': {
    headers: DEFLATE, options: withDeflate, serve: sendLarge, meet: meetLarge
  },
  'a large text is inflated': {
    headers: DEFLATE, options: withDeflate, serve: countLength, meet: meetLength
  },
  'a large text is compressed next to another extension': {
    headers: BOTH, options: withBoth, serve: sendLarge, meet: meetLarge
  },
  'a large text is inflated next to another extension': {
    headers: BOTH, options: withBoth, serve: countLength, meet: meetLength
  },
  'a zlib of the program compresses a large text': {
    headers: DEFLATE, options: withZlib, serve: sendLarge, meet: meetLarge, needsNode: true
  },
  'a zlib of the program inflates a large text': {
    headers: DEFLATE, options: withZlib, serve: countLength, meet: meetLength, needsNode: true
  },
  [`${COUNT} messages with slow handlers are delivered`]: {
    serve: countMessages(COUNT, 0.2),
    async meet ({ peer }) {
      peer.write(Buffer.concat(Array.from({ length: COUNT }, (_, index) => fromClient('text', `message ${index}`))))
      assert.deepEqual(texts(await peer.frames(1)), [String(COUNT)])
    }
  },
  [`${CHUNKS} messages of 60 KB are delivered`]: {
    serve: countMessages(CHUNKS, 0.3),
    async meet ({ peer }) {
      const message = fromClient('binary', Buffer.alloc(60000))
      for (let index = 0; index < CHUNKS; index++) peer.write(message)
      assert.deepEqual(texts(await peer.frames(1)), [String(CHUNKS)])
    }
  },
  'pause() stops the delivery of messages and resume() restarts it': {
    serve (ws, { later }) {
      let received = 0
      ws.on('message', () => {
        received += 1
        if (received === 1 || received === 150) {
          ws.pause()
          later(() => ws.resume())
        }
        if (received === 100 || received === 300) ws.send(String(received))
      })
    },
    async meet ({ peer }) {
      const message = fromClient('binary', Buffer.alloc(3000))
      peer.write(Buffer.concat(Array(100).fill(message)))
      assert.deepEqual(texts(await peer.frames(1)), ['100'])
      for (let index = 0; index < 200; index++) peer.write(message)
      assert.deepEqual(texts(await peer.frames(1)), ['300'])
    }
  },
  'messages can be iterated': {
    serve (ws, { later, tell }) {
      iterate(ws, later).then((count) => tell(`ended after ${count}`), (error) => tell(error.message))
    },
    async meet ({ peer, told }) {
      peer.write(Buffer.concat(Array.from({ length: 200 }, () => fromClient('binary', Buffer.alloc(1000)))))
      assert.deepEqual(texts(await peer.frames(1)), ['200'])
      peer.write(fromClient('close', closePayload(1000)))
      assert.equal(await told(), 'ended after 200')
    }
  },
  'a Blob is sent, and the message after it': {
    serve (ws, { Blob, later }) {
      ws.on('message', () => later(() => {
        ws.send(new Blob([Buffer.alloc(300000, 'x')]))
        ws.send('behind')
      }))
    },
    async meet ({ peer }) {
      peer.write(GO)
      const [blob, behind] = await peer.frames(2)
      assert.equal(blob.payload.length, 300000)
      assert.equal(behind.payload.toString(), 'behind')
    }
  },
  'an exception of a handler does not delay later messages': {
    serve (ws, { tell }) {
      ws.on('message', ({ data }) => {
        if (data === 'throw') throw new Error('of a handler')
        tell(data)
      })
    },
    async meet ({ peer, told, catches }) {
      if (!catches) return
      peer.write(Buffer.concat(['throw', 'behind'].map((text) => fromClient('text', text))))
      assert.deepEqual([await told(), await told()].sort(), ['behind', 'of a handler'])
    }
  },
  'close() ends with the answer of the peer': {
    serve (ws, { later, tell }) {
      ws.on('message', () => later(() => ws.close(3001, 'bye')))
      ws.on('close', ({ code }) => tell(code))
    },
    async meet ({ peer, told }) {
      peer.write(GO)
      const [{ payload }] = await peer.frames(1)
      assert.deepEqual(payload, closePayload(3001, 'bye'))
      peer.write(fromClient('close', payload))
      assert.equal(await told(), 3001)
      await peer.ended()
    }
  },
  'a close frame of the peer is answered': {
    serve (ws, { tell }) {
      ws.on('close', ({ code }) => tell(code))
    },
    async meet ({ peer, told }) {
      peer.write(fromClient('close', closePayload(3002)))
      assert.equal(await told(), 3002)
      assert.deepEqual((await peer.frame()).payload, closePayload(3002))
      await peer.ended()
    }
  },
  'the end of TCP without a close frame emits close': {
    serve (ws, { tell }) {
      ws.on('close', ({ code }) => tell(code))
    },
    async meet ({ peer, told }) {
      peer.socket.end()
      assert.equal(await told(), 1006)
      await peer.ended()
    },
    needsNode: true
  },
  'an aborted signal ends the connection': {
    options ({ AbortController }) {
      const controller = new AbortController()
      controller.abort()
      return { signal: controller.signal }
    },
    isRefused: true,
    serve (ws, { tell }) {
      ws.on('close', ({ code }) => tell(code))
    },
    async meet ({ peer, told }) {
      assert.equal(await told(), 1006)
      await peer.ended()
    }
  },
  'a client exchanges messages with its server': {
    serve (ws, { faye, tell, url }) {
      const client = new faye.Client(url)
      client.on('open', () => ['one', 'two', 'three'].forEach((text) => client.send(text)))
      client.on('message', ({ data }) => { if (data === 'three') client.close(3003) })
      client.on('close', ({ code }) => tell(code))
    },
    async meet ({ accepted, told }) {
      const server = await accepted()
      const frames = await server.frames(3)
      assert.deepEqual(texts(frames), ['one', 'two', 'three'])
      for (const { payload } of frames) server.write(frame('text', payload))
      assert.deepEqual((await server.frame()).payload, closePayload(3003))
      server.write(frame('close', closePayload(3003)))
      assert.equal(await told(), 3003)
    },
    needsNode: true
  },
  'a client emits close when its server ends TCP': {
    serve (ws, { faye, tell, url }) {
      const client = new faye.Client(url)
      client.on('close', ({ code }) => tell(code))
    },
    async meet ({ accepted, told }) {
      const server = await accepted()
      server.socket.end()
      assert.equal(await told(), 1006)
    },
    needsNode: true
  },
  'a driver on a socket of the program sends and receives': {
    isRaw: true,
    headers: DEFLATE,
    serve ({ request, socket, body }, { deflate, later, websocket }) {
      const driver = websocket.http(request)
      driver.addExtension(deflate)
      driver.io.on('data', (bytes) => socket.write(bytes))
      socket.on('data', (bytes) => driver.io.write(bytes))
      socket.on('end', () => socket.end())
      socket.on('error', () => {})
      driver.on('message', ({ data }) => later(() => driver.text(data)))
      driver.io.write(body)
      driver.start()
    },
    async meet ({ peer }) {
      peer.write(fromClient('text', compress(LARGE), { rsv: 4 }))
      const { payload } = await peer.frame()
      assert.equal(new Codec().inflate(payload).toString(), LARGE)
    },
    needsNode: true
  },
  'an event stream is written and closed': {
    serve (ws, { tell, port }) {
      // The program makes the request; the scenario tests the answer.
      http.get({ port, host: '127.0.0.1', agent: false, headers: { Accept: 'text/event-stream' } }, (response) => {
        let text = ''
        response.on('data', (chunk) => { text += chunk })
        response.on('error', () => {})
        response.on('close', () => tell(text.replace(/^retry.*\r\n\r\n/, '')))
      })
    },
    onEventSource (source, { later, tell }) {
      source.on('close', () => tell('closed'))
      source.on('open', () => later(() => {
        source.send('hello')
        later(() => source.close())
      }))
    },
    async meet ({ told }) {
      assert.deepEqual([await told(), await told()], ['closed', 'data: hello\r\n\r\n'])
    },
    needsNode: true
  }
}

/** The program ends within a handler. Jest replaces `process.exit` there. */
const exit = {
  serve (ws, { exit }) {
    ws.on('message', () => {
      ws.send('last words')
      exit()
    })
  },
  async meet ({ peer }) {
    peer.write(GO)
    assert.deepEqual(texts(await peer.frames(1)), ['last words'])
  }
}

async function iterate (ws, later) {
  let count = 0
  for await (const message of ws) {
    if (message.length === 1000) count += 1
    if (count % 50 === 0) await new Promise((resolve) => later(resolve))
    if (count === 200) ws.send('200')
  }
  return count
}

module.exports = { scenarios: { ...scenarios, [EXIT]: exit }, EXIT }
