'use strict'

// Where a driver differs from websocket-driver 0.8.0 on purpose; __test__/parity/deviations.js has the list.

const test = require('node:test')
const assert = require('node:assert/strict')

const websocket = require('../../lib/websocket-driver')
const { KEY, acceptOf, closePayload, frame, fromClient, headerOf, readFrames, upgradeRequest, upgradeResponse } =
  require('../support/wire')

const EVENTS = ['connect', 'open', 'message', 'ping', 'pong', 'error', 'close']

/** What a driver says and does, in order: names and details of events, texts of heads, types of frames. */
function observe (driver) {
  const seen = []
  driver.io.on('data', (chunk) => {
    const text = chunk.toString('latin1')
    if (/^(HTTP\/|GET )/.test(text)) return seen.push(['head', text])
    for (const { type, payload } of readFrames(chunk).frames) seen.push(['frame', type, payload.toString('latin1')])
  })
  for (const type of EVENTS) {
    driver.on(type, (event) => {
      seen.push([type, ...(event instanceof Error ? [event.message] : Object.values(event))])
    })
  }
  return seen
}

function request (headers = {}, more = {}) {
  const all = {
    host: 'example.com',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': KEY,
    'sec-websocket-version': '13',
    ...headers
  }
  for (const name in all) if (all[name] === undefined) delete all[name]
  return { method: 'GET', url: '/', headers: all, ...more }
}

function openServer (options, prepare = () => {}) {
  const driver = websocket.http(request(), options)
  prepare(driver)
  driver.start()
  return { driver, seen: observe(driver) }
}

function dial (options, prepare = () => {}) {
  const driver = websocket.client('ws://example.com/', options)
  prepare(driver)
  let head = ''
  driver.io.once('data', (chunk) => { head = chunk.toString() })
  driver.start()
  return { driver, head, seen: observe(driver) }
}

function openClient (options) {
  const { driver, head } = dial(options)
  driver.io.write(Buffer.from(upgradeResponse(head)))
  return { driver, seen: observe(driver) }
}

/** What a driver made by `open` does with the bytes, which must not depend on how they are cut. */
function outcome (open, bytes) {
  const run = (size) => {
    const { driver, seen } = open()
    for (let at = 0; at < bytes.length; at += size) driver.io.write(bytes.subarray(at, at + size))
    return seen
  }
  const whole = run(bytes.length)
  assert.deepEqual(run(1), whole, 'byte by byte')
  return whole
}

function failure (code, message, before = []) {
  return [...before, ['frame', 'close', closePayload(code, message).toString('latin1')],
    ['error', message], ['close', code, message]]
}

const NO_MASKS = () => openServer({ requireMasking: false })

test('text fails at its first bad byte, not at the end of the message', () => {
  const message = 'Could not decode a text frame as UTF-8'
  const start = frame('text', [0x61, 0xff], { fin: false })
  assert.deepEqual(outcome(NO_MASKS, start), failure(1007, message))
  const behind = Buffer.concat([start, frame('ping'), frame('continuation', 'b')])
  assert.deepEqual(outcome(NO_MASKS, behind), failure(1007, message))
  const unfinished = frame('text', [0xc0], { length: 1000 })
  assert.deepEqual(outcome(NO_MASKS, unfinished), failure(1007, message))
})

test('a length with the top bit set fails with 1002', () => {
  const bytes = frame('binary', '', { length: 2n ** 63n })
  assert.deepEqual(outcome(NO_MASKS, bytes), failure(1002, 'Received frame length with its most significant bit on'))
})

test('a masked frame from a server fails with 1002', () => {
  const message = 'Received masked frame but masking is not allowed'
  assert.deepEqual(outcome(() => openClient(), fromClient('text', 'a')), failure(1002, message))
  assert.deepEqual(outcome(() => openClient(), fromClient('ping')), failure(1002, message))
})

