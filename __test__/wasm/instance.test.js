'use strict'

// One instance for all connections: its memory grows or is refused, a trap ends it, and its objects must be released.
// Each test runs in its own process, because most tests break the instance.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const os = require('node:os')
const path = require('node:path')
const { promisify } = require('node:util')
const nodeTest = require('node:test')
const { gzipSync } = require('node:zlib')

const { MODULE, NO_WASM } = require('./runtimes')

const LIB = path.join(__dirname, '../../lib')
const TIMEOUT = 120000
/** The size limits, in bytes. */
const MAX_SIZE = 350 * 1024
const MAX_COMPRESSED = 160 * 1024

/** Runs a function in another process with `--expose-gc`, and returns its result, which travels as JSON. */
async function elsewhere (body, ...args) {
  const script = `Promise.resolve((${body})(${JSON.stringify(LIB)}, ...${JSON.stringify(args)}))
    .then((result) => { console.log(JSON.stringify(result)); process.exit() })`
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '-e', script], {
    timeout: TIMEOUT, env: { ...process.env, FAYE_WEBSOCKET_RUNTIME: 'wasm' }
  })
  return JSON.parse(stdout)
}

const test = (name, body) => nodeTest(name, { skip: NO_WASM, timeout: TIMEOUT }, body)

test('the module contains no paths of the machine that built it', () => {
  const text = Buffer.from(require(MODULE), 'base64').toString('latin1')
  const folders = [os.homedir(), path.join(__dirname, '../..'), process.env.CARGO_HOME, process.env.RUSTUP_HOME]
  for (const folder of folders.filter(Boolean)) assert.equal(text.includes(folder + '/'), false, folder)
})

test('a trap ends the connections of its instance with an error, and later ones use a new instance', async () => {
  const result = await elsewhere((lib) => {
    const wasm = require(lib + '/wasm')
    const { current } = require(lib + '/wasm/current')
    const calls = wasm.calls()
    const open = () => wasm.Connection.established(false, { requireMasking: false })
    const [called, other, draft] = [open(), open(), wasm.Connection.server('GET', 'ws://a/', true, {
      host: 'a', connection: 'Upgrade', upgrade: 'websocket', origin: 'b'
    }, { allowDrafts: true })]
    const version = draft.version
    const message = wasm.Prepared.text('prepared')
    const faulted = []
    called.onInstanceEnd(() => faulted.push('called'))
    other.onInstanceEnd(() => faulted.push('other'))
    // The next call finds invalid memory and traps.
    const first = current()
    Buffer.from(first.exports.memory.buffer).fill(0xff)
    const sent = calls.text(called.number, 'a')
    const end = (one) => [one.hasWork, one.readyState, one.work(), one.hasWork, one.poll(true, true, true)]
    const ends = [called, other].map(end)
    const next = open()
    calls.prepared(next.number, message.number)
    const bytes = Buffer.alloc(calls.outputLength(next.number))
    calls.takeOutput(next.number, bytes)
    return {
      sent,
      faulted,
      ends,
      version: [version, draft.version, draft.poll(true, true, true), draft.poll(true, true, true)],
      stale: [calls.text(other.number, 'a'), calls.outputLength(other.number), calls.messages(other.number)],
      isAnother: current() !== first,
      bytes: bytes.toString('latin1')
    }
  })
  const message = 'Internal error of the WebSocket implementation'
  const error = { kind: 'error', message, errorCode: 'internal', facts: {} }
  const end = [true, 3, { accepted: true, events: [error, { kind: 'close', code: 1006, reason: '' }] }, false, null]
  assert.deepEqual(result, {
    sent: -2,
    faulted: ['called', 'other'],
    ends: [end, end],
    version: ['hixie-75', 'hixie-75', error, { kind: 'close' }],
    stale: [-1, 0, undefined].map((value) => value ?? null),
    isAnother: true,
    bytes: '\x81\x08prepared'
  })
})

