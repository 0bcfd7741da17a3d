'use strict'

const { closePayload, frame, fromClient } = require('../support/wire')
const { openClient, openServer, parity, parityEnds, parityTable } = require('./driver-scripts')

const BOM = Buffer.from('efbbbf', 'hex')

parityEnds('receives', [
  ['text', (f) => [f('text', 'hello')]],
  ['an empty text', (f) => [f('text')]],
  ['non-ASCII text', (f) => [f('text', 'é€😀')]],
  ['text with a byte order mark', (f) => [f('text', Buffer.concat([BOM, Buffer.from('a')]))]],
  ['text with a NUL', (f) => [f('text', 'a\0b')]],
  ['binary', (f) => [f('binary', [0, 1, 254, 255])]],
  ['an empty binary message', (f) => [f('binary')]],
  ['126 bytes', (f) => [f('text', 'x'.repeat(126))]],
  ['127 bytes', (f) => [f('binary', Buffer.alloc(127, 7))]],
  ['three fragments', (f) => [
    f('text', 'a', { fin: false }), f('continuation', 'b', { fin: false }), f('continuation', 'c')
  ]],
  ['empty fragments', (f) => [
    f('binary', '', { fin: false }), f('continuation', '', { fin: false }), f('continuation', '')
  ]],
  ['a character over two fragments', (f) => [
    f('text', Buffer.from('e282', 'hex'), { fin: false }), f('continuation', Buffer.from('ac', 'hex'))
  ]],
  ['a ping between fragments', (f) => [f('text', 'A', { fin: false }), f('ping', 'B'), f('continuation', 'C')]],
  ['a pong between fragments', (f) => [f('text', 'A', { fin: false }), f('pong', 'B'), f('continuation', 'C')]],
  ['a ping', (f) => [f('ping', 'hi')]],
  ['an empty ping', (f) => [f('ping')]],
  ['the longest ping', (f) => [f('ping', 'p'.repeat(125))]],
  ['a ping that is not UTF-8', (f) => [f('ping', [0xff, 0xfe])]],
  ['an unsolicited pong', (f) => [f('pong', 'hi')]],
  ['a pong that is not UTF-8', (f) => [f('pong', [0xff])]],
  ['several messages', (f) => [f('text', 'a'), f('binary', 'b'), f('text', 'c'), f('ping'), f('text', 'd')]]
], ({ feed, open, fromPeer }, frames) => {
  const driver = open()
  feed.deliver(driver.io, ...frames(fromPeer))
})

parityEnds('receives a message of', [
  ['65535 bytes', 65535], ['65536 bytes', 65536], ['200000 bytes', 200000]
], ({ open, fromPeer }, size) => {
  const bytes = fromPeer('binary', Buffer.alloc(size, 'abc'))
  const whole = open()
  whole.io.write(Buffer.from(bytes))
  const inPieces = open()
  for (let at = 0; at < size + 14; at += 1000) inPieces.io.write(Buffer.from(bytes.subarray(at, at + 1000)))
}, { whole: 'the script splits the bytes itself' })

parityEnds('accepts a length in a longer form:', [
  ['16 bits for 5', (mask) => Buffer.concat([
    Buffer.from([0x81, mask ? 0xfe : 0x7e, 0, 5]), Buffer.alloc(mask ? 4 : 0), Buffer.from('hello')
  ])],
  ['64 bits for 5', (mask) => Buffer.concat([
    Buffer.from([0x82, mask ? 0xff : 0x7f, 0, 0, 0, 0, 0, 0, 0, 5]), Buffer.alloc(mask ? 4 : 0), Buffer.from('hello')
  ])],
  ['16 bits for a ping', (mask) => Buffer.concat([
    Buffer.from([0x89, mask ? 0xfe : 0x7e, 0, 5]), Buffer.alloc(mask ? 4 : 0), Buffer.from('hello')
  ])]
], ({ feed, open, fromPeer }, bytes) => {
  const driver = open()
  feed.deliver(driver.io, bytes(fromPeer === fromClient))
})

