'use strict'

const net = require('node:net')

const { accept, once } = require('../support/peer')
const { fakeLongTimers } = require('../support/timers')
const { closePayload, readFrames } = require('../support/wire')
const { parity, parityTable } = require('./compare')
const { dial, openServer, request, roles } = require('./scripts')

const RESETS = typeof net.Socket.prototype.resetAndDestroy === 'function'

for (const { role, open, toSubject, note } of roles) {
  const closed = async (log, scope, peer, ws) => {
    await peer.ended()
    await scope.settle()
    note(log, peer)
    log.add('finally', peer.ending, ws.readyState, ws.readable, ws.writable)
  }

  parity(`${role}: the peer answers our close`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    log.call('close', () => ws.close())
    log.add('state', ws.readyState)
    log.call('close again', () => ws.close(4000, 'other'))
    await peer.until(() => readFrames(peer.bytes).frames.length === 1)
    peer.write(toSubject('close', closePayload(1000)))
    await closed(log, scope, peer, ws)
    log.call('close when closed', () => ws.close())
    log.call('send when closed', () => ws.send('x'))
    log.call('write when closed', () => ws.write('x'))
    log.call('ping when closed', () => ws.ping('x'))
    log.call('end when closed', () => ws.end('x'))
    log.call('pause when closed', () => { ws.pause() })
    log.call('resume when closed', () => { ws.resume() })
    await scope.settle()
  })

  parityTable(`${role}: close with`, [
    ['1000', [1000]], ['a reason', [1000, 'done']], ['3000', [3000]], ['4999', [4999, 'x']], ['undefined', [undefined]],
    ['only a reason', [undefined, 'only']], ['a null reason', [3000, null]], ['a numeric reason', [3000, 5]],
    ['a non-ASCII reason', [3000, 'é€𝄞']], ['a reason of 123 bytes', [3000, 'x'.repeat(123)]],
    ['a lone surrogate', [3000, '\ud800']], ['three arguments', [3001, 'why', 'ignored']], ['a numeric text', ['3000']],
    ['NaN', [NaN]], ['a fraction', [3000.5]]
  ], async (WebSocket, log, scope, given) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    log.call('close', () => ws.close(...given))
    await peer.until(() => readFrames(peer.bytes).frames.length === 1)
    peer.write(toSubject('close', readFrames(peer.bytes).frames[0].payload))
    await closed(log, scope, peer, ws)
  })

  parity(`${role}: close refuses codes outside 1000 and 3000 to 4999`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    for (const code of [0, 1, 999, 1001, 1005, 1006, 2999, 5000, 65536, -1, 1.5, null, '', '5000', true, false,
      Infinity, -Infinity, [], [5], 10n]) {
      log.call('close', () => ws.close(code, 'reason'))
      log.add('state', ws.readyState)
    }
    log.call('send', () => ws.send('still open'))
    await peer.until(() => peer.bytes.length > 0)
    note(log, peer)
  })

  parityTable(`${role}: the peer closes with`, [
    ['an empty payload', Buffer.alloc(0)], ['one byte', Buffer.from([3])],
    ...[0, 1, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1015, 1016, 2000,
      2999, 3000, 3999, 4000, 4999, 5000, 65535].map((code) => [`${code}`, closePayload(code)]),
    ['a reason', closePayload(1001, 'going')], ['a non-ASCII reason', closePayload(3000, 'é€')],
    ['a reason with an invalid code', closePayload(1005, 'reason')],
    ['a reason of 123 bytes', closePayload(1000, 'r'.repeat(123))],
    ['a reason that is not UTF-8', Buffer.from('03e8ff', 'hex')],
    ['a reason that ends in half a character', Buffer.from('03e861e282', 'hex')]
  ], async (WebSocket, log, scope, payload) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    peer.write(Buffer.concat([toSubject('text', 'before'), toSubject('close', payload), toSubject('text', 'after')]))
    await closed(log, scope, peer, ws)
  })

  parityTable(`${role}: after our close, the peer closes with`, [
    ['an empty payload', Buffer.alloc(0)], ['another code', closePayload(3333, 'mine')],
    ['an invalid code', closePayload(1006)],
    ['one byte', Buffer.from([3])]
  ], async (WebSocket, log, scope, payload) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    ws.close(4000, 'ours')
    peer.write(toSubject('close', payload))
    await closed(log, scope, peer, ws)
  })

  parity(`${role}: after close, messages are discarded and pings answered`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    ws.close()
    peer.write(Buffer.concat([
      toSubject('text', 'dropped'), toSubject('ping', 'answered'), toSubject('binary', 'dropped'),
      toSubject('close', closePayload(1000))
    ]))
    await closed(log, scope, peer, ws)
  })

  // The original continues to the close frame, and we end at the violation. Both report 3001.
  parity(`${role}: a violation after close emits no error`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    const closed = once(ws, 'close')
    ws.close(3001, 'bye')
    peer.write(Buffer.concat([toSubject(3, 'reserved'), toSubject('close', closePayload(3001, 'bye'))]))
    await peer.until(() => readFrames(peer.bytes).frames.length === 1)
    await closed
  })

  parity(`${role}: a close without an answer ends after 30 seconds`, async (WebSocket, log, scope) => {
    const timers = fakeLongTimers(scope)
    const { peer, ws } = await open(WebSocket, log, scope)
    log.add('timers before', timers.map(({ delay }) => delay))
    ws.close(4000, 'ours')
    ws.close()
    log.add('timers', timers.map(({ kind, delay, active }) => [kind, delay, active]))
    timers[0].fire()
    await closed(log, scope, peer, ws)
    log.add('timers', timers.map(({ active }) => active))
  })

  parity(`${role}: the close timer ends with the connection`, async (WebSocket, log, scope) => {
    const timers = fakeLongTimers(scope)
    const { peer, ws } = await open(WebSocket, log, scope)
    ws.close()
    peer.write(toSubject('close', closePayload(1000)))
    await once(ws, 'close')
    log.add('timers', timers.map(({ delay, active }) => [delay, active]))
  })

  parity(`${role}: the end of TCP without a close frame is 1006`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    peer.write(toSubject('text', 'before'))
    peer.socket.end()
    await closed(log, scope, peer, ws)
  })

  parity(`${role}: the end of TCP within a message is 1006`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    peer.write(toSubject('text', 'not all of it').subarray(0, 8))
    peer.socket.end()
    await closed(log, scope, peer, ws)
  })

  parity(`${role}: the end of TCP after our close frame is 1006`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    ws.close(4000, 'ours')
    await peer.until(() => peer.bytes.length > 0)
    peer.socket.end()
    await closed(log, scope, peer, ws)
  })

  parity(`${role}: a reset is a network error`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    peer.socket.resetAndDestroy()
    await once(ws, 'close')
    await scope.settle()
    log.add('finally', ws.readyState)
  }, { skip: RESETS ? false : 'this Node cannot reset a socket' })

  parity(`${role}: an error of the stream is a network error`, async (WebSocket, log, scope) => {
    const { ws } = await open(WebSocket, log, scope)
    ws._stream.destroy(new Error('cable cut'))
    await once(ws, 'close')
    await scope.settle()
  })

  parity(`${role}: an error of the stream while closing is not reported`, async (WebSocket, log, scope) => {
    const { ws } = await open(WebSocket, log, scope)
    ws.close()
    ws._stream.destroy(new Error('cable cut'))
    await once(ws, 'close')
    await scope.settle()
  })

  parity(`${role}: a destroyed stream is 1006`, async (WebSocket, log, scope) => {
    const { ws } = await open(WebSocket, log, scope)
    ws._stream.destroy()
    await once(ws, 'close')
    await scope.settle()
  })

  parityTable(`${role}: fails the connection for`, [
    ['reserved bits', toSubject('text', 'x', { rsv: 4 })],
    ['all reserved bits', toSubject('binary', 'x', { rsv: 7 })],
    ['a reserved bit of a ping', toSubject('ping', 'x', { rsv: 2 })],
    ['a reserved bit of a continuation', Buffer.concat([
      toSubject('text', 'a', { fin: false }), toSubject('continuation', 'b', { rsv: 1 })
    ])],
    ['opcode 3', toSubject(3, 'x')], ['opcode 7', toSubject(7, 'x')], ['opcode 11', toSubject(11, 'x')],
    ['opcode 15', toSubject(15, 'x')],
    ['a fragmented ping', toSubject('ping', 'x', { fin: false })],
    ['a fragmented close', toSubject('close', closePayload(1000), { fin: false })],
    ['a long ping', toSubject('ping', 'x'.repeat(126))],
    ['a long pong', toSubject('pong', 'x'.repeat(200))],
    ['a long close', toSubject('close', closePayload(1000, 'x'.repeat(124)))],
    ['a continuation without a message', toSubject('continuation', 'x')],
    ['an unfinished continuation without a message', toSubject('continuation', 'x', { fin: false })],
    ['a continuation after the end of a message', Buffer.concat([
      toSubject('text', 'a'), toSubject('continuation', 'b')
    ])],
    ['a text inside a message', Buffer.concat([toSubject('text', 'a', { fin: false }), toSubject('text', 'b')])],
    ['a binary inside a message', Buffer.concat([toSubject('text', 'a', { fin: false }), toSubject('binary', 'b')])],
    ['invalid UTF-8', toSubject('text', Buffer.from('ff', 'hex'))],
    ['text that ends in half a character', toSubject('text', Buffer.from('61e282', 'hex'))],
    ['a surrogate', toSubject('text', Buffer.from('eda080', 'hex'))],
    ['an overlong form', toSubject('text', Buffer.from('c080', 'hex'))],
    ['a code point beyond U+10FFFF', toSubject('text', Buffer.from('f4908080', 'hex'))],
    ['invalid UTF-8 at the end of a text', toSubject('text', Buffer.concat([
      Buffer.alloc(5000, 'a'), Buffer.from([0xc0])
    ]))],
    ['fragments that end in half a character', Buffer.concat([
      toSubject('text', 'a', { fin: false }), toSubject('continuation', Buffer.from('e282', 'hex'))
    ])]
  ], async (WebSocket, log, scope, bytes) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    peer.write(Buffer.concat([toSubject('text', 'before'), bytes, toSubject('text', 'after')]))
    await once(ws, 'close')
    await peer.until(() => peer.ending !== null || readFrames(peer.bytes).frames.length === 1)
    await scope.settle()
    note(log, peer)
    log.add('finally', ws.readyState)
  })

  parity(`${role}: a violation fails the connection at its first byte`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    peer.write(Buffer.from([0x83]))
    await once(ws, 'close')
    await closed(log, scope, peer, ws)
  })
}