test('a trap closes all WebSockets, even idle ones', async () => {
  const result = await elsewhere(async (lib) => {
    const WebSocket = require(lib + '/..')
    const { current } = require(lib + '/wasm/current')
    const { once } = require('node:events')
    const server = require('node:http').createServer()
    const events = []
    const note = (ws, name) => {
      ws.on('error', ({ message }) => events.push(`${name} ${message.replace(/wss?:[^ ]* /, '')}`))
      ws.on('close', ({ code }) => events.push(`${name} close ${code}`))
      return ws
    }
    const sockets = []
    server.on('upgrade', (request, socket, head) => {
      const ws = note(new WebSocket(request, socket, head), 'server')
      ws.on('message', ({ data }) => ws.send(data))
      sockets.push(ws)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `ws://127.0.0.1:${server.address().port}`
    const open = async () => {
      const ws = note(new WebSocket.Client(url), 'client')
      await new Promise((resolve) => ws.on('open', resolve))
      return ws
    }
    const [ws] = [await open(), await open()]
    Buffer.from(current().exports.memory.buffer).fill(0xff)
    ws.send('a')
    while (events.length < 8) await new Promise((resolve) => setTimeout(resolve, 5))
    const again = await open()
    again.send('again')
    const [{ data }] = await once(again, 'message')
    return { events: events.sort(), data, runtime: WebSocket.runtime }
  })
  const of = (name) => [`${name} close 1006`, `${name} close 1006`]
  const errors = (name) => result.events.filter((event) => event.startsWith(`${name} `) && !event.includes('close'))
  assert.deepEqual(result.events.filter((event) => event.includes('close')), [...of('client'), ...of('server')])
  for (const name of ['client', 'server']) {
    assert.equal(errors(name).length, 2)
    for (const error of errors(name)) assert.match(error, /Internal error of the WebSocket implementation/)
  }
  assert.deepEqual([result.data, result.runtime], ['again', 'wasm'])
})

test('connections whose callback cannot run at a trap report the fault at the next call', async () => {
  const result = await elsewhere(async (lib) => {
    const wasm = require(lib + '/wasm')
    const { current } = require(lib + '/wasm/current')
    const faulted = []
    const all = ['a', 'b', 'c'].map((name) => {
      const one = wasm.Connection.established(false, {})
      one.onInstanceEnd(() => faulted.push(name))
      return one
    })
    const { Instance } = WebAssembly
    // No memory is left for another instance.
    WebAssembly.Instance = function () { throw new RangeError('Out of memory') }
    Buffer.from(current().exports.memory.buffer).fill(0xff)
    const accepted = all[0].ping(Buffer.from('a'))
    await new Promise(setImmediate)
    const before = [...faulted]
    WebAssembly.Instance = Instance
    const ends = all.map((one) => [one.hasWork, one.work().events.length, one.readyState, one.release()])
    return { accepted, before, faulted, ends }
  })
  const end = [true, 2, 3, null]
  assert.deepEqual(result, { accepted: false, before: [], faulted: ['a', 'b', 'c'], ends: [end, end, end] })
})

test('an exception outside the module, such as a stack overflow, ends no connection', async () => {
  const result = await elsewhere((lib) => {
    const wasm = require(lib + '/wasm')
    const { current } = require(lib + '/wasm/current')
    const calls = wasm.calls()
    const [one, other] = [0, 1].map(() => wasm.Connection.established(false, { requireMasking: false }))
    const first = current()
    const overflow = () => { throw new RangeError('Maximum call stack size exceeded') }
    const thrown = (owner, method, run) => {
      const { [method]: original } = owner
      owner[method] = overflow
      try {
        run()
      } catch (error) {
        return error.message
      } finally {
        owner[method] = original
      }
    }
    return {
      text: thrown(Buffer.prototype, 'utf8Write', () => calls.text(one.number, 'a')),
      bytes: thrown(Uint8Array.prototype, 'set', () => calls.bytes(one.number, false, Buffer.from('a'))),
      ping: thrown(Uint8Array.prototype, 'set', () => one.ping(Buffer.from('a'))),
      same: current() === first,
      states: [one, other].map(({ readyState }) => readyState),
      sent: calls.text(one.number, 'abc')
    }
  })
  const message = 'Maximum call stack size exceeded'
  assert.deepEqual(result, { text: message, bytes: message, ping: message, same: true, states: [1, 1], sent: 5 })
})

test('a head that an instance has not completed before its trap is empty', async () => {
  const result = await elsewhere((lib) => {
    const wasm = require(lib + '/wasm')
    const { current } = require(lib + '/wasm/current')
    const parser = new wasm.RequestParser()
    const tunnel = new wasm.Connect({ authority: 'a:80', host: 'a', username: '', password: '' })
    const session = wasm.DeflateSession.client({}, 1000)
    const first = [
      parser.receive(Buffer.from('GET / HTTP/1.1\r\n')), tunnel.receive(Buffer.from('HTTP/1.1 200 OK\r\n'))
    ]
    Buffer.from(current().exports.memory.buffer).fill(0xff)
    try {
      wasm.handshakeKey()
    } catch {
      // This call traps.
    }
    const { body, ...request } = parser.receive(Buffer.from('a: b\r\n\r\n'))
    session.close()
    return { first, request, length: body.length, answer: tunnel.receive(Buffer.from('a: b\r\n\r\n')) }
  })
  assert.deepEqual(result, {
    first: [null, null], request: { headers: [] }, length: 0, answer: { connected: false, headers: [] }
  })
})

test('the byte length of a buffer counts, not its property length', async () => {
  const result = await elsewhere((lib) => {
    const wasm = require(lib + '/wasm')
    const { current } = require(lib + '/wasm/current')
    const calls = wasm.calls()
    const one = wasm.Connection.established(false, {})
    const first = current()
    const claims = [4, 1e6, NaN, -1].map((value) => Object.defineProperty(Buffer.alloc(300000), 'length', { value }))
    const lengths = claims.map((bytes) => {
      const before = calls.outputLength(one.number)
      calls.bytes(one.number, false, bytes)
      return calls.outputLength(one.number) - before
    })
    const pings = claims.map((bytes) => {
      try {
        return one.ping(bytes)
      } catch (error) {
        return error.name
      }
    })
    return { lengths, pings, isSame: current() === first }
  })
  const head = 10
  assert.deepEqual(result, {
    lengths: Array(4).fill(300000 + head), pings: Array(4).fill('RangeError'), isSame: true
  })
})

test('if memory is refused, a connection fails like one of the addon, and others continue', async () => {
  const result = await elsewhere((lib) => {
    const encoded = require.resolve(lib + '/wasm/module.js')
    // Adds a maximum of pages after the minimum in the section of memories.
    const limited = (bytes, pages) => {
      const parts = [bytes.subarray(0, 8)]
      for (let at = 8; at < bytes.length;) {
        const start = at++
        const number = () => {
          let value = 0
          for (let shift = 0; ; shift += 7) {
            value |= (bytes[at] & 127) << shift
            if (bytes[at++] < 128) return value
          }
        }
        const leb = (value) => value < 128 ? [value] : [value & 127 | 128, ...leb(value >> 7)]
        const length = number()
        const body = at
        at += length
        if (bytes[start] !== 5) {
          parts.push(bytes.subarray(start, at))
          continue
        }
        const end = at
        at = body + 2
        const content = [1, 1, ...leb(number()), ...leb(pages)]
        at = end
        parts.push(Buffer.from([5, ...leb(content.length), ...content]))
      }
      return Buffer.concat(parts)
    }
    const whole = Buffer.from(require(encoded), 'base64')
    require.cache[encoded].exports = limited(whole, 512).toString('base64')
    const wasm = require(lib + '/wasm')
    const { current } = require(lib + '/wasm/current')
    const calls = wasm.calls()
    const open = () => wasm.Connection.established(false, { requireMasking: false, maxLength: 1e9 })
    const [full, other] = [open(), open()]
    const first = current()
    const caught = (body) => {
      try {
        return body()
      } catch (error) {
        return `${error.constructor.name}: ${error.message}`
      }
    }
    const large = caught(() => calls.bytes(other.number, false, Buffer.alloc(64 << 20)))
    // A frame that is larger than the memory.
    const header = Buffer.alloc(10)
    header[0] = 0x82
    header[1] = 127
    header.writeBigUInt64BE(100n << 20n, 2)
    calls.receive(full.number, header)
    const chunk = Buffer.alloc(1 << 20)
    const events = []
    for (let n = 0; n < 100 && full.readyState === 1; n++) {
      calls.receive(full.number, chunk)
      if (calls.messages(full.number) === undefined) {
        for (let event; (event = full.poll(false, true, true)) !== null;) events.push(event)
      }
    }
    calls.text(other.number, 'goes on')
    return {
      large, events, state: full.readyState, length: calls.outputLength(other.number), isSame: current() === first
    }
  })
  assert.deepEqual(result, {
    large: 'RangeError: Out of memory',
    events: [
      { kind: 'error', message: 'Out of memory', errorCode: 'no-memory', facts: {} },
      { kind: 'close', code: 1011, reason: 'Out of memory' }
    ],
    state: 3,
    length: 9,
    isSame: true
  })
})

test('calls use the new buffer after memory has grown', async () => {
  const result = await elsewhere((lib) => {
    const wasm = require(lib + '/wasm')
    const { current } = require(lib + '/wasm/current')
    const calls = wasm.calls()
    const connection = wasm.Connection.established(false, { requireMasking: false })
    let isGood = true
    let grown = 0
    for (let size = 1; size < 1 << 24; size *= 3) {
      const text = 'é'.repeat(size)
      const { byteLength } = current().exports.memory.buffer
      calls.text(connection.number, text)
      const into = Buffer.alloc(calls.outputLength(connection.number))
      calls.takeOutput(connection.number, into)
      calls.receive(connection.number, into)
      const [received] = calls.messages(connection.number) ?? connection.poll(false, false, false)
      isGood &&= received === text
      if (current().exports.memory.buffer.byteLength > byteLength) grown++
    }
    return { isGood, hasGrown: grown > 3 }
  })
  assert.deepEqual(result, { isGood: true, hasGrown: true })
})

test('20,000 connections that open and close do not grow the memory', async () => {
  const sizes = await elsewhere((lib) => {
    const wasm = require(lib + '/wasm')
    const { current } = require(lib + '/wasm/current')
    const calls = wasm.calls()
    const headers = {
      host: 'a',
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=='
    }
    const frame = Buffer.from('8185000000006162636465', 'hex')
    const round = () => {
      const connection = wasm.Connection.server('GET', 'ws://a/', true, headers, {})
      connection.start()
      calls.receive(connection.number, frame)
      calls.messages(connection.number)
      calls.text(connection.number, 'abc')
      connection.close(1000, '')
      connection.release()
    }
    const size = () => current().exports.memory.buffer.byteLength
    for (let n = 0; n < 1000; n++) round()
    const before = size()
    for (let n = 0; n < 20000; n++) round()
    return [before, size()]
  })
  assert.equal(sizes[1], sizes[0])
})

test('objects that are not released are released when they are collected', async () => {
  const result = await elsewhere(async (lib) => {
    const wasm = require(lib + '/wasm')
    const { current } = require(lib + '/wasm/current')
    const one = current()
    const released = {}
    const { exports } = one
    one.exports = Object.fromEntries(Object.entries(exports).map(([name, value]) => [name, value]))
    for (const kind of ['connection', 'prepared', 'session', 'parser', 'tunnel']) {
      released[kind] = 0
      one.exports[`release_${kind}`] = (number) => {
        released[kind]++
        exports[`release_${kind}`](number)
      }
    }
    const make = () => {
      for (let n = 0; n < 1000; n++) {
        wasm.Connection.established(true, {})
        wasm.Prepared.text('text')
        wasm.DeflateSession.client({}, 1000)
        new wasm.RequestParser().receive(Buffer.from('GET'))
        new wasm.Connect({ authority: 'a:1', host: 'a', username: '', password: '' }).request()
      }
    }
    make()
    const size = exports.memory.buffer.byteLength
    for (let n = 0; n < 100 && Object.values(released).some((count) => count < 1000); n++) {
      globalThis.gc()
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const first = { ...released }
    make()
    return { first, grown: exports.memory.buffer.byteLength - size }
  })
  assert.deepEqual(result, {
    first: { connection: 1000, prepared: 1000, session: 1000, parser: 1000, tunnel: 1000 }, grown: 0
  })
})

test('copies of the package in one process and in workers use separate instances', async () => {
  const result = await elsewhere(async (lib) => {
    const wasm = require(lib + '/wasm')
    for (const file of Object.keys(require.cache)) delete require.cache[file]
    const copy = require(lib + '/wasm')
    const { Worker } = require('node:worker_threads')
    const worker = new Worker(`
      const wasm = require(${JSON.stringify(lib)} + '/wasm')
      const { parentPort } = require('node:worker_threads')
      parentPort.postMessage(wasm.acceptValue('dGhlIHNhbXBsZSBub25jZQ=='))`, { eval: true })
    const [accepted] = await require('node:events').once(worker, 'message')
    return [wasm !== copy, wasm.acceptValue('a') === copy.acceptValue('a'), accepted]
  })
  assert.deepEqual(result, [true, true, 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='])
})

test('the module is smaller than its limits', () => {
  const bytes = Buffer.from(require(MODULE), 'base64')
  assert.ok(bytes.length < MAX_SIZE, `${bytes.length} bytes`)
  assert.ok(gzipSync(bytes, { level: 9 }).length < MAX_COMPRESSED, 'compressed')
})
