'use strict'

// permessage-deflate with the package ws as the peer: the agreement for each combination of the options of ws and ours,
// and the messages that arrive.

const assert = require('node:assert/strict')
const http = require('node:http')
const ws = require('ws')
const npm = require('permessage-deflate')

const deflate = require('../../lib/permessage-deflate')
const { noise } = require('../support/deflate')
const { listen } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { test } = require('../support/test')

const JSON_TEXT = JSON.stringify(Array.from({ length: 60 }, (_, id) => ({ id, name: `entry ${id}`, ok: id % 3 > 0 })))
const LARGE = JSON_TEXT.repeat(Math.ceil(100_000 / JSON_TEXT.length)).slice(0, 100_000)
const MESSAGES = [
  'Hello', 'Hello', '', Buffer.alloc(0), 'é€😀 日本語', JSON_TEXT, JSON_TEXT, noise(5000), noise(5000), LARGE, 'bye'
]
const FRAGMENTS = ['frag', '', 'ment', JSON_TEXT, 'é', 'ed']
const SIZE = MESSAGES.reduce((sum, message) => sum + Buffer.byteLength(message), 0)

const absent = Symbol('absent')
const BITS = [8, 9, 10, 11, 12, 13, 14, 15]

const OUR_OPTIONS = combinations({
  noContextTakeover: [absent, true],
  maxWindowBits: [absent, ...BITS],
  requestNoContextTakeover: [absent, true],
  requestMaxWindowBits: [absent, ...BITS]
})
const OUR_COMPRESSION = combinations({ level: [0, 1, 9, -1], memLevel: [1, 9], strategy: [0, 1, 2, 3, 4] })
const THEIR_OPTIONS = combinations({
  serverNoContextTakeover: [absent, true],
  clientNoContextTakeover: [absent, true],
  serverMaxWindowBits: [absent, true, ...BITS],
  clientMaxWindowBits: [absent, true, false, ...BITS]
})
// Options that make ws refuse, and a threshold.
const THEIR_OTHERS = combinations({
  serverNoContextTakeover: [absent, true, false],
  clientNoContextTakeover: [absent, true, false],
  serverMaxWindowBits: [absent, false, 9],
  clientMaxWindowBits: [absent, 9],
  threshold: [0, 1024]
})

const PAIRS = [
  ...THEIR_OPTIONS.map((theirs) => [{}, theirs]),
  ...OUR_OPTIONS.map((ours) => [ours, {}]),
  ...OUR_COMPRESSION.map((ours) => [ours, {}]),
  ...THEIR_OTHERS.map((theirs, index) => [OUR_OPTIONS[(index * 37) % OUR_OPTIONS.length], theirs]),
  ...OUR_OPTIONS.map((ours, index) => [ours, THEIR_OPTIONS[(index * 101) % THEIR_OPTIONS.length]])
]
const AT_ONCE = 8

test('our server and clients of ws agree on parameters and exchange messages', async (scope) => {
  const server = http.createServer()
  const accepted = []
  server.on('upgrade', (request, socket, body) => {
    const index = Number(request.url.slice(1))
    accepted[index](new WebSocket(request, socket, body, null, { extensions: [extension(index)] }), request.headers)
  })
  const port = await listen(scope, server)

  const outcomes = await forEachPair(async ([ours, theirs], index) => {
    const arrived = new Promise((resolve) => { accepted[index] = (socket, headers) => resolve({ socket, headers }) })
    const client = new ws(`ws://127.0.0.1:${port}/${index}`, { perMessageDeflate: { threshold: 0, ...theirs } })
    const ending = endOf(client)
    const { socket, headers } = await arrived
    const closed = closeOf(socket)
    const offer = headers['sec-websocket-extensions']

    // server_max_window_bits requires a value, RFC 7692 section 7.1.2.1. Our server declines an offer without it.
    const isAcceptable = theirs.serverMaxWindowBits !== true
    if (isAcceptable && theirs.clientNoContextTakeover === false && ours.requestNoContextTakeover) {
      assert.equal((await ending).error, 'Invalid Sec-WebSocket-Extensions header')
      assert.equal((await closed).code, 1006)
      return 'refused'
    }
    await opening(client)
    assert.equal(client.extensions, isAcceptable ? 'permessage-deflate' : '', offer)
    await exchange(socket, client)
    check(socket, isAcceptable, ours)
    client.close(3000)
    assert.deepEqual([await closed, await ending], [{ code: 3000, error: null }, { code: 3000, error: null }])
    return isAcceptable ? 'compressed' : 'plain'
  })
  assert.deepEqual(Object.keys(outcomes).sort(), ['compressed', 'plain', 'refused'])
}, { timeout: 60000 })

