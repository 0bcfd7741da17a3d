'use strict'

// AsyncLocalStorage, domain and zone.js keep a context for what programs do. A connection keeps the one in which it was
// made, and a callback the one in which it was given, whatever happens in between, and also for exceptions.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const net = require('node:net')
const { promisify } = require('node:util')

const { deviation } = require('../support/test')
const { UNAVAILABLE } = require('../support/native')

const CHILD = require.resolve('./in-context')
const isStream = UNAVAILABLE !== false

/** Of every connection; what is told when handlers do not throw, and when they do. */
const HAPPENINGS = {
  open: [['open: made', 'open: made']],
  'two messages in one chunk': [['message: made', 'message: made']],
  'a message behind a pause': [['message: made']],
  'a close frame': [['close: made']],
  'our close': [['close: made']],
  'our close, and no answer': [['close: made']],
  'a violation': [['error: made', 'close: made']],
  'the end of the peer': [['close: made']],
  // Both handlers are called in a row, and the second exception takes the place of the first.
  'a reset': [['error: made', 'close: made'], ['close: made']],
  'a pong': [['callback: given']],
  'a ping that is never answered': [['close: made']],
  'a tick of a handler': [['tick: made']],
  drain: [['drain: made']],
  sends: [Array(5).fill('callback: given')],
  'sends that are refused': [['callback: given', 'close: made']],
  'sends that are lost': [['callback: given']]
}
const DOMAINS = {
  'a domain of the socket': [['message: given']],
  'a domain of the connection': [['message: given']]
}
/** Not for zone.js, which has a Promise of its own and cannot follow async functions. */
const PROMISES = {
  'a Blob that cannot be read': [['error: made', 'close: made', 'callback: given'], ['callback: given', 'close: made']],
  'a loop over messages': [['loop: given']]
}
/** By the stream, bytes come to a server in the context of its socket, which Node has made: see docs/transports.md. */
const FROM_BYTES = [
  'two messages in one chunk', 'a close frame', 'our close', 'a violation', 'a ping that is never answered',
  'a tick of a handler'
]

/** Node before 18.3. */
const CANNOT_RESET = net.Socket.prototype.resetAndDestroy === undefined

const KINDS = {
  als: { ...HAPPENINGS, ...PROMISES },
  domain: { ...HAPPENINGS, ...PROMISES, ...DOMAINS },
  'late domain': { ...HAPPENINGS, ...PROMISES, ...DOMAINS },
  zone: HAPPENINGS,
  'late zone': HAPPENINGS
}

for (const [kind, happenings] of Object.entries(KINDS)) {
  for (const role of ['server', 'client']) {
    const isForeign = isStream && role === 'server' && !kind.endsWith('zone')
    const names = Object.keys(happenings).filter((name) =>
      !(isForeign && FROM_BYTES.includes(name)) && !(CANNOT_RESET && name === 'a reset'))
    for (const isThrowing of [false, true]) {
      const what = isThrowing ? 'exceptions surface in the context of their handlers' : 'handlers keep their contexts'
      deviation(`${kind}, ${role}: ${what}`, async () => {
        const expected = {}
        for (const name of names) {
          const [told, surfaced = told] = happenings[name]
          expected[name] = isThrowing ? surfaced : told
        }
        assert.deepEqual(await run(kind, role, isThrowing, expected), expected)
      }, { timeout: 120000 })
    }
  }
}

async function run (kind, role, isThrowing, expected) {
  const happenings = Object.fromEntries(Object.entries(expected).map(([name, told]) => [name, told.length]))
  const isLate = kind.startsWith('late ')
  const argument = JSON.stringify({
    kind: kind.replace('late ', ''), role, isThrowing, happenings, isNative: !isStream, isLate
  })
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, argument])
  return JSON.parse(stdout)
}
