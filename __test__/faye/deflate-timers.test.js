'use strict'

// Large messages on one connection do not block the event loop: an interval in the same process continues to fire.

const assert = require('node:assert/strict')

const { runChild } = require('../support/child')
const { compress } = require('../support/deflate')
const { connectOpen, once } = require('../support/peer')
const { deviation } = require('../support/test')
const { fromClient } = require('../support/wire')

const MiB = 1 << 20
/** The longest delay of the interval, in milliseconds. */
const LIMIT = 100
/** The minimum number of times that the interval fires during the work. Without slices it would not fire. */
const TURNS = 3
/** Another program on this machine can delay the interval in one try. */
const TRIES = 3
const BOMBS = 400

// The text of these functions runs in the server's process, with the names that the script in `measure` defines.

/** 32 MiB of text that compress slowly. */
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

/** Ends with the largest bufferedAmount. */
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
  deviation(`the event loop is not blocked while ${name}`, async (scope) => {
    const tries = []
    while (tries.length < TRIES) {
      const { worst, turns, result } = await measure(scope, handler, wire, extensions, bombs)
      assert.ok(turns >= TURNS, `the interval fired ${turns} times`)
      if (bombs === 0) assert.equal(result, 32 * MiB)
      else assert.ok(result < 4 * MiB, `bufferedAmount was ${result}`)
      if (worst < LIMIT) return
      tries.push(Math.round(worst))
    }
    assert.fail(`the interval was late by up to ${tries} ms in ${TRIES} tries`)
  }, { timeout: 90000 })
}

/**
 * Measures an interval of a server during the work. Resolves with its longest delay in milliseconds of our own work,
 * with the number of times that it fired, and with the result of the handler.
 */
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
      // Time of other programs and of the kernel, which allocates memory, does not count.
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
        // Turns before all bytes are read do not count.
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
