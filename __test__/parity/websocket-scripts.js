'use strict'

// Runs the same script with connections of websocket 1.0.35 and with ours, in both roles, and again with the bytes of
// the peer split in every way. The size of chunks must not matter.

const assert = require('node:assert/strict')

const { inScope, test } = require('../support/test')
const { openConnection, original, streamPair, subject, tcpPair } = require('../support/websocket')
const wire = require('../support/wire')
const { Transcript } = require('./transcript')

/** Streams of Node 18 emit drain even if the kernel accepts everything at once. The native transport does not. */
const FULL_TOO_SOON = parseInt(process.versions.node) < 20
const EVENTS = ['message', 'frame', 'pong', 'error', 'close', ...(FULL_TOO_SOON ? [] : ['drain']), 'pause', 'resume']
const PROPERTIES = [
  'state', 'connected', 'closeReasonCode', 'closeDescription', 'closeEventEmitted', 'waitingForCloseResponse',
  'receivedEnd', 'inputPaused', 'socketHadError'
]
/** Longer scripts are split into single bytes and at some positions only. */
const SHORT = 64

/** The ways to connect a connection to its peer, and how the bytes of the peer are split. */
const WAYS = {
  tcp: (sizesOf, name = 'whole') => ({ name: `${name}, over TCP`, pair: tcpPair, sizesOf }),
  stream: (sizesOf, name = 'whole') => ({ name: `${name}, over a stream`, pair: streamPair, sizesOf })
}

const whole = (length) => [length]
const singly = (length) => Array(length).fill(1)
const cutAt = (at) => (length) => (at < length ? [at, length - at] : [length])

function * cuts (longest) {
  if (longest < 2) return
  if (longest <= 4 * SHORT) yield ['byte by byte', singly]
  const step = Math.ceil(longest / SHORT)
  for (let at = 1; at < longest; at += step) yield [`cut at ${at}`, cutAt(at)]
}

/** One run of a script: a connection of one package, its peer, and the observations. */
class Run {
  constructor (library, role, way, scope, log) {
    this.library = library
    this.role = role
    this.way = way
    this.scope = scope
    this.log = log
    this.frame = role === 'client' ? wire.frame : wire.fromClient
    this.longest = 0
    this.peer = null
    this.connection = null
  }

  /** Opens the connection under observation. The peer answers FIN with FIN unless `halfOpen`. */
  async open ({ config, protocol, before, halfOpen = false, pings = false, silent = false } = {}) {
    const opened = await openConnection(this.scope, {
      Connection: this.library.Connection,
      role: this.role,
      pair: this.way.pair,
      config,
      protocol,
      before: (connection, socket) => {
        if (!silent) this.watch(connection, pings)
        if (before) before(connection, socket)
      }
    })
    Object.assign(this, { connection: opened.connection, socket: opened.socket, peer: opened.peer })
    this.gone = new Promise((resolve) => this.connection.once('close', resolve))
    if (!halfOpen) this.peer.socket.on('end', () => this.peer.socket.end())
    // The socket emits 'resume' in the next tick.
    await turns(1)
    return this.connection
  }

  watch (connection, pings) {
    const { log } = this
    for (const type of EVENTS) {
      connection.on(type, (...given) => {
        log.add(type, ...given.map((each) => this.shown(each)), propertiesOf(connection))
      })
    }
    if (pings) {
      connection.on('ping', (cancel, payload) => log.add('ping', typeof cancel, payload, propertiesOf(connection)))
    }
  }

  /** Returns a frame without its scratch space, and other values unchanged. */
  shown (value) {
    if (!(value instanceof this.library.Frame)) return value
    const { config, maskBytes, frameHeader, ...fields } = value
    const isShared = config === this.connection.config
    return { ...fields, isShared, scratch: [maskBytes.length, frameHeader.length], text: String(value) }
  }

