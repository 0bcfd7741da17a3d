'use strict'

const { PassThrough, Writable } = require('node:stream')

const { closePayload, fromClient, upgradeRequest } = require('../support/wire')
const { httpDriver, openServer, parity, parityEnds, parityTable, watch } = require('./driver-scripts')

const CUT = { whole: 'the script is about single writes' }

// Several frames in one write, and handlers that act on the driver.

parityEnds('keeps the order when', [
  ['A: a handler answers a message that is followed by a close frame', {
    frames: (f) => [f('text', 'a'), f('close', closePayload(1000))],
    message: (driver, log) => log.call('text', () => driver.text('Hi'))
  }],
  ['B: a handler answers a message that is followed by a ping', {
    frames: (f) => [f('text', 'a'), f('ping', 'p')],
    message: (driver, log) => log.call('text', () => driver.text('Hi'))
  }],
  ['C: a handler closes on a message that is followed by more frames', {
    frames: (f) => [f('text', 'a'), f('ping', 'p'), f('text', 'b')],
    message: (driver, log) => log.call('close', () => driver.close())
  }],
  ['a handler closes on the first of several messages', {
    frames: (f) => [f('text', 'a'), f('text', 'b'), f('binary', 'c'), f('ping', 'p'), f('text', 'd')],
    message: (driver, log) => log.call('close', () => driver.close())
  }],
  ['a handler closes on an error', {
    frames: (f) => [f('text', 'a'), f(3, '')],
    error: (driver, log) => log.call('close', () => driver.close())
  }],
  ['a handler sends on an error', {
    frames: (f) => [f('text', 'a'), f(3, '')],
    error: (driver, log) => log.call('text', () => driver.text('late'))
  }],
  ['G: a listener of io writes during the write of a pong', {
    frames: (f) => [f('ping', 'p'), f('text', 'a')],
    write: (driver, log) => log.call('text', () => driver.text('Hi'))
  }]
], ({ feed, log, open, fromPeer }, { frames, message, error, write }) => {
  const driver = open()
  if (error) driver.on('error', () => error(driver, log))
  if (message) driver.on('message', () => message(driver, log))
  if (write) driver.io.once('data', () => write(driver, log))
  feed.deliver(driver.io, ...frames(fromPeer))
})

parityEnds('keeps the order when D: a handler writes to it', [['within a write', null]], ({ log, open, fromPeer }) => {
  const driver = open()
  driver.once('message', () => {
    log.call('inner write', () => driver.io.write(fromPeer('text', 'inner')))
  })
  log.call('write', () => driver.io.write(Buffer.concat([fromPeer('text', 'a'), fromPeer('ping', 'p')])))
}, { whole: 'the inner write would be between the pieces' })

class Interrupting {
  constructor (io, log) {
    this.io = io
    this.log = log
  }

  write (chunk) {
    try {
      this.io.write(chunk)
    } catch (error) {
      this.log.add('write throws', error)
    }
  }
}

parityEnds('continues when', [
  ['E: the handler of a message throws', 'message'],
  ['the handler of a ping throws', 'ping'],
  ['the handler of a pong throws', 'pong']
], ({ feed, log, open, fromPeer }, type) => {
  const driver = open()
  driver.once(type, () => { throw new Error('mine') })
  const target = new Interrupting(driver.io, log)
  feed.deliver(target, fromPeer('text', 'a'), fromPeer('ping', 'p'), fromPeer('pong', 'q'))
  feed.deliver(target, fromPeer('text', 'later'))
})

parityEnds('continues when a callback throws', [['of a ping', null]], ({ feed, log, open, fromPeer }) => {
  const driver = open()
  driver.ping('a', () => { throw new Error('mine') })
  const target = new Interrupting(driver.io, log)
  feed.deliver(target, fromPeer('pong', 'a'), fromPeer('text', 'b'))
  feed.deliver(target, fromPeer('pong', 'a'), fromPeer('text', 'c'))
})

