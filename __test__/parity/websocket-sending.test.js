'use strict'

const { closePayload } = require('../support/wire')
const { parity, parityTable, turns } = require('./websocket-scripts')

const filled = (length, byte = 0x78) => Buffer.alloc(length, byte)

/** Opens a connection, calls `act`, and makes the peer close. */
async function sending (run, act, opening) {
  await run.open(opening)
  await act(run.connection)
  await turns(2)
  await run.closeByPeer()
}

const THINGS = [
  ['a text', 'Hello'], ['an empty text', ''], ['a non-ASCII text', 'µ£€𝄞'], ['a lone surrogate', 'a\ud800b'],
  ['a Buffer', Buffer.from([0, 255])], ['an empty Buffer', Buffer.alloc(0)], ['0', 0], ['12345', 12345], ['NaN', NaN],
  ['-0.5', -0.5], ['true', true], ['false', false], ['a BigInt', 10n], ['a symbol', Symbol('s')], ['an object', {}],
  ['an array', [1, [2, 3]]], ['an empty array', []], ['a Date', new Date(0)], ['a function', Math.max],
  ['a String object', Object('text')], ['an object with toString', { toString: () => 'own' }],
  ['a regular expression', /x/g], ['an Error', new Error('message')]
]

parityTable('send', THINGS, (run, data) => sending(run, (connection) => {
  run.call('send', () => connection.send(data))
}))

parityTable('sendUTF', THINGS, (run, data) => sending(run, (connection) => {
  run.call('sendUTF', () => connection.sendUTF(data))
}))

// V8 and Buffer word these errors. The texts of the caller and of the interface are compared elsewhere.
parityTable('send refuses', [
  ['null', null], ['undefined', undefined],
  ['an object whose toString returns a number', { toString: () => 5 }],
  ['an object whose toString returns undefined', { toString: () => undefined }]
], (run, data) => sending(run, (connection) => {
  for (const method of ['send', 'sendUTF']) run.log.kind(method, () => connection[method](data))
}))

parityTable('send throws for', [
  ['an object without toString', Object.create(null)],
  ['a toString that is not a function', { toString: 5 }],
  ['a toString that throws', { toString () { throw new RangeError('from within') } }]
], (run, data) => sending(run, (connection) => {
  run.call('send', () => connection.send(data))
}))

parityTable('sendBytes refuses', [
  ['a text', 'Hello'], ['null', null], ['undefined', undefined], ['a number', 5], ['an object', {}], ['an array', [1]]
], (run, data) => sending(run, (connection) => {
  run.call('sendBytes', () => connection.sendBytes(data))
}))

parity('sendBytes sends Buffers', (run) => sending(run, (connection) => {
  run.call('sendBytes', () => connection.sendBytes(Buffer.from([1, 2, 3])))
  run.call('empty', () => connection.sendBytes(Buffer.alloc(0)))
  run.call('a part', () => connection.sendBytes(Buffer.from('abcdef').subarray(2, 4)))
}))

parity('toString is called once, and can send', (run) => sending(run, (connection) => {
  let calls = 0
  run.call('send', () => connection.send({
    toString () {
      if (++calls === 1) connection.send('from within')
      return `call ${calls}`
    }
  }))
}))

parityTable('ping with', [
  ['undefined', undefined], ['a text', 'abc'], ['an empty text', ''], ['null', null], ['0', 0], ['5', 5],
  ['false', false], ['true', true], ['an object', {}], ['a Buffer', Buffer.from([1, 2])],
  ['an empty Buffer', Buffer.alloc(0)], ['124 bytes', filled(124)], ['125 bytes', filled(125)],
  ['126 bytes', filled(126)], ['1000 bytes', filled(1000)], ['a text of 126', 'y'.repeat(126)],
  ['a text that is cut inside a character', 'é'.repeat(70)]
], (run, data) => sending(run, (connection) => {
  run.call('ping', () => connection.ping(data))
}))

parityTable('pong with', [
  ['undefined', undefined], ['null', null], ['an empty text', ''], ['a Buffer', Buffer.from([1, 2])],
  ['an empty Buffer', Buffer.alloc(0)], ['125 bytes', filled(125)], ['126 bytes', filled(126)]
], (run, data) => sending(run, (connection) => {
  run.call('pong', () => connection.pong(data))
}))

const LENGTHS = [0, 1, 124, 125, 126, 127, 16383, 16384, 16385, 32768, 32769, 65535, 65536, 65537]

parityTable('a connection sends', LENGTHS.flatMap(
  (length) => [[`${length} bytes`, filled(length)], [`${length} characters`, 'x'.repeat(length)]]
), (run, data) => sending(run, (connection) => connection.send(data)))