parity('a server with requireMasking: false accepts masked frames too', (library, log, feed) => {
  const driver = openServer(library, log, { options: { requireMasking: false } })
  feed.deliver(driver.io, fromClient('text', 'masked'), frame('text', 'plain'), fromClient('ping', 'm'))
})

parity('a client with requireMasking: true', (library, log, feed) => {
  const driver = openClient(library, log, { options: { requireMasking: true } })
  feed.deliver(driver.io, frame('text', 'plain'))
})

const HUGE = 2 ** 40

// Violations that fail a connection. A frame that must not be delivered follows each.
const VIOLATIONS = [
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv) => [`reserved bits ${rsv}`, (f) => f('text', '', { rsv })]),
  ['a reserved bit on a binary frame', (f) => f('binary', 'x', { rsv: 4 })],
  ['a reserved bit on a ping', (f) => f('ping', '', { rsv: 4 })],
  ['a reserved bit on a continuation',
    (f) => Buffer.concat([f('text', 'a', { fin: false }), f('continuation', 'b', { rsv: 2 })])],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [`opcode ${opcode}`, (f) => f(opcode, '')]),
  ['a fragmented ping', (f) => f('ping', '', { fin: false })],
  ['a fragmented pong', (f) => f('pong', '', { fin: false })],
  ['a fragmented close', (f) => f('close', '', { fin: false })],
  ['text inside a message', (f) => Buffer.concat([f('text', 'a', { fin: false }), f('text', 'b')])],
  ['binary inside a message',
    (f) => Buffer.concat([f('binary', 'a', { fin: false }), f('binary', 'b', { fin: false })])],
  ['a length above the limit', (f) => f('text', 'x'.repeat(21))],
  ['a length above the limit in 16 bits', (f) => f('text', 'x'.repeat(200))],
  ['a length above the limit in 64 bits', (f) => f('text', '', { length: HUGE })],
  ['the largest length', (f) => f('binary', '', { length: 2n ** 63n - 1n })],
  ['fragments above the limit', (f) => Buffer.concat([
    f('text', 'x'.repeat(15), { fin: false }), f('continuation', 'x'.repeat(6))
  ])],
  ['a ping of 126 bytes', (f) => f('ping', 'x'.repeat(126))],
  ['a close of 126 bytes', (f) => f('close', 'x'.repeat(126))],
  ['a ping of 64 bits', (f) => f('ping', '', { length: 2 ** 32 })],
  ['invalid UTF-8', (f) => f('text', [0xff])],
  ['a surrogate', (f) => f('text', [0xed, 0xa0, 0x80])],
  ['a code point beyond U+10FFFF', (f) => f('text', [0xf4, 0x90, 0x80, 0x80])],
  ['an overlong form', (f) => f('text', [0xc0, 0x80])],
  ['half a character', (f) => f('text', [0x61, 0xe2, 0x82])],
  ['half a character at the end of fragments', (f) => Buffer.concat([
    f('text', 'a', { fin: false }), f('continuation', [0xe2, 0x82])
  ])]
]

parityEnds('refuses', VIOLATIONS, ({ feed, log, open, fromPeer }, bytes) => {
  const driver = open({ options: { maxLength: 20 } })
  feed.deliver(driver.io, bytes(fromPeer), fromPeer('text', 'unseen'), fromPeer('close'))
  log.call('text', () => driver.text('late'))
  log.call('binary', () => driver.binary(Buffer.from('late')))
  log.call('frame', () => driver.frame('late'))
  log.call('ping', () => driver.ping('late'))
  log.call('pong', () => driver.pong('late'))
  log.call('close', () => driver.close())
  log.call('start', () => driver.start())
  log.call('write', () => driver.messages.write('late'))
})

