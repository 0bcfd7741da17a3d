'use strict'

// Random responses to clients with fixed seeds: headers are missing, wrong or repeated, and the bytes split anywhere.
// RANDOM_SCRIPTS=10000 runs more of them.

const assert = require('node:assert/strict')

const { randomOf } = require('../support/random')
const { test } = require('../support/test')
const { original, streamPair, subject } = require('../support/websocket')
const { acceptOf, headerOf } = require('../support/wire')

const SCRIPTS = Number(process.env.RANDOM_SCRIPTS) || 600
const AT_A_TIME = 20
/** A placeholder for the right accept value. */
const RIGHT = 'RIGHT'

const STATUSES = [
  ...Array(12).fill('101 Switching Protocols'), '101', '200 OK', '100 Continue', '102 Processing', '204 No Content',
  '304 Not Modified', '302 Found', '404 Not Found', '426', '500 x'
]
/** Names and values. A value that occurs more often is more likely. */
const HEADERS = [
  ['Upgrade', ['websocket', 'websocket', 'websocket', 'WebSocket', ' websocket ', 'h2c', '', 'websocket, h2c']],
  ['Connection', ['Upgrade', 'Upgrade', 'Upgrade', 'UPGRADE', 'keep-alive', 'close', 'keep-alive, Upgrade', '']],
  ['Sec-WebSocket-Accept', [RIGHT, RIGHT, RIGHT, RIGHT, 'x', '', `${RIGHT}x`, `  ${RIGHT}\t`]],
  ['Sec-WebSocket-Protocol', [null, null, null, 'a', 'b', 'c', 'A', 'a, b', '']]
]
const OTHERS = [
  ['Content-Length', '0'], ['Content-Length', '4'], ['Transfer-Encoding', 'chunked'], ['Set-Cookie', 'a=b'],
  ['__proto__', 'x'], ['Upgrade', 'websocket'], ['Connection', 'upgrade'], ['Sec-WebSocket-Accept', 'x'], ['X-A', 'é']
]
const BEHIND = ['', '', '810161', '8800', '88020bb8', '82', '830100', '8101ff']
const PROTOCOLS = [[], [], ['a', 'b'], 'b']

/** Returns a script: the response, which may contain `RIGHT`, and the position of its split. */
function scriptOf (random) {
  const pick = (values) => values[Math.floor(random() * values.length)]
  const headers = HEADERS.map(([name, values]) => [name, pick(values)])
    .filter(([, value]) => value !== null && random() < 0.95)
  if (random() < 0.2) headers.push(pick(OTHERS))
  headers.sort(() => random() - 0.5)
  const lines = headers.map(([name, value]) => `${random() < 0.2 ? name.toLowerCase() : name}: ${value}\r\n`)
  return {
    head: `HTTP/1.${random() < 0.9 ? 1 : 0} ${pick(STATUSES)}\r\n${lines.join('')}\r\n`,
    behind: Buffer.from(pick(BEHIND), 'hex'),
    cut: Math.floor(random() * 200),
    listens: random() < 0.2,
    protocols: pick(PROTOCOLS)
  }
}

async function run ({ websocket }, { head, behind, cut, listens, protocols }, scope) {
  const { socket, peer } = await streamPair(scope, 'client')
  const log = []
  const client = new websocket.client({ strictHandshake: false })
  client.on('connect', (connection) => {
    log.push(['connect', connection.protocol, connection.extensions])
    connection.on('message', ({ type, utf8Data, binaryData }) => log.push(['message', type, utf8Data ?? binaryData]))
    connection.on('close', (...details) => log.push(['close', ...details]))
  })
  client.on('connectFailed', ({ message }) => log.push(['connectFailed', message]))
  if (listens) client.on('httpResponse', ({ statusCode }) => log.push(['httpResponse', statusCode]))
  client.connect('ws://localhost/', protocols, null, null, { agent: null, createConnection: () => socket })
  const accept = acceptOf(headerOf(await peer.head(), 'sec-websocket-key'))
  const response = Buffer.concat([Buffer.from(head.replaceAll(RIGHT, accept), 'latin1'), behind])
  for (const piece of [response.subarray(0, cut), response.subarray(cut)]) {
    peer.write(Buffer.from(piece))
    await turns()
  }
  peer.socket.end()
  await turns()
  const outcome = log.findIndex(([type]) => type === 'connectFailed' || type === 'httpResponse')
  // The original can fail again, because of the bytes after the head.
  const events = outcome < 0 ? log : log.slice(0, outcome + 1)
  return JSON.stringify(events).replaceAll(accept, RIGHT)
}

async function turns () {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('clients accept and refuse random responses like the original\'s', async (scope) => {
  const random = randomOf(17)
  const seen = new Set()
  for (let first = 0; first < SCRIPTS; first += AT_A_TIME) {
    await Promise.all(Array.from({ length: AT_A_TIME }, (none, index) => [first + index, scriptOf(random)])
      .map(async ([number, script]) => {
        const expected = await run(original, script, scope)
        seen.add(expected.replace(/\\n.*/, '').slice(0, 60))
        assert.equal(await run(subject, script, scope), expected, `script ${number}: ${JSON.stringify(script)}`)
      }))
  }
  assert.ok(seen.size > 20, `only ${seen.size} outcomes`)
}, { timeout: 120000 })