test('a continuation of nothing fails at its header', () => {
  const message = 'Received unexpected continuation frame'
  assert.deepEqual(outcome(NO_MASKS, Buffer.from([0x80, 5])), failure(1002, message))
  assert.deepEqual(outcome(NO_MASKS, Buffer.from([0x00, 126, 1, 0])), failure(1002, message))
  const behind = Buffer.concat([frame('text', 'a'), frame('continuation', 'b')])
  assert.deepEqual(outcome(NO_MASKS, behind), failure(1002, message, [['message', 'a']]))
})

test('control frames do not count for the length of a message', () => {
  const bytes = Buffer.concat([
    frame('text', 'x'.repeat(20), { fin: false }), frame('ping', 'p'.repeat(100)), frame('continuation')
  ])
  assert.deepEqual(outcome(() => openServer({ requireMasking: false, maxLength: 20 }), bytes), [
    ['frame', 'pong', 'p'.repeat(100)], ['ping', 'p'.repeat(100)], ['message', 'x'.repeat(20)]
  ])
})

test('nothing behind a violation is processed, not even while the connection closes', () => {
  const closing = () => {
    const opened = NO_MASKS()
    opened.driver.close('bye', 3001)
    opened.seen.length = 0
    return opened
  }
  const bytes = Buffer.concat([frame(3, ''), frame('ping'), frame('close')])
  assert.deepEqual(outcome(closing, bytes), [['close', 3001, 'bye']])
})

test('ping and pong above 125 bytes throw a RangeError and send nothing', () => {
  for (const open of [openServer, openClient]) {
    const { driver, seen } = open()
    for (const call of ['ping', 'pong']) {
      assert.throws(() => driver[call]('x'.repeat(126)), RangeError)
      assert.throws(() => driver[call]('é'.repeat(63)), RangeError)
    }
    assert.throws(() => driver.frame('x'.repeat(126), 'ping'), RangeError)
    assert.deepEqual(seen, [])
    assert.equal(driver.ping('x'.repeat(125)), true)
  }
})

test('a close reason is cut at 123 bytes, between two characters', () => {
  for (const [reason, kept] of [['x'.repeat(124), 'x'.repeat(123)], ['é'.repeat(62), 'é'.repeat(61)]]) {
    const { driver, seen } = openServer()
    assert.equal(driver.close(reason, 1000), true)
    assert.deepEqual(seen, [['frame', 'close', closePayload(1000, kept).toString('latin1')]])
  }
})

test('a close code that may not be on the wire throws a RangeError', () => {
  for (const code of [-1, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535, 65536, 66536, Infinity]) {
    const { driver, seen } = openServer()
    assert.throws(() => driver.close('', code), RangeError, String(code))
    assert.deepEqual([seen, driver.readyState], [[], 1], String(code))
  }
  for (const code of [1000, 1003, 1007, 1014, 3000, 4999]) {
    const { driver } = openServer()
    assert.equal(driver.close('', code), true, String(code))
  }
})

test('a code that nobody will see closes a driver that is not open', () => {
  for (const code of [1005, 70000]) {
    const driver = websocket.http(request())
    const seen = observe(driver)
    assert.equal(driver.close('bye', code), true)
    assert.deepEqual(seen.map(([type, , reason]) => [type, reason]), [['close', 'bye']])
  }
})

test('the origin of a proxy is an http or https URL', () => {
  const driver = websocket.client('ws://example.com/')
  for (const origin of ['nonsense', undefined, '', 'ftp://proxy/', { href: 5 }]) {
    assert.throws(() => driver.proxy(origin), /is not a valid proxy URL$/)
  }
})

test('a low-level frame is one that may be sent, and changes the state as it should', () => {
  const { driver, seen } = openServer()
  for (const type of ['continuation', 'unknown', 5]) assert.throws(() => driver.frame('a', type), TypeError)
  assert.deepEqual(seen, [])
  assert.equal(driver.frame('bye', 'close', 3001), true)
  assert.equal(driver.readyState, 2)
  for (const type of ['ping', 'pong', 'close']) assert.equal(driver.frame('late', type), false, type)
  // As in the original.
  for (const type of [undefined, 'text', 'binary']) assert.equal(driver.frame('late', type), true, type)
  assert.deepEqual(seen, [['frame', 'close', closePayload(3001, 'bye').toString('latin1')]])
})

