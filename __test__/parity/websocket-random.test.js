'use strict'

// Random conversations with fixed seeds: chunks of one or more frames, and handlers that answer, close and pause.
// RANDOM_SCRIPTS=20000 runs more of them.

const assert = require('node:assert/strict')

const { randomOf } = require('../support/random')
const { test } = require('../support/test')
const { original, subject } = require('../support/websocket')
const { closePayload } = require('../support/wire')
const { WAYS, record, singly, turns, whole } = require('./websocket-scripts')

const SCRIPTS = Number(process.env.RANDOM_SCRIPTS) || 120
const CODES = [0, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1011, 1012, 1014, 1016, 2999, 3000, 4999, 5000]
const REASONS = ['', 'x', 'why', 'é']
const PAYLOADS = ['', 'a', 'Hello', 'é€𝄞', 'x'.repeat(60), 'y'.repeat(125), 'z'.repeat(126), '0'.repeat(199)]

/** Returns the frames of the peer and the actions of handlers for a seed. */
function plan (seed, role) {
  const random = randomOf(seed)
  const chance = (probability) => random() < probability
  const pick = (list) => list[Math.floor(random() * list.length)]
  let isUnfinished = false

  const violation = () => pick([
    [3, 'a'], [11, ''], ['text', 'a', { rsv: 1 + Math.floor(random() * 7) }], ['ping', 'b'.repeat(126)],
    ['pong', '', { fin: false }], ['text', Buffer.from([0x61, 0xff])], ['binary', 'c'.repeat(201)],
    isUnfinished ? ['text', 'interrupts'] : ['continuation', 'of nothing'], ['close', Buffer.from([3])],
    ['close', Buffer.from([3, 232, 0xff, 0xfe])], ['binary', '', { length: 2 ** 40 }]
  ])
  const nextFrame = () => {
    if (chance(0.05)) return violation()
    if (chance(0.05)) return ['close', chance(0.2) ? '' : closePayload(pick(CODES), pick(REASONS))]
    if (chance(0.3)) return [pick(['ping', 'pong']), pick(PAYLOADS.slice(0, 6))]
    const fin = chance(0.6)
    const type = isUnfinished ? 'continuation' : pick(['text', 'binary'])
    isUnfinished = !fin
    return [type, pick(PAYLOADS), { fin }]
  }
  const reactions = ['reply', 'reply in fragments', 'ping', 'pong', 'close', 'drop', 'pause']
  return {
    role,
    config: {
      assembleFragments: chance(0.8), fragmentationThreshold: pick([1, 7, 125, 16384, Infinity]),
      fragmentOutgoingMessages: chance(0.8), maxReceivedFrameSize: 200, maxReceivedMessageSize: 500
    },
    pings: chance(0.5),
    cancels: chance(0.2),
    packets: Array.from({ length: 1 + Math.floor(random() * 6) },
      () => Array.from({ length: 1 + Math.floor(random() * 5) }, nextFrame)),
    reactions: Array.from({ length: 40 }, () => chance(0.6) ? null : pick(reactions)),
    close: [pick([undefined, 1000, 1001, 3000]), pick([undefined, 'bye'])]
  }
}

async function converse (run, { cancels, close, config, packets, pings, reactions }) {
  const left = [...reactions]
  const { log } = run
  const actions = {
    reply: (connection) => connection.send('reply'),
    'reply in fragments': (connection) => connection.sendBytes(Buffer.alloc(30, 'r')),
    ping: (connection) => connection.ping('ours'),
    pong: (connection) => connection.pong(Buffer.from('ours')),
    close: (connection) => connection.close(...close),
    drop: (connection) => connection.drop(),
    pause: (connection) => {
      connection.pause()
      setImmediate(() => connection.resume())
    }
  }
  const react = ({ opcode }) => {
    const name = left.shift()
    // Sending after a close differs, and so do later frames after a handler of a control frame has closed.
    if (!name || opcode > 2 || !run.connection.connected) return
    log.add(name)
    actions[name](run.connection)
  }
  await run.open({
    config,
    pings,
    before: (connection) => {
      if (cancels) connection.on('ping', (cancel) => cancel())
      for (const type of ['message', 'pong', 'frame']) connection.on(type, react)
    }
  })
  for (const packet of packets) {
    await run.feed(...packet.map((given) => run.frame(...given)))
    await turns(2)
  }
  await run.feed(run.frame('close', closePayload(1000)))
  await run.over()
}

for (const role of ['server', 'client']) {
  test(`${role}: behaves like the original in random conversations`, async () => {
    for (let seed = 1; seed <= SCRIPTS; seed++) {
      const recording = async (library, way) => (await record(library, role, way, converse, [plan(seed, role)])).lines
      const expected = await recording(original, WAYS.tcp(whole))
      assert.deepEqual(await recording(subject, WAYS.tcp(whole)), expected, `script ${seed}`)
      assert.deepEqual(await recording(subject, WAYS.stream(whole)), expected, `script ${seed}, over a stream`)
      if (seed % 4 === 0) {
        assert.deepEqual(await recording(subject, WAYS.tcp(singly)), expected, `script ${seed}, byte by byte`)
      }
    }
  }, { timeout: 600000 })
}
