'use strict'

// The reason in the message of `error` when a connection fails.

const assert = require('node:assert/strict')
const { Duplex } = require('node:stream')
const { inspect } = require('node:util')
const { createContext, runInContext } = require('node:vm')

const { messagesOf } = require('../support/client')
const { accept } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')

const BOTH = [{ address: '::1', family: 6 }, { address: '127.0.0.1', family: 4 }]

deviation('the error has the reason of each address when all addresses of a host refuse', async () => {
  // Nothing listens on port 1.
  const lookup = (host, options, callback) => callback(null, BOTH)
  for (const options of [{ net: { lookup, autoSelectFamily: true } }, { tls: { lookup, autoSelectFamily: true } }]) {
    const url = `${options.net ? 'ws' : 'wss'}://both.test:1/`
    const [message, ...others] = await messagesOf(new WebSocket.Client(url, null, options))
    assert.ok(message.startsWith(`Network error: ${url}: connect E`), message)
    assert.match(message, / ::1:1.*; connect ECONNREFUSED 127\.0\.0\.1:1$/)
    assert.deepEqual(others, [])
  }
}, { skip: Number(process.versions.node.split('.')[0]) < 20 && 'this Node tries one address only' })

const circle = new AggregateError([], '')
circle.errors = [circle]
const foreign = (text) => runInContext(text, createContext())
const REASONS = [
  [new Error('a message'), 'a message'],
  [foreign("new RangeError('of another realm')"), 'of another realm'],
  [foreign("new AggregateError([new Error('of'), new Error('another realm')])"), 'of; another realm'],
  [new AggregateError([new Error('a'), new Error('b'), new Error('a')], ''), 'a; b'],
  [new AggregateError([new Error('a')], 'first'), 'first'],
  [new AggregateError([new AggregateError([new Error('within')], '')], ''), 'within'],
  [Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [circle, 'AggregateError'],
  [Object.assign(new Error(''), { code: 'EPROTO' }), 'EPROTO'],
  [Object.assign(new Error(''), { cause: new Error('the cause') }), 'the cause'],
  [new RangeError(''), 'RangeError'],
  [{ message: 'no error' }, 'no error'],
  [{ message: 5, code: 7 }, 'code 7'],
  [{}, 'unknown error'],
  [{ get message () { throw new Error('no') } }, 'unknown error'],
  [new Proxy({}, { get () { throw new Error('no') } }), 'unknown error'],
  [Object.create(null), 'unknown error'],
  ['text', 'text'],
  ['', 'unknown error'],
  [5, '5'],
  [false, 'false'],
  [Symbol('s'), 'Symbol(s)'],
  [null, 'unknown error'],
  [undefined, 'unknown error']
]
for (const [error, reason] of REASONS) {
  deviation(`the reason is "${reason}" when a socket emits ${name(error)} as its error`, async (scope) => {
    const server = await accept(scope)
    const ws = new WebSocket.Client(server.url)
    const messages = messagesOf(ws)
    await server.accepted()
    const stream = ws._stream
    stream.emit('error', error)
    stream.destroy()
    assert.deepEqual(await messages, [`Network error: ${server.url}: ${reason}`])
  })
}

function name (error) {
  try {
    return inspect(error, { showProxy: true }).split('\n')[0]
  } catch {
    return 'a value that throws'
  }
}

deviation("the reason is the code when a server's stream fails with an error without a message", async () => {
  const request = {
    method: 'GET',
    url: '/',
    headers: {
      host: 'localhost',
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=='
    }
  }
  const stream = new Duplex({ read () {}, write (chunk, encoding, callback) { callback() } })
  const ws = new WebSocket(request, stream, Buffer.alloc(0))
  const messages = messagesOf(ws)
  stream.destroy(Object.assign(new Error(''), { code: 'EMADEUP' }))
  assert.deepEqual(await messages, ['Network error: ws://localhost/: EMADEUP'])
})
