'use strict'

// Drafts, which both packages must allow. The original allows them only with the option.

const { KEY } = require('../support/wire')
const { httpDriver, parity, parityTable, watch } = require('./driver-scripts')

const KEY1 = '1   38 wZ3f9 23O0 3l 0r'
const KEY2 = '27   0E 6 2  1665:< ;U 1H'
const BODY = Buffer.from('91253ed3a9e76a88', 'hex')
const CLOSE = Buffer.from([0xff, 0])

const HIXIE_75 = { 'sec-websocket-key': undefined, 'sec-websocket-version': undefined, origin: 'http://example.com' }
const HIXIE_76 = { ...HIXIE_75, 'sec-websocket-key1': KEY1, 'sec-websocket-key2': KEY2 }

const text = (string) => Buffer.concat([Buffer.from([0]), Buffer.from(string), Buffer.from([0xff])])

function draft (library, log, headers, given = {}) {
  return httpDriver(library, log, { ...given, headers, options: { allowDrafts: true, ...given.options } })
}

function openDraft (library, log, headers, given) {
  const driver = draft(library, log, headers, given)
  log.call('start', () => driver.start())
  if (headers['sec-websocket-key1']) driver.io.write(Buffer.from(BODY))
  return driver
}

const DRAFTS = [['hixie-75', HIXIE_75], ['hixie-76', HIXIE_76]]

function parityDrafts (name, rows, script, options) {
  for (const [version, headers] of DRAFTS) {
    parityTable(`${version} ${name}`, rows, (library, log, feed, value) => {
      script({ library, log, feed, headers, version, open: (given) => openDraft(library, log, headers, given) }, value)
    }, options)
  }
}

parityTable('the version is chosen by', [
  ['a version', { 'sec-websocket-key': undefined }],
  ['a wrong version', { 'sec-websocket-key': undefined, 'sec-websocket-version': '7' }],
  ['a key', { 'sec-websocket-version': undefined }],
  ['a key together with draft keys', { ...HIXIE_76, 'sec-websocket-key': KEY }],
  ['both draft keys', HIXIE_76],
  ['the first draft key', { ...HIXIE_76, 'sec-websocket-key2': undefined }],
  ['the second draft key', { ...HIXIE_76, 'sec-websocket-key1': undefined }],
  ['no key at all', HIXIE_75],
  ['empty headers', { 'sec-websocket-key': '', 'sec-websocket-version': '', 'sec-websocket-key1': '' }]
], (library, log, feed, headers) => {
  for (const allowDrafts of [true, false, 1, 0, null]) {
    const driver = draft(library, log, headers, { options: { allowDrafts } })
    log.add('version', allowDrafts, driver.version, driver.protocol, driver.readyState, driver.getState(), driver.url)
  }
})

parityDrafts('answers', [
  ['a plain request', {}],
  ['without an origin', { more: { origin: undefined } }],
  ['over TLS', { more: { 'x-forwarded-proto': 'https' } }],
  ['with custom headers last', { set: [['X-A', ' 1 '], ['x-a', '2'], ['Set-Cookie', 'a'], ['Set-Cookie', 'b']] }],
  ['without replacing its own headers',
    { set: [['Upgrade', 'nope'], ['WebSocket-Origin', 'x'], ['Sec-WebSocket-Origin', 'y']] }],
  ['without a protocol', {
    more: { 'sec-websocket-protocol': 'a' }, options: { protocols: ['a'] }
  }]
], ({ library, log, feed, headers }, { more, set = [], options }) => {
  const driver = draft(library, log, { ...headers, ...more }, { options })
  for (const [name, value] of set) log.call('set', () => driver.setHeader(name, value))
  log.call('addExtension', () => driver.addExtension({}))
  log.call('start', () => driver.start())
  log.call('set late', () => driver.setHeader('Late', '1'))
  if (headers['sec-websocket-key1']) feed.deliver(driver.io, BODY)
  log.call('start again', () => driver.start())
})

parityDrafts('refuses', [
  ['a POST', { method: 'POST' }, {}],
  ['an Upgrade that is not websocket', {}, { upgrade: 'tea' }],
  ['no Connection', {}, { connection: undefined }]
].map(([name, ...value]) => [name, value]), ({ library, log, headers }, [more, changed]) => {
  // The script ignores the state in these events: the original is still closing when it reports the error.
  const all = { ...headers, connection: 'upgrade', upgrade: 'websocket', ...changed }
  const driver = library.http({ method: 'GET', url: '/', headers: all, ...more }, { allowDrafts: true })
  for (const type of ['error', 'close']) driver.on(type, (event) => log.add(type, event))
  driver.messages.on('error', (error) => log.add('messages error', error))
  driver.messages.on('end', () => log.add('messages end'))
  driver.io.on('data', (chunk) => log.add('io data', chunk.toString()))
  log.call('start', () => driver.start())
  log.call('start again', () => driver.start())
  log.call('text', () => driver.text('late'))
  log.call('close', () => driver.close())
  log.add('state', driver.readyState)
})

