'use strict'

const net = require('node:net')
const FakeTimers = require('@sinonjs/fake-timers')

const { closePayload } = require('../support/wire')
const { parity, parityTable, turns } = require('./websocket-scripts')

const hex = (text) => Buffer.from(text, 'hex')
const RESETS = typeof net.Socket.prototype.resetAndDestroy === 'function'
const TIMERS = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval']

const CODES = [
  0, 1, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1100,
  1999, 2000, 2999, 3000, 3999, 4000, 4999, 5000, 65535
]

function fakeClock (scope) {
  const clock = FakeTimers.install({ toFake: TIMERS })
  scope.defer(() => clock.uninstall())
  return clock
}

const answer = (run) => run.feed(run.frame('close', closePayload(1000)))

parityTable('the peer closes with', [
  ['an empty payload', hex('')], ['one byte', hex('03')],
  ...CODES.map((code) => [`${code}`, closePayload(code)]),
  ...CODES.map((code) => [`${code} and a reason`, closePayload(code, 'why')]),
  ['a reason of one byte', closePayload(1000, 'x')], ['a reason of two bytes', closePayload(1000, 'xy')],
  ['an unknown code and a reason of one byte', closePayload(4000, 'x')],
  ['a reason of one byte of invalid UTF-8', hex('03e8ff')],
  ['a non-ASCII reason', closePayload(3000, 'é€𝄞')], ['a reason of 123 bytes', closePayload(1001, 'r'.repeat(123))],
  ['a reason that is not UTF-8', hex('03e8fffe')], ['a reason that ends in half a character', hex('03e861e282')],
  ['an invalid code and a reason of invalid UTF-8', hex('0000fffe')]
], async (run, payload) => {
  await run.open()
  await run.feed(run.frame('text', 'before'), run.frame('close', payload))
  await run.over()
}, { cut: true })

parityTable('a close frame is followed by', [
  ['a text', ['text', 'x']], ['a ping', ['ping', 'x']], ['a close frame', ['close', closePayload(4000)]],
  ['a violation', [3, 'x']]
], async (run, given) => {
  await run.open({ pings: true })
  await run.feed(run.frame('close', closePayload(1001)), run.frame(...given))
  await run.over()
}, { cut: true })

parity('the peer closes within a message', async (run) => {
  await run.open()
  await run.closeByPeer(run.frame('text', 'a', { fin: false }))
}, { cut: true })

parity('the reply to a message is sent before the answer to a close frame of the same chunk', async (run) => {
  await run.open({ before: (connection) => connection.on('message', () => connection.sendUTF('reply')) })
  await run.closeByPeer(run.frame('text', 'request'))
}, { cut: true })

parity('the peer that closes ends its half later than we', async (run) => {
  await run.open({ halfOpen: true })
  await run.feed(run.frame('close', closePayload(4001, 'later')))
  await run.peer.ended()
  run.properties('after our end')
  run.wire('so far')
  run.peer.socket.end()
  await run.over()
}, { roles: ['server'] })

parityTable('close with', [
  ['no argument'],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999].map(
    (code) => [`${code}`, code]
  ),
  ['a code and a reason', 4000, 'why'], ['an empty reason', 4000, ''],
  ['a code with a description and an empty reason', 1001, ''],
  ['a null reason', 1001, null], ['a numeric reason', 4000, 5], ['only a reason', undefined, 'only'],
  ['null', null], ['a text', '4000'], ['an object', {}], ['a non-ASCII reason', 3000, 'é€𝄞'],
  ['a reason of 123 bytes', 3000, 'x'.repeat(123)], ['a lone surrogate', 3000, '\ud800'], ['true', true, 'x'],
  ['three arguments', 4000, 'why', 'ignored']
], async (run, ...given) => {
  await run.open()
  run.call('close', () => run.connection.close(...given))
  run.properties()
  run.call('close again', () => run.connection.close(4321, 'other'))
  await run.received(1)
  await answer(run)
  await run.over()
})

parity('close refuses invalid codes', async (run) => {
  await run.open()
  const codes = [
    -1, 0, 1, 999, 999.5, 1004, 1005, 1006, 1016, 1999, 2000, 2500, 2999, 5000, 65536, Infinity, -Infinity, NaN, 1000.5
  ]
  for (const code of codes) run.call(`close ${code}`, () => run.connection.close(code, 'reason'))
  run.properties()
  await run.closeByPeer()
})

parityTable('after close, the peer answers with', [
  ['an empty payload', hex('')], ['one byte', hex('03')], ['another code', closePayload(4000, 'mine')],
  ['an invalid code', closePayload(1006)], ['a reason that is not UTF-8', hex('03e8fffe')]
], async (run, payload) => {
  await run.open()
  run.connection.close(3000, 'ours')
  await run.received(1)
  await run.feed(run.frame('close', payload))
  await run.over()
}, { cut: true })

