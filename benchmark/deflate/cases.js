'use strict'

// The compared servers, the cases, and the goals of this package.

const { ticker, longRange, highEntropy } = require('../datasets')
const { bun } = require('../support/bun')

const OURS = 'faye-websocket-rs'

/** `name` is the name of a script in servers/. `program` returns a command; null if it is not installed. */
const SERVERS = [
  { name: OURS, title: OURS },
  { name: 'faye-websocket', title: 'faye-websocket with permessage-deflate' },
  { name: 'ws', title: 'ws' },
  { name: 'bun', title: 'Bun', program: bun }
]

/** The messages with which one connection fills the windows of both directions, 32 KiB each. */
const WINDOWFUL = 40

/**
 * Goals. `factor`: the least factor between our rate, and processor time per message, and those of another server.
 * `excess`: the limit for the additional size of our replies.
 */
const CASES = [
  {
    name: 'ticker-1k',
    title: 'ticker, 1 KiB, 1 in flight',
    data: { name: 'ticker-1k', make: () => ticker(1024) },
    inFlight: 1,
    goal: { factor: { ws: 7, 'faye-websocket': 7 }, excess: 0.03 }
  },
  {
    name: 'ticker-1k-8',
    title: 'ticker, 1 KiB, 8 in flight',
    data: { name: 'ticker-1k', make: () => ticker(1024) },
    inFlight: 8,
    goal: { factor: { ws: 7, 'faye-websocket': 8 }, excess: 0.03 }
  },
  {
    name: 'ticker-16k',
    title: 'ticker, 16 KiB, 1 in flight',
    data: { name: 'ticker-16k', make: () => ticker(16384) },
    inFlight: 1,
    goal: { factor: { ws: 3.5, 'faye-websocket': 3.3 }, excess: 0.08 }
  },
  {
    name: 'ticker-125',
    title: 'ticker, 125 B, 1 in flight',
    data: { name: 'ticker-125', make: () => ticker(125) },
    inFlight: 1,
    goal: { factor: { ws: 4.5, 'faye-websocket': 4.5 }, excess: 0.03 }
  },
  {
    name: 'long-range-1k',
    title: 'long-range repetition, 1 KiB, 1 in flight',
    data: { name: 'long-range-1k', make: () => longRange(1024) },
    inFlight: 1,
    goal: { factor: {}, excess: 0.03 }
  },
  {
    name: 'high-entropy-1k',
    title: 'high entropy, 1 KiB, 1 in flight',
    data: { name: 'high-entropy-1k', make: () => highEntropy(1024) },
    inFlight: 1,
    goal: { factor: {}, excess: 0.03 }
  }
]

/** Idle connections after they have exchanged the 1 KiB ticker. */
const MEMORY_CASES = [
  { name: 'memory-windowful', title: `after ${WINDOWFUL} messages of 1 KiB each way`, messages: WINDOWFUL, goal: 48 },
  { name: 'memory-short', title: 'after 2 messages of 1 KiB each way', messages: 2, goal: 48 }
].map((memoryCase) => ({ ...memoryCase, data: CASES[0].data }))

module.exports = { OURS, SERVERS, CASES, MEMORY_CASES }
