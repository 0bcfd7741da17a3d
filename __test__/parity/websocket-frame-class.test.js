'use strict'

// The class of frames, which programs also use without a connection.

const assert = require('node:assert/strict')
const BufferList = require('websocket/vendor/FastBufferList')

const { test } = require('../support/test')
const { closePayload, frame } = require('../support/wire')
const { Transcript } = require('./transcript')

const ours = process.env.WEBSOCKET === 'original'
  ? require('websocket/lib/WebSocketFrame')
  : require('../../lib/websocket').frame
const original = require('websocket').frame

const hex = (text) => Buffer.from(text, 'hex')
const filled = (length, byte = 0x78) => Buffer.alloc(length, byte)
const MASK = hex('12345678')
const LIMIT = { maxReceivedFrameSize: 70000 }
/** Longer frames are split at fewer positions. */
const SHORT = 64

const make = (Frame, config = LIMIT) => new Frame(Buffer.alloc(4), Buffer.alloc(10), config)

function show (log, what, { config, maskBytes, frameHeader, ...fields }) {
  log.add(what, fields)
}

/** Both classes must record the same lines. */
function same (name, script) {
  test(`frame: ${name}`, () => {
    const [expected, actual] = [original, ours].map((Frame) => {
      const log = new Transcript()
      script(Frame, log)
      return log.finished()
    })
    assert.notEqual(expected.length, 0)
    assert.deepEqual(actual, expected)
  })
}

/** Writes `pieces` to a list, and records the result of `addData` after each. */
function read (Frame, log, pieces, config) {
  const list = new BufferList()
  const one = make(Frame, config)
  for (const piece of pieces) {
    list.write(Buffer.from(piece))
    const isDone = log.call('addData', () => one.addData(list))
    log.add('left', list.length)
    if (isDone) break
  }
  show(log, 'frame', one)
  log.call('text', () => String(one))
  return one
}

const READ = [
  ['a text', frame('text', 'Hello')], ['a masked text', frame('text', 'Hello', { mask: MASK })],
  ['an empty text', frame('text', '')], ['an empty masked text', frame('text', '', { mask: MASK })],
  ['a fragment', frame('text', 'a', { fin: false })], ['a continuation', frame('continuation', 'a')],
  ['125 bytes', frame('binary', filled(125))], ['126 bytes', frame('binary', filled(126), { mask: MASK })],
  ['65535 bytes', frame('binary', filled(65535))], ['65536 bytes', frame('binary', filled(65536), { mask: MASK })],
  ['70000 bytes', frame('binary', filled(70000))], ['70001 bytes', frame('binary', '', { length: 70001 })],
  ['4 GiB', frame('binary', '', { length: 0xffffffff, mask: MASK })],
  ['more than 4 GiB', frame('binary', '', { length: 0x100000000 })],
  ['RSV bits', frame('text', 'a', { rsv: 5 })], ['an unknown opcode', frame(3, 'a')],
  ['an unknown control opcode', frame(15, 'a')],
  ['a ping', frame('ping', 'p')], ['a ping of 125 bytes', frame('ping', filled(125))],
  ['a ping of 126 bytes', frame('ping', filled(126))], ['a fragmented pong', frame('pong', '', { fin: false })],
  ['a long fragmented close frame', frame('close', filled(200), { fin: false })],
  ['a close frame', frame('close', closePayload(1000, 'bye'))],
  ['a masked close frame', frame('close', closePayload(4000, 'bye'), { mask: MASK })],
  ['a close frame without a reason', frame('close', closePayload(1001))],
  ['an empty close frame', frame('close', '')], ['a close frame of one byte', frame('close', hex('03'))],
  ['a close frame with an invalid code', frame('close', closePayload(65535))]
]

for (const [name, bytes] of READ) {
  same(`reading ${name}`, (Frame, log) => read(Frame, log, [bytes]))
  same(`reading ${name} followed by other bytes`, (Frame, log) => read(Frame, log, [bytes, 'abc']))
  same(`reading ${name} in pieces`, (Frame, log) => {
    const step = Math.ceil(bytes.length / SHORT)
    for (let at = 1; at < bytes.length; at += step) read(Frame, log, [bytes.subarray(0, at), bytes.subarray(at)])
  })
  if (bytes.length <= 4 * SHORT) {
    same(`reading ${name} byte by byte`, (Frame, log) => {
      read(Frame, log, [...bytes].map((byte) => Buffer.from([byte])))
    })
  }
}

same('reading without a limit', (Frame, log) => read(Frame, log, [frame('text', 'Hello')], {}))
same('reading with a limit that is a text', (Frame, log) =>
  read(Frame, log, [frame('text', 'Hello')], { maxReceivedFrameSize: '4' }))
same('reading from an empty list', (Frame, log) => read(Frame, log, ['']))
same('reading a complete frame again', (Frame, log) => {
  const one = read(Frame, log, [frame('text', 'Hello')])
  const list = new BufferList()
  list.write(frame('text', 'other'))
  log.call('addData', () => one.addData(list))
  show(log, 'frame', one)
})
same('the limit is the property of the frame', (Frame, log) => {
  const one = make(Frame)
  one.maxReceivedFrameSize = 3
  const list = new BufferList()
  list.write(frame('text', 'Hello'))
  log.call('addData', () => one.addData(list))
  show(log, 'frame', one)
})

