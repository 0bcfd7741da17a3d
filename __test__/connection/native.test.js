'use strict'

// The native class alone: the effects of an interface's policy and of options. crates/proto/tests tests the input of
// peers.

const assert = require('node:assert/strict')

const native = require('../../lib/native')
const { test } = require('../support/test')
const { closePayload, fromClient } = require('../support/wire')

const calls = native.calls()

const open = (options = {}, deflate = undefined) => native.Connection.established(false, {
  interface: 'ws', requireMasking: false, ...options
}, deflate)

/** Returns the output of a connection for these bytes, which are hexadecimal digits. */
function received (connection, hex) {
  calls.receive(connection.number, Buffer.from(hex.replaceAll(' ', ''), 'hex'))
  const outputs = []
  for (let output; (output = connection.poll(false, true, true)) !== null;) {
    if (Array.isArray(output)) outputs.push(...output)
    else outputs.push(Object.fromEntries(Object.entries(output).filter(([, value]) => value !== undefined)))
  }
  return outputs
}

function written (connection) {
  const into = Buffer.alloc(calls.outputLength(connection.number))
  calls.takeOutput(connection.number, into)
  return into.toString('hex')
}

test('an established connection is open and writes no handshake', () => {
  const connection = open()
  assert.equal(connection.readyState, native.ReadyState.Open)
  assert.equal(connection.version, 'hybi-13')
  assert.equal(open({ version: 8 }).version, 'hybi-8')
  assert.equal(written(connection), '')
  assert.equal(connection.start().accepted, false)
  assert.equal(calls.text(connection.number, 'a'), 3)
  assert.equal(written(connection), '810161')
})

test('an established connection uses the deflate session that it receives', () => {
  const session = native.DeflateSession.server({ noContextTakeover: true }, [[]], 1000)
  const connection = open({}, session)
  assert.deepEqual(received(connection, 'c1 03 4a 04 00'), ['a'])
  calls.text(connection.number, 'a')
  assert.equal(written(connection), 'c1034a0400')
  calls.plain(connection.number, 'a')
  assert.equal(written(connection), '810161')
})

const ERRORS = {
  'websocket-driver': {
    errorCode: 'unrecognized-opcode', facts: { opcode: 3 }, message: 'Unrecognized frame opcode: 3', code: 1002
  },
  'websocket-node': {
    errorCode: 'unrecognized-opcode', facts: { opcode: 3 }, message: 'Unrecognized Opcode: 0x3', code: 1002
  },
  ws: {
    errorCode: 'unrecognized-opcode',
    facts: { opcode: 3 },
    message: 'Invalid WebSocket frame: invalid opcode 3',
    code: 1006
  }
}
for (const [name, { code, ...expected }] of Object.entries(ERRORS)) {
  test(`an error contains a code, facts, and the text of ${name}`, () => {
    const [error, close] = received(open({ interface: name }), '83 00')
    assert.deepEqual(error, { kind: 'error', ...expected })
    assert.equal(close.code, code)
  })
}

test('an error about a frame size contains the length and the limit', () => {
  const connection = open({ interface: 'websocket-node', maxFrame: 4 })
  const [{ errorCode, facts }] = received(connection, '81 05')
  assert.deepEqual([errorCode, facts], ['frame-too-large', { length: 5, limit: 4 }])
})

test('a message with more frames than the limit fails the connection', () => {
  const [{ errorCode }] = received(open({ maxFragments: 2 }), '01 00 00 00 00 00')
  assert.equal(errorCode, 'too-many-fragments')
})

test('a client requests the protocol version of its options', () => {
  const target = { host: 'localhost', target: '/', username: '', password: '' }
  const client = native.Connection.client(target, { interface: 'websocket-node', version: 8 })
  client.start()
  assert.match(Buffer.from(written(client), 'hex').toString(), /\r\nSec-WebSocket-Version: 8\r\n/)
  assert.equal(client.version, 'hybi-8')
})

