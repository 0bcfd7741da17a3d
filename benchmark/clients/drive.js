'use strict'

// What the clients share: every connection keeps a number of messages in flight, and every reply is compared. Knows no
// WebSocket library.
//
// The parent sends { step, ... } and gets an answer to each: `open` connects and warms up, `measure` resolves when the
// last reply is there, `close` ends the connections. A client that fails says why, and ends.

const { usage } = require('../support/usage')

/** Together, messages that differ are at least this long, as those of the load generator. */
const LENGTH = 256 * 1024
const FEWEST = 8
/** Connections begin at so many different places of the messages. */
const BEGINNINGS = 8
/** One short message in so many of a connection is timed: a look at the clock costs something. */
const TIMED = 32
const SHORT = 1024

/**
 * @callback Connect
 * @param {string} url
 * @param {string | undefined} ca the authority to trust, as PEM
 * @param {object} handlers
 * @param {(send: (message: string | Buffer) => void, close: () => void) => void} handlers.opened
 * @param {(message: string | Uint8Array) => void} handlers.received
 * @param {(reason: unknown) => void} handlers.ended whether that was asked for or not
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
    // Of one connection, no more than one on its way.
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

  /** Sends for so long, and resolves when the last reply has come. */
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
    // Not from 0: those that are timed shall not be the same on all connections.
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
          if (!this.load.isClosing) fail(new Error(`a connection has ended: ${reason}`))
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
    if (!load.isSame(message, load.messages[this.expected])) fail(new Error('a reply is not the message'))
    if (++this.expected === load.messages.length) this.expected = 0
    if (this.received++ % load.timed === 0) load.latencies.push(performance.now() - this.timedAt)
    load.received++
    if (load.isRunning) this.sendNext()
    else if (--load.onTheirWay === 0) load.drained()
  }
}

const isSameText = (message, expected) => message === expected
const isSameBinary = (message, expected) => expected.equals(message)

/** ASCII, and different from each other: a reply that is out of order does not pass. */
function messagesOf (size, binary) {
  const count = Math.max(FEWEST, Math.floor(LENGTH / size))
  return Array.from({ length: count }, (_, index) => {
    const filler = Array.from({ length: 26 }, (_, letter) => 97 + (letter + index) % 26)
    const bytes = Buffer.alloc(size, Buffer.from(filler))
    bytes.write(`${index.toString(16)} `, 'latin1')
    // Not a concatenation: that would be a tree for V8, and flattened in the measurement.
    return binary ? bytes : bytes.toString('latin1')
  })
}

/** In microseconds; null if there are no times. */
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
