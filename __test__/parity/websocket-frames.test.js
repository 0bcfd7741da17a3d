'use strict'

const { closePayload } = require('../support/wire')
const { parity, parityTable } = require('./websocket-scripts')

const hex = (text) => Buffer.from(text, 'hex')
const filled = (length, byte = 0x78) => Buffer.alloc(length, byte)
const SMALL = { maxReceivedFrameSize: 10, maxReceivedMessageSize: 20 }
const SINGLE_FRAMES = { assembleFragments: false }
const BYE = closePayload(1000, 'bye')

/** Frames of the peer as `[type, payload, options]`, a close frame behind them. */
async function conversation (run, frames, opening) {
  await run.open(opening)
  await run.closeByPeer(...frames.map((given) => run.frame(...given)))
}

/** The same where the last frame ends the connection. */
async function violation (run, frames, opening) {
  await run.open(opening)
  await run.feed(...frames.map((given) => run.frame(...given)))
  await run.over()
}

parityTable('a message of', [
  ['a text', [['text', 'Hello']]],
  ['an empty text', [['text', '']]],
  ['a text beyond ASCII', [['text', 'µ£€𝄞']]],
  ['a text with NUL', [['text', 'a\0b']]],
  ['binary', [['binary', hex('00ff80')]]],
  ['empty binary', [['binary', '']]],
  ['several', [['text', 'a'], ['binary', 'b'], ['text', 'c']]],
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
  ['empty fragments only', [['binary', '', { fin: false }], ['continuation', '']]]
], conversation, { cut: true })

parityTable('control frames:', [
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

parityTable('a ping with a listener:', [
  ['an empty one', [['ping', '']]], ['one with a payload', [['ping', 'payload']]],
  ['two around a message', [['ping', '1'], ['text', 'x'], ['ping', '2']]]
], (run, frames) => conversation(run, frames, { pings: true }), { cut: true })

parityTable('a ping whose pong is', [
  ['cancelled', (cancel) => cancel()],
  ['cancelled twice', (cancel) => { cancel(); cancel() }],
  ['cancelled too late', (cancel) => { setImmediate(cancel) }],
  ['sent by the listener', (cancel, payload, connection) => { cancel(); connection.pong(Buffer.from('other')) }],
  ['sent by the listener as well', (cancel, payload, connection) => connection.pong(payload)],
  ['behind a message of the listener', (cancel, payload, connection) => connection.sendUTF('first')]
], async (run, listener) => {
  await run.open({
    before: (connection) => connection.on('ping', (cancel, payload) => listener(cancel, payload, connection))
  })
  await run.closeByPeer(run.frame('ping', 'A'), run.frame('text', 'b'), run.frame('ping', 'C'))
}, { cut: true })

parity('a ping listener that leaves in between', async (run) => {
  await run.open()
  run.connection.once('ping', (cancel) => {
    run.note('cancelled')
    cancel()
  })
  await run.closeByPeer(run.frame('ping', '1'), run.frame('ping', '2'))
}, { cut: true })

parityTable('a violation:', [
  ['a ping of 126 bytes', [['ping', filled(126)]]],
  ['a close frame that announces 127', [['close', '', { length: 70000 }]]],
  ['a pong of 126 bytes', [['pong', filled(126)]]],
  ['a fragmented ping', [['ping', 'a', { fin: false }]]],
  ['a fragmented pong', [['pong', '', { fin: false }]]],
  ['a fragmented close frame', [['close', BYE, { fin: false }]]],
  ['a fragmented control frame of 126 bytes', [['ping', filled(126), { fin: false }]]],
  ['a 64-bit length with a high word', [['binary', '', { length: 0x100000000 }]]],
  ['a continuation of nothing', [['continuation', 'x']]],
  ['a continuation of nothing that goes on', [['continuation', '', { fin: false }]]],
  ['a continuation of a complete message', [['text', 'a'], ['continuation', 'b']]],
  ['a text within a text', [['text', 'a', { fin: false }], ['text', 'b']]],
  ['binary within a text', [['text', 'a', { fin: false }], ['binary', 'b']]],
  ['binary within binary, unfinished both', [['binary', 'a', { fin: false }], ['binary', 'b', { fin: false }]]],
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv) => [`RSV bits ${rsv}`, [['text', 'a', { rsv }]]]),
  ['RSV1 on a ping', [['ping', 'a', { rsv: 4 }]]],
  ['RSV1 on a continuation', [['text', 'a', { fin: false }], ['continuation', 'b', { rsv: 4 }]]],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [`opcode ${opcode}`, [[opcode, 'a']]]),
  ['opcode 3 without a payload', [[3, '']]],
  ['opcode 3 within a message', [['text', 'a', { fin: false }], [3, 'b']]],
  ['opcode 11 within a message', [['text', 'a', { fin: false }], [11, 'b']]],
  ['an unfinished opcode 3', [[3, '', { fin: false }]]],
  ['a text that is not UTF-8', [['text', hex('ff')]]],
  ['a text that ends in half a character', [['text', hex('61e282')]]],
  ['a surrogate in a text', [['text', hex('eda080')]]],
  ['an overlong NUL', [['text', hex('c080')]]],
  ['a character beyond U+10FFFF', [['text', hex('f4908080')]]],
  ['a last fragment that is not UTF-8', [['text', 'a', { fin: false }], ['continuation', hex('ff')]]],
  ['a character that its last fragment lacks', [['text', hex('e282'), { fin: false }], ['continuation', '']]],
  ['behind messages', [['text', 'a'], ['binary', 'b'], ['ping', 'c'], [3, '']]]
], violation, { cut: true })