parityEnds('continues when a listener throws', [
  ['of messages', (driver) => driver.messages],
  ['of io', (driver) => driver.io]
], ({ log, open, fromPeer }, streamOf) => {
  const driver = open()
  streamOf(driver).once('data', () => { throw new Error('mine') })
  const target = new Interrupting(driver.io, log)
  target.write(Buffer.concat([fromPeer('text', 'a')]))
  log.call('text', () => driver.text('b'))
  target.write(Buffer.concat([fromPeer('text', 'c')]))
}, { whole: 'the position at which it continues depends on the pieces' })

parity('methods can be called while a refusal is reported', (library, log) => {
  const driver = httpDriver(library, log, { more: { method: 'POST' } })
  driver.on('error', () => {
    for (const call of ['start', 'close', 'text', 'ping']) log.call(call, () => driver[call]('late'))
  })
  log.call('start', () => driver.start())
})

parityTable('an exception of a handler is thrown by', [
  ['start', (driver, log) => {
    driver.once('open', () => { throw new Error('mine') })
    log.call('start', () => driver.start())
    log.add('state', driver.readyState)
    log.call('text', () => driver.text('a'))
  }],
  ['close', (driver, log) => {
    driver.once('close', () => { throw new Error('mine') })
    log.call('close', () => driver.close())
    log.add('state', driver.readyState)
    log.call('close', () => driver.close())
  }]
], (library, log, feed, script) => {
  const driver = httpDriver(library, log)
  script(driver, log)
})

parityEnds('reports back-pressure', [['of both streams', null]], ({ log, open, fromPeer }) => {
  const driver = open()
  const { io, messages } = driver
  const write = () => {
    log.call('io.write', () => io.write(fromPeer('text', 'in')))
    log.call('messages.write', () => messages.write('out'))
    log.call('text', () => driver.text('out'))
  }
  write()
  log.call('io.pause', () => io.pause())
  write()
  log.call('io.pause', () => io.pause())
  log.call('io.resume', () => io.resume())
  write()
  log.call('messages.pause', () => messages.pause())
  write()
  log.call('messages.resume', () => messages.resume())
  write()
  log.call('io.pause', () => io.pause())
  log.call('messages.resume', () => messages.resume())
  write()
  log.call('io.resume', () => io.resume())
  write()
  log.call('resume without a pause', () => { io.resume(); messages.resume() })
}, CUT)

parityEnds('writes in a handler of drain', [['after queued data', null]], ({ log, open, fromPeer }) => {
  const driver = open()
  driver.io.pause()
  driver.io.on('drain', () => log.call('io', () => driver.messages.write('from io')))
  driver.messages.on('drain', () => log.call('messages', () => driver.messages.write('from messages')))
  driver.io.resume()
  log.call('io.write', () => driver.io.write(fromPeer('ping')))
}, CUT)

parityEnds('ends', [
  ['io', ({ io }) => io.end()],
  ['io twice', ({ io }) => { io.end(); io.end() }],
  ['io by destroying it', ({ io }) => io.destroy()],
  ['io with a last chunk', ({ io }, f) => io.end(f('text', 'last'))],
  ['io in a handler', (driver, f) => {
    driver.once('message', () => driver.io.end())
    driver.io.write(Buffer.concat([f('text', 'a'), f('text', 'b')]))
  }],
  ['messages', ({ messages }) => messages.end()],
  ['messages with a last message', ({ messages }) => messages.end('last')],
  ['messages by destroying it', ({ messages }) => messages.destroy()],
  ['io after the close frame', (driver, f) => { driver.io.write(f('close')); driver.io.end() }]
], ({ log, open, fromPeer }, end) => {
  const driver = open()
  log.call('end', () => end(driver, fromPeer))
  log.call('io.write', () => driver.io.write(fromPeer('text', 'late')))
  log.call('messages.write', () => driver.messages.write('late'))
  log.call('text', () => driver.text('late'))
  log.call('ping', () => driver.ping())
  log.call('close', () => driver.close())
  log.add('state', driver.readyState)
}, CUT)

