'use strict'

const { closePayload } = require('../support/wire')
const { httpDriver, parity, parityEnds, watch } = require('./driver-scripts')

const PAYLOADS = [
  ['with an empty payload', Buffer.alloc(0)],
  ['with one byte', Buffer.from([3])],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3001, 3999, 4000, 4999]
    .map((code) => [`with ${code}`, closePayload(code, 'bye')]),
  ...[0, 1, 999, 1004, 1005, 1006, 1012, 1013, 1014, 1015, 1016, 2000, 2999, 5000, 65535]
    .map((code) => [`with ${code}, which must not be sent`, closePayload(code, 'bye')]),
  ['without a reason', closePayload(1001)],
  ['with a non-ASCII reason', closePayload(1000, 'tschüß 😀')],
  ['with a reason of invalid UTF-8', Buffer.from([3, 232, 0xff])],
  ['with an invalid code and a reason of invalid UTF-8', Buffer.from([3, 237, 0xff])],
  ['with the longest reason', closePayload(1000, 'x'.repeat(123))]
]

parityEnds('receives a close frame', PAYLOADS, ({ feed, log, open, fromPeer }, payload) => {
  const driver = open()
  feed.deliver(driver.io, fromPeer('text', 'a'), fromPeer('close', payload), fromPeer('text', 'unseen'))
  log.call('text', () => driver.text('late'))
  log.call('ping', () => driver.ping('late'))
  log.call('pong', () => driver.pong('late'))
  log.call('frame', () => driver.frame('late'))
  log.call('messages', () => driver.messages.write('late'))
  log.call('close', () => driver.close())
  feed.deliver(driver.io, fromPeer('close'), fromPeer('ping'))
})

parityEnds('receives an answer to its close frame', PAYLOADS, ({ feed, log, open, fromPeer }, payload) => {
  const driver = open()
  log.call('close', () => driver.close('mine', 3000))
  feed.deliver(driver.io, fromPeer('close', payload), fromPeer('text', 'unseen'))
})

parityEnds('closes', [
  ['without arguments', []],
  ['with a reason', ['bye']],
  ['with reason and code', ['bye', 3001]],
  ['with a code', [undefined, 3001]],
  ['with an empty reason and a code', ['', 1001]],
  ['with null', [null, null]],
  ['with 0 for 1000', ['', 0]],
  ['with a non-ASCII reason', ['tschüß', 4999]],
  ['with a code as text', ['bye', '3001']],
  ['with the longest reason', ['x'.repeat(123), 1000]]
], ({ feed, log, open, fromPeer }, args) => {
  const driver = open()
  log.call('close', () => driver.close(...args))
  log.call('close again', () => driver.close(...args))
  log.call('text', () => driver.text('late'))
  log.call('binary', () => driver.binary(Buffer.from('late')))
  log.call('ping', () => driver.ping('late'))
  log.call('pong', () => driver.pong('late'))
  for (const data of ['late', Buffer.from('late'), [1, 2], 5]) {
    for (const type of [undefined, 'text', 'binary']) log.call('frame', () => driver.frame(data, type))
  }
  log.call('messages', () => driver.messages.write('late'))
  log.call('setHeader', () => driver.setHeader('a', 'b'))
  feed.deliver(driver.io, fromPeer('text', 'unheard'), fromPeer('ping', 'answered'), fromPeer('pong', 'told'),
    fromPeer('text', 'un', { fin: false }), fromPeer('continuation', 'heard'), fromPeer('close', closePayload(1001)))
})

// If the close frame is not in the same chunk, the original waits for it.
parityEnds('closes on a violation and a close frame while it closes:', [
  ['reserved bits', (f) => f('text', 'a', { rsv: 4 })],
  ['an unknown opcode', (f) => f(3, '')],
  ['invalid UTF-8', (f) => f('text', [0xff])],
  ['a frame that is too long', (f) => f('text', 'x'.repeat(21))]
], ({ feed, log, open, fromPeer }, bytes) => {
  const driver = open({ options: { maxLength: 20 } })
  log.call('close', () => driver.close('bye', 3001))
  feed.deliver(driver.io, Buffer.concat([bytes(fromPeer), fromPeer('close', closePayload(3001, 'bye'))]))
  log.add('state', driver.readyState)
  log.call('close', () => driver.close())
})

parityEnds('closes when the peer answers', [
  ['without a code', ['bye', 'close', 3001]]
], ({ feed, log, open, fromPeer }, args) => {
  const driver = open()
  log.call('close', () => driver.close(args[0], args[2]))
  feed.deliver(driver.io, fromPeer('close'))
}, {})

parityEnds('can be closed in the handler of', [
  'open', 'message', 'ping', 'pong', 'error', 'close'
].map((type) => [type, type]), ({ feed, log, open, fromPeer }, type) => {
  const driver = open({
    before: (driver) => {
      if (type === 'open') driver.on(type, () => log.call('close', () => driver.close('x', 3000)))
    }
  })
  driver.on(type, () => log.call('close', () => driver.close('x', 3000)))
  feed.deliver(driver.io, fromPeer('text', 'a'), fromPeer('ping', 'b'), fromPeer('pong', 'c'), fromPeer('text', 'd'))
  if (type === 'error') feed.deliver(driver.io, fromPeer(3, ''))
  else feed.deliver(driver.io, fromPeer('close', closePayload(3001, 'bye')))
})

parityEnds('can be closed during the write of', [
  ['a pong', (f) => f('ping')],
  ['a close frame', (f) => f('close')]
], ({ feed, log, open, fromPeer }, bytes) => {
  const driver = open()
  driver.io.on('data', () => log.call('close', () => driver.close('x', 3000)))
  feed.deliver(driver.io, bytes(fromPeer), fromPeer('text', 'unheard'))
})

parity('a driver that is closed before it starts ends its streams', (library, log) => {
  const driver = httpDriver(library, log)
  driver.messages.on('end', () => log.add('ended'))
  log.call('close', () => driver.close())
  log.call('io', () => driver.io.write(Buffer.from([0x81])))
  log.call('messages', () => driver.messages.write('a'))
  const client = watch(log, library.client('ws://a/', { allowDrafts: false }), 'client')
  log.call('close', () => client.close('why', 4000))
  log.call('messages', () => client.messages.write('a'))
})
