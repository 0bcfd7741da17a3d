'use strict'

// The openings that the scripts of WebSocket-Node's clients share: a client under test, and the raw server that it
// connects to.

const assert = require('node:assert/strict')

const original = require('websocket')
const subject = require('../../lib/websocket')
const { accept, once } = require('../support/peer')
const { inScope, test } = require('../support/test')
const wire = require('../support/wire')
const { between } = require('./compare')
const { Transcript } = require('./transcript')

const { parity, parityTable } = between([original], [subject])

/** How many clients run at a time where each has its answer cut elsewhere. */
const AT_A_TIME = 24
const PROPERTIES = ['secure', 'protocols', 'origin', 'protocol']

/** Notes what becomes of a client, and how its connection fares. */
function watch (log, client) {
  client.on('connect', (connection) => {
    const { protocol, extensions, webSocketVersion, maskOutgoingPackets, state, connected } = connection
    log.add('connect', { protocol, extensions, webSocketVersion, maskOutgoingPackets, state, connected })
    connection.on('message', ({ type, utf8Data, binaryData }) => log.add('message', type, utf8Data ?? binaryData))
    connection.on('close', (...details) => log.add('close', ...details))
    connection.on('error', ({ code }) => log.add('error', code))
  })
  client.on('connectFailed', (error) => log.add('connectFailed', error, error.code))
}

/** What a client shows of itself. */
function show (log, what, client) {
  log.add(what, Object.fromEntries(PROPERTIES.map((name) => [name, client[name]])), Object.keys(client).sort())
}

/**
 * A client that has asked a raw server: the request is read, not answered.
 *
 * @param {object} [asked]
 * @param {any} [asked.config] of the client
 * @param {string} [asked.path] behind the server's URL
 * @param {any[]} [asked.rest] the other arguments of `connect()`
 * @param {boolean} [asked.listens] false when the script listens itself
 */
async function dial ({ client: Client }, log, scope, { config, path = '', rest = [], listens = true } = {}) {
  const server = await accept(scope)
  log.port(server.port)
  const client = new Client(config)
  if (listens) watch(log, client)
  let connection = null
  client.on('connect', (given) => { connection = given })
  scope.defer(() => {
    client.abort()
    if (connection !== null) connection.drop(1000, '', true)
  })
  client.connect(server.url + path, ...rest)
  const peer = await server.accepted()
  // The server ends its half with the client.
  peer.socket.on('end', () => peer.socket.end())
  const head = await peer.head()
  log.head('request', head)
  log.hide(wire.acceptOf(wire.headerOf(head, 'sec-websocket-key')), 'ACCEPT')
  /** Ends the server's half, and waits for the end of the connection, if there is one. */
  const end = async () => {
    const closed = connection === null || connection.closeEventEmitted ? null : once(connection, 'close')
    peer.socket.end()
    await Promise.all([closed, peer.ended()])
    await scope.settle(5)
  }
  return { client, end, head, peer, server }
}

/** Resolves when a client has connected or failed. */
function settled (client) {
  return Promise.race(['connect', 'connectFailed', 'httpResponse'].map((type) => once(client, type)))
}

/**
 * A row per case: `[name, value]`. The script writes the server's bytes by `send(peer, bytes)`. It must leave the
 * transcript that the original leaves for uncut bytes, wherever the bytes are cut.
 */
function parityWhereverCut (name, rows, script) {
  for (const [row, value] of rows) {
    test(`${name}: ${row}, wherever it is cut`, async () => {
      const { lines: expected, length } = await recordCut(original, script, value, Infinity)
      assert.notEqual(expected.length, 0, 'the script noted nothing')
      for (let first = 1; first < length; first += AT_A_TIME) {
        const cuts = Array.from({ length: Math.min(AT_A_TIME, length - first) }, (none, index) => first + index)
        await Promise.all(cuts.map(async (cut) => {
          const { lines } = await recordCut(subject, script, value, cut)
          assert.deepEqual(lines, expected, `cut at ${cut}`)
        }))
      }
    }, { timeout: 60000 })
  }
}

async function recordCut (library, script, value, cut) {
  const log = new Transcript()
  let length = 0
  const send = async (peer, bytes) => {
    length = bytes.length
    peer.socket.setNoDelay(true)
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      if (piece.length === 0) continue
      peer.write(piece)
      await new Promise((resolve) => setTimeout(resolve, 4))
    }
  }
  await inScope((scope) => script(library, log, scope, value, send))
  return { lines: log.finished(), length }
}

module.exports = { dial, parity, parityTable, parityWhereverCut, settled, show, watch }
