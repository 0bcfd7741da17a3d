'use strict'

const { openServer, parity, parityTable, request } = require('./driver-scripts')

// Deviation: exports that the original does not have.
const ADDED = ['runtime', 'runtimeReason']

parity('the module exports the same names', (library, log) => {
  const names = Object.keys(library).filter((name) => !ADDED.includes(name))
  for (const name of names.sort()) log.add(name, typeof library[name])
})

parityTable('unknown options throw:', [
  ['a typo', { maxlength: 1 }],
  ['a name without a value', { net: undefined }],
  ['an inherited name', Object.create({ ping: 1 })],
  ['a name after a known one', { masking: true, tls: {} }]
], (library, log, feed, options) => {
  log.call('http', () => library.http(request(), options))
  log.call('server', () => library.server(options))
  log.call('client', () => library.client('ws://a/', options))
})

parity('validateOptions returns the options', (library, log) => {
  const options = { a: 1 }
  log.add('same', library.validateOptions(options, ['a']) === options)
  for (const [given, keys] of [
    [undefined, []], [null, []], [{}, []], [{ a: 1 }, ['b']], [{ a: undefined }, []], [Object.create({ c: 1 }), ['a']],
    [{ constructor: 1 }, []], ['ab', ['0', '1']], ['', []], [0, []]
  ]) log.call('validateOptions', () => library.validateOptions(given, keys))
})

parity('defaults are written into the options of the caller', (library, log) => {
  for (const given of [
    {}, { masking: undefined, requireMasking: undefined }, { masking: false, requireMasking: false },
    { masking: null, requireMasking: null }, { allowDrafts: false, protocols: ['a'], maxLength: 5 }
  ]) {
    for (const make of ['client', 'server', 'http']) {
      const options = { ...given }
      if (make === 'client') library.client('ws://a/', options)
      if (make === 'server') library.server(options)
      if (make === 'http') library.http(request(), options)
      log.add(make, options)
    }
  }
})

parity('options are optional', (library, log) => {
  log.add('http', library.http(request({ 'sec-websocket-version': '13' })).version)
  log.add('http null', library.http(request(), null).version)
  log.add('client', library.client('ws://a/').version)
  log.add('server', library.server().version)
})

parity('isWebSocket', (library, log) => {
  for (const [method, connection, upgrade] of [
    ['GET', 'Upgrade', 'websocket'], ['GET', 'keep-alive, Upgrade', 'WebSocket'], ['get', 'Upgrade', 'websocket'],
    ['GET', 'keep-alive,upgrade ', 'websocket'], ['GET', 'upgrade', 'websocket, foo'], ['GET', undefined, undefined]
  ]) {
    log.call('isWebSocket', () => library.isWebSocket({ method, headers: { connection, upgrade } }))
  }
  log.kind('no headers', () => library.isWebSocket({ method: 'GET' }))
})

parity('isSecureRequest', (library, log) => {
  for (const given of [
    {}, { connection: {} }, { connection: { authorized: false } }, { connection: { authorized: true } },
    { connection: { authorized: undefined } }, { socket: { secure: true } }, { socket: { secure: 0 } },
    { headers: { https: 'on' } }, { headers: { https: 'ON' } }, { headers: { 'x-forwarded-ssl': 'on' } },
    { headers: { 'x-forwarded-scheme': 'https' } }, { headers: { 'x-forwarded-scheme': 'wss' } },
    { headers: { 'x-forwarded-proto': 'https' } }, { headers: { 'x-forwarded-proto': 'https,http' } },
    { headers: { 'x-forwarded-proto': 'http' } }, { headers: {} }, { connection: null, socket: null, headers: null }
  ]) log.call('isSecureRequest', () => library.isSecureRequest(given))
})

parityTable('the URL of a server', [
  ['plain', [{}, {}]],
  ['over TLS', [{}, { connection: { authorized: false } }]],
  ['through a TLS proxy', [{ 'x-forwarded-proto': 'https' }, {}]],
  ['without Host', [{ host: undefined }, {}]],
  ['with a port and a query', [{ host: 'a:81' }, { url: '/x?y=%20#z' }]],
  ['without a path', [{}, { url: undefined }]]
], (library, log, feed, [headers, more]) => {
  log.add('url', library.http(request(headers, more), { allowDrafts: false }).url)
})

parityTable('the URL of a client', [
  ['plain', 'ws://example.com/'],
  ['an object with href', { href: 'ws://example.com/a' }],
  ['a URL', new URL('wss://example.com/a')],
  ['http', 'http://example.com/'],
  ['no URL', 'nonsense'],
  ['empty', ''],
  ['a number', 5],
  ['an empty object', {}],
  ['no host', 'ws://'],
  ['a fragment', 'ws://example.com/#x'],
  ['a bad port', 'ws://a:99999/']
], (library, log, feed, url) => {
  log.call('client', () => {
    const driver = library.client(url, { allowDrafts: false })
    return [driver.url === url, driver.readyState, driver.getState(), driver.version, driver.protocol]
  })
})

parity('a URL of null throws a TypeError', (library, log) => {
  log.kind('client', () => library.client(null))
})

parity('a driver has the same properties before it starts', (library, log) => {
  const { propertiesOf } = require('./driver-scripts')
  log.add('http', propertiesOf(library.http(request(), { allowDrafts: false })))
  const server = library.server({ allowDrafts: false })
  log.add('server', server.readyState, server.getState(), server.protocol, server.version)
  log.add('client', propertiesOf(library.client('ws://a/', { allowDrafts: false })))
})

parity('an event of a driver is a plain object', (library, log, feed) => {
  const driver = openServer(library, log)
  driver.on('close', (event) => log.add('keys', Object.keys(event), JSON.stringify(event)))
  log.call('close', () => driver.close('bye', 3001))
  feed.deliver(driver.io, require('../support/wire').fromClient('close', Buffer.from([0x0b, 0xb9])))
})
