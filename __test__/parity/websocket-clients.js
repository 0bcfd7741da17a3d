'use strict'

// The openings of the scripts of WebSocket-Node's clients: a client under test, and its raw server.

const assert = require('node:assert/strict')

const original = require('websocket')
const subject = require('../../lib/websocket')
const { accept, once } = require('../support/peer')
const { inScope, test } = require('../support/test')
const wire = require('../support/wire')
const { between } = require('./compare')
const { Transcript } = require('./transcript')

const { parity, parityTable } = between([original], [subject])

/** The number of clients that run at a time, each with another split of its response. */
const AT_A_TIME = 24
const PROPERTIES = ['secure', 'protocols', 'origin', 'protocol']

/** Records the events of a client and of its connection. */
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

/** Records the properties of a client. */
function show (log, what, client) {
  log.add(what, Object.fromEntries(PROPERTIES.map((name) => [name, client[name]])), Object.keys(client).sort())
}

/**
 * Starts a client. Resolves when its raw server has read the request; the server does not respond.
 *
 * @param {object} [asked]
 * @param {any} [asked.config] of the client
 * @param {string} [asked.path] is added to the server's URL
 * @param {any[]} [asked.rest] the other arguments of `connect()`
 * @param {boolean} [asked.listens] is false if the script adds the listeners
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
  // The server ends its half when the client does.
  peer.socket.on('end', () => peer.socket.end())
  const head = await peer.head()
  log.head('request', head)
  log.hide(wire.acceptOf(wire.headerOf(head, 'sec-websocket-key')), 'ACCEPT')
  /** Ends the server's half, and waits for the end of the connection, if the client has connected. */
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
 * A row per case: `[name, value]`. The script writes the server's bytes with `send(peer, bytes)`. It must record the
 * transcript of the original with whole bytes, for every split of the bytes.
 */
function parityWhereverCut (name, rows, script) {
  for (const [row, value] of rows) {
    test(`${name}: ${row}, for every split of the bytes`, async () => {
      const { lines: expected, length } = await recordCut(original, script, value, Infinity)
      assert.notEqual(expected.length, 0, 'the script recorded nothing')
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