parityTable('hixie-76 keys', [
  ['that are valid', [KEY1, KEY2]],
  ['with the largest number', ['4294967295 ', '1 ']],
  ['with many spaces', ['1 2 ', ' 2 4  ']],
  ['without the first', [undefined, KEY2]],
  ['without the second', [KEY1, undefined]],
  ['with an empty second', [KEY1, '']],
  ['without digits', ['a b', KEY2]],
  ['without spaces', ['12', KEY2]],
  ['that are zero', ['0 ', KEY2]],
  ['whose number is not divisible by their spaces', [KEY1, '5  ']],
  ['above 32 bits', ['4294967296 ', KEY2]],
  ['above 64 bits', [KEY1, '99999999999999999999 ']]
], (library, log, feed, [key1, key2]) => {
  const driver = library.http({
    method: 'GET',
    url: '/',
    headers: {
      host: 'a', connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-key1': key1, 'sec-websocket-key2': key2
    }
  }, { allowDrafts: true })
  for (const type of ['open', 'message', 'error', 'close']) driver.on(type, (event) => log.add(type, event))
  driver.io.on('data', (chunk) => log.add('io data', chunk))
  log.call('start', () => driver.start())
  feed.deliver(driver.io, BODY, text('hi'))
  log.add('state', driver.readyState)
})

parityTable('hixie-76 body', [
  ['after the start', (driver, feed) => { driver.start(); feed.deliver(driver.io, BODY) }],
  ['before the start', (driver, feed) => { feed.deliver(driver.io, BODY); driver.start() }],
  ['around the start', (driver, feed) => {
    feed.deliver(driver.io, BODY.subarray(0, 3))
    driver.start()
    feed.deliver(driver.io, BODY.subarray(3))
  }],
  ['with frames after the start',
    (driver, feed) => { driver.start(); feed.deliver(driver.io, BODY, text('a'), text('b')) }],
  ['with frames before the start',
    (driver, feed) => { feed.deliver(driver.io, BODY, text('a'), text('b')); driver.start() }],
  ['with half a frame before the start', (driver, feed) => {
    feed.deliver(driver.io, BODY, text('abc').subarray(0, 3))
    driver.start()
    feed.deliver(driver.io, text('abc').subarray(3))
  }],
  ['with a close frame', (driver, feed) => { driver.start(); feed.deliver(driver.io, BODY, text('a'), CLOSE) }],
  ['that stays incomplete', (driver, feed, log) => {
    driver.start()
    feed.deliver(driver.io, BODY.subarray(0, 7))
    log.call('text', () => driver.text('a'))
    log.add('state', driver.readyState)
    log.call('close', () => driver.close())
    feed.deliver(driver.io, BODY.subarray(7))
  }],
  ['after queued messages', (driver, feed, log) => {
    log.call('text', () => driver.text('a'))
    log.call('frame', () => driver.frame(5))
    log.call('start', () => driver.start())
    log.call('text', () => driver.text('b'))
    log.call('binary', () => driver.binary(Buffer.from('c')))
    log.call('ping', () => driver.ping())
    feed.deliver(driver.io, BODY)
  }]
], (library, log, feed, script) => script(draft(library, log, HIXIE_76), feed, log))

parityTable('hixie-75 before start()', [
  ['queues', (driver, log) => {
    log.call('text', () => driver.text('a'))
    log.call('frame', () => driver.frame(5))
    log.call('binary', () => driver.binary('c'))
    log.call('ping', () => driver.ping('d'))
    log.call('messages', () => driver.messages.write('e'))
    log.call('start', () => driver.start())
  }],
  ['can be closed', (driver, log) => {
    log.call('close', () => driver.close('bye', 3000))
    log.call('start', () => driver.start())
    log.call('text', () => driver.text('a'))
  }]
], (library, log, feed, script) => script(draft(library, log, HIXIE_75), log))

parityDrafts('receives', [
  ['text', text('hello')],
  ['an empty text', text('')],
  ['non-ASCII text', text('é€😀')],
  ['several texts', Buffer.concat([text('a'), text('b'), text('c')])],
  ['text of another type', Buffer.from([0x7f, 0x61, 0xff, 0x01, 0x62, 0xff])],
  ['invalid UTF-8', Buffer.from([0, 0x61, 0x80, 0xc3, 0xff, 0, 0x62, 0xff])],
  ['a NUL in a text', Buffer.from([0, 0x61, 0, 0x62, 0xff])],
  ['a frame with a length', Buffer.concat([Buffer.from([0x80, 3, 1, 2, 3]), text('a')])],
  ['a frame with 0xFF in its payload', Buffer.concat([Buffer.from([0x80, 3, 0xff, 0xff, 0xff]), text('a')])],
  ['an empty frame', Buffer.concat([Buffer.from([0x80, 0]), text('a')])],
  ['a frame with a length of two bytes',
    Buffer.concat([Buffer.from([0x81, 0x81, 0x02]), Buffer.alloc(130, 0xff), text('a')])],
  ['a small length in many bytes', Buffer.concat([Buffer.from([0x80, 0x80, 0x80, 0x80, 2, 9, 9]), text('a')])],
  ['two frames with lengths', Buffer.concat([Buffer.from([0x80, 2, 1, 2, 0x80, 1, 3]), text('a')])],
  ['a close frame', Buffer.concat([text('a'), CLOSE, text('b')])],
  ['0xFF without the 0x00 of a close frame', Buffer.concat([Buffer.from([0xff, 1, 0x41]), text('a')])]
], ({ feed, log, open }, bytes) => {
  const driver = open()
  feed.deliver(driver.io, bytes)
  log.call('text', () => driver.text('back'))
  log.add('state', driver.readyState)
})