parity('server: an unmasked frame is refused', async (WebSocket, log, scope) => {
  const { peer, ws } = await openServer(WebSocket, log, scope)
  peer.write(Buffer.from('8101', 'hex'))
  await once(ws, 'close')
  await peer.ended()
  log.wire(peer)
})

parityTable('server: an unmasked frame with a length', [
  ['too large, 7 bits', '8105', 4], ['too large, 16 bits', '817e0100', 4], ['allowed, 64 bits', '827f', undefined]
], async (WebSocket, log, scope, hex, maxLength) => {
  const { peer, ws } = await openServer(WebSocket, log, scope, { options: maxLength ? { maxLength } : {} })
  peer.write(Buffer.from(hex, 'hex'))
  await once(ws, 'close')
  await peer.ended()
  log.wire(peer)
})

parityTable('server: close before the handshake', [
  ['at once', (ws) => ws.close()], ['with code and reason', (ws) => ws.close(3000, 'no')],
  ['with end()', (ws) => ws.end('unsent')], ['twice', (ws) => { ws.close(4000); ws.close(3000) }],
  ['after a send', (ws) => { ws.send('unsent'); ws.close() }]
], async (WebSocket, log, scope, close) => {
  const { peer } = await request(WebSocket, log, scope, {
    onSocket: (ws) => {
      log.call('close', () => { close(ws) })
      log.add('state', ws.readyState)
    }
  })
  await peer.ended()
  await scope.settle()
  log.wire(peer)
})

