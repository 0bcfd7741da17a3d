'use strict'

// AsyncLocalStorage, domain and zone.js keep a context for the code of programs. Handlers of a connection run in the
// context in which the connection was created ("made"), and a callback in the context in which it was passed ("given").
// The same applies to exceptions.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const net = require('node:net')
const { promisify } = require('node:util')

const { deviation } = require('../support/test')
const { UNAVAILABLE } = require('../support/native')

const CHILD = require.resolve('./in-context')
const isStream = UNAVAILABLE !== false

/** Cases for every connection: the expected lines when handlers do not throw, and when they do. */
const CASES = {
  open: [['open: made', 'open: made']],
  'two messages in one chunk': [['message: made', 'message: made']],
  'a message after a pause': [['message: made']],
  'a close frame': [['close: made']],
  'our close': [['close: made']],
  'our close without an answer': [['close: made']],
  'a violation': [['error: made', 'close: made']],
  'the end of the peer': [['close: made']],
  // Both handlers are called in a row, and the second exception replaces the first.
  'a reset': [['error: made', 'close: made'], ['close: made']],
  'a pong': [['callback: given']],
  'a ping without an answer': [['close: made']],
  'a tick that a handler schedules': [['tick: made']],
  drain: [['drain: made']],
  sends: [Array(5).fill('callback: given')],
  'sends that are refused': [['callback: given', 'close: made']],
  'sends that are lost': [['callback: given']]
}
const DOMAINS = {
  'a domain of the socket': [['message: given']],
  'a domain of the connection': [['message: given']]
}
/** Not for zone.js, which replaces Promise and cannot follow async functions. */
const PROMISES = {
  'a Blob that cannot be read': [['error: made', 'close: made', 'callback: given'], ['callback: given', 'close: made']],
  'a loop over messages': [['loop: given']]
}
/**
 * With the stream transport, server handlers that incoming bytes trigger run in the context of the socket, which Node
 * creates. See docs/transports.md.
 */
const FROM_BYTES = [
  'two messages in one chunk', 'a close frame', 'our close', 'a violation', 'a ping without an answer',
  'a tick that a handler schedules'
]

/** Node before 18.3. */
const CANNOT_RESET = net.Socket.prototype.resetAndDestroy === undefined

const KINDS = {
  als: { ...CASES, ...PROMISES },
  domain: { ...CASES, ...PROMISES, ...DOMAINS },
  'late domain': { ...CASES, ...PROMISES, ...DOMAINS },
  zone: CASES,
  'late zone': CASES
}

for (const [kind, cases] of Object.entries(KINDS)) {
  for (const role of ['server', 'client']) {
    const isForeign = isStream && role === 'server' && !kind.endsWith('zone')
    const names = Object.keys(cases).filter((name) =>
      !(isForeign && FROM_BYTES.includes(name)) && !(CANNOT_RESET && name === 'a reset'))
    for (const isThrowing of [false, true]) {
      const what = isThrowing ? 'exceptions keep the contexts of their handlers' : 'handlers keep their contexts'
      deviation(`${kind}, ${role}: ${what}`, async () => {
        const expected = {}
        for (const name of names) {
          const [called, thrown = called] = cases[name]
          expected[name] = isThrowing ? thrown : called
        }
        assert.deepEqual(await run(kind, role, isThrowing, expected), expected)
      }, { timeout: 120000 })
    }
  }
}

async function run (kind, role, isThrowing, expected) {
  const counts = Object.fromEntries(Object.entries(expected).map(([name, lines]) => [name, lines.length]))
  const isLate = kind.startsWith('late ')
  const argument = JSON.stringify({
    kind: kind.replace('late ', ''), role, isThrowing, counts, isNative: !isStream, isLate
  })
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, argument])
  return JSON.parse(stdout)
}
