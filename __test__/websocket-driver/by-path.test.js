'use strict'

// The classes of websocket-driver that programs require by the paths of its files.

const test = require('node:test')
const assert = require('node:assert/strict')

const { dial, observe, request } = require('../support/drivers')
const { frame, fromClient } = require('../support/wire')

const driver = require('faye-websocket-rs/websocket-driver')

const ROOT = 'websocket-driver/lib/websocket'
const byPath = (file) => require(`faye-websocket-rs/${ROOT}/${file}`)
const TheirHeaders = require(`${ROOT}/driver/headers`)

const Headers = byPath('driver/headers')
const Hybi = byPath('driver/hybi')
const Server = byPath('driver/server')
const Base = byPath('driver/base')

test('the file driver exports websocket-driver', () => {
  assert.equal(byPath('driver'), driver)
})

test('headers: lines keep the order of set(), and the first value of a name wins', () => {
  for (const pairs of [
    [['A', 'b'], ['Content-Type', 'text/plain'], ['a', 'c'], ['B', 1]],
    [[' A ', '  b  c '], ['B', undefined], ['b', false]],
    [['Set-Cookie', 'a=1'], ['set-cookie', 'b=2'], ['Warning', 'x'], ['warning', 'x']],
    [['hasOwnProperty', 'a'], ['__proto__', 'b'], ['C', '']]
  ]) {
    const [ours, theirs] = [new Headers(), new TheirHeaders()]
    for (const [name, value] of pairs) {
      ours.set(name, value)
      // In the original, a header of that name breaks the object.
      if (name !== 'hasOwnProperty') theirs.set(name, value)
    }
    assert.equal(ours.toString().replace('hasOwnProperty: a\r\n', ''), theirs.toString())
    ours.clear()
    assert.equal(ours.toString(), '')
    ours.set('A', 'again')
    assert.equal(ours.toString(), 'A: again\r\n')
  }
})

test('headers: names and values with line breaks throw an error', () => {
  for (const [name, value] of [['A', 'b\r\nC: d'], ['A', 'b\nC'], ['A\r', 'b'], ['A', 'b\0']]) {
    assert.throws(() => new Headers().set(name, value), /^Error: Invalid header "A.*": names and values contain no CR/)
  }
})

test('hybi with a request is a server of RFC 6455, even with allowDrafts', () => {
  for (const options of [undefined, { requireMasking: true }, { allowDrafts: true }]) {
    const server = new Hybi(request(), Server.determineUrl(request()), options)
    assert.ok(server instanceof Hybi && server instanceof Base)
    assert.deepEqual([server.version, server.url, server.readyState], ['hybi-13', 'ws://example.com/', 0])
    const seen = observe(server)
    server.messages.on('data', (message) => server.messages.write(message))
    assert.equal(server.start(), true)
    server.io.write(fromClient('text', 'Hello'))
    assert.deepEqual(seen.map(([name]) => name), ['head', 'open', 'frame', 'message'])
    assert.deepEqual(seen[2], ['frame', 'text', 'Hello'])
  }
})

test('hybi without a request decodes the frames of both directions of another connection', () => {
  const [ofClient, ofServer] = [new Hybi(), new Hybi(null, null, {})]
  const seen = [ofClient, ofServer].map(observe)
  ofClient.parse(fromClient('text', 'question'))
  ofServer.parse(frame('text', 'answer'))
  assert.deepEqual(seen, [[['message', 'question']], [['message', 'answer']]])
})

