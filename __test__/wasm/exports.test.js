'use strict'

// Every export of WebAssembly behaves like that of the addon, with valid and invalid values: it returns the same value,
// or throws an error of the same class with the same message and code.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { inspect } = require('node:util')
const test = require('node:test')

const { NO_WASM, addon, wasm } = require('./runtimes')

const native = addon()
const SKIP = NO_WASM || (native === null && 'the addon does not load here')

const DECLARATIONS = fs.readFileSync(path.join(__dirname, '../../binding.d.ts'), 'utf8')

/** Exports for the reactor, and exports that only name types. */
const MISSING = ['Reactor', 'TlsAnchors', 'TlsConfig', 'TlsServerConfig', 'AGREED', 'ENTRY_BITS', 'SLOTS', 'Interface',
  'Delivery']

/** Returns bytes whose memory was transferred to another thread. */
function transferred () {
  const bytes = new Uint8Array(8)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  return bytes
}

/** Values of every kind. */
const VALUES = [
  undefined, null, true, false, 0, 3, -1, 1.5, 8, 13, 256, 65536, 2 ** 32, 1e30, NaN, Infinity,
  '', 'x', 'é\ud800', 'ws', 3n, Symbol('s'),
  {}, [], [3], ['a'], ['a', 'b'], () => {}, function named () {}, Buffer.from('abcd'), new Uint8Array(2),
  new Uint16Array(2), new Uint8ClampedArray(2), new ArrayBuffer(2), new String('q'), Object.create(null),
  new Uint8Array(new SharedArrayBuffer(4)), transferred(),
  [{ name: 'a', value: true }], [{ name: 'a' }], [{ name: 3, value: 1 }],
  [[{ name: 'client_max_window_bits', value: 9 }]], { host: 'h' }
]

const TARGET = { host: 'example.com', target: '/a?b', username: 'u%20', password: '' }
const TUNNEL = { authority: 'example.com:443', host: 'example.com', username: '', password: '' }
const HEADERS = {
  host: 'example.com',
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=='
}
const OFFERS = [[{ name: 'client_max_window_bits', value: true }]]
const bytes = Buffer.from('some bytes')
const request = Buffer.from('GET / HTTP/1.1\r\nA: b\r\n\r\nbody')
const answer = Buffer.from('HTTP/1.1 200 OK\r\nA: b\r\n\r\n')

const server = (binding, options = {}) => binding.Connection.server('GET', 'ws://a/', true, HEADERS, options)
const open = (binding, options = {}) => binding.Connection.established(false, { requireMasking: false, ...options })
const client = (binding, options = {}) => {
  const connection = binding.Connection.client(TARGET, options)
  connection.setHeader('X-Own', 'y')
  return connection
}
const deflating = (binding) => binding.DeflateSession.server({}, OFFERS, 1000)
const parameters = [{ name: 'a', value: true }, { name: 'b', value: 'c' }, { name: 'd', value: 5 }]

