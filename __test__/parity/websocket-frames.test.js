'use strict'

const { closePayload } = require('../support/wire')
const { parity, parityTable } = require('./websocket-scripts')

const hex = (text) => Buffer.from(text, 'hex')
const filled = (length, byte = 0x78) => Buffer.alloc(length, byte)
const SMALL = { maxReceivedFrameSize: 10, maxReceivedMessageSize: 20 }
const SINGLE_FRAMES = { assembleFragments: false }
const BYE = closePayload(1000, 'bye')

/** Sends frames of the peer, `[type, payload, options]`, and then a close frame. */
async function conversation (run, frames, opening) {
  await run.open(opening)
  await run.closeByPeer(...frames.map((given) => run.frame(...given)))
}

/** Sends frames of the peer, the last of which ends the connection. */
async function violation (run, frames, opening) {
  await run.open(opening)
  await run.feed(...frames.map((given) => run.frame(...given)))
  await run.over()
}

parityTable('the peer sends', [
  ['a text', [['text', 'Hello']]],
  ['an empty text', [['text', '']]],
  ['a non-ASCII text', [['text', 'µ£€𝄞']]],
  ['a text with NUL', [['text', 'a\0b']]],
  ['binary', [['binary', hex('00ff80')]]],
  ['empty binary', [['binary', '']]],
  ['several messages', [['text', 'a'], ['binary', 'b'], ['text', 'c']]],
  ['two fragments', [['text', 'Hel', { fin: false }], ['continuation', 'lo']]],
  ['two binary fragments', [['binary', 'Hel', { fin: false }], ['continuation', 'lo']]],
  ['five fragments, some empty', [
    ['text', '', { fin: false }], ['continuation', 'a', { fin: false }], ['continuation', '', { fin: false }],
    ['continuation', 'b', { fin: false }], ['continuation', '']
  ]],
  ['a character over fragments', [
    ['text', hex('61e2'), { fin: false }], ['continuation', hex('82'), { fin: false }], ['continuation', hex('ac62')]
  ]],
  ['fragments around control frames', [
    ['text', 'a', { fin: false }], ['ping', 'p'], ['continuation', 'b', { fin: false }], ['pong', 'q'],
    ['continuation', 'c']
  ]],
  ['only empty fragments', [['binary', '', { fin: false }], ['continuation', '']]]
], conversation, { cut: true })

parityTable('the peer sends a control frame:', [
  ['a ping', [['ping', 'A']]],
  ['an empty ping', [['ping', '']]],
  ['a ping of 125 bytes', [['ping', filled(125)]]],
  ['three pings', [['ping', '1'], ['ping', '2'], ['ping', '3']]],
  ['a pong', [['pong', 'A']]],
  ['an empty pong', [['pong', '']]],
  ['a pong of 125 bytes', [['pong', filled(125)]]]
], async (run, frames) => {
  await conversation(run, frames)
}, { cut: true })

parityTable('a listener of ping gets', [
  ['an empty one', [['ping', '']]], ['one with a payload', [['ping', 'payload']]],
  ['two around a message', [['ping', '1'], ['text', 'x'], ['ping', '2']]]
], (run, frames) => conversation(run, frames, { pings: true }), { cut: true })

parityTable('a ping whose pong is', [
  ['cancelled', (cancel) => cancel()],
  ['cancelled twice', (cancel) => { cancel(); cancel() }],
  ['cancelled after it was sent', (cancel) => { setImmediate(cancel) }],
  ['replaced by the listener', (cancel, payload, connection) => { cancel(); connection.pong(Buffer.from('other')) }],
  ['sent by the listener as well', (cancel, payload, connection) => connection.pong(payload)],
  ['sent after a message of the listener', (cancel, payload, connection) => connection.sendUTF('first')]
], async (run, listener) => {
  await run.open({
    before: (connection) => connection.on('ping', (cancel, payload) => listener(cancel, payload, connection))
  })
  await run.closeByPeer(run.frame('ping', 'A'), run.frame('text', 'b'), run.frame('ping', 'C'))
}, { cut: true })

parity('a once listener of ping cancels only one pong', async (run) => {
  await run.open()
  run.connection.once('ping', (cancel) => {
    run.note('cancelled')
    cancel()
  })
  await run.closeByPeer(run.frame('ping', '1'), run.frame('ping', '2'))
}, { cut: true })