// The original reads nothing after close(). It ends with the end of TCP or after closeTimeout.
parityTable('after close, the peer sends', [
  ['a text', [['text', 'x']]], ['a ping', [['ping', 'x']]], ['fragments', [['text', 'x', { fin: false }]]]
], async (run, frames) => {
  await run.open({ pings: true })
  run.connection.close()
  await run.received(1)
  await run.feed(...frames.map((given) => run.frame(...given)), run.frame('close', closePayload(1000)))
  await run.over()
}, { cut: true })

parityTable('close in a handler of', [
  ['a message', ['text', 'x'], {}], ['a pong', ['pong', 'x'], {}],
  ['a frame', ['text', 'x'], { config: { assembleFragments: false } }]
], async (run, given, opening) => {
  await run.open(opening)
  const once = (type) => run.connection.once(type, () => {
    run.connection.close(4000, 'enough')
    run.properties('closed')
  })
  for (const type of ['message', 'pong', 'frame']) once(type)
  await run.feed(run.frame(...given))
  await run.received(1)
  await answer(run)
  await run.over()
})

parity('both ends close at the same time', async (run) => {
  await run.open()
  run.connection.close(4000, 'ours')
  await run.feed(run.frame('close', closePayload(4001, 'theirs')))
  await run.over()
}, { cut: true })

parity('close after the close frame of the peer does nothing', async (run) => {
  await run.open({ halfOpen: true })
  await run.feed(run.frame('close', closePayload(4001, 'theirs')))
  await run.peer.ended()
  run.call('close', () => run.connection.close(4000, 'ours'))
  run.properties()
  run.peer.socket.end()
  await run.over()
}, { roles: ['server'] })

for (const [name, given] of [
  ['no argument', []], ['1000', [1000]], ['a code and a reason', [4000, 'why']], ['only a reason', [undefined, 'only']],
  ['an empty reason', [1008, '']], ['no close frame', [4000, 'why', true]], ['a text', ['x', 'why']],
  ['a code without a description', [4000]], ['a reason that is a number', [1001, 5]], ['1012', [1012]]
]) {
  parity(`drop with ${name}`, async (run) => {
    await run.open()
    run.call('drop', () => run.connection.drop(...given))
    run.properties()
    run.note('destroyed', run.socket.destroyed)
    run.call('drop again', () => run.connection.drop(4321, 'other'))
    run.properties()
    run.call('close', () => run.connection.close())
    await run.over()
  })
}

parity('drop in a handler of close emits nothing more', async (run) => {
  await run.open({
    before: (connection) => connection.on('close', () => {
      run.note('in close', connection.socket.destroyed)
      connection.drop(4002, 'from within')
      connection.close()
    })
  })
  run.connection.drop(4001, 'first')
  run.properties()
  await run.over()
})

parity('drop between fragments of a message', async (run) => {
  await run.open()
  await run.feed(run.frame('text', 'a', { fin: false }))
  run.connection.drop()
  run.note('frames', run.connection.frameQueue.length, run.connection.fragmentationSize)
  await run.over()
})

parity('drop in a handler of a message discards later frames', async (run) => {
  await run.open({ before: (connection) => connection.on('message', () => connection.drop(1008, 'no more')) })
  await run.feed(run.frame('text', 'a'))
  await run.over()
})

parity('drop after close', async (run) => {
  await run.open({ halfOpen: true })
  run.connection.close(4000, 'ours')
  await run.received(1)
  run.call('drop', () => run.connection.drop(1011, 'dropped'))
  run.properties()
  await run.over()
}, { roles: ['server'] })

const AFTER_CLOSE = ['after close', async (run) => {
  run.connection.close(4000, 'ours')
  await run.received(1)
}]

parityTable('the peer ends TCP', [
  ['right after the handshake', async () => {}],
  ['after a message', (run) => run.feed(run.frame('text', 'a'))],
  ['within a frame', (run) => run.feed(run.frame('text', 'all of it').subarray(0, 5))],
  ['within a message', (run) => run.feed(run.frame('text', 'a', { fin: false }))],
  AFTER_CLOSE,
  ['after the close frame of the peer', async (run) => {
    await run.feed(run.frame('close', closePayload(4001, 'theirs')))
    await run.received(1)
  }],
  ['after both close frames', async (run) => {
    run.connection.close(4000, 'ours')
    await run.received(1)
    await answer(run)
  }]
], async (run, prepare) => {
  await run.open()
  await prepare(run)
  await turns(4)
  run.peer.socket.end()
  await run.over()
})

