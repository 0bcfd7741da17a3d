'use strict'

// A connection with large messages does not keep others waiting: an interval in the same process goes on ticking.

const assert = require('node:assert/strict')

const { runChild } = require('../support/child')
const { compress } = require('../support/deflate')
const { connectOpen, once } = require('../support/peer')
const { deviation } = require('../support/test')
const { fromClient } = require('../support/wire')

const MiB = 1 << 20
/** Milliseconds that anybody may be kept waiting. */
const LIMIT = 100
/** How often the interval fires during the work, at least. Without slices it would not. */
const TURNS = 3
/** Another program on this machine may spoil one try. */
const TRIES = 3
const BOMBS = 400

// Functions that run in the server's process, which gets them as text: they see what `measure` has there.

/** 32 MiB that take their time. */
function largeText () {
  return Array.from({ length: 1_250_000 }, (_, id) => JSON.stringify({ id, of: id * id % 9973 * 7919 })).join()
    .slice(0, 32 << 20)
}

function receive ({ ws, end }) {
  ws.on('message', ({ data }) => end(data.length))
}

function echo ({ ws, end }) {
  ws.on('message', ({ data }) => {
    ws.send(data)
    ws.on('drain', () => end(data.length))
  })
}

function send ({ ws, begin, end }) {
  const message = largeText()
  ws.on('message', () => setImmediate(() => {
    begin()
    ws.send(message)
    ws.on('drain', () => end(message.length))
  }))
}

/** Ends with what has waited at most. */
function echoAll ({ ws, end }) {
  let left = BOMBS
  let most = 0
  ws.on('message', ({ data }) => {
    ws.send(data)
    most = Math.max(most, ws.bufferedAmount)
    if (--left === 0) end(most)
  })
}

const LARGE = compress(largeText())
const LARGE_TEXT = fromClient('text', LARGE, { rsv: 4 })
const LARGE_BINARY = fromClient('binary', LARGE, { rsv: 4 })
const BOTH = 'test, permessage-deflate'

for (const { name, handler, wire = fromClient('text', 'go'), extensions = 'permessage-deflate', bombs = 0 } of [
  { name: 'a text of 32 MiB is inflated', handler: receive, wire: LARGE_TEXT },
  { name: 'a binary message of 32 MiB is inflated', handler: receive, wire: LARGE_BINARY },
  { name: 'a message is inflated next to another extension', handler: receive, wire: LARGE_BINARY, extensions: BOTH },
  { name: 'a message of 32 MiB is echoed', handler: echo, wire: LARGE_TEXT },
  { name: 'a message of 32 MiB is compressed', handler: send },
  { name: 'a message is compressed next to another extension', handler: send, extensions: BOTH },
  { name: 'a chunk of hundreds of bombs of 1 MiB is echoed', handler: echoAll, bombs: BOMBS }
]) {
  deviation(`nobody waits while ${name}`, async (scope) => {
    const tries = []
    while (tries.length < TRIES) {
      const { worst, turns, result } = await measure(scope, handler, wire, extensions, bombs)
      assert.ok(turns >= TURNS, `the interval has fired ${turns} times`)
      if (bombs === 0) assert.equal(result, 32 * MiB)
      else assert.ok(result < 4 * MiB, `${result} bytes have waited to be compressed`)
      if (worst < LIMIT) return
      tries.push(Math.round(worst))
    }
    assert.fail(`the interval was late by up to ${tries} ms in ${TRIES} tries`)
  }, { timeout: 90000 })
}

/** What the interval of a server saw: its worst delay in milliseconds of work, and how often it fired during it. */
async function measure (scope, handler, wire, extensions, bombs) {
  const { child, finished } = runChild(scope, `(WebSocket, { serve }) => {
    const { compress } = require('./deflate')
    const { fromClient } = require('./wire')
    const BOMBS = ${bombs}
    const bomb = fromClient('binary', compress(Buffer.alloc(1 << 20)), { rsv: 4 })
    ${largeText}
    ${handler}

    const other = {
      name: 'test',
      type: 'permessage',
      rsv1: false,
      rsv2: false,
      rsv3: false,
      createServerSession: () => ({
        generateResponse: () => ({}),
        processIncomingMessage: (message, callback) => callback(null, message),
        processOutgoingMessage: (message, callback) => callback(null, message),
        close () {}
      })
    }

    let last
    let worst
    let turns
    const tick = () => {
      const now = performance.now()
      // What other programs have had of this time, and the system for finding memory among them, does not count.
      const { user } = process.cpuUsage(last.cpu)
      worst = Math.max(worst, Math.min(now - last.time - 5, user / 1000))
      last = { time: now, cpu: process.cpuUsage() }
      turns++
    }
    const begin = () => {
      last = { time: performance.now(), cpu: process.cpuUsage() }
      worst = turns = 0
    }
    const end = (result) => setImmediate(() => {
      const before = turns
      tick()
      console.log(JSON.stringify({ worst, turns: before, result }))
      process.exit()
    })

    serve({ defer: () => {} }, WebSocket, {
      onUpgrade: (request, socket, body) => {
        // What has to be read first is not the work.
        socket.on('data', () => { turns = 0 })
        const chunk = BOMBS > 0 ? Buffer.concat(new Array(BOMBS).fill(bomb)) : body
        const extensions = [other, require('permessage-deflate')]
        const ws = new WebSocket(request, socket, chunk, null, { extensions })
        ${handler.name}({ ws, begin, end })
        begin()
        setInterval(tick, 5)
      }
    }).then(({ port }) => console.log(port))
  }`, { timeout: 60000 })
  const port = Number(await once(child.stdout, 'data'))
  const peer = await connectOpen(scope, port, { 'Sec-WebSocket-Extensions': extensions })
  peer.socket.removeAllListeners('data')
  peer.socket.resume()
  peer.write(wire)
  const { stdout, stderr } = await finished
  assert.equal(stderr, '')
  return JSON.parse(stdout.slice(stdout.indexOf('\n')))
}