test('an error about a refused handshake contains facts', () => {
  const headers = { host: 'localhost', connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '7' }
  const connection = native.Connection.server('GET', 'ws://localhost/', true, headers, {})
  const { accepted, events: [{ errorCode, facts }] } = connection.start()
  assert.deepEqual([accepted, errorCode, facts], [false, 'unsupported-version', { version: '7' }])
})

test('events of pings and pongs contain the payload', () => {
  const outputs = received(open(), '89 01 ff 8a 01 fe')
  const found = outputs.map(({ kind, payload }) => [kind, payload.toString('hex')])
  assert.deepEqual(found, [['ping', 'ff'], ['pong', 'fe']])
})

test('the application answers pings if an option says so', () => {
  const connection = open({ answersPings: false })
  received(connection, '89 01 41')
  assert.equal(written(connection), '')
})

test('the option delivery: frames delivers each frame', () => {
  const connection = open({ interface: 'websocket-node', delivery: 'frames' })
  const outputs = received(connection, '01 01 ff 89 80 00000000')
  const rsv = [false, false, false]
  assert.deepEqual(outputs, [
    { kind: 'frame', fin: false, rsv, opcode: 1, isMasked: false, payload: Buffer.of(0xff) },
    { kind: 'frame', fin: true, rsv, opcode: 9, isMasked: true, payload: Buffer.of() },
    { kind: 'ping', payload: Buffer.of() }
  ])
})

test('the option delivery: fragments delivers messages in fragments', () => {
  const connection = open({ delivery: 'fragments', checksText: false })
  assert.deepEqual(received(connection, '02 01 61 00 00 80 02 6263'), [[false, Buffer.from('a'), Buffer.from('bc')]])
  assert.deepEqual(received(connection, '81 01 ff'), [[true, Buffer.of(0xff)]])
  assert.deepEqual(received(connection, '82 00'), [[false, Buffer.of()]])
  calls.receive(connection.number, Buffer.from('820161', 'hex'))
  assert.deepEqual(calls.messages(connection.number), [[false, Buffer.from('a')]])
})

test('unchecked text that is delivered as a string contains replacement characters', () => {
  assert.deepEqual(received(open({ checksText: false }), '81 02 61 ff'), ['a\ufffd'])
})

test('long messages are sent in several frames', () => {
  const connection = open({ fragmentAt: 2 })
  calls.text(connection.number, 'abc')
  assert.equal(written(connection), '01026162' + '800163')
  const whole = open({ interface: 'websocket-node', fragmentAt: Infinity })
  calls.bytes(whole.number, false, Buffer.alloc(20000))
  assert.equal(written(whole).slice(0, 8), '827e4e20')
})

test('sendFrame sends a single frame', () => {
  const connection = open()
  assert.equal(connection.sendFrame(false, 0, 1, Buffer.from('a')), 3)
  assert.equal(connection.sendFrame(true, 4, 0, Buffer.from('b')), 6)
  assert.equal(written(connection), '010161' + 'c00162')
  assert.throws(() => connection.sendFrame(true, 0, 9, Buffer.alloc(126)), RangeError)
  for (const [rsv, opcode, text] of [
    [8, 1, 'rsv: 8; expected 0 to 7'], [-1, 1, 'rsv: -1; expected 0 to 7'], [0.5, 1, 'rsv: 0.5; expected 0 to 7'],
    [0, 16, 'opcode: 16; expected 0 to 15'], [0, 257, 'opcode: 257; expected 0 to 15'],
    [0, NaN, 'opcode: NaN; expected 0 to 15'], [9, 17, 'rsv: 9; expected 0 to 7']
  ]) {
    assert.throws(() => connection.sendFrame(true, rsv, opcode, Buffer.from('a')), {
      name: 'RangeError', code: 'ERR_OUT_OF_RANGE', message: 'Invalid value for ' + text
    })
  }
  connection.close(1000, '')
  assert.equal(connection.sendFrame(true, 0, 1, Buffer.from('a')), native.Sent.Refused)
})