parityTable('a message is sent in fragments', [
  ['of 1 byte', { fragmentationThreshold: 1 }, 'Hello'],
  ['of 1 byte, except an empty message', { fragmentationThreshold: 1 }, ''],
  ['of 5 bytes, except a message of 4', { fragmentationThreshold: 5 }, '1234'],
  ['of 5 bytes, except a message of 5', { fragmentationThreshold: 5 }, '12345'],
  ['of 5 bytes, for a message of 6', { fragmentationThreshold: 5 }, '123456'],
  ['of 5 bytes, for a message of 10', { fragmentationThreshold: 5 }, '1234567890'],
  ['of 5 bytes, for a message of 11', { fragmentationThreshold: 5 }, Buffer.from('12345678901')],
  ['that split characters', { fragmentationThreshold: 2 }, '€€'],
  ['except with the threshold Infinity', { fragmentationThreshold: Infinity }, filled(70000)],
  ['except with fragmentOutgoingMessages: false', {
    fragmentOutgoingMessages: false, fragmentationThreshold: 5
  }, '1234567890'],
  ['except a large one with fragmentOutgoingMessages: false', { fragmentOutgoingMessages: false }, filled(70000)],
  ['of 125 bytes', { fragmentationThreshold: 125 }, filled(1000)],
  ['of 65536 bytes', { fragmentationThreshold: 65536 }, filled(200000)]
], (run, config, data) => sending(run, (connection) => connection.send(data), { config }))

parity('control frames are sent between messages, not between fragments', (run) => sending(run, (connection) => {
  connection.send('123456')
  connection.ping('ping')
  connection.send('abcdef')
}, { config: { fragmentationThreshold: 4 } }))

parityTable('a callback is called once, without an error, after', [
  ['send of a text', (connection, done) => connection.send('a', done)],
  ['send of a Buffer', (connection, done) => connection.send(filled(3), done)],
  ['sendUTF', (connection, done) => connection.sendUTF('a', done)],
  ['sendUTF of an empty text', (connection, done) => connection.sendUTF('', done)],
  ['sendBytes', (connection, done) => connection.sendBytes(filled(3), done)],
  ['a message in fragments', (connection, done) => connection.sendUTF('123456789', done)]
], async (run, send) => {
  await run.open({ config: { fragmentationThreshold: 4 } })
  await new Promise((resolve) => {
    send(run.connection, (...given) => {
      run.note('called', given.length > 0 && given[0] != null, run.connection.state)
      resolve()
    })
    run.note('returned')
  })
  await turns(4)
  await run.closeByPeer()
})

parity('callbacks are called in order', async (run) => {
  await run.open({ config: { fragmentationThreshold: 4 } })
  await Promise.all(['one', 'in fragments', 'three', 'four, in fragments', ''].map((text) =>
    new Promise((resolve) => run.connection.send(text, () => {
      run.note('called', text)
      resolve()
    }))))
  await run.closeByPeer()
})

parityTable('a callback that is', [['undefined', undefined], ['null', null]], (run, callback) =>
  sending(run, (connection) => connection.send('a', callback)))

parity('callbacks of messages before close are called without an error', async (run) => {
  await run.open()
  const called = Promise.all([1, 2].map((index) => new Promise((resolve) => run.connection.send(`${index}`, (error) => {
    run.note('called', index, error == null)
    resolve()
  }))))
  run.connection.close()
  await called
  await run.received(3)
  await run.feed(run.frame('close', closePayload(1000)))
  await run.over()
})

/** Creates a frame as a program does. */
function made (run, fields) {
  const frame = new run.library.Frame(Buffer.alloc(4), Buffer.alloc(10), run.connection.config)
  return Object.assign(frame, fields)
}

parityTable('sendFrame sends', [
  ['a text', { opcode: 1, fin: true, binaryPayload: Buffer.from('text') }],
  ['binary', { opcode: 2, fin: true, binaryPayload: Buffer.from([0, 255]) }],
  ['an empty text', { opcode: 1, fin: true, binaryPayload: Buffer.alloc(0) }],
  ['a text without a payload', { opcode: 1, fin: true }],
  ['a ping', { opcode: 9, fin: true, binaryPayload: Buffer.from('ping') }],
  ['a ping without a payload', { opcode: 9, fin: true }],
  ['a pong', { opcode: 10, fin: true, binaryPayload: Buffer.from('pong') }],
  ['200 bytes', { opcode: 2, fin: true, binaryPayload: filled(200) }],
  ['16000 bytes', { opcode: 2, fin: true, binaryPayload: filled(16000) }],
  ['a text with another value of mask', { opcode: 1, fin: true, mask: 'maybe', binaryPayload: Buffer.from('text') }]
], (run, fields) => sending(run, (connection) => {
  const frame = made(run, fields)
  run.call('sendFrame', () => connection.sendFrame(frame))
  run.note('mask', frame.mask, 'length', frame.length)
}))