test('bytes may come in any view', () => {
  const { driver, seen } = openServer()
  const view = new Uint8Array([0, 1, 2, 3]).subarray(1, 3)
  assert.equal(driver.binary(view), true)
  assert.equal(driver.frame(view), true)
  assert.deepEqual(seen, [['frame', 'binary', '\x01\x02'], ['frame', 'binary', '\x01\x02']])
})

for (const version of ['12', '8', undefined]) {
  test(`the answer to version ${version} names the right one`, () => {
    const driver = websocket.http(request({ 'sec-websocket-version': version }), { allowDrafts: false })
    const seen = observe(driver)
    assert.equal(driver.start(), false)
    const message = `Unsupported WebSocket version: ${version}`
    assert.deepEqual(seen, [
      ['head', 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n' +
        `Content-Length: ${message.length}\r\nSec-WebSocket-Version: 13\r\n\r\n${message}`],
      ['error', message],
      ['close', 1002, message]
    ])
  })
}

test('a client accepts upgrade in a list', () => {
  for (const connection of ['keep-alive, Upgrade', 'upgrade,keep-alive', 'keep-alive,\tUPGRADE ,x']) {
    const { driver, head, seen } = dial()
    driver.io.write(Buffer.from(upgradeResponse(head, { Connection: connection })))
    assert.deepEqual(seen, [['open']], connection)
  }
})

test('a key that is not that of 16 bytes is refused', () => {
  const keys = ['', 'abc', 'x'.repeat(24), KEY.slice(0, -1), `${KEY}=`, 'JFBCWHksyIpXV+6Wlq/9p===', `${KEY}, ${KEY}`]
  for (const key of keys) {
    const driver = websocket.http(request({ 'sec-websocket-key': key }))
    const seen = observe(driver)
    assert.equal(driver.start(), false, key)
    assert.match(seen[0][1], /^HTTP\/1.1 400 .*\r\n\r\nInvalid handshake request header: Sec-WebSocket-Key$/s, key)
  }
})

test('HTTP/1.1 from the wire needs a Host, a request made by hand does not', () => {
  const refused = (driver) => {
    const seen = observe(driver)
    return driver.start() ? null : seen.find(([type]) => type === 'error')[1]
  }
  const message = 'Invalid handshake request header: Host'
  assert.equal(refused(websocket.http(request({ host: undefined }, { httpVersion: '1.1' }))), message)
  assert.equal(refused(websocket.http(request({ host: '' }, { httpVersion: '1.1' }))), message)
  assert.equal(refused(websocket.http(request({ host: undefined }, { httpVersion: '1.0' }))), null)
  assert.equal(refused(websocket.http(request({ host: undefined }))), null)
  const server = websocket.server()
  server.io.write(Buffer.from(upgradeRequest({ Host: null })))
  assert.equal(refused(server), message)
})

test('headers that hold CR, LF or NUL throw and are not written', () => {
  const drivers = [websocket.http(request()), websocket.client('ws://example.com/')]
  for (const target of [...drivers, drivers[1].proxy('http://proxy/')]) {
    for (const bad of ['a\rb', 'a\nb', 'a\r\nEvil: 1', 'a\0b']) {
      assert.throws(() => target.setHeader('X', bad), Error)
      assert.throws(() => target.setHeader(bad, 'x'), Error)
    }
    assert.throws(() => target.setHeader('a b', 'x'), Error)
    const written = []
    const stream = target.io || target
    stream.on('data', (chunk) => written.push(chunk.toString()))
    target.start()
    assert.equal(written.length, 1)
    assert.doesNotMatch(written[0], /Evil|X:|\0/)
  }
  assert.throws(() => websocket.client('ws://example.com/', { protocols: ['a\r\nb'] }), Error)
  assert.throws(() => websocket.http(request(), { protocols: 'a\nb' }), Error)
})

test('a draft repeats no line break of a made-up request', () => {
  const headers = { 'sec-websocket-key': undefined, 'sec-websocket-version': undefined, origin: 'a\r\nEvil: 1' }
  const driver = websocket.http(request(headers))
  const seen = observe(driver)
  assert.equal(driver.start(), false)
  assert.doesNotMatch(seen[0][1], /Evil/)
})

