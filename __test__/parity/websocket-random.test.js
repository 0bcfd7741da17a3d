'use strict'

// Random handshakes, the same ones every time: headers made of what their grammars are about, and answers of an
// application. RANDOM_SCRIPTS=100000 runs more of them.

const assert = require('node:assert/strict')
const { Duplex } = require('node:stream')

const { randomOf } = require('../support/random')
const { test } = require('../support/test')
const { CONFIGS, original, subject } = require('../support/websocket')
const { KEY } = require('../support/wire')

const SCRIPTS = Number(process.env.RANDOM_SCRIPTS) || 3000
// strictHandshake has us as lenient as the original.
const CONFIG = { ...CONFIGS.server, parseCookies: true, parseExtensions: true, strictHandshake: false }
const PIECES = [
  'a', 'B', 'x', '1', ' ', '  ', '\t', ',', ', ', ';', '; ', '=', '"', '/', '\\', '%41', '%', '%zz', '\xe9', '\x7f'
]
const VERSIONS = ['13', '13', '13', '8', ' 13x', '8.1', '7', 'x', '']
const READ = [
  'resource', 'host', 'key', 'webSocketVersion', 'origin', 'requestedProtocols', 'requestedExtensions', 'cookies',
  'remoteAddress', 'remoteAddresses', 'resourceURL'
]

const EVENTS = ['requestResolved', 'requestAccepted', 'requestRejected']

/** A socket that keeps what is written. */
class Sink extends Duplex {
  constructor () {
    super({ emitClose: false })
    this.remoteAddress = '127.0.0.1'
    this.written = ''
  }

  _read () {}

  _write (chunk, encoding, done) {
    this.written += chunk.toString('latin1')
    done()
  }

  setNoDelay () {}

  setTimeout () {}
}

/** A handshake, and what an application answers. */
function scriptOf (seed) {
  const random = randomOf(seed)
  const below = (count) => Math.floor(random() * count)
  const pick = (list) => list[below(list.length)]
  const text = (longest) => Array.from({ length: below(longest) }, () => pick(PIECES)).join('')
  const maybe = (chance, value) => random() < chance ? value() : undefined

  const headers = { 'sec-websocket-key': KEY, 'sec-websocket-version': pick(VERSIONS), host: maybe(0.97, () => 'h') }
  const add = (name, longest) => { headers[name] = maybe(0.5, () => text(longest)) }
  add('sec-websocket-protocol', 6)
  add('sec-websocket-extensions', 8)
  add('cookie', 10)
  add('x-forwarded-for', 5)
  add('origin', 4)
  add('sec-websocket-origin', 4)
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(/,\s*/)
  const cookie = () => ({
    name: text(4),
    value: maybe(0.8, () => text(4)),
    path: maybe(0.3, () => text(4)),
    domain: maybe(0.3, () => text(3)),
    expires: maybe(0.3, () => pick([new Date(0), 'x', 0])),
    maxage: maybe(0.3, () => pick([0, 1, -1, '5', 'x', 1.6, NaN, true])),
    secure: maybe(0.3, () => pick([true, false, 1, ''])),
    httponly: maybe(0.3, () => pick([true, 0, 'x']))
  })
  const accept = () => ['accept', [
    pick([undefined, null, '', protocols[0], pick(protocols).toLowerCase(), text(2)]),
    // We trim headers.
    pick([undefined, 'http://o', text(4).trim()]),
    maybe(0.6, () => Array.from({ length: below(3) }, cookie))
  ]]
  const reject = () => ['reject', [
    pick([undefined, 404, 200, 999, 'x']), maybe(0.5, () => text(4)), maybe(0.5, () => ({ [text(2)]: text(3) }))
  ]]
  return { headers, url: `/${text(6)}`, answer: random() < 0.75 ? accept() : reject() }
}

/** What a package does with it. The original changes the cookies that it is given. */
function run ({ request: WebSocketRequest }, { headers, url, answer: [method, given] }) {
  const socket = new Sink()
  const lines = []
  try {
    const httpRequest = { method: 'GET', httpVersion: '1.1', headers, url }
    const request = new WebSocketRequest(socket, httpRequest, CONFIG)
    for (const name of EVENTS) request.on(name, () => lines.push(name))
    request.readHandshake()
    for (const name of READ) lines.push([name, request[name]])
    const cookies = given[2]
    const copies = Array.isArray(cookies) ? cookies.map((cookie) => ({ ...cookie })) : cookies
    const connection = request[method](given[0], given[1], copies)
    lines.push(connection?.protocol)
  } catch ({ message, httpCode, headers }) {
    lines.push(['throws', message, httpCode, headers])
  }
  lines.push(socket.written)
  socket.destroy()
  return JSON.parse(JSON.stringify(lines))
}

test(`${SCRIPTS} random handshakes are read and answered as by the original`, () => {
  for (let seed = 1; seed <= SCRIPTS; seed++) {
    const script = scriptOf(seed)
    const [actual, expected] = [subject, original].map(({ websocket }) => run(websocket, script))
    assert.deepEqual(actual, expected, JSON.stringify({ seed, ...script }))
  }
}, { timeout: 600000 })
