'use strict'

const { once } = require('../support/peer')
const { fakeLongTimers } = require('../support/timers')
const { frame, fromClient, readFrames, upgradeResponse } = require('../support/wire')
const { parity, parityTable } = require('./compare')
const { dial, openClient, openServer, roles } = require('./scripts')

class Mine extends Buffer.from('').constructor {}

const VALUES = [
  ['an empty string', ''],
  ['ASCII', 'Hello'],
  ['non-ASCII text', 'é € 𝄞'],
  ['lone surrogates', 'a\ud800b\udc00'],
  ['NUL and control characters', '\0\x01\x7f'],
  ['a byte order mark', '\ufeffx'],
  ['125 bytes', 'x'.repeat(125)],
  ['126 bytes', 'x'.repeat(126)],
  ['65535 bytes', 'x'.repeat(65535)],
  ['65536 bytes', 'x'.repeat(65536)],
  ['a Buffer', Buffer.from([0, 1, 254, 255])],
  ['an empty Buffer', Buffer.alloc(0)],
  ['a large Buffer', Buffer.alloc(70000, 'ab')],
  ['a slice of a Buffer', Buffer.from('0123456789').subarray(3, 6)],
  ['an array', [13, 14, 15]],
  ['a nested array', [[1, 2], 'x', null]],
  ['an integer', 50],
  ['a fraction', -0.5],
  ['NaN', NaN],
  ['a bigint', 10n],
  ['true', true],
  ['false', false],
  ['null', null],
  ['undefined', undefined],
  ['a plain object', { a: 1 }],
  ['an object with toString', { toString: () => 'converted' }],
  ['an object with valueOf', { valueOf: () => 7 }],
  ['a boxed string', Object('boxed')],
  ['an error', new TypeError('mine')],
  ['a regular expression', /x/g],
  ['a subclass of Buffer', Object.setPrototypeOf(Buffer.from('sub'), Mine.prototype)]
]

// With the native transport, send returns true if the kernel accepts the bytes at once. A stream of Node 18 returns
// false for large data.
const isLarge = (value) => value?.length > 60000 && process.env.FAYE_WEBSOCKET_TRANSPORT !== 'stream'

for (const { role, open, note } of roles) {
  parityTable(`${role} sends`, VALUES, async (WebSocket, log, scope, value) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    const noted = isLarge(value) ? (name, send) => log.add(name, typeof send()) : log.call.bind(log)
    noted('send', () => ws.send(value))
    noted('write', () => ws.write(value))
    await peer.until(() => readFrames(peer.bytes).frames.length === 2)
    note(log, peer)
  })

  parity(`${role}: values that cannot become text throw`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    log.call('a symbol', () => ws.send(Symbol('x')))
    log.kind('no prototype', () => ws.send(Object.create(null)))
    const mine = new RangeError('mine')
    log.call('a throwing toString', () => ws.send({ toString () { throw mine } }))
    log.call('send', () => ws.send('still works'))
    await peer.until(() => readFrames(peer.bytes).frames.length === 2)
    note(log, peer)
  })

  parity(`${role}: end sends its argument, then closes`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    log.call('end', () => ws.end('last'))
    log.call('send', () => ws.send('too late'))
    log.call('write', () => ws.write('too late'))
    log.call('ping', () => ws.ping('too late'))
    log.call('end', () => ws.end('again'))
    await peer.until(() => readFrames(peer.bytes).frames.length === 2)
    await scope.settle()
    note(log, peer)
  })

  parityTable(`${role}: end with`, [
    ['no argument', []], ['undefined', [undefined]], ['null', [null]], ['an empty string', ['']]
  ], async (WebSocket, log, scope, given) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    log.call('end', () => ws.end(...given))
    await peer.until(() => readFrames(peer.bytes).frames.some(({ type }) => type === 'close'))
    note(log, peer)
  })

  parity(`${role}: many messages are sent in order`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    for (let i = 0; i < 50; i++) {
      ws.send(i % 3 === 0 ? Buffer.from([i]) : `text ${i}`)
      if (i % 10 === 0) ws.ping(`ping ${i}`)
      if (i % 20 === 0) await scope.settle(1)
    }
    await peer.until(() => readFrames(peer.bytes).frames.length === 55)
    note(log, peer)
  })
}