parityTable('the peer resets the connection', !RESETS ? [] : [
  ['right after the handshake', async () => {}],
  ['after a message', async (run) => {
    const message = new Promise((resolve) => run.connection.once('message', resolve))
    await run.feed(run.frame('text', 'a'))
    await message
  }],
  AFTER_CLOSE,
  ['after the close frame of the peer', async (run) => {
    await run.feed(run.frame('close', closePayload(4001, 'theirs')))
    await run.received(1)
    await turns(4)
  }]
], async (run, prepare) => {
  await run.open({ halfOpen: true })
  await prepare(run)
  run.peer.socket.resetAndDestroy()
  await run.gone
  await turns(4)
  run.properties()
}, { tcp: true })

parity('an error of the socket without a listener does not throw', async (run) => {
  await run.open({ before: (connection) => connection.removeAllListeners('error') })
  run.socket.destroy(Object.assign(new Error('unplugged'), { syscall: 'read', code: 'ECONNRESET' }))
  await run.gone
  await turns(4)
  run.properties()
})

parityTable('a socket fails with an error', [
  ['with a system call and a code', { syscall: 'write', code: 'EPIPE' }], ['with a code', { code: 'ERR_STRANGE' }],
  ['with neither', {}]
], async (run, facts) => {
  await run.open()
  run.socket.destroy(Object.assign(new Error('unplugged'), facts))
  await run.gone
  await turns(4)
  run.properties()
})

parity('the program destroys the socket', async (run) => {
  await run.open()
  run.socket.destroy()
  await run.over()
})

parity('the program ends the socket', async (run) => {
  await run.open()
  run.socket.end()
  await run.over()
})

// The script ends here because the original then waits for the peer.
parityTable('closeTimeout is', [['5 s', 5000], ['1.2 s', 1200]], async (run, closeTimeout) => {
  const clock = fakeClock(run.scope)
  await run.open({ config: { closeTimeout }, halfOpen: true })
  run.note('closeTimeout', run.connection.closeTimeout)
  run.connection.close(4000, 'ours')
  await run.received(1)
  await run.peer.ended()
  run.properties('waiting')
  clock.tick(closeTimeout - 1)
  run.properties('still waiting')
  clock.tick(1)
  run.properties('no more')
  run.note('timers', clock.countTimers())
}, { roles: ['server'] })

parity('a closeTimeout that is set on a connection applies', async (run) => {
  const clock = fakeClock(run.scope)
  await run.open({ halfOpen: true })
  run.connection.closeTimeout = 100
  run.connection.close(4000, 'ours')
  run.note('timers', clock.countTimers())
  clock.tick(100)
  run.properties('no more')
}, { roles: ['server'] })

parityTable('no timer remains after', [
  ['an answered close', async (run) => {
    run.connection.close()
    await run.received(1)
    await answer(run)
  }],
  ['an unanswered close and the end of TCP', async (run) => {
    run.connection.close()
    await run.received(1)
    run.peer.socket.end()
  }],
  ['the close frame of the peer', (run) => answer(run)],
  ['drop', (run) => run.connection.drop()],
  ['a violation', (run) => run.feed(run.frame(3, ''))]
], async (run, finish) => {
  const clock = fakeClock(run.scope)
  await run.open()
  await finish(run)
  await run.over()
  run.note('timers', clock.countTimers())
})

parityTable('waitingForCloseResponse is', [
  ['true after close and false after the answer', (run) => run.connection.close()]
], async (run, close) => {
  await run.open()
  run.note('before', run.connection.waitingForCloseResponse)
  close(run)
  run.note('after close', run.connection.waitingForCloseResponse)
  await run.received(1)
  await answer(run)
  await run.over()
})

parityTable('sendCloseFrame with', [
  ['no argument', []], ['a code', [4000]], ['a code and a reason', [4000, 'why']],
  ['a code that is not a number', ['x', 'why']], ['a reason that is a number', [1001, 5]]
], async (run, given) => {
  await run.open()
  run.call('sendCloseFrame', () => run.connection.sendCloseFrame(...given))
  run.properties()
  await run.received(1)
  await run.peer.ended()
  run.peer.socket.end()
  await run.over()
})

parity('the callback of sendCloseFrame is called when the frame is written', async (run) => {
  await run.open()
  const written = new Promise((resolve) => {
    run.connection.sendCloseFrame(1001, 'bye', (error) => {
      run.note('written', error == null)
      resolve()
    })
  })
  await written
  await run.received(1)
  run.peer.socket.end()
  await run.over()
})

parityTable('sendCloseFrame does nothing', [
  ['after close', (run) => run.connection.close()],
  ['after drop', (run) => run.connection.drop()]
], async (run, prepare) => {
  await run.open()
  prepare(run)
  run.call('sendCloseFrame', () => run.connection.sendCloseFrame(4000, 'late', () => run.note('never called')))
  await run.received(1)
  await answer(run)
  await run.over()
})