same('throwAwayPayload discards a payload', (Frame, log) => {
  for (const cut of [2, 4, 7]) {
    const bytes = frame('text', 'Hello')
    const list = new BufferList()
    const one = make(Frame, { maxReceivedFrameSize: 3 })
    list.write(bytes.subarray(0, cut))
    log.call('addData', () => one.addData(list))
    log.call('throwAwayPayload', () => one.throwAwayPayload(list))
    list.write(Buffer.concat([bytes.subarray(cut), Buffer.from('behind')]))
    log.call('throwAwayPayload', () => one.throwAwayPayload(list))
    log.add('left', list.length)
    show(log, 'frame', one)
  }
})

const WRITTEN = [
  ['a frame without fields', {}], ['an opcode', { opcode: 1 }],
  ['a text', { fin: true, opcode: 1, binaryPayload: Buffer.from('Hello') }],
  ['a fragment', { fin: false, opcode: 2, binaryPayload: Buffer.from('a') }],
  ['an empty payload', { fin: true, opcode: 2, binaryPayload: Buffer.alloc(0) }],
  ['a ping without a payload', { fin: true, opcode: 9 }],
  ['a ping', { fin: true, opcode: 9, binaryPayload: filled(5) }],
  ['RSV bits', { fin: true, rsv1: true, rsv3: true, opcode: 1 }], ['RSV2', { rsv2: 1, opcode: 1 }],
  ['an opcode above 15', { fin: true, opcode: 0x21 }],
  ['125 bytes', { fin: true, opcode: 2, binaryPayload: filled(125) }],
  ['126 bytes', { fin: true, opcode: 2, binaryPayload: filled(126) }],
  ['200 bytes', { fin: true, opcode: 2, binaryPayload: filled(200) }],
  ['65535 bytes', { fin: true, opcode: 2, binaryPayload: filled(65535) }],
  ['65536 bytes', { fin: true, opcode: 2, binaryPayload: filled(65536) }],
  ['66000 bytes', { fin: true, opcode: 2, binaryPayload: filled(66000) }],
  ['a length that differs from the payload', { fin: true, opcode: 2, length: 3, binaryPayload: filled(5) }],
  ['a close frame', { fin: true, opcode: 8, closeStatus: 1000 }],
  ['a close frame with a reason', { fin: true, opcode: 8, closeStatus: 4000, binaryPayload: Buffer.from('bye') }],
  ['a close frame with an empty reason', { fin: true, opcode: 8, closeStatus: 1001, binaryPayload: Buffer.alloc(0) }]
]

for (const [name, fields] of WRITTEN) {
  same(`writing ${name}`, (Frame, log) => {
    for (const mask of [undefined, false, true, 1]) {
      const one = Object.assign(make(Frame), fields, { mask })
      const payload = fields.binaryPayload && Buffer.from(fields.binaryPayload)
      log.call(`toBuffer, mask ${mask}`, () => one.toBuffer(true))
      log.add('maskBytes', one.maskBytes)
      show(log, 'frame', one)
      log.call('text', () => String(one))
      if (payload) log.add('payload as it was', payload.equals(one.binaryPayload))
    }
  })
}

same('each frame has a new random mask, stored in maskBytes', (Frame, log) => {
  const keys = new Set()
  for (let count = 0; count < 20; count++) {
    const one = Object.assign(make(Frame), { fin: true, opcode: 1, mask: true, binaryPayload: Buffer.from('Hello') })
    const bytes = one.toBuffer()
    const key = bytes.subarray(2, 6)
    keys.add(key.toString('hex'))
    const text = Buffer.from(bytes.subarray(6).map((byte, index) => byte ^ key[index % 4]))
    log.add('unmasked', text, key.equals(one.maskBytes))
  }
  log.add('different', keys.size === 20)
})

same('writing a close frame without a code', (Frame, log) => {
  log.kind('toBuffer', () => Object.assign(make(Frame), { fin: true, opcode: 8 }).toBuffer())
})

same('a frame that was read is written unchanged', (Frame, log) => {
  const closing = frame('close', closePayload(4000, 'bye'))
  for (const bytes of [frame('text', 'Hello'), frame('binary', filled(300)), closing]) {
    const one = read(Frame, log, [bytes])
    log.add('same', one.toBuffer().equals(bytes))
  }
})

same('the class has the same properties', (Frame, log) => {
  log.add('keys', Object.keys(make(Frame)))
  log.add('prototype', Object.keys(Frame.prototype))
  log.add('statics', Object.keys(Frame))
  log.add('lengths', Frame.length, ...Object.values(Frame.prototype).map((each) => each.length))
  log.add('name', Frame.name)
  log.add('text', String(make(Frame)))
  log.kind('without a config', () => new Frame(Buffer.alloc(4), Buffer.alloc(10)))
})

same('a frame uses the Buffers of the caller', (Frame, log) => {
  const [maskBytes, frameHeader, config] = [Buffer.alloc(4), Buffer.alloc(10), {}]
  const one = new Frame(maskBytes, frameHeader, config)
  log.add('shared', one.maskBytes === maskBytes, one.frameHeader === frameHeader, one.config === config)
  const list = new BufferList()
  list.write(frame('text', 'Hello', { mask: MASK }))
  one.addData(list)
  log.add('header', frameHeader.subarray(0, 2))
  log.add('mask', maskBytes)
})
