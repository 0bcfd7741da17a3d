'use strict'

// Programs that use the socket, the listeners and the tables of a connection directly.

const { closePayload } = require('../support/wire')
const { parity, parityTable, turns } = require('./websocket-scripts')

parity('bytes that a program writes to the socket are sent between frames', async (run) => {
  await run.open()
  run.connection.send('a')
  run.connection.socket.write(Buffer.from('810162', 'hex'))
  run.connection.send('c')
  await run.closeByPeer()
}, { roles: ['server'] })

parity('a program that listens to data of the socket does not disturb the connection', async (run) => {
  await run.open()
  let count = 0
  run.connection.socket.on('data', ({ length }) => { count += length })
  await run.closeByPeer(run.frame('text', 'a'), run.frame('binary', Buffer.alloc(300)))
  run.note('bytes', count)
}, { cut: true })

parity('a program that pauses the socket gets no messages until it resumes the socket', async (run) => {
  const received = []
  await run.open({ silent: true, before: (connection) => connection.on('message', () => received.push('message')) })
  run.connection.socket.pause()
  await run.feed(run.frame('text', 'a'))
  await turns(10)
  run.note('paused', received)
  const message = new Promise((resolve) => run.connection.once('message', resolve))
  run.connection.socket.resume()
  await message
  run.note('resumed', received)
  await run.closeByPeer()
})

parityTable('processFrame handles', [
  ['a text', { opcode: 1, fin: true, length: 2, binaryPayload: Buffer.from('hi') }],
  ['binary', { opcode: 2, fin: true, length: 2, binaryPayload: Buffer.from('hi') }],
  ['a ping', { opcode: 9, fin: true, length: 2, binaryPayload: Buffer.from('hi') }],
  ['a pong', { opcode: 10, fin: true, length: 2, binaryPayload: Buffer.from('hi') }]
], async (run, fields) => {
  await run.open({ pings: true })
  const frame = new run.library.Frame(Buffer.alloc(4), Buffer.alloc(10), run.connection.config)
  run.call('processFrame', () => run.connection.processFrame(Object.assign(frame, fields)))
  await run.closeByPeer(run.frame('text', 'by the socket'))
})

parity('listeners of ping can be added and removed', async (run) => {
  await run.open()
  const cancelling = (cancel) => {
    run.note('cancelling')
    cancel()
  }
  run.connection.prependListener('ping', cancelling)
  run.connection.off('ping', cancelling)
  run.connection.prependOnceListener('ping', cancelling)
  await run.closeByPeer(run.frame('ping', '1'), run.frame('ping', '2'))
}, { cut: true })

parity('removed listeners of messages are not called', async (run) => {
  await run.open({ pings: true })
  run.connection.removeAllListeners('message')
  await run.closeByPeer(run.frame('text', '1'), run.frame('binary', '2'), run.frame('ping', '3'))
})

parity('a late listener does not get earlier messages', async (run) => {
  await run.open({ silent: true })
  await run.feed(run.frame('text', 'before'))
  await turns(5)
  run.connection.on('message', ({ utf8Data }) => run.note('message', utf8Data))
  await run.feed(run.frame('text', 'after'), run.frame('close', closePayload(1000)))
  await run.over()
})

parity('a listener that is added in a listener gets the next message', async (run) => {
  await run.open()
  run.connection.once('message', () => {
    run.connection.on('message', ({ utf8Data }) => run.note('added', utf8Data))
  })
  await run.closeByPeer(run.frame('text', 'a'), run.frame('text', 'b'))
}, { cut: true })

parity('each message is a plain object, and a program can change its Buffer', async (run) => {
  await run.open()
  const seen = []
  run.connection.on('message', (message) => {
    const { binaryData } = message
    run.note('message', Object.keys(message), Object.getPrototypeOf(message) === Object.prototype)
    run.note('Buffer', Buffer.isBuffer(binaryData), seen.includes(message), binaryData)
    seen.push(message)
    if (binaryData) binaryData.fill(0)
  })
  await run.closeByPeer(run.frame('binary', 'abc'), run.frame('binary', 'abc'), run.frame('text', 'x'))
})

parity('a description that a program adds to CLOSE_DESCRIPTIONS is sent and reported', async (run) => {
  const { CLOSE_DESCRIPTIONS } = run.library.Connection
  CLOSE_DESCRIPTIONS[4000] = 'of the program'
  run.scope.defer(() => delete CLOSE_DESCRIPTIONS[4000])
  await run.open()
  run.connection.close(4000)
  await run.received(1)
  await run.feed(run.frame('close', closePayload(4000)))
  await run.over()
})

parity('a description in CLOSE_DESCRIPTIONS is reported for a close frame of the peer', async (run) => {
  const { CLOSE_DESCRIPTIONS } = run.library.Connection
  CLOSE_DESCRIPTIONS[4000] = 'of the program'
  run.scope.defer(() => delete CLOSE_DESCRIPTIONS[4000])
  await run.open()
  await run.feed(run.frame('close', closePayload(4000)))
  await run.over()
})