parityTable('a violation:', [
  ['a ping of 126 bytes', [['ping', filled(126)]]],
  ['a close frame with a 64-bit length', [['close', '', { length: 70000 }]]],
  ['a pong of 126 bytes', [['pong', filled(126)]]],
  ['a fragmented ping', [['ping', 'a', { fin: false }]]],
  ['a fragmented pong', [['pong', '', { fin: false }]]],
  ['a fragmented close frame', [['close', BYE, { fin: false }]]],
  ['a fragmented control frame of 126 bytes', [['ping', filled(126), { fin: false }]]],
  ['a 64-bit length with a high word', [['binary', '', { length: 0x100000000 }]]],
  ['a continuation without a message', [['continuation', 'x']]],
  ['an unfinished continuation without a message', [['continuation', '', { fin: false }]]],
  ['a continuation after a complete message', [['text', 'a'], ['continuation', 'b']]],
  ['a text within a text', [['text', 'a', { fin: false }], ['text', 'b']]],
  ['binary within a text', [['text', 'a', { fin: false }], ['binary', 'b']]],
  ['unfinished binary within unfinished binary', [['binary', 'a', { fin: false }], ['binary', 'b', { fin: false }]]],
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv) => [`RSV bits ${rsv}`, [['text', 'a', { rsv }]]]),
  ['RSV1 on a ping', [['ping', 'a', { rsv: 4 }]]],
  ['RSV1 on a continuation', [['text', 'a', { fin: false }], ['continuation', 'b', { rsv: 4 }]]],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [`opcode ${opcode}`, [[opcode, 'a']]]),
  ['opcode 3 without a payload', [[3, '']]],
  ['opcode 3 within a message', [['text', 'a', { fin: false }], [3, 'b']]],
  ['opcode 11 within a message', [['text', 'a', { fin: false }], [11, 'b']]],
  ['an unfinished opcode 3', [[3, '', { fin: false }]]],
  ['a text of invalid UTF-8', [['text', hex('ff')]]],
  ['a text that ends in half a character', [['text', hex('61e282')]]],
  ['a surrogate in a text', [['text', hex('eda080')]]],
  ['an overlong NUL', [['text', hex('c080')]]],
  ['a character beyond U+10FFFF', [['text', hex('f4908080')]]],
  ['a last fragment of invalid UTF-8', [['text', 'a', { fin: false }], ['continuation', hex('ff')]]],
  ['a character without its last byte', [['text', hex('e282'), { fin: false }], ['continuation', '']]],
  ['after messages', [['text', 'a'], ['binary', 'b'], ['ping', 'c'], [3, '']]]
], violation, { cut: true })

parityTable('a limit allows', [
  ['a frame of exactly this size', [['binary', filled(10)]]],
  ['a text frame of exactly this size', [['text', filled(10)]]],
  ['fragments of exactly this size', [['binary', filled(10), { fin: false }], ['continuation', filled(10)]]],
  ['empty fragments after fragments of exactly this size', [
    ['binary', filled(10), { fin: false }], ['continuation', filled(10), { fin: false }], ['continuation', '']
  ]],
  ['two messages of exactly this size', [
    ['binary', filled(10), { fin: false }], ['continuation', filled(10)], ['text', filled(10), { fin: false }],
    ['continuation', filled(10)]
  ]],
  ['pings within a message', [
    ['binary', filled(10), { fin: false }], ['ping', filled(10)], ['continuation', filled(10)]
  ]]
], (run, frames) => conversation(run, frames, { config: SMALL }), { cut: true })

parityTable('a limit is exceeded by', [
  ['a frame', [['binary', filled(11)]]],
  ['a frame of 126 bytes', [['binary', filled(126)]]],
  ['a header for 4 GiB', [['binary', '', { length: 0xffffffff }]]],
  ['a header for 65536 bytes', [['text', '', { length: 65536 }]]],
  ['a first fragment', [['text', filled(11), { fin: false }]]],
  ['a continuation', [['text', 'a', { fin: false }], ['continuation', filled(11)]]],
  ['a ping', [['ping', filled(11)]]],
  ['a close frame', [['close', closePayload(1000, '123456789')]]],
  ['a message', [
    ['binary', filled(10), { fin: false }], ['continuation', filled(10), { fin: false }], ['continuation', 'x']
  ]],
  ['a text message', [['text', filled(10), { fin: false }], ['continuation', filled(8), { fin: false }],
    ['continuation', filled(10)]]],
  ['a frame after a message', [['text', 'a'], ['text', filled(11)]]]
], (run, frames) => violation(run, frames, { config: SMALL }), { cut: true })

parityTable('a frame limit above the message limit', [
  ['applies to a message in one frame', [['binary', filled(30)]]]
], (run, frames) => conversation(run, frames, {
  config: { maxReceivedFrameSize: 40, maxReceivedMessageSize: 20 }
}), { cut: true })

const LENGTHS = [0, 1, 124, 125, 126, 127, 255, 256, 16383, 16384, 16385, 65534, 65535, 65536]

parityTable('the peer sends a payload of length', LENGTHS.flatMap(
  (length) => [[`${length}, binary`, 'binary', length], [`${length}, text`, 'text', length]]
), async (run, type, length) => {
  await run.open()
  await run.closeByPeer(run.frame(type, filled(length)))
})

parityTable('a frame exceeds the default limit', [
  ['of a server', 'server', 0x10001], ['of a client', 'client', 0x100001]
], async (run, role, length) => {
  await run.open()
  await run.feed(run.frame('binary', '', { length }))
  if (run.role === role) return run.over()
  if (run.role === 'server') return run.over()
  await run.closeByPeer(filled(length))
})