test('our client and servers of ws agree on parameters and exchange messages', async (scope) => {
  const server = http.createServer()
  const accepted = []
  server.on('upgrade', (request, socket, body) => {
    const index = Number(request.url.slice(1))
    const theirs = new ws.WebSocketServer({ noServer: true, perMessageDeflate: { threshold: 0, ...PAIRS[index][1] } })
    theirs.handleUpgrade(request, socket, body, accepted[index])
  })
  const port = await listen(scope, server)

  const outcomes = await forEachPair(async ([ours, theirs], index) => {
    const arrived = new Promise((resolve) => { accepted[index] = resolve })
    const url = `ws://127.0.0.1:${port}/${index}`
    const client = new WebSocket.Client(url, null, { extensions: [extension(index)] })
    const closed = closeOf(client)

    if (isRefused(ours, theirs)) {
      const error = 'Error during WebSocket handshake: Unexpected response code: 400'
      assert.deepEqual(await closed, { code: 1002, error })
      return 'refused'
    }
    const socket = await Promise.race([arrived, closed])
    assert.ok(socket instanceof ws, `closed: ${JSON.stringify(socket)}`)
    const ending = endOf(socket)
    await new Promise((resolve) => { client.readyState === 1 ? resolve() : client.on('open', resolve) })
    assert.match(client.headers['sec-websocket-extensions'], /^permessage-deflate/)
    await exchange(client, socket)
    check(client, true, ours)
    client.close(3000)
    assert.deepEqual([await closed, await ending], [{ code: 3000, error: null }, { code: 3000, error: null }])
    return 'compressed'
  })
  assert.deepEqual(Object.keys(outcomes).sort(), ['compressed', 'refused'])
}, { timeout: 60000 })

/** Whether a server of ws refuses our offer: for parameters set to false, and for windows smaller than its own. */
function isRefused (ours, theirs) {
  const { maxWindowBits = 15, requestMaxWindowBits, requestNoContextTakeover } = ours
  const { serverNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits } = theirs
  return (requestNoContextTakeover && serverNoContextTakeover === false) ||
    (requestMaxWindowBits && (serverMaxWindowBits === false || serverMaxWindowBits > requestMaxWindowBits)) ||
    clientMaxWindowBits > maxWindowBits
}

/** Sends our messages, which ws echoes. Then ws sends one in fragments. */
async function exchange (ours, theirs) {
  theirs.on('message', (data, isBinary) => theirs.send(data, { binary: isBinary }))
  const received = []
  const expected = [...MESSAGES, FRAGMENTS.join('')]
  const all = new Promise((resolve, reject) => {
    ours.on('message', ({ data }) => {
      received.push(data)
      if (received.length === MESSAGES.length) sendFragments(theirs)
      if (received.length === expected.length) resolve()
    })
    ours.on('close', ({ code, reason }) => reject(new Error(`closed after ${received.length}: ${code} ${reason}`)))
  })
  for (const message of MESSAGES) ours.send(message)
  await all
  for (const [index, message] of expected.entries()) {
    const isSame = typeof message === 'string' ? received[index] === message : message.equals(received[index])
    assert.ok(isSame, `message ${index}`)
  }
}

function sendFragments (theirs) {
  for (const [index, fragment] of FRAGMENTS.entries()) theirs.send(fragment, { fin: index === FRAGMENTS.length - 1 })
}

/** Asserts that messages were compressed, or were not. */
function check (ours, isCompressed, { level }) {
  const { bytesRead, bytesWritten } = ours._stream
  assert.equal(bytesRead < SIZE, isCompressed, `read ${bytesRead} bytes for ${SIZE}`)
  assert.equal(bytesWritten < SIZE, isCompressed && level !== 0, `wrote ${bytesWritten} bytes for ${SIZE}`)
}

/** Our extension, or npm's, whose sessions our implementation replaces. */
function extension (index) {
  const [options] = PAIRS[index]
  return index % 2 === 0 ? deflate.configure(options) : npm.configure({ ...options })
}

/** Resolves with the close code and the error of our socket. */
function closeOf (socket) {
  let error = null
  socket.on('error', ({ message }) => { error ??= message })
  return new Promise((resolve) => socket.on('close', ({ code }) => resolve({ code, error })))
}

/** Resolves with the close code and the error of a socket of ws. */
function endOf (socket) {
  let error = null
  socket.on('error', ({ message }) => { error ??= message })
  return new Promise((resolve) => socket.on('close', (code) => resolve({ code, error })))
}

function opening (socket) {
  if (socket.readyState === ws.OPEN) return
  return new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
}

/** Counts the pairs by outcome. A failure names its pair. */
async function forEachPair (script) {
  const outcomes = {}
  let next = 0
  const worker = async () => {
    while (next < PAIRS.length) {
      const index = next++
      try {
        const outcome = await script(PAIRS[index], index)
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      } catch (error) {
        const [ours, theirs] = PAIRS[index].map((options) => JSON.stringify(options))
        error.message = `ours ${ours}, ws ${theirs}: ${error.message}`
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return outcomes
}

/** Returns every combination of one value per name; `absent` omits the name. */
function combinations (choices) {
  return Object.entries(choices).reduce((all, [name, values]) => all.flatMap((made) => values.map((value) => (
    value === absent ? made : { ...made, [name]: value }
  ))), [{}])
}