test('a single frame may override the masking of the policy', () => {
  const connection = open()
  connection.sendFrame(true, 0, 1, Buffer.from('a'), Buffer.of(1, 2, 3, 4))
  assert.equal(written(connection), '818101020304' + '60')
  connection.sendFrame(true, 0, 1, Buffer.from('a'), true)
  assert.match(written(connection), /^8181.{10}$/)
  const shortKey = () => connection.sendFrame(true, 0, 1, Buffer.from('a'), Buffer.alloc(3))
  assert.throws(shortKey, /Invalid masking key: 3 bytes; expected 4/)
  const client = native.Connection.established(true, { interface: 'ws' })
  client.sendFrame(true, 0, 1, Buffer.from('a'), false)
  assert.equal(written(client), '810161')
})

test('both roles of websocket-node require correct masking, unless requireMasking is false', () => {
  const unmasked = '8101 61'
  const masked = '8181 00000000 61'
  const cases = [
    [false, true, masked, unmasked, 'Unmasked frame received from client.'],
    [false, false, masked, null],
    [false, false, unmasked, null],
    [true, undefined, unmasked, masked, 'Masked frame received from server.'],
    [true, false, masked, null],
    [true, false, unmasked, null]
  ]
  for (const [isClient, requireMasking, good, bad, text] of cases) {
    const connection = native.Connection.established(isClient, { interface: 'websocket-node', requireMasking })
    assert.deepEqual(received(connection, good), ['a'])
    if (bad === null) continue
    const [{ message }, { code, reason }] = received(connection, bad)
    assert.deepEqual([message, code, reason], [text, 1002, text])
  }
})

test('a close frame may be empty', () => {
  const connection = open()
  assert.equal(connection.close(undefined, '').accepted, true)
  assert.equal(written(connection), '8800')
})

test('an unknown interface throws an error', () => {
  assert.throws(() => open({ interface: 'other' }))
})

test('a connection opens, closes and is released by its number, without an object', () => {
  const key = 'JFBCWHksyIpXV+6Wlq/9pw=='
  const create = (options, protocols) =>
    calls.server(options, 'GET', 'ws://a/', true, 'a', 'websocket', ['x', 'upgrade'], key, '13', protocols)
  const { Closed, Connecting, Open } = native.ReadyState
  const number = create({ protocols: ['chat'] }, 'superchat, chat')
  // WebAssembly needs the object.
  const connection = native.Connection.of(number)
  assert.deepEqual([calls.version(number), calls.protocol(number), calls.readyState(number)],
    ['hybi-13', 'chat', Connecting])
  const accepts = (outcome) => typeof outcome === 'boolean' ? outcome : outcome.accepted
  assert.equal(accepts(calls.start(number)), true)
  assert.equal(calls.readyState(number), Open)
  assert.equal(accepts(calls.start(number)), false)
  assert.equal(calls.hasWork(number), false)
  assert.ok(calls.bufferedAmount(number) > 0)
  calls.receive(number, Buffer.concat([fromClient('text', 'a'), fromClient('close', closePayload(1000))]))
  assert.deepEqual(calls.poll(number, 0), ['a'])
  const close = calls.poll(number, 0) ?? connection.poll(false, false, false)
  assert.equal(typeof close === 'number' ? close : close.code, 1000)
  assert.equal(calls.readyState(number), Closed)
  calls.release(number)
  calls.release(number)
  assert.deepEqual([calls.version(number), calls.protocol(number), calls.poll(number, 0) ?? null, calls.start(number)],
    [undefined, null, null, false])
  assert.deepEqual([calls.close(number, 1000, ''), calls.bufferedAmount(number)], [false, 0])
  assert.throws(() => create({ protocols: ['a\nb'] }), TypeError)
})