test('bytes before start() wait for it', () => {
  const driver = websocket.http(request(), { requireMasking: false })
  const seen = observe(driver)
  driver.io.write(frame('text', 'early'))
  driver.io.write(frame('ping', 'e').subarray(0, 2))
  assert.deepEqual(seen, [])
  driver.start()
  assert.deepEqual(seen.slice(1), [['open'], ['message', 'early']])
  driver.io.write(frame('ping', 'e').subarray(2))
  assert.deepEqual(seen.slice(3), [['frame', 'pong', 'e'], ['ping', 'e']])
})

test('a violation before start() is one after it', () => {
  const driver = websocket.http(request(), { requireMasking: false })
  const seen = observe(driver)
  driver.io.write(frame(3, ''))
  assert.equal(driver.start(), true)
  assert.deepEqual(seen.slice(1), [['open'], ...failure(1002, 'Unrecognized frame opcode: 3')])
})

test('server() keeps frames that come with the request until it is started', () => {
  const driver = websocket.server()
  const seen = observe(driver)
  driver.io.write(Buffer.concat([Buffer.from(upgradeRequest()), fromClient('text', 'early')]))
  assert.deepEqual(seen, [['connect']])
  assert.deepEqual(driver.body, fromClient('text', 'early'))
  driver.start()
  assert.deepEqual(seen.slice(2), [['open'], ['message', 'early']])
})