parityDrafts('with maxLength receives', [
  ['a text of exactly this size', text('x'.repeat(20))],
  ['a text that does not end', Buffer.concat([Buffer.from([0]), Buffer.alloc(30, 'x')])],
  ['a frame of exactly this size', Buffer.concat([Buffer.from([0x80, 20]), Buffer.alloc(20), text('a')])],
  ['a larger frame', Buffer.concat([Buffer.from([0x80, 21]), Buffer.alloc(21), text('a')])],
  ['a larger length', Buffer.from([0x80, 0x81, 0x80, 0x80, 0x80])],
  ['a length that does not end', Buffer.alloc(40, 0xff)],
  ['two smaller texts', Buffer.concat([text('x'.repeat(15)), text('y'.repeat(15))])]
], ({ feed, log, open }, bytes) => {
  const driver = open({ options: { maxLength: 20 } })
  feed.deliver(driver.io, bytes)
  log.add('state', driver.readyState)
  log.call('close', () => driver.close())
})

parityDrafts('writes', [
  ['text', (driver) => driver.text('é')],
  ['an empty text', (driver) => driver.text('')],
  ['a number', (driver) => driver.frame(50)],
  ['a number as text', (driver) => driver.text(50)],
  ['an array', (driver) => driver.frame([1, 2])],
  ['bytes as text', (driver) => driver.text(Buffer.from('abc'))],
  ['bytes as a frame', (driver) => driver.frame(Buffer.from('abc'))],
  ['a frame of any type', (driver) => ['text', 'binary', 'ping', 'close', 'x'].map((type) => driver.frame('a', type))],
  ['lone surrogates', (driver) => driver.text('a\ud800b')],
  ['no binary', (driver) => driver.binary(Buffer.from('a'))],
  ['no ping', (driver) => driver.ping('a', () => {})],
  ['no pong', (driver) => driver.pong('a')],
  ['messages', (driver) => driver.messages.write('a')],
  ['no binary messages', (driver) => driver.messages.write(Buffer.from('a'))]
], ({ log, open }, write) => {
  const driver = open()
  log.call('write', () => write(driver))
  driver.close()
  log.call('write late', () => write(driver))
})

parityDrafts('closes', [
  ['without arguments', []], ['and ignores code and reason', ['bye', 3000]]
], ({ feed, log, open }, args) => {
  const driver = open()
  log.call('close', () => driver.close(...args))
  log.call('close again', () => driver.close(...args))
  log.call('text', () => driver.text('a'))
  feed.deliver(driver.io, text('unheard'), CLOSE)
})

parityDrafts('keeps the order when a handler', [
  ['answers', (driver) => driver.on('message', () => driver.text('Hi'))],
  ['ends io', (driver) => driver.once('message', () => driver.io.end()),
    { whole: 'the bytes after the message in its chunk are still read' }]
], ({ feed, open }, prepare) => {
  const driver = open()
  prepare(driver)
  feed.deliver(driver.io, text('a'), text('b'), CLOSE)
})

parityTable('server() reads a draft request', DRAFTS, (library, log, feed, headers) => {
  const driver = watch(log, library.server({ allowDrafts: true }))
  driver.on('connect', () => log.call('start', () => driver.start()))
  const lines = Object.entries({ host: 'a', connection: 'Upgrade', upgrade: 'WebSocket', ...headers })
    .filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${value}\r\n`)
  feed.deliver(driver.io, `GET /x HTTP/1.1\r\n${lines.join('')}\r\n`)
  if (headers === HIXIE_76) feed.deliver(driver.io, BODY)
  feed.deliver(driver.io, text('hello'))
  log.call('text', () => driver.text('back'))
  feed.deliver(driver.io, CLOSE)
  log.call('close', () => driver.close())
})

parity('server() reads head and body of hixie-76 in one chunk', (library, log, feed) => {
  const driver = watch(log, library.server({ allowDrafts: true }))
  driver.on('connect', () => driver.start())
  feed.deliver(driver.io, 'GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Key1: ${KEY1}\r\nSec-WebSocket-Key2: ${KEY2}\r\n\r\n`, BODY, text('hello'))
}, { whole: 'body contains the bytes of the head\'s chunk' })