parityEnds('calls a replaced emit', [['when it writes', null]], ({ log, open, fromPeer }) => {
  const driver = open()
  const { emit } = driver.io
  driver.io.emit = function (type, ...args) {
    log.add('io.emit', type, this === driver.io, args.length)
    return emit.call(this, type, ...args)
  }
  driver.messages.emit = function (type, ...args) {
    log.add('messages.emit', type, this === driver.messages, args)
  }
  driver.text('a')
  driver.io.write(Buffer.concat([fromPeer('ping'), fromPeer('text', 'b'), fromPeer('close')]))
}, CUT)

parityEnds('does not write to a stream', [['that is not readable', null]], ({ log, open, fromPeer }) => {
  const driver = open()
  driver.io.readable = false
  log.call('text', () => driver.text('a'))
  log.call('write', () => driver.io.write(fromPeer('ping')))
  driver.messages.readable = false
  log.call('write', () => driver.io.write(fromPeer('text', 'b')))
  log.call('write', () => driver.io.write(fromPeer('close')))
}, CUT)

parityEnds('emits and writes', [['before the call returns', null]], ({ log, open, fromPeer }) => {
  const driver = open()
  const step = (name, action) => {
    log.add(`${name} begins`)
    action()
    log.add(`${name} ends`)
  }
  step('text', () => driver.text('a'))
  step('ping', () => driver.ping('b'))
  step('write', () => driver.io.write(fromPeer('text', 'c')))
  step('close', () => driver.close())
  step('answer', () => driver.io.write(fromPeer('close')))
}, CUT)

parityEnds('can be called in its handlers:', [
  ['text in message', { on: 'message', call: (driver) => driver.text('again') }],
  ['ping in ping', { on: 'ping', call: (driver) => driver.ping('again') }],
  ['parse in pong', { on: 'pong', call: (driver, f) => driver.parse(f('text', 'again')), once: true }]
], ({ log, open, fromPeer }, { on, call }) => {
  const driver = open()
  let left = 3
  driver.on(on, () => { if (left-- > 0) log.call(`${on} again`, () => call(driver, fromPeer)) })
  driver.io.write(Buffer.concat([
    fromPeer('text', 'a'), fromPeer('ping', 'b'), fromPeer('pong', 'c'), fromPeer('text', 'd')
  ]))
}, { whole: 'the handlers write themselves' })

parity('the streams can be piped', async (library, log, feed, scope) => {
  const driver = watch(log, library.server({ allowDrafts: false }))
  driver.on('connect', () => driver.start())
  const input = new PassThrough()
  const seen = []
  const output = new Writable({ write (chunk, encoding, done) { seen.push(chunk); done() } })
  input.pipe(driver.io).pipe(output)
  driver.messages.pipe(driver.messages)
  input.write(upgradeRequest())
  await scope.settle()
  input.write(fromClient('text', 'echo'))
  input.write(fromClient('binary', 'echo'))
  await scope.settle()
  input.end(fromClient('close'))
  await scope.settle()
  log.add('output', Buffer.concat(seen).toString('latin1'), output.writableEnded)
}, CUT)

parity('messages can be piped through a transform', async (library, log, feed, scope) => {
  const driver = openServer(library, log)
  const through = new PassThrough()
  driver.messages.pipe(through).pipe(driver.messages)
  driver.io.write(fromClient('text', 'a'))
  await scope.settle()
  driver.io.write(fromClient('close'))
  await scope.settle()
  log.add('ended', through.writableEnded)
}, CUT)

parity('streams have only the methods of legacy streams', (library, log) => {
  const driver = openServer(library, log)
  for (const stream of [driver.io, driver.messages]) {
    for (const name of ['write', 'end', 'pause', 'resume', 'destroy', 'pipe', 'read', 'setEncoding', 'cork']) {
      log.add(name, typeof stream[name])
    }
    log.add('is a Stream', stream instanceof require('node:stream'), stream instanceof require('node:stream').Readable)
  }
})