  /** Writes bytes of the peer in the pieces of this run. */
  async feed (...parts) {
    const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)))
    this.longest = Math.max(this.longest, bytes.length)
    let offset = 0
    for (const size of this.way.sizesOf(bytes.length)) {
      this.peer.write(Buffer.from(bytes.subarray(offset, offset + size)))
      offset += size
      await turns(2)
    }
  }

  note (what, ...details) {
    this.log.add(what, ...details)
  }

  call (what, action) {
    return this.log.call(what, action)
  }

  properties (what = 'properties') {
    this.log.add(what, propertiesOf(this.connection))
  }

  /** Records the frames that the peer has received, without their random masks. */
  wire (name = 'wire') {
    const { frames, rest } = wire.readFrames(this.peer.bytes)
    for (const { mask, form, type, fin, rsv, payload } of frames) {
      this.log.add(name, `${type}${fin ? '' : ', not the last'}${rsv ? `, rsv ${rsv}` : ''}`,
        mask ? 'masked' : 'plain', form, payload)
    }
    if (rest.length > 0) this.log.add(`${name}: incomplete`, rest)
  }

  /** Resolves when the peer has received `count` frames. Does not record them. */
  received (count) {
    return this.peer.until(() => wire.countFrames(this.peer.bytes) >= count, `${count} frames`)
  }

  /** Waits until both ends have ended, and records the frames and the properties. */
  async over () {
    await Promise.all([this.gone, this.peer.ended()])
    await turns(4)
    this.wire()
    this.properties('at last')
  }

  /** Makes the peer close an open connection, and waits for the end. */
  async closeByPeer (...parts) {
    await this.feed(...parts, this.frame('close', wire.closePayload(1000)))
    await this.over()
  }
}

async function turns (count) {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function propertiesOf (connection) {
  return PROPERTIES.map((name) => `${name} ${connection[name]}`).join(', ')
}

async function record (library, role, way, script, values) {
  const log = new Transcript()
  let longest = 0
  try {
    await inScope(async (scope) => {
      const run = new Run(library, role, way, scope, log)
      await script(run, ...values)
      longest = run.longest
    })
  } catch (error) {
    error.message += `\n${way.name}, after:\n${log.finished().join('\n')}`
    throw error
  }
  return { lines: log.finished(), longest }
}

/**
 * `script(run, ...values)` must record the transcript of the original with whole bytes, in each role, over TCP and over
 * a stream. With `cut`, also for every split of the bytes. `tcp` skips the stream, for scripts that need resets.
 */
function parity (name, script, options = {}) {
  const { cut = false, roles = ['server', 'client'], tcp = false, values = [] } = options
  for (const role of roles) {
    test(`${role}: ${name}`, async () => {
      const recording = (library, way) => record(library, role, way, script, values)
      const { lines: expected, longest } = await recording(original, WAYS.tcp(whole))
      assert.notEqual(expected.length, 0, 'the script recorded nothing')
      if (process.env.SHOW_TRANSCRIPTS) console.log(`${role}: ${name}\n  ${expected.join('\n  ')}`)
      const same = async (library, way, whose = 'ours') => {
        const { lines } = await recording(library, way)
        assert.deepEqual(lines, expected, `${whose}, ${way.name}`)
      }
      await same(subject, WAYS.tcp(whole))
      if (!tcp) await same(original, WAYS.stream(whole), 'the original')
      if (!tcp) await same(subject, WAYS.stream(whole))
      if (!cut) return
      for (const [how, sizesOf] of cuts(longest)) {
        await same(original, WAYS.stream(sizesOf, how), 'the original')
        await same(subject, WAYS.tcp(sizesOf, how))
      }
    }, { timeout: 60000 })
  }
}

/** A row per case: `[name, ...values]`. */
function parityTable (name, rows, script, options) {
  for (const [row, ...values] of rows) parity(`${name}: ${row}`, script, { ...options, values })
}

module.exports = { WAYS, cutAt, parity, parityTable, propertiesOf, record, singly, turns, whole }