function sendEarly (log, ws) {
  log.call('send', () => ws.send('first'))
  log.call('send', () => ws.send(Buffer.from('second')))
  log.call('ping', () => ws.ping('third'))
  ws.on('open', () => ws.send('fourth'))
}

parity('server: messages sent before open follow the handshake', async (WebSocket, log, scope) => {
  const { peer } = await openServer(WebSocket, log, scope, { onSocket: (ws) => sendEarly(log, ws) })
  await peer.until(() => readFrames(peer.bytes).frames.length === 4)
  log.wire(peer)
})

parity('client: messages sent before open follow the handshake', async (WebSocket, log, scope) => {
  const { head, peer, ws } = await dial(WebSocket, log, scope)
  sendEarly(log, ws)
  peer.write(upgradeResponse(head))
  await peer.until(() => readFrames(peer.bytes).frames.length === 4)
  log.frames(peer)
})

for (const { role, open, toSubject, note } of roles) {
  parityTable(`${role} receives`, [
    ['text', [toSubject('text', 'Hello')]],
    ['empty text', [toSubject('text', '')]],
    ['non-ASCII text', [toSubject('text', 'é € 𝄞 \ufeff')]],
    ['a byte order mark first', [toSubject('text', '\ufeffx')]],
    ['binary', [toSubject('binary', Buffer.from([0, 255]))]],
    ['empty binary', [toSubject('binary', '')]],
    ['sizes around the length forms', [125, 126, 127, 65535, 65536, 70000].map((size) =>
      toSubject('text', 'y'.repeat(size)))],
    ['a large binary message', [toSubject('binary', Buffer.alloc(300000, 'abc'))]],
    ['lengths longer than needed', [
      role === 'server' ? '81fe0002000000006869' : '817e00026869',
      role === 'server' ? '81ff0000000000000002000000006869' : '817f00000000000000026869'
    ].map((hex) => Buffer.from(hex, 'hex'))],
    ['fragments', [
      toSubject('text', 'a', { fin: false }), toSubject('continuation', 'b', { fin: false }),
      toSubject('continuation', 'c')
    ]],
    ['empty fragments', [
      toSubject('binary', '', { fin: false }), toSubject('continuation', '', { fin: false }),
      toSubject('continuation', '')
    ]],
    ['a character split over fragments', [
      toSubject('text', Buffer.from('e2', 'hex'), { fin: false }),
      toSubject('continuation', Buffer.from('82', 'hex'), { fin: false }),
      toSubject('continuation', Buffer.from('ac', 'hex'))
    ]],
    ['control frames between fragments', [
      toSubject('text', 'A', { fin: false }), toSubject('ping', 'B'), toSubject('pong', 'C'),
      toSubject('continuation', 'D')
    ]],
    ['pings', [toSubject('ping', ''), toSubject('ping', 'x'), toSubject('ping', Buffer.alloc(125, 1))]],
    ['a ping that is not UTF-8', [toSubject('ping', Buffer.from('ff00', 'hex'))]],
    ['unsolicited pongs', [toSubject('pong', ''), toSubject('pong', 'constructor')]]
  ], async (WebSocket, log, scope, frames) => {
    const { peer } = await open(WebSocket, log, scope)
    peer.write(Buffer.concat(frames))
    await scope.settle(60)
    note(log, peer)
  })

  parity(`${role}: bytes that arrive one by one have the same effect`, async (WebSocket, log, scope) => {
    const { peer } = await open(WebSocket, log, scope)
    peer.socket.setNoDelay(true)
    const stream = Buffer.concat([
      toSubject('text', 'é'), toSubject('ping', 'p'), toSubject('binary', 'x', { fin: false }),
      toSubject('continuation', 'y'), toSubject('close', Buffer.from('03e86279', 'hex'))
    ])
    for (const byte of stream) {
      peer.write(Buffer.from([byte]))
      await scope.settle(1)
    }
    await peer.ended()
    note(log, peer)
  })
}