test('server() gives the body what came with the head, whatever length was announced', () => {
  const driver = websocket.server()
  driver.io.write(Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody'))
  assert.equal(driver.body.toString(), 'body')
})

function extension (name, calls, rsv1 = true) {
  const session = {
    generateOffer: () => ({}),
    generateResponse: () => ({}),
    activate: (parameters) => {
      calls.push([name, parameters])
      return true
    },
    processIncomingMessage: (message, callback) => callback(null, message),
    processOutgoingMessage: (message, callback) => callback(null, message),
    close: () => {}
  }
  return {
    name,
    type: 'permessage',
    rsv1,
    rsv2: false,
    rsv3: false,
    createClientSession: () => session,
    createServerSession: (offers) => {
      calls.push([name, offers])
      return session
    }
  }
}

test('an extension that was not offered is refused before any other is activated', () => {
  const calls = []
  const { driver, head, seen } = dial({}, (driver) => driver.addExtension(extension('a', calls)))
  driver.io.write(Buffer.from(upgradeResponse(head, { 'Sec-WebSocket-Extensions': 'a, b' })))
  const message = 'Error during WebSocket handshake: ' +
    'Server sent an extension response for unknown extension "b"'
  assert.deepEqual(seen, [['error', message], ['close', 1002, message]])
  assert.deepEqual(calls, [])
})

test('an extension that has a session but makes no offer is refused', () => {
  const calls = []
  const { driver, head, seen } = dial({}, (driver) => {
    const silent = extension('a', calls)
    const session = silent.createClientSession()
    silent.createClientSession = () => ({ ...session, generateOffer: () => null })
    driver.addExtension(silent)
  })
  driver.io.write(Buffer.from(upgradeResponse(head, { 'Sec-WebSocket-Extensions': 'a' })))
  assert.match(seen[0][1], /unknown extension "a"$/)
  assert.deepEqual(calls, [])
})

test('__proto__ is a parameter like any other', () => {
  const calls = []
  const driver = websocket.http(request({ 'sec-websocket-extensions': 'a; __proto__=1; b; __proto__="x"' }))
  driver.addExtension(extension('a', calls))
  driver.start()
  const [[, [offer]]] = calls
  assert.deepEqual(Object.entries(offer), [['__proto__', [1, 'x']], ['b', true]])
  assert.equal(Object.getPrototypeOf(offer), Object.prototype)
  assert.equal({}.b, undefined)
})

test('every value that needs quotes gets them', () => {
  const calls = []
  const { head } = dial({}, (driver) => {
    const quoting = extension('a', calls)
    const session = quoting.createClientSession()
    const offer = { b: 'c d', e: 'f "g"', h: '', i: 'j' }
    quoting.createClientSession = () => ({ ...session, generateOffer: () => offer })
    driver.addExtension(quoting)
  })
  assert.equal(headerOf(head, 'sec-websocket-extensions'), 'a; b="c d"; e="f \\"g\\""; h=""; i=j')
})

test('an extension header may be padded', () => {
  const calls = []
  const driver = websocket.http(request({ 'sec-websocket-extensions': ' a; b ' }))
  driver.addExtension(extension('a', calls))
  assert.equal(driver.start(), true)
  assert.deepEqual(calls, [['a', [{ b: true }]]])
})

test('a client is connecting when its request is written, and takes an answer at once', () => {
  const driver = websocket.client('ws://example.com/')
  const states = []
  driver.io.on('data', (chunk) => {
    states.push(driver.readyState)
    if (states.length > 1) return
    driver.io.write(Buffer.from(upgradeResponse(chunk.toString())))
  })
  driver.on('open', () => states.push('open'))
  assert.equal(driver.start(), true)
  assert.deepEqual([states, driver.readyState], [[0, 'open'], 1])
})

test('two drivers piped into each other open and talk', () => {
  const server = websocket.server()
  const client = websocket.client('ws://example.com/')
  server.on('connect', () => server.start())
  server.on('message', ({ data }) => server.text(`echo ${data}`))
  const seen = observe(client)
  client.io.pipe(server.io)
  server.io.pipe(client.io)
  client.text('early')
  client.start()
  client.close('bye', 3000)
  const told = seen.filter(([type]) => type !== 'frame' && type !== 'head')
  assert.deepEqual(told, [['open'], ['message', 'echo early'], ['close', 3000, 'bye']])
})

test('the memory of the caller is not written to', () => {
  const { driver } = openServer()
  const bytes = fromClient('text', 'masked')
  const before = Buffer.from(bytes)
  driver.io.write(bytes)
  assert.deepEqual(bytes, before)
})

test('an answer whose head never ends fails', () => {
  const { driver, seen } = dial()
  driver.io.write(Buffer.from('HTTP/1.1 101 Switching Protocols\r\n'))
  for (let line = 0; line < 2000 && driver.readyState === 0; line++) {
    driver.io.write(Buffer.from(`X-${line}: ${'x'.repeat(100)}\r\n`))
  }
  const message = 'Error during WebSocket handshake: Parse Error'
  assert.deepEqual(seen, [['error', message], ['close', 1002, message]])
})

test('a raw request whose head never ends is judged as no request', () => {
  const driver = websocket.server()
  const seen = observe(driver)
  driver.io.write(Buffer.from('GET / HTTP/1.1\r\n'))
  for (let line = 0; line < 2000 && seen.length === 0; line++) {
    driver.io.write(Buffer.from(`X-${line}: ${'x'.repeat(100)}\r\n`))
  }
  assert.deepEqual(seen, [['connect']])
  assert.equal(websocket.isWebSocket(driver), false)
  assert.equal(driver.start(), false)
})

test('a header named __proto__ is there like any other', () => {
  const { driver, head } = dial()
  driver.io.write(Buffer.from(upgradeResponse(head, { ['__proto__']: 'x' })))
  assert.ok(Object.keys(driver.headers).includes('__proto__'))
  assert.equal(Object.getPrototypeOf(driver.headers), Object.prototype)
})

test('the accept value may come from nobody else', () => {
  const { driver, head, seen } = dial()
  const accept = acceptOf(headerOf(head, 'sec-websocket-key'))
  driver.io.write(Buffer.from(upgradeResponse(head, { 'Sec-WebSocket-Accept': accept.toLowerCase() })))
  assert.equal(seen[0][0], 'error')
})

test('a listener that throws while the close frame is written does not cost the close event', () => {
  const { driver, seen } = openServer({ requireMasking: false })
  driver.io.once('data', () => { throw new Error('mine') })
  assert.throws(() => driver.io.write(frame('close', closePayload(1001))), /mine/)
  driver.io.write(frame('ping'))
  assert.deepEqual(seen.filter(([type]) => type === 'close'), [['close', 1001, '']])
})
