'use strict'

// Random conversations with fixed seeds: chunks of one or more frames, calls between chunks and in handlers, with and
// without an extension that answers late. RANDOM_SCRIPTS=20000 runs more of them.

const assert = require('node:assert/strict')

const { randomOf } = require('../support/random')
const { test } = require('../support/test')
const { closePayload, frame } = require('../support/wire')
const { openClient, openServer, original, ours } = require('./driver-scripts')
const { Transcript } = require('./transcript')

const SCRIPTS = Number(process.env.RANDOM_SCRIPTS) || 300
const TEXTS = ['a', 'b', '', 'Hello', 'late 1', 'late 2']
const HOOKED = ['open', 'message', 'ping', 'pong', 'error', 'close']
const IN_HANDLERS = ['text', 'binary', 'ping', 'pong', 'close', 'release', 'pause', 'resume']

/** An extension that holds messages that contain `late` until `release`, and fails for `bad`. */
function lateExtension (log, held) {
  const process = (direction) => (message, callback) => {
    const text = message.data.toString()
    const answer = () => {
      log.add(direction, text)
      if (text.includes('bad')) return callback(new Error('boom'), null)
      message.data = Buffer.from(text + direction)
      message.rsv1 = direction === 'out'
      callback(null, message)
    }
    if (text.includes('late')) held.push(answer)
    else answer()
  }
  const session = {
    generateOffer: () => ({}),
    generateResponse: () => ({}),
    activate: () => true,
    processIncomingMessage: process('in'),
    processOutgoingMessage: process('out'),
    close: () => log.add('session closes')
  }
  const create = () => session
  return {
    name: 'late',
    type: 'permessage',
    rsv1: true,
    rsv2: false,
    rsv3: false,
    createClientSession: create,
    createServerSession: create
  }
}

function converse (library, open, seed, isCut) {
  const random = randomOf(seed)
  const chance = (probability) => random() < probability
  const pick = (list) => list[Math.floor(random() * list.length)]
  const log = new Transcript()
  const held = []
  const extended = chance(0.4)
  // While a connection closes, ours stops at a violation and the original does not. So a script has handlers or
  // violations, not both.
  const hooked = chance(0.7)
  const texts = chance(0.3) ? [...TEXTS, 'bad', 'late and bad'] : TEXTS

  const calls = {
    text: () => driver.text(pick(texts)),
    binary: () => driver.binary(Buffer.from(pick(texts))),
    write: () => driver.messages.write(pick(texts)),
    ping: () => {
      const payload = pick(['p', 'q'])
      return driver.ping(payload, () => log.add('called back', payload))
    },
    pong: () => driver.pong('x'),
    close: () => driver.close(pick(['', 'bye']), pick([undefined, 1000, 3001])),
    pause: () => driver.io.pause(),
    resume: () => driver.io.resume(),
    'messages.pause': () => driver.messages.pause(),
    'messages.resume': () => driver.messages.resume(),
    release: () => {
      if (held.length > 0) held.splice(Math.floor(random() * held.length), 1)[0]()
    },
    end: () => { if (chance(0.3)) driver.io.end() }
  }
  const call = (name) => log.call(name, calls[name])

  let driver
  open(library, log, {
    options: { maxLength: 40, ...(open === openServer && { requireMasking: false }) },
    headers: extended ? { 'sec-websocket-extensions': 'late' } : {},
    answer: extended ? { 'Sec-WebSocket-Extensions': 'late' } : {},
    before: (made) => {
      driver = made
      if (extended) driver.addExtension(lateExtension(log, held))
      // With an extension, ours sends queued control frames before queued messages.
      while (chance(0.4)) call(pick(extended ? ['text', 'binary'] : ['text', 'binary', 'ping', 'pong']))
      for (const type of HOOKED) {
        if (!hooked || chance(0.7)) continue
        const name = pick(IN_HANDLERS)
        let left = 2
        driver.on(type, () => { if (left-- > 0) call(name) })
      }
    }
  })

  let isUnfinished = false
  const nextFrame = () => {
    const kind = pick(['message', 'message', 'ping', 'pong', 'fragment', 'continuation', 'close', 'violation'])
    if (kind === 'ping' || kind === 'pong') return frame(kind, pick(['', 'p', 'q']))
    if (kind === 'message' && !isUnfinished) {
      return frame(pick(['text', 'binary']), pick(texts), { rsv: extended && chance(0.5) ? 4 : 0 })
    }
    if (kind === 'fragment' && !isUnfinished) {
      isUnfinished = true
      return frame('text', pick(texts), { fin: false })
    }
    if (kind === 'continuation' && isUnfinished) {
      const fin = chance(0.5)
      isUnfinished = !fin
      return frame('continuation', pick(['a', 'b', '']), { fin })
    }
    if (kind === 'close' && chance(0.3)) {
      return frame('close', pick([Buffer.alloc(0), closePayload(1001, 'x'), closePayload(1005)]))
    }
    if (kind === 'violation' && chance(0.3) && !hooked && driver.readyState === 1) {
      return pick([frame(3, ''), frame('text', 'x'.repeat(41)), frame('ping', '', { rsv: 1 })])
    }
    return Buffer.alloc(0)
  }

  for (let step = 2 + Math.floor(random() * 14); step > 0; step--) {
    if (chance(0.4)) {
      call(pick(Object.keys(calls)))
      continue
    }
    const packet = Buffer.concat(Array.from({ length: 1 + Math.floor(random() * 4) }, nextFrame))
    const size = isCut ? 1 : packet.length
    for (let at = 0; at < packet.length; at += size) driver.io.write(Buffer.from(packet.subarray(at, at + size)))
  }
  while (held.length > 0) call('release')
  return log.finished()
}

for (const [end, open] of [['a server', openServer], ['a client', openClient]]) {
  test(`driver: ${end} behaves like the original in random conversations`, () => {
    for (let seed = 1; seed <= SCRIPTS; seed++) {
      const expected = converse(original, open, seed, false)
      assert.ok(expected.length > 0)
      assert.deepEqual(converse(ours, open, seed, false), expected, `script ${seed}`)
      assert.deepEqual(converse(ours, open, seed, true), expected, `script ${seed}, byte by byte`)
    }
  }, { timeout: 600000 })
}