for (const { role, open, toSubject, note } of roles) {
  // Actions of a handler while later frames of the same chunk wait.
  const reactions = {
    'replies, then a close frame follows': {
      frames: [toSubject('text', 'a'), toSubject('close', Buffer.from('03e8', 'hex'))],
      react: (ws, log) => log.call('send', () => ws.send('reply'))
    },
    'replies, then a ping follows': {
      frames: [toSubject('text', 'a'), toSubject('ping', 'p')],
      react: (ws, log) => log.call('send', () => ws.send('reply'))
    },
    'closes, then a ping and a text follow': {
      frames: [toSubject('text', 'a'), toSubject('ping', 'p'), toSubject('text', 'b')],
      react: (ws, log) => log.call('close', () => ws.close(3000, 'enough'))
    },
    'pings, then a text follows': {
      frames: [toSubject('text', 'a'), toSubject('text', 'b')],
      react: (ws, log) => log.call('ping', () => ws.ping('p'))
    },
    'replies, then a violation follows': {
      frames: [toSubject('text', 'a'), toSubject(3, ''), toSubject('text', 'b')],
      react: (ws, log) => log.call('send', () => ws.send('reply'))
    }
  }
  for (const [name, { frames, react }] of Object.entries(reactions)) {
    parity(`${role}: the handler of a message ${name}`, async (WebSocket, log, scope) => {
      const { peer, ws } = await open(WebSocket, log, scope)
      ws.once('message', () => react(ws, log))
      peer.write(Buffer.concat(frames))
      await scope.settle(60)
      note(log, peer)
    })
  }
}

parityTable('ping with', [
  ['no argument', []], ['undefined', [undefined]], ['null', [null]], ['an empty string', ['']], ['text', ['Hi']],
  ['zero', [0]], ['a number', [12]], ['a Buffer', [Buffer.from([1, 2])]], ['125 bytes', ['x'.repeat(125)]]
], async (WebSocket, log, scope, given) => {
  const { peer, ws } = await openServer(WebSocket, log, scope)
  log.call('ping', () => ws.ping(...given))
  await peer.until(() => peer.bytes.length >= 2)
  await scope.settle()
  log.wire(peer)
})

for (const { role, open, toSubject, note } of roles) {
  parity(`${role}: a ping callback is called once, for the pong with its text`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    const names = ['a', 'b', '', 'constructor', '__proto__', 'hasOwnProperty', 'é']
    for (const name of names) {
      log.call('ping', () => ws.ping(name, function () { log.add('callback of', name, [...arguments], this === ws) }))
    }
    log.call('ping without callback', () => ws.ping('none'))
    await peer.until(() => readFrames(peer.bytes).frames.length === names.length + 1)
    peer.write(Buffer.concat(['b', 'unknown', 'a', 'a', '__proto__', 'constructor', '', 'é', 'none', 'toString']
      .map((name) => toSubject('pong', name))))
    peer.write(toSubject('text', 'after the pongs'))
    await once(ws, 'message')
    note(log, peer)
  })

  parity(`${role}: a repeated ping replaces the callback`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    ws.ping('a', () => log.add('first'))
    ws.ping('a', () => log.add('second'))
    ws.ping('a')
    peer.write(Buffer.concat([toSubject('pong', 'a'), toSubject('pong', 'a'), toSubject('text', '.')]))
    await once(ws, 'message')
  })

  parity(`${role}: ping callbacks of a closed connection are never called`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    ws.ping('a', () => log.add('never'))
    peer.write(Buffer.concat([toSubject('close', Buffer.from('03e8', 'hex')), toSubject('pong', 'a')]))
    await peer.ended()
    await scope.settle()
  })

  parity(`${role}: pongs and callbacks keep their order between messages`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    ws.ping('a', () => log.call('send in callback', () => ws.send('from the callback')))
    peer.write(Buffer.concat([toSubject('text', '1'), toSubject('pong', 'a'), toSubject('text', '2')]))
    await scope.settle(60)
    note(log, peer)
  })

  parity(`${role}: the ping option sends numbered pings on a timer`, async (WebSocket, log, scope) => {
    const timers = fakeLongTimers(scope)
    const { peer, ws } = await open(WebSocket, log, scope, { options: { ping: 2.5 } })
    const pings = timers.filter(({ kind }) => kind === 'interval')
    log.add('intervals', pings.map(({ delay }) => delay))
    for (let i = 0; i < 3; i++) pings[0].fire()
    await peer.until(() => readFrames(peer.bytes).frames.length === 3)
    note(log, peer)
    peer.write(toSubject('close', Buffer.from('03e8', 'hex')))
    await once(ws, 'close')
    log.add('still active', pings.map(({ active }) => active))
  })

  parity(`${role}: a close stops the ping timer`, async (WebSocket, log, scope) => {
    const timers = fakeLongTimers(scope)
    const { peer, ws } = await open(WebSocket, log, scope, { options: { ping: '5' } })
    const pings = timers.filter(({ kind }) => kind === 'interval')
    log.add('intervals', pings.map(({ delay, active }) => [delay, active]))
    ws.close()
    pings[0].fire()
    await peer.until(() => readFrames(peer.bytes).frames.length === 1)
    await scope.settle()
    note(log, peer)
    peer.socket.end()
    await once(ws, 'close')
    log.add('still active', pings.map(({ active }) => active))
  })
}