parityEnds('refuses at the earliest byte', [
  ['reserved bits', () => [0xc1]],
  ['an unknown opcode', () => [0x83]],
  ['a fragmented control frame', () => [0x09]],
  ['text inside a message', (f) => [...f('text', 'a', { fin: false }), 0x81]],
  ['a short length', (f) => f('text', 'x'.repeat(21)).subarray(0, 2)],
  ['a length of 16 bits', (f) => f('text', 'x'.repeat(200)).subarray(0, 4)],
  ['a length of 64 bits', (f) => f('text', '', { length: HUGE }).subarray(0, 10)],
  ['a long control frame', (f) => f('ping', 'x'.repeat(126)).subarray(0, 4)]
], ({ feed, open, fromPeer }, bytes) => {
  const driver = open({ options: { maxLength: 20 } })
  feed.deliver(driver.io, bytes(fromPeer))
})

parityEnds('receives a message of exactly maxLength', [
  ['in one frame', (f) => f('text', 'x'.repeat(20))],
  ['in fragments', (f) => Buffer.concat([
    f('text', 'x'.repeat(15), { fin: false }), f('continuation', 'x'.repeat(5)), f('text', 'y'.repeat(20))
  ])]
], ({ feed, open, fromPeer }, bytes) => {
  const driver = open({ options: { maxLength: 20 } })
  feed.deliver(driver.io, bytes(fromPeer))
})

parityTable('a server with requireMasking refuses', [
  ['an unmasked text', frame('text', 'a')],
  ['an unmasked ping', frame('ping')],
  ['an unmasked close', frame('close')],
  ['an unmasked frame that is too long', frame('text', 'x'.repeat(21))],
  ['an unmasked frame that is much too long', frame('text', 'x'.repeat(200))],
  ['an unmasked ping that is too long', frame('ping', 'x'.repeat(200))],
  ['an unmasked frame without its payload', Buffer.from([0x81, 1])],
  ['an unmasked frame of 16 bits without its length', Buffer.from([0x81, 126])],
  ['an unmasked frame of 64 bits without its length', Buffer.from([0x82, 127])]
], (library, log, feed, bytes) => {
  const driver = openServer(library, log, { options: { maxLength: 20 } })
  feed.deliver(driver.io, bytes)
})

parityEnds('writes', [
  ['text', (driver) => driver.text('s')],
  ['an empty text', (driver) => driver.text('')],
  ['text of bytes', (driver) => driver.text(Buffer.from([0xc3, 0xa9]))],
  ['text of bytes that are not UTF-8', (driver) => driver.text(Buffer.from([0xff]))],
  ['text of an array', (driver) => driver.text([0x61, 0x62])],
  ['text of a number', (driver) => driver.text(5)],
  ['lone surrogates', (driver) => driver.text('a\ud800b')],
  ['binary', (driver) => driver.binary(Buffer.from([1]))],
  ['binary of a string', (driver) => driver.binary('é')],
  ['binary of an array', (driver) => driver.binary([1, 2, 255])],
  ['binary of a number', (driver) => driver.binary(12)],
  ['a frame of a string', (driver) => driver.frame('a')],
  ['a frame of a number', (driver) => driver.frame(12)],
  ['a frame of an array', (driver) => driver.frame([65, 66])],
  ['a frame of bytes', (driver) => driver.frame(Buffer.from([1, 2]))],
  ['a frame of text', (driver) => driver.frame(Buffer.from('a'), 'text')],
  ['a frame of binary', (driver) => driver.frame('a', 'binary')],
  ['a frame of ping', (driver) => driver.frame('a', 'ping')],
  ['a frame of pong', (driver) => driver.frame('a', 'pong')],
  ['a frame of an empty text', (driver) => driver.frame('')],
  ['a ping', (driver) => driver.ping('a')],
  ['a ping without an argument', (driver) => driver.ping()],
  ['a ping of null', (driver) => driver.ping(null)],
  ['a ping of bytes', (driver) => driver.ping(Buffer.from([0xff, 0]))],
  ['a ping of a number', (driver) => driver.ping(5)],
  ['the longest ping', (driver) => driver.ping('x'.repeat(125))],
  ['a pong', (driver) => driver.pong('a')],
  ['a pong without an argument', (driver) => driver.pong()],
  ['messages by messages.write', (driver) => driver.messages.write('a') && driver.messages.write(Buffer.from('b'))],
  ['an array by messages.write', (driver) => driver.messages.write([1, 2])],
  ['126 bytes', (driver) => driver.text('x'.repeat(126))],
  ['65535 bytes', (driver) => driver.text('x'.repeat(65535))],
  ['65536 bytes', (driver) => driver.binary(Buffer.alloc(65536, 'x'))],
  ['a last message by messages.end', (driver) => driver.messages.end('last')],
  ['a close frame by messages.end', (driver) => driver.messages.end()]
], ({ log, open }, write) => {
  const driver = open()
  log.call('write', () => write(driver))
  log.call('write again', () => write(driver))
})