parityTable('client: close before TCP is connected', [
  ['plain', (ws) => ws.close()], ['with code and reason', (ws) => ws.close(3000, 'no')],
  ['after a send', (ws) => { ws.send('unsent'); ws.close() }]
], async (WebSocket, log, scope, close) => {
  const server = await accept(scope)
  log.port(server.port)
  const ws = new WebSocket.Client(server.url)
  log.watch(ws)
  log.call('close', () => { close(ws) })
  log.add('state', ws.readyState)
  log.call('close', () => ws.close())
  log.call('send', () => ws.send('x'))
  await scope.settle(60)
})

parityTable('client: close before the response', [
  ['plain', []], ['with code and reason', [3000, 'no']]
], async (WebSocket, log, scope, given) => {
  const { peer, ws } = await dial(WebSocket, log, scope)
  log.call('close', () => ws.close(...given))
  log.add('state', ws.readyState)
  await peer.ended()
  await scope.settle()
  log.add('more', peer.bytes.length)
})

parity('client: the server ends before its response is complete', async (WebSocket, log, scope) => {
  for (const part of ['', 'HTTP/1.1 101 Swit', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n']) {
    const { peer, ws } = await dial(WebSocket, log, scope)
    if (part !== '') peer.write(part)
    peer.socket.end()
    if (ws.readyState !== 3) await once(ws, 'close')
    await scope.settle()
  }
})

parity('client: a reset before the response is a network error', async (WebSocket, log, scope) => {
  const { peer, ws } = await dial(WebSocket, log, scope)
  peer.socket.resetAndDestroy()
  await once(ws, 'close')
}, { skip: RESETS ? false : 'this Node cannot reset a socket' })

parity('server: the peer leaves before the handshake is sent', async (WebSocket, log, scope) => {
  const { ws } = await request(WebSocket, log, scope, { onSocket: (ws, { socket }) => socket.destroy() })
  await once(ws, 'close').catch(() => log.add('no close event later'))
  await scope.settle()
})