parity('a delivered Buffer belongs to the application', async (WebSocket, log, scope) => {
  const { peer, ws } = await openServer(WebSocket, log, scope)
  const kept = []
  ws.on('message', ({ data }) => {
    kept.push(data)
    log.add('kind', Buffer.isBuffer(data), data.constructor.name, data.length)
    if (kept.length === 1) data.fill(0x2a)
  })
  peer.write(Buffer.concat(['one', 'two', 'three'].map((text) => fromClient('binary', text))))
  await scope.settle(60)
  log.add('kept', kept)
})

parityTable('maxLength', [
  ['a message of exactly this size', { maxLength: 10 }, [['text', 'x'.repeat(10)]]],
  ['a message one byte above', { maxLength: 10 }, [['text', 'x'.repeat(11)]]],
  ['a 16-bit length', { maxLength: 1000 }, [['binary', Buffer.alloc(1000)], ['binary', Buffer.alloc(1001)]]],
  ['a message in fragments', { maxLength: 10 }, [
    ['text', 'x'.repeat(6), { fin: false }], ['continuation', 'x'.repeat(4)],
    ['text', 'x'.repeat(6), { fin: false }], ['continuation', 'x'.repeat(5)]
  ]],
  ['a header without its payload', { maxLength: 10 }, [['text', '', { length: 11 }]]],
  ['a 64-bit length above the default', {}, [['text', '', { length: 0x4000000 }]]],
  ['a huge 64-bit length', {}, [['text', '', { length: Number.MAX_SAFE_INTEGER }]]],
  ['the default', {}, [['text', 'x'.repeat(100000)]]],
  ['zero for the default', { maxLength: 0 }, [['text', 'Hi']]]
], async (WebSocket, log, scope, options, frames) => {
  for (const { open, toSubject, note } of roles) {
    const { peer } = await open(WebSocket, log, scope, { options })
    peer.write(Buffer.concat([...frames.map((given) => toSubject(...given)), toSubject('ping', 'still open')]))
    await peer.until(() => readFrames(peer.bytes).frames.length === 1)
    const hasFailed = readFrames(peer.bytes).frames[0].type === 'close'
    await (hasFailed ? peer.until(() => peer.ending !== null) : scope.settle())
    note(log, peer)
    log.add('ending', peer.ending)
  }
})

parity('control frames do not count against maxLength while a message is unfinished', async (WebSocket, log, scope) => {
  const { peer } = await openClient(WebSocket, log, scope, { options: { maxLength: 4 } })
  peer.write(Buffer.concat([
    frame('text', 'ab', { fin: false }), frame('ping', ''), frame('continuation', 'cd')
  ]))
  await scope.settle(60)
  log.frames(peer)
})
