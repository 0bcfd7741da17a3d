'use strict'

// The code that the clients share: every connection keeps a number of messages in flight, and compares every reply.
// Knows no WebSocket library.
//
// The parent sends { step, ... } and receives an answer to each: `open` connects and warms up, `measure` resolves
// after the last reply, `close` closes the connections. A client that fails prints the reason and exits.

const { usage } = require('../support/usage')

/** The least total length of the different messages, as in the load generator. */
const LENGTH = 256 * 1024
const FEWEST = 8
/** The number of messages with which connections begin. */
const BEGINNINGS = 8
/** The number of short messages of which a connection times one, because reading the clock has a cost. */
const TIMED = 32
const SHORT = 1024

/**
 * @callback Connect
 * @param {string} url
 * @param {string | undefined} ca the trusted authority, as PEM
 * @param {object} handlers
 * @param {(send: (message: string | Buffer) => void, close: () => void) => void} handlers.opened
 * @param {(message: string | Uint8Array) => void} handlers.received
 * @param {(reason: unknown) => void} handlers.ended called after every end, also after `close`
 */

/** @param {Connect} connect */
function drive (connect) {
  /** @type {Load | null} */
  let load = null
  const steps = {
    async open ({ url, ca, warmUp, ...options }) {
      load = new Load(options)
      await load.open(connect, url, ca)
      return load.run(warmUp)
    },
    measure: ({ seconds }) => load.run(seconds),
    close: () => load.close(),
    usage: async () => usage()
  }
  process.on('message', ({ step, ...options }) => {
    steps[step](options).then((answer) => process.send(answer ?? null), fail)
  })
  process.on('disconnect', () => process.exit())
  process.send('started')
}

class Load {
  constructor ({ connections, inFlight, size, binary }) {
    this.messages = messagesOf(size, binary)
    this.isSame = binary ? isSameBinary : isSameText
    this.inFlight = inFlight
    // At most one message of a connection is timed at a time.
    this.timed = Math.max(inFlight, size < SHORT ? TIMED : 1)
    this.connections = Array.from({ length: connections }, (_, index) => new Connection(this, index))
    this.isRunning = this.isClosing = false
    this.received = 0
    this.onTheirWay = 0
    this.latencies = []
    this.drained = null
  }

  async open (connect, url, ca) {
    for (const connection of this.connections) await connection.open(connect, url, ca)
  }

  /** Sends for this duration, and resolves after the last reply. */
  run (seconds) {
    return new Promise((resolve) => {
      const begun = performance.now()
      this.isRunning = true
      this.received = 0
      this.latencies = []
      this.drained = () => {
        const passed = (performance.now() - begun) / 1000
        resolve({ messages: this.received, seconds: passed, latency: percentiles(this.latencies) })
      }
      setTimeout(() => { this.isRunning = false }, seconds * 1000)
      this.onTheirWay = this.connections.length * this.inFlight
      for (let i = 0; i < this.inFlight; i++) {
        for (const connection of this.connections) connection.sendNext()
      }
    })
  }

  async close () {
    this.isClosing = true
    await Promise.all(this.connections.map((connection) => connection.end()))
  }
}

class Connection {
  constructor (load, index) {
    this.load = load
    this.next = this.expected = index % BEGINNINGS
    // The first timed message differs between connections.
    this.sent = this.received = index
    this.timedAt = 0
    this.send = this.close = this.onend = null
  }

  open (connect, url, ca) {
    return new Promise((resolve) => {
      connect(url, ca, {
        opened: (send, close) => {
          this.send = send
          this.close = close
          resolve()
        },
        received: (message) => this.receive(message),
        ended: (reason) => {
          if (!this.load.isClosing) fail(new Error(`A connection has ended: ${reason}`))
          if (this.onend) this.onend()
        }
      })
    })
  }

  end () {
    return new Promise((resolve) => {
      this.onend = resolve
      this.close()
    })
  }

  sendNext () {
    const { messages, timed } = this.load
    const message = messages[this.next]
    if (++this.next === messages.length) this.next = 0
    if (this.sent++ % timed === 0) this.timedAt = performance.now()
    this.send(message)
  }

  receive (message) {
    const { load } = this
    if (!load.isSame(message, load.messages[this.expected])) fail(new Error('A reply differs from its message'))
    if (++this.expected === load.messages.length) this.expected = 0
    if (this.received++ % load.timed === 0) load.latencies.push(performance.now() - this.timedAt)
    load.received++
    if (load.isRunning) this.sendNext()
    else if (--load.onTheirWay === 0) load.drained()
  }
}

const isSameText = (message, expected) => message === expected
const isSameBinary = (message, expected) => expected.equals(message)

/** Returns ASCII messages that differ from each other, so that a reply out of order is detected. */
function messagesOf (size, binary) {
  const count = Math.max(FEWEST, Math.floor(LENGTH / size))
  return Array.from({ length: count }, (_, index) => {
    const filler = Array.from({ length: 26 }, (_, letter) => 97 + (letter + index) % 26)
    const bytes = Buffer.alloc(size, Buffer.from(filler))
    bytes.write(`${index.toString(16)} `, 'latin1')
    // Not a concatenation, which V8 would store as a tree and flatten during the measurement.
    return binary ? bytes : bytes.toString('latin1')
  })
}

/** Returns a percentile in microseconds; null if there are no times. */
function percentiles (milliseconds) {
  const sorted = Float64Array.from(milliseconds).sort()
  if (sorted.length === 0) return { p50: null, p99: null }
  const at = (fraction) => 1000 * sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))]
  return { p50: at(0.5), p99: at(0.99) }
}

function fail (error) {
  console.error(error)
  process.exit(1)
}

module.exports = { drive }