/** Functions and valid arguments. The test replaces each argument with every value in turn. */
const CALLS = {
  isWebSocket: [(b) => b.isWebSocket, ['GET', 'Upgrade', 'websocket']],
  isEventSource: [(b) => b.isEventSource, ['GET', 'text/event-stream']],
  eventStreamHead: [(b) => b.eventStreamHead, [['X-A', 'b'], 5]],
  eventStreamMessage: [(b) => b.eventStreamMessage, ['two\nlines', 'event', 'id']],
  eventStreamPing: [(b) => b.eventStreamPing, []],
  acceptValue: [(b) => b.acceptValue, ['dGhlIHNhbXBsZSBub25jZQ==']],
  judgeHandshake: [(b) => b.judgeHandshake, ['GET', true, HEADERS, {}]],
  Policy: [(b) => (...args) => typeof new b.Policy(...args), [{}]],
  'Prepared.text': [(b) => (...args) => b.Prepared.text(...args), ['text é\ud800']],
  'Prepared.binary': [(b) => (...args) => b.Prepared.binary(...args), [bytes]],
  'Connection.server': [(b) => (...args) => b.Connection.server(...args), ['GET', 'ws://a/', true, HEADERS, {}]],
  'Connection.client': [(b) => (...args) => b.Connection.client(...args), [TARGET, {}]],
  'Connection.established': [(b) => (...args) => b.Connection.established(...args), [true, {}, null]],
  'DeflateSession.client': [(b) => (...args) => b.DeflateSession.client(...args), [{}, 1000]],
  'DeflateSession.server': [(b) => (...args) => b.DeflateSession.server(...args), [{}, OFFERS, 1000]],
  Connect: [(b) => (...args) => new b.Connect(...args), [TUNNEL]],
  'connection.setHeader': method(client, 'setHeader', ['X-B', 'c']),
  'connection.start': method(server, 'start', []),
  'connection.poll': method(open, 'poll', [true, true, true]),
  'connection.close': method(open, 'close', [1000, 'reason é']),
  'connection.ping': method(open, 'ping', [bytes]),
  'connection.pong': method(open, 'pong', [Buffer.alloc(126)]),
  'connection.sendFrame': method(open, 'sendFrame', [true, 0, 1, bytes, false]),
  'connection.work': method(open, 'work', []),
  'connection.discardOutput': method(open, 'discardOutput', []),
  'connection.takeWrite': method(open, 'takeWrite', []),
  'connection.takePassed': method(open, 'takePassed', []),
  'connection.mark': method(open, 'mark', []),
  'connection.release': method(open, 'release', []),
  'connection.negotiates': method(server, 'negotiates', []),
  'connection.receivedExtensions': method(server, 'receivedExtensions', []),
  'connection.addExtension': method(client, 'addExtension', ['name', parameters]),
  'connection.reserveBits': method(server, 'reserveBits', ['name', true, false, false]),
  'connection.isReserved': method(server, 'isReserved', [true, false, false]),
  'connection.activated': method(client, 'activated', []),
  'connection.refuse': method(server, 'refuse', ['text']),
  'connection.unacceptable': method(client, 'unacceptable', ['name', parameters]),
  'connection.transformed': method(open, 'transformed', [true, bytes]),
  'connection.sendTransformed': method(open, 'sendTransformed', [true, false, true, false, bytes]),
  'connection.failExtension': method(open, 'failExtension', ['ABNORMAL_CLOSURE', 'text']),
  'connection.sessionsClosed': method(open, 'sessionsClosed', []),
  'connection.offerDeflate': method(client, 'offerDeflate', [{}]),
  'connection.answerDeflate': method(server, 'answerDeflate', [{}]),
  'connection.activateDeflate': method(client, 'activateDeflate', [{}]),
  'connection.takeDeflate': method(server, 'takeDeflate', []),
  'session.offer': method((b) => b.DeflateSession.client({ maxWindowBits: 10 }, 9), 'offer', []),
  'session.offerHeader': method((b) => b.DeflateSession.client({ requestMaxWindowBits: 10 }, 9), 'offerHeader', []),
  'session.activate': method((b) => b.DeflateSession.client({}, 9), 'activate', [parameters]),
  'session.activateHeader': method((b) => b.DeflateSession.client({}, 9), 'activateHeader', ['permessage-deflate']),
  'session.response': method(deflating, 'response', []),
  'session.inflate': method(deflating, 'inflate', [bytes]),
  'session.deflate': method(deflating, 'deflate', [bytes]),
  'session.inflateMore': method(deflating, 'inflateMore', []),
  'session.deflateMore': method(deflating, 'deflateMore', []),
  'session.close': method(deflating, 'close', []),
  'parser.receive': method((b) => new b.RequestParser(), 'receive', [request]),
  'parser.receive, a part': method((b) => new b.RequestParser(), 'receive', [request.subarray(0, 22)]),
  'parser.receive, not HTTP': method((b) => new b.RequestParser(), 'receive', [Buffer.from('\0\0\r\n\r\n')]),
  'tunnel.setHeader': method((b) => new b.Connect(TUNNEL), 'setHeader', ['A', 'b']),
  'tunnel.request': method((b) => new b.Connect(TUNNEL), 'request', []),
  'tunnel.receive': method((b) => new b.Connect(TUNNEL), 'receive', [answer]),
  'prepared.payload': method((b) => b.Prepared.text('é'), 'payload', []),
  text: call('text', ['text é']),
  bytes: call('bytes', [true, bytes]),
  plain: call('plain', [bytes]),
  receive: call('receive', [Buffer.from('\x81\x03abc', 'latin1')]),
  takeOutput: call('takeOutput', [Buffer.alloc(5)]),
  outputLength: call('outputLength', []),
  messages: call('messages', [])
}

/** Returns a row for a method. Each call makes a new object. */
function method (make, name, args) {
  return [(binding) => {
    const object = make(binding)
    return (...given) => [object[name](...given), shown(object)]
  }, args]
}

/** Returns a row for a function of `calls`. Each call makes a new connection. */
function call (name, args) {
  return [(binding) => {
    const connection = open(binding)
    const calls = binding.calls()
    return (...given) => {
      const result = calls[name](connection.number, ...given)
      const into = Buffer.alloc(calls.outputLength(connection.number))
      return [result, calls.takeOutput(connection.number, into), into, calls.messages(connection.number)]
    }
  }, args]
}