parityTable('a limit:', [
  ['a frame of just the size', [['binary', filled(10)]]],
  ['a text frame of just the size', [['text', filled(10)]]],
  ['fragments of just the size', [['binary', filled(10), { fin: false }], ['continuation', filled(10)]]],
  ['empty fragments behind a message of just the size', [
    ['binary', filled(10), { fin: false }], ['continuation', filled(10), { fin: false }], ['continuation', '']
  ]],
  ['one message after the other', [
    ['binary', filled(10), { fin: false }], ['continuation', filled(10)], ['text', filled(10), { fin: false }],
    ['continuation', filled(10)]
  ]],
  ['pings within a message', [
    ['binary', filled(10), { fin: false }], ['ping', filled(10)], ['continuation', filled(10)]
  ]]
], (run, frames) => conversation(run, frames, { config: SMALL }), { cut: true })

parityTable('a limit exceeded by', [
  ['a frame', [['binary', filled(11)]]],
  ['a frame of 126 bytes', [['binary', filled(126)]]],
  ['a frame that announces 4 GiB', [['binary', '', { length: 0xffffffff }]]],
  ['a frame that announces 65536', [['text', '', { length: 65536 }]]],
  ['a first fragment', [['text', filled(11), { fin: false }]]],
  ['a continuation', [['text', 'a', { fin: false }], ['continuation', filled(11)]]],
  ['a ping', [['ping', filled(11)]]],
  ['a close frame', [['close', closePayload(1000, '123456789')]]],
  ['a message', [
    ['binary', filled(10), { fin: false }], ['continuation', filled(10), { fin: false }], ['continuation', 'x']
  ]],
  ['a text message', [['text', filled(10), { fin: false }], ['continuation', filled(8), { fin: false }],
    ['continuation', filled(10)]]],
  ['an unmasked payload behind a message', [['text', 'a'], ['text', filled(11)]]]
], (run, frames) => violation(run, frames, { config: SMALL }), { cut: true })

parityTable('a frame limit above the message limit:', [
  ['a message of one frame counts for the frame limit only', [['binary', filled(30)]]]
], (run, frames) => conversation(run, frames, {
  config: { maxReceivedFrameSize: 40, maxReceivedMessageSize: 20 }
}), { cut: true })

parityTable('a length of', [0, 1, 124, 125, 126, 127, 255, 256, 16383, 16384, 16385, 65534, 65535, 65536].flatMap(
  (length) => [[`${length}, binary`, 'binary', length], [`${length}, text`, 'text', length]]
), async (run, type, length) => {
  await run.open()
  await run.closeByPeer(run.frame(type, filled(length)))
})

parityTable('a frame above the limit by default:', [
  ['of a server', 'server', 0x10001], ['of a client', 'client', 0x100001]
], async (run, role, length) => {
  await run.open()
  await run.feed(run.frame('binary', '', { length }))
  if (run.role === role) return run.over()
  if (run.role === 'server') return run.over()
  await run.closeByPeer(filled(length))
})

parityTable('fragments of', [[125], [126], [4096], [65535], [65536]].map(([length]) => [`${length} bytes`, length]),
  async (run, length) => {
    await run.open()
    await run.closeByPeer(
      run.frame('text', filled(length), { fin: false }),
      run.frame('continuation', filled(length, 0x79), { fin: false }),
      run.frame('continuation', filled(length, 0x7a))
    )
  })