parityTable('the masking option is', [
  ['false for a client', [openClient, { masking: false }]],
  ['true for a server', [openServer, { masking: true }]]
], (library, log, feed, [open, options]) => {
  const driver = open(library, log, { options })
  driver.text('a')
  driver.ping('b')
  driver.close('c', 3000)
})

parityEnds('calls the callback of', [
  ['a ping for its pong', ['a'], ['a']],
  ['a ping only once', ['a'], ['a', 'a']],
  ['the last of two equal pings', ['a', 'a'], ['a', 'a']],
  ['pings whose pongs are out of order', ['a', 'b'], ['b', 'a']],
  ['an empty ping', [''], ['']],
  ['a number', [5], ['5']],
  ['pings named as members of Object.prototype', ['constructor', 'toString', '__proto__'],
    ['constructor', 'toString', '__proto__']],
  ['no ping for another pong', ['a'], ['A', 'aa', '']],
  ['a non-ASCII ping', ['é😀'], ['é😀']]
].map(([name, ...value]) => [name, value]), ({ feed, log, open, fromPeer }, [pings, pongs]) => {
  const driver = open()
  pings.forEach((ping, index) => {
    log.call('ping', () => driver.ping(ping, (...args) => log.add('called', index, ping, args)))
  })
  feed.deliver(driver.io, ...pongs.map((pong) => fromPeer('pong', pong)))
})

parityEnds('does not call the callback of a ping', [
  ['after the close', (driver, f) => driver.io.write(f('close'))]
], ({ log, open, fromPeer }, close) => {
  const driver = open()
  driver.ping('a', () => log.add('called'))
  close(driver, fromPeer)
  driver.io.write(fromPeer('pong', 'a'))
}, { whole: 'no bytes to cut' })

parityEnds('parses', [
  ['arrays', (f) => [[...f('text', 'a')], [...f('ping')]]],
  ['an empty Buffer', (f) => [Buffer.alloc(0), f('text', 'a')]],
  ['an empty array', (f) => [[], f('text', 'a')]],
  ['nothing', (f) => [undefined, null, f('text', 'a')]],
  ['a frame in arrays', (f) => [...f('text', 'abc')].map((byte) => [byte])]
], ({ log, open, fromPeer }, chunks) => {
  const driver = open()
  for (const chunk of chunks(fromPeer)) log.call('parse', () => driver.parse(chunk))
  for (const chunk of chunks(fromPeer)) log.call('write', () => driver.io.write(chunk))
}, { whole: 'the script splits the bytes itself' })

parityEnds('cannot parse', [['a number', 5], ['true', true]], ({ log, open }, chunk) => {
  const driver = open()
  log.kind('parse', () => driver.parse(chunk))
  log.kind('write', () => driver.io.write(chunk))
}, { whole: 'no bytes to cut' })

parity('a program can keep and change messages', (library, log, feed) => {
  const driver = openServer(library, log)
  const kept = []
  driver.on('message', ({ data }) => {
    kept.push(data)
    data.fill(0)
  })
  feed.deliver(driver.io, fromClient('binary', 'abc'), fromClient('binary', 'def'))
  log.add('kept', ...kept, kept.map(Buffer.isBuffer))
})

parity('the close event has the code of the answered close frame', (library, log, feed) => {
  const driver = openServer(library, log, { options: { requireMasking: false } })
  log.call('close', () => driver.close('bye', 3001))
  feed.deliver(driver.io, frame('close', closePayload(3001, 'bye')))
})
