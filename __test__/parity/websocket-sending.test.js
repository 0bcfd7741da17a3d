'use strict'

const { closePayload } = require('../support/wire')
const { parity, parityTable, turns } = require('./websocket-scripts')

const filled = (length, byte = 0x78) => Buffer.alloc(length, byte)

/** Opens, does something, and has the peer close when it has received what was sent. */
async function sending (run, act, opening) {
  await run.open(opening)
  await act(run.connection)
  await turns(2)
  await run.closeByPeer()
}

const THINGS = [
  ['a text', 'Hello'], ['an empty text', ''], ['a text beyond ASCII', 'µ£€𝄞'], ['a lone surrogate', 'a\ud800b'],
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

// Those of the caller's own and the interface's have a text to keep; V8 and Buffer word the others.
parityTable('send refuses', [
  ['null', null], ['undefined', undefined],
  ['an object whose toString returns a number', { toString: () => 5 }],
  ['an object whose toString returns undefined', { toString: () => undefined }]
], (run, data) => sending(run, (connection) => {
  for (const method of ['send', 'sendUTF']) run.log.kind(method, () => connection[method](data))
}))

parityTable('send throws what it meets:', [
  ['nothing to call', Object.create(null)],
  ['a toString that is none', { toString: 5 }],
  ['a toString that throws', { toString () { throw new RangeError('from within') } }]
], (run, data) => sending(run, (connection) => {
  run.call('send', () => connection.send(data))
}))

parityTable('sendBytes refuses', [
  ['a text', 'Hello'], ['null', null], ['undefined', undefined], ['a number', 5], ['an object', {}], ['an array', [1]]
], (run, data) => sending(run, (connection) => {
  run.call('sendBytes', () => connection.sendBytes(data))
}))

parity('sendBytes', (run) => sending(run, (connection) => {
  run.call('sendBytes', () => connection.sendBytes(Buffer.from([1, 2, 3])))
  run.call('empty', () => connection.sendBytes(Buffer.alloc(0)))
  run.call('a part', () => connection.sendBytes(Buffer.from('abcdef').subarray(2, 4)))
}))

parity('toString is called once, and may send', (run) => sending(run, (connection) => {
  let calls = 0
  run.call('send', () => connection.send({
    toString () {
      if (++calls === 1) connection.send('from within')
      return `call ${calls}`
    }
  }))
}))

parityTable('ping with', [
  ['nothing', undefined], ['a text', 'abc'], ['an empty text', ''], ['null', null], ['0', 0], ['5', 5],
  ['false', false], ['true', true], ['an object', {}], ['a Buffer', Buffer.from([1, 2])],
  ['an empty Buffer', Buffer.alloc(0)], ['124 bytes', filled(124)], ['125 bytes', filled(125)],
  ['126 bytes', filled(126)], ['1000 bytes', filled(1000)], ['a text of 126', 'y'.repeat(126)],
  ['a text that is cut within a character', 'é'.repeat(70)]
], (run, data) => sending(run, (connection) => {
  run.call('ping', () => connection.ping(data))
}))

parityTable('pong with', [
  ['nothing', undefined], ['null', null], ['an empty text', ''], ['a Buffer', Buffer.from([1, 2])],
  ['an empty Buffer', Buffer.alloc(0)], ['125 bytes', filled(125)], ['126 bytes', filled(126)]
], (run, data) => sending(run, (connection) => {
  run.call('pong', () => connection.pong(data))
}))

const LENGTHS = [0, 1, 124, 125, 126, 127, 16383, 16384, 16385, 32768, 32769, 65535, 65536, 65537]

parityTable('a message of', LENGTHS.flatMap(
  (length) => [[`${length} bytes`, filled(length)], [`${length} characters`, 'x'.repeat(length)]]
), (run, data) => sending(run, (connection) => connection.send(data)))

parityTable('fragments:', [
  ['of 1 byte', { fragmentationThreshold: 1 }, 'Hello'],
  ['of 1 byte, of an empty message', { fragmentationThreshold: 1 }, ''],
  ['of 5 bytes, of 4', { fragmentationThreshold: 5 }, '1234'],
  ['of 5 bytes, of 5', { fragmentationThreshold: 5 }, '12345'],
  ['of 5 bytes, of 6', { fragmentationThreshold: 5 }, '123456'],
  ['of 5 bytes, of 10', { fragmentationThreshold: 5 }, '1234567890'],
  ['of 5 bytes, of 11', { fragmentationThreshold: 5 }, Buffer.from('12345678901')],
  ['within characters', { fragmentationThreshold: 2 }, '€€'],
  ['none, by Infinity', { fragmentationThreshold: Infinity }, filled(70000)],
  ['none, by fragmentOutgoingMessages', { fragmentOutgoingMessages: false, fragmentationThreshold: 5 }, '1234567890'],
  ['none, of a large message', { fragmentOutgoingMessages: false }, filled(70000)],
  ['of 125 bytes', { fragmentationThreshold: 125 }, filled(1000)],
  ['of 65536 bytes', { fragmentationThreshold: 65536 }, filled(200000)]
], (run, config, data) => sending(run, (connection) => connection.send(data), { config }))

parity('control frames stand between messages, not fragments', (run) => sending(run, (connection) => {
  connection.send('123456')
  connection.ping('ping')
  connection.send('abcdef')
}, { config: { fragmentationThreshold: 4 } }))

parityTable('a callback is called once, with nothing, after', [
  ['send of a text', (connection, done) => connection.send('a', done)],
  ['send of a Buffer', (connection, done) => connection.send(filled(3), done)],
  ['sendUTF', (connection, done) => connection.sendUTF('a', done)],
  ['sendUTF of nothing', (connection, done) => connection.sendUTF('', done)],
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

/** A frame as a program makes it. */
function made (run, fields) {
  const frame = new run.library.Frame(Buffer.alloc(4), Buffer.alloc(10), run.connection.config)
  return Object.assign(frame, fields)
}

parityTable('sendFrame', [
  ['a text', { opcode: 1, fin: true, binaryPayload: Buffer.from('text') }],
  ['binary', { opcode: 2, fin: true, binaryPayload: Buffer.from([0, 255]) }],
  ['an empty text', { opcode: 1, fin: true, binaryPayload: Buffer.alloc(0) }],
  ['a text without a payload', { opcode: 1, fin: true }],
  ['a ping', { opcode: 9, fin: true, binaryPayload: Buffer.from('ping') }],
  ['a ping without a payload', { opcode: 9, fin: true }],
  ['a pong', { opcode: 10, fin: true, binaryPayload: Buffer.from('pong') }],
  ['200 bytes', { opcode: 2, fin: true, binaryPayload: filled(200) }],
  ['16000 bytes', { opcode: 2, fin: true, binaryPayload: filled(16000) }],
  ['a text with a mask of its own mind', { opcode: 1, fin: true, mask: 'maybe', binaryPayload: Buffer.from('text') }]
], (run, fields) => sending(run, (connection) => {
  const frame = made(run, fields)
  run.call('sendFrame', () => connection.sendFrame(frame))
  run.note('mask', frame.mask, 'length', frame.length)
}))

parity('sendFrame a message in fragments', (run) => sending(run, (connection) => {
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

parityTable('fragmentAndSend', [
  ['a text', { opcode: 1, binaryPayload: Buffer.from('text') }],
  ['a text in fragments', { opcode: 1, binaryPayload: Buffer.from('123456789') }],
  ['binary in fragments', { opcode: 2, binaryPayload: Buffer.from('123456789') }],
  ['a text that says it is not the last', { opcode: 1, fin: false, binaryPayload: Buffer.from('text') }],
  ['a ping', { opcode: 9, binaryPayload: Buffer.from('ping') }],
  ['a close frame', { opcode: 8, closeStatus: 1000, binaryPayload: Buffer.from('bye') }]
], (run, fields) => sending(run, (connection) => {
  const frame = made(run, fields)
  run.call('fragmentAndSend', () => connection.fragmentAndSend(frame))
  run.note('fin', frame.fin)
}, { config: { fragmentationThreshold: 4 } }))

parity('outputBufferFull is true until drain, for a peer that does not read', async (run) => {
  await run.open({ config: { fragmentOutgoingMessages: false } })
  run.note('at first', run.connection.outputBufferFull)
  run.peer.socket.pause()
  let sent = 0
  // Whether a socket is full though the kernel takes everything differs between versions of Node.
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

parity('pause and resume', async (run) => {
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

parityTable('pause in the handler of a message', [['']], async (run) => {
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

parity('sending while paused', async (run) => {
  await run.open()
  run.connection.pause()
  run.connection.send('a')
  run.connection.ping('b')
  await run.received(2)
  run.connection.resume()
  await run.closeByPeer()
})

// A socket that is destroyed says so or not, by the version of Node.
parityTable('pause and resume after', [
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