parityTable('the peer sends fragments of', [125, 126, 4096, 65535, 65536].map((length) => [`${length} bytes`, length]),
  async (run, length) => {
    await run.open()
    await run.closeByPeer(
      run.frame('text', filled(length), { fin: false }),
      run.frame('continuation', filled(length, 0x79), { fin: false }),
      run.frame('continuation', filled(length, 0x7a))
    )
  })

// All three forms of a length are accepted for any length.
parityTable('a length in a longer form is accepted:', [
  ['5 bytes in 16 bits', { server: '827e0005', client: '827e0005' }],
  ['5 bytes in 64 bits', { server: '827f0000000000000005', client: '827f0000000000000005' }]
], async (run, heads) => {
  await run.open()
  const head = hex(heads[run.role])
  if (run.role === 'server') head[1] |= 0x80
  const mask = run.role === 'server' ? hex('00000000') : Buffer.alloc(0)
  await run.closeByPeer(head, mask, Buffer.from('Hello'))
}, { cut: true })

parityTable('without assembleFragments, the peer sends', [
  ['a text', [['text', 'Hello']]],
  ['binary', [['binary', hex('00ff')]]],
  ['an empty text', [['text', '']]],
  ['126 bytes', [['text', filled(126)]]],
  ['fragments', [['text', 'a', { fin: false }], ['continuation', 'b', { fin: false }], ['continuation', 'c']]],
  ['control frames', [['ping', 'p'], ['pong', 'q']]],
  ['a continuation without a message', [['continuation', 'x']]],
  ['a text within a text', [['text', 'a', { fin: false }], ['text', 'b']]],
  ['a text of invalid UTF-8', [['text', hex('ff')]]],
  ['fragments above maxReceivedMessageSize', [
    ['binary', filled(10), { fin: false }], ['continuation', filled(10), { fin: false }], ['continuation', filled(10)]
  ]]
], (run, frames) => conversation(run, frames, {
  pings: true, config: { ...SINGLE_FRAMES, maxReceivedFrameSize: 200, maxReceivedMessageSize: 20 }
}), { cut: true })

parityTable('without assembleFragments, a connection fails for', [
  ['an unknown opcode', [['text', 'a'], [3, 'b']]],
  ['an unknown control opcode', [[11, '']]],
  ['RSV bits', [['text', 'a', { rsv: 2 }]]],
  ['a ping of 126 bytes', [['ping', filled(126)]]],
  ['a fragmented ping', [['ping', '', { fin: false }]]],
  ['a frame above the limit', [['text', 'a'], ['binary', filled(11)]]],
  ['a close reason of invalid UTF-8', [['close', hex('03e8fffe')]]],
  ['a close frame of one byte', [['close', hex('03')]]],
  ['an empty close frame', [['close', '']]],
  ['a close frame with an invalid code', [['close', closePayload(1006, 'reason')]]]
], (run, frames) => violation(run, frames, { config: { ...SINGLE_FRAMES, ...SMALL } }), { cut: true })

parityTable('without assembleFragments, the peer sends bytes:', [125, 126, 65535, 65536].map((each) => [each, each]),
  async (run, length) => {
    await run.open({ config: SINGLE_FRAMES })
    await run.closeByPeer(run.frame('binary', filled(length)))
  })

parity('without assembleFragments, a pong can be cancelled', async (run) => {
  await run.open({ config: SINGLE_FRAMES, before: (connection) => connection.on('ping', (cancel) => cancel()) })
  await run.closeByPeer(run.frame('ping', 'a'))
}, { cut: true })

parity('a reply in a handler of a message is sent before the next event', async (run) => {
  await run.open({ before: (connection) => connection.on('message', ({ utf8Data }) => connection.sendUTF(utf8Data)) })
  await run.closeByPeer(
    run.frame('text', 'a'), run.frame('ping', 'b'), run.frame('text', 'c'), run.frame('text', 'd', { fin: false }),
    run.frame('ping', 'e'), run.frame('continuation', 'f')
  )
}, { cut: true })

parity('handleSocketData accepts bytes of the peer and delivers messages later', async (run) => {
  await run.open()
  const message = new Promise((resolve) => run.connection.once('message', resolve))
  run.connection.handleSocketData(run.frame('text', 'by hand'))
  run.note('returned')
  await message
  await run.closeByPeer(run.frame('text', 'by the socket'))
})

parityTable('with requireMasking: false, an unmasked frame of a client or a masked frame of a server is', [
  ['a text', ['text', 'Hello']], ['an empty text', ['text', '']], ['a ping', ['ping', 'p']]
], async (run, given) => {
  await run.open({ config: { requireMasking: false } })
  const mask = run.role === 'client' ? hex('12345678') : null
  await run.closeByPeer(run.frame(...given, { mask }))
}, { cut: true })