test('hybi: generateAccept and VERSION follow RFC 6455', () => {
  assert.equal(Hybi.generateAccept('dGhlIHNhbXBsZSBub25jZQ=='), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
  assert.equal(Hybi.VERSION, '13')
})

test('the classes server and client make the same objects as the functions of websocket-driver', () => {
  const server = new Server({ maxLength: 5 })
  assert.equal(Object.getPrototypeOf(server), Object.getPrototypeOf(driver.server()))
  assert.ok(server instanceof Server)
  assert.ok(Server.http(request()) instanceof Base)
  assert.equal(Server.isSecureRequest({ headers: { 'x-forwarded-proto': 'https' } }), true)

  const Client = byPath('driver/client')
  const client = new Client('ws://example.com/path', { protocols: 'a' })
  assert.ok(client instanceof Client && client instanceof Base)
  let head = ''
  client.io.on('data', (chunk) => { head += chunk })
  client.start()
  assert.match(head, /^GET \/path HTTP\/1.1\r\n(.*\r\n)*Sec-WebSocket-Protocol: a\r\n/)
  assert.match(Client.generateKey(), /^[\w+/]{22}==$/)
})

test('proxy requests a tunnel to the server of its client', () => {
  const Proxy = byPath('driver/proxy')
  const proxy = new Proxy(driver.client('ws://example.com:81/'), 'http://user:secret@proxy.example.com/')
  assert.ok(proxy instanceof Proxy)
  let head = ''
  proxy.on('data', (chunk) => { head += chunk })
  proxy.start()
  assert.match(head, /^CONNECT example.com:81 HTTP\/1.1\r\nHost: example.com:81\r\n/)
})

test('streams exports the classes of the streams of a driver, for other objects too', () => {
  const { IO, Messages } = byPath('streams')
  const { driver: client } = dial()
  assert.ok(client.io instanceof IO)
  assert.ok(client.messages instanceof Messages)

  const calls = []
  const own = { parse: (chunk) => calls.push(['parse', chunk]), text: (text) => calls.push(['text', text]) }
  own.io = new IO(own)
  own.messages = new Messages(own)
  own.messages.on('end', () => calls.push(['end']))
  own.io.write('bytes')
  own.messages.write('Hello')
  own.io.pause()
  assert.equal(own.messages.write('Hello'), false)
  own.io.end()
  assert.deepEqual(calls, [['parse', 'bytes'], ['text', 'Hello'], ['text', 'Hello'], ['end']])
})

test('base: MAX_LENGTH of the prototype is the default maxLength of later drivers', (t) => {
  const { MAX_LENGTH } = Base.prototype
  assert.equal(MAX_LENGTH, 0x3ffffff)
  t.after(() => { Base.prototype.MAX_LENGTH = MAX_LENGTH })
  const closes = (options) => {
    const server = driver.http(request(), options)
    const codes = []
    server.on('close', ({ code }) => codes.push(code))
    server.start()
    server.io.write(fromClient('text', 'Hello'))
    return codes
  }
  Base.prototype.MAX_LENGTH = 4
  assert.deepEqual([closes(), closes({ maxLength: 5 })], [[1009], []])
  driver.http(request()).MAX_LENGTH = 5
  assert.equal(Base.prototype.MAX_LENGTH, 4)
})

test('base: isWebSocket and validateOptions are the functions of websocket-driver', () => {
  assert.equal(Base.isWebSocket, driver.isWebSocket)
  assert.equal(Base.validateOptions, driver.validateOptions)
})

test('classes without a counterpart can be required, and throw an error when called', () => {
  const files = ['driver/base', 'driver/draft75', 'driver/draft76', 'driver/stream_reader', 'driver/hybi/frame',
    'driver/hybi/message', 'http_parser']
  for (const file of files) {
    const Absent = byPath(file)
    const text = new RegExp(`^Error: ${ROOT}/${file} has no counterpart in faye-websocket-rs: \\w+`)
    assert.throws(() => new Absent('request'), text)
    assert.throws(() => Reflect.apply(Absent, {}, []), file === 'driver/base' ? /cannot be inherited from/ : text)
  }
})

test('hybi and server cannot be inherited from', () => {
  class Heir extends Hybi {}
  assert.throws(() => new Heir(request()), /driver\/hybi of faye-websocket-rs cannot be inherited from: call it with n/)
  assert.throws(() => Server.call({}), /driver\/server of faye-websocket-rs cannot be inherited from: call it with new/)
})