/** Returns the readable properties of an object, and the type of its number, which differs between objects. */
function shown (value) {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  if (Array.isArray(value)) return value.map(shown)
  const type = Object.getPrototypeOf(value)
  const getters = Object.entries(Object.getOwnPropertyDescriptors(type ?? {})).filter(([, { get }]) => get)
  const facts = getters.map(([name]) => [name, name === 'number' ? typeof value[name] : value[name]]).sort()
  const own = Object.entries(value).filter(([, field]) => field !== undefined)
  const fields = own.map(([name, field]) => [name, shown(field)])
  return [type?.constructor?.name ?? null, facts, fields.sort(([a], [b]) => a < b ? -1 : 1)]
}

/** Returns the fields of an interface in the generated `binding.d.ts`, so that a field WebAssembly lacks fails here. */
function fieldsOf (name) {
  const [, body] = new RegExp(`^export interface ${name} \\{\\n([^]*?)^\\}`, 'm').exec(DECLARATIONS)
  return [...body.matchAll(/^ {2}(\w+)\??: /gm)].map(([, field]) => field)
}

/** Returns the result or the error of a call. */
function outcome (binding, [find, args], given) {
  try {
    return { returned: shown(find(binding)(...given ?? args)) }
  } catch (error) {
    return { thrown: error.constructor.name, message: error.message, code: error.code }
  }
}

/** `plain` accepts numbers of prepared messages, which differ in the addon. */
const isNumberOfMessage = (name, value) => name === 'plain' && typeof value === 'number'

for (const [name, [find, args]] of Object.entries(CALLS)) {
  test(`${name} behaves like that of the addon`, { skip: SKIP }, () => {
    const all = [args, ...args.keys()].flatMap((at) => {
      if (at === args) return [args]
      return VALUES.filter((value) => !isNumberOfMessage(name, value))
        .map((value) => Object.assign([...args], { [at]: value }))
    })
    for (const given of [...all, args.slice(0, -1)]) {
      assert.deepEqual(outcome(wasm, [find, args], given), outcome(native, [find, args], given), inspect(given))
    }
  })
}

for (const [name, make, keys] of [
  ['ConnectionOptions', (b, options) => [open(b, options), client(b, options), server(b, options)]],
  ['ClientTarget', (b, target) => b.Connection.client({ ...TARGET, ...target }, {})],
  ['TunnelTarget', (b, target) => new b.Connect({ ...TUNNEL, ...target }).request()],
  ['headers', (b, own) => b.judgeHandshake('GET', true, { ...HEADERS, ...own }, {}), Object.keys(HEADERS)],
  ['DeflateOptions', (b, options) => b.DeflateSession.client(options, 1000).offer()],
  ['ExtensionParameter', (b, own) => client(b).unacceptable('n', [{ ...parameters[0], ...own }])]
]) {
  test(`every field of ${name} has the same effect as with the addon`, { skip: SKIP }, () => {
    for (const key of keys ?? fieldsOf(name)) {
      for (const value of VALUES) {
        const one = { [key]: value }
        const both = [wasm, native].map((binding) => outcome(binding, [() => () => make(binding, one), []]))
        assert.deepEqual(...both, inspect(one))
      }
    }
  })
}

test('WebAssembly exports everything that the addon does, except the reactor and its TLS', { skip: SKIP }, () => {
  const missing = Object.keys(native).filter((name) => !(name in wasm) && name !== '__napiBindingTarget')
  assert.deepEqual(missing.sort(), MISSING.sort())
  for (const name of ['Connect', 'Connection', 'DeflateSession', 'Prepared', 'RequestParser']) {
    const members = (binding) => Object.getOwnPropertyNames(binding[name].prototype)
    assert.deepEqual(members(native).filter((member) => !members(wasm).includes(member)), [], name)
  }
  assert.deepEqual(Object.keys(wasm.calls()), Object.keys(native.calls()))
  for (const name of ['DEFAULT_MAX_LENGTH', 'FULL_CHUNK', 'MAX_REPLIES', 'ReadyState', 'Sent']) {
    assert.deepEqual(wasm[name], native[name], name)
  }
})

test('classes without a constructor throw an error', { skip: SKIP }, () => {
  for (const name of ['Connection', 'DeflateSession', 'Prepared']) {
    const [here, there] = [wasm, native].map((binding) => outcome(binding, [() => () => new binding[name](), []]))
    assert.deepEqual(here, there, name)
  }
})