parity('sendFrame sends the fragments of a message', (run) => sending(run, (connection) => {
  for (const [opcode, fin, text] of [[1, false, 'a'], [0, false, 'b'], [9, true, 'ping'], [0, true, 'c']]) {
    connection.sendFrame(made(run, { opcode, fin, binaryPayload: Buffer.from(text) }))
  }
}))

parity('sendFrame calls its callback', async (run) => {
  await run.open()
  await new Promise((resolve) => run.connection.sendFrame(made(run, {
    opcode: 1, fin: true, binaryPayload: Buffer.from('text')
  }), (error) => {
    run.note('called', error == null)
    resolve()
  }))
  await run.closeByPeer()
})

parityTable('fragmentAndSend sends', [
  ['a text', { opcode: 1, binaryPayload: Buffer.from('text') }],
  ['a text in fragments', { opcode: 1, binaryPayload: Buffer.from('123456789') }],
  ['binary in fragments', { opcode: 2, binaryPayload: Buffer.from('123456789') }],
  ['a text with fin: false', { opcode: 1, fin: false, binaryPayload: Buffer.from('text') }],
  ['a ping', { opcode: 9, binaryPayload: Buffer.from('ping') }],
  ['a close frame', { opcode: 8, closeStatus: 1000, binaryPayload: Buffer.from('bye') }]
], (run, fields) => sending(run, (connection) => {
  const frame = made(run, fields)
  run.call('fragmentAndSend', () => connection.fragmentAndSend(frame))
  run.note('fin', frame.fin)
}, { config: { fragmentationThreshold: 4 } }))

parity('outputBufferFull is true until drain if the peer does not read', async (run) => {
  await run.open({ config: { fragmentOutgoingMessages: false } })
  run.note('at first', run.connection.outputBufferFull)
  run.peer.socket.pause()
  let sent = 0
  // Versions of Node differ in whether a socket is full if the kernel accepts everything.
  do {
    run.connection.sendBytes(filled(1 << 20))
    sent++
    await turns(4)
  } while (!run.connection.outputBufferFull && sent < 64)
  run.note('full', run.connection.outputBufferFull, sent < 64)
  const drained = new Promise((resolve) => run.connection.once('drain', resolve))
  run.connection.on('drain', () => run.note('drain', run.connection.outputBufferFull))
  run.peer.socket.resume()
  await drained
  run.note('drained', run.connection.outputBufferFull)
  await run.received(sent)
  run.peer.bytes = Buffer.alloc(0)
  await run.closeByPeer()
}, { tcp: true })

parity('a paused connection delivers messages after resume', async (run) => {
  await run.open()
  run.call('pause', () => run.connection.pause())
  run.properties()
  run.call('pause again', () => run.connection.pause())
  await run.feed(run.frame('text', 'while paused'))
  await turns(4)
  run.call('resume', () => run.connection.resume())
  run.properties()
  await turns(4)
  run.properties('resumed')
  await run.closeByPeer(run.frame('text', 'after'))
})

parityTable('a handler of a message can pause', [['']], async (run) => {
  await run.open({
    before: (connection) => connection.on('message', ({ utf8Data }) => {
      if (utf8Data !== 'b') return
      run.connection.pause()
      setTimeout(() => {
        run.note('resuming')
        run.connection.resume()
      }, 20)
    })
  })
  await run.closeByPeer(...['a', 'b', 'c', 'd'].map((text) => run.frame('text', text)))
})

parity('a paused connection can send', async (run) => {
  await run.open()
  run.connection.pause()
  run.connection.send('a')
  run.connection.ping('b')
  await run.received(2)
  run.connection.resume()
  await run.closeByPeer()
})

// Versions of Node differ in the events of a destroyed socket.
parityTable('pause and resume can be called after', [
  ['close', (run) => run.connection.close(), false], ['drop', (run) => run.connection.drop(), true]
], async (run, end, silent) => {
  await run.open({ silent })
  end(run)
  run.log.kind('pause', () => run.connection.pause())
  run.log.kind('resume', () => run.connection.resume())
  await run.received(1)
  await run.feed(run.frame('close', closePayload(1000)))
  await run.gone
  await turns(4)
  run.wire()
})