// What a length announces is counted, in whichever of the three forms it is written.
parityTable('a length that is written too long:', [
  ['5 bytes in 16 bits', { server: '827e0005', client: '827e0005' }],
  ['5 bytes in 64 bits', { server: '827f0000000000000005', client: '827f0000000000000005' }]
], async (run, heads) => {
  await run.open()
  const head = hex(heads[run.role])
  if (run.role === 'server') head[1] |= 0x80
  const mask = run.role === 'server' ? hex('00000000') : Buffer.alloc(0)
  await run.closeByPeer(head, mask, Buffer.from('Hello'))
}, { cut: true })

parityTable('with assembleFragments off', [
  ['a text', [['text', 'Hello']]],
  ['binary', [['binary', hex('00ff')]]],
  ['an empty text', [['text', '']]],
  ['126 bytes', [['text', filled(126)]]],
  ['fragments', [['text', 'a', { fin: false }], ['continuation', 'b', { fin: false }], ['continuation', 'c']]],
  ['control frames', [['ping', 'p'], ['pong', 'q']]],
  ['a continuation of nothing', [['continuation', 'x']]],
  ['a text within a text', [['text', 'a', { fin: false }], ['text', 'b']]],
  ['a text that is not UTF-8', [['text', hex('ff')]]],
  ['more than a message may have', [
    ['binary', filled(10), { fin: false }], ['continuation', filled(10), { fin: false }], ['continuation', filled(10)]
  ]]
], (run, frames) => conversation(run, frames, {
  pings: true, config: { ...SINGLE_FRAMES, maxReceivedFrameSize: 200, maxReceivedMessageSize: 20 }
}), { cut: true })

parityTable('with assembleFragments off a violation:', [
  ['an unknown opcode', [['text', 'a'], [3, 'b']]],
  ['an unknown control opcode', [[11, '']]],
  ['RSV bits', [['text', 'a', { rsv: 2 }]]],
  ['a ping of 126 bytes', [['ping', filled(126)]]],
  ['a fragmented ping', [['ping', '', { fin: false }]]],
  ['a frame above the limit', [['text', 'a'], ['binary', filled(11)]]],
  ['a close reason that is not UTF-8', [['close', hex('03e8fffe')]]],
  ['a close frame of one byte', [['close', hex('03')]]],
  ['an empty close frame', [['close', '']]],
  ['a close frame with a code that is none', [['close', closePayload(1006, 'reason')]]]
], (run, frames) => violation(run, frames, { config: { ...SINGLE_FRAMES, ...SMALL } }), { cut: true })

parityTable('with assembleFragments off a length of', [125, 126, 65535, 65536].map((length) => [length, length]),
  async (run, length) => {
    await run.open({ config: SINGLE_FRAMES })
    await run.closeByPeer(run.frame('binary', filled(length)))
  })

parity('with assembleFragments off a ping can be cancelled', async (run) => {
  await run.open({ config: SINGLE_FRAMES, before: (connection) => connection.on('ping', (cancel) => cancel()) })
  await run.closeByPeer(run.frame('ping', 'a'))
}, { cut: true })

parity('a reply in the handler of a message leaves before what comes next', async (run) => {
  await run.open({ before: (connection) => connection.on('message', ({ utf8Data }) => connection.sendUTF(utf8Data)) })
  await run.closeByPeer(
    run.frame('text', 'a'), run.frame('ping', 'b'), run.frame('text', 'c'), run.frame('text', 'd', { fin: false }),
    run.frame('ping', 'e'), run.frame('continuation', 'f')
  )
}, { cut: true })

parity('handleSocketData takes bytes of the peer, and delivers them later', async (run) => {
  await run.open()
  const message = new Promise((resolve) => run.connection.once('message', resolve))
  run.connection.handleSocketData(run.frame('text', 'by hand'))
  run.note('returned')
  await message
  await run.closeByPeer(run.frame('text', 'by the socket'))
})

parityTable('with requireMasking off an unmasked frame of a client, or a masked one of a server:', [
  ['a text', ['text', 'Hello']], ['an empty text', ['text', '']], ['a ping', ['ping', 'p']]
], async (run, given) => {
  await run.open({ config: { requireMasking: false } })
  const mask = run.role === 'client' ? hex('12345678') : null
  await run.closeByPeer(run.frame(...given, { mask }))
}, { cut: true })
