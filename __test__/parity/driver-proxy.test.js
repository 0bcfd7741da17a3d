'use strict'

const { PassThrough } = require('node:stream')

const { noteWrite, parity, parityTable } = require('./driver-scripts')

function proxyOf (library, log, { url = 'ws://example.com/chat', origin = 'http://proxy:3128' } = {}) {
  const driver = library.client(url, { allowDrafts: false })
  const proxy = driver.proxy(origin)
  const properties = () => ({
    statusCode: proxy.statusCode,
    headers: proxy.headers && { ...proxy.headers },
    readable: proxy.readable,
    writable: proxy.writable
  })
  proxy.on('data', (chunk) => noteWrite(log, 'data', chunk))
  proxy.on('connect', (event) => log.add('connect', { ...event }, properties()))
  proxy.on('error', (error) => log.add('error', error, properties()))
  for (const type of ['close', 'end', 'drain']) proxy.on(type, (...args) => log.add(type, args, properties()))
  return proxy
}

parityTable('proxy() asks for', [
  ['a host', {}],
  ['a secure host', { url: 'wss://example.com/' }],
  ['a port', { url: 'ws://example.com:8080/a?b' }],
  ['an IPv6 address', { url: 'wss://[::1]:8080/' }],
  ['a host with credentials for the server', { url: 'ws://user:pass@example.com/' }],
  ['a host with credentials for the proxy', { origin: 'http://us%20er:pa%3Ass@proxy/' }],
  ['a host with a user name for the proxy', { origin: 'https://user@proxy/' }],
  ['a host, with a URL object as origin', { origin: new URL('http://a:b@proxy:1/') }]
], (library, log, feed, given) => {
  const proxy = proxyOf(library, log, given)
  log.call('setHeader', () => proxy.setHeader('User-Agent', ' me '))
  log.call('setHeader', () => proxy.setHeader('host', 'other'))
  log.call('setHeader', () => proxy.setHeader('X', undefined))
  log.call('start', () => proxy.start())
  log.call('start again', () => proxy.start())
  log.call('setHeader late', () => proxy.setHeader('a', 'b'))
})

parity('setHeader of null on a proxy throws a TypeError', (library, log) => {
  const proxy = proxyOf(library, log)
  log.kind('value', () => proxy.setHeader('X', null))
  log.kind('name', () => proxy.setHeader(null, 'x'))
})

parityTable('proxy() receives', [
  ['200', 'HTTP/1.1 200 Connection established\r\n\r\n'],
  ['200 with headers', 'HTTP/1.1 200 OK\r\nServer: a\r\nX-A: 1\r\nx-a: 2\r\n\r\n'],
  ['200 of HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\n'],
  ['200 without a reason phrase', 'HTTP/1.1 200\r\n\r\n'],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ['301', 'HTTP/1.1 301 Moved\r\nLocation: http://elsewhere/\r\n\r\n'],
  ['407', 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n'],
  ['502 with a body', 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\n']
], (library, log, feed, answer) => {
  const proxy = proxyOf(library, log, { url: 'ws://EXAMPLE.com:80' })
  proxy.start()
  feed.deliver(proxy, answer)
  log.call('write', () => proxy.write(Buffer.from('more')))
  log.call('end', () => proxy.end())
})

parityTable('a proxy stream', [
  ['returns back-pressure from write', (proxy, log) => {
    log.call('write', () => proxy.write(Buffer.from('HTTP/1.1 2')))
    log.call('pause', () => proxy.pause())
    log.call('write', () => proxy.write(Buffer.from('00 OK\r\n')))
    log.call('resume', () => proxy.resume())
    log.call('write', () => proxy.write(Buffer.from('\r\nmore')))
    log.call('write', () => proxy.write(Buffer.from('more')))
  }],
  ['stays paused', (proxy, log) => {
    proxy.pause()
    log.call('write', () => proxy.write(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')))
  }],
  ['can be ended', (proxy, log) => {
    log.call('end', () => proxy.end())
    log.call('end', () => proxy.end())
    log.call('write', () => proxy.write(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')))
  }],
  ['can be ended with a last chunk', (proxy, log) => {
    log.call('end', () => proxy.end(Buffer.from('HTTP/1.1 200 OK\r\n')))
  }],
  ['can be ended with a complete response', (proxy, log) => {
    log.call('end', () => proxy.end(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')))
  }],
  ['can be destroyed', (proxy, log) => {
    log.call('destroy', () => proxy.destroy())
    log.call('destroy', () => proxy.destroy())
  }],
  ['can be written to again', (proxy, log) => {
    log.call('start', () => proxy.start())
    log.call('write', () => proxy.write(Buffer.from('HTTP/1.1 404 No\r\n\r\n')))
    log.call('write', () => proxy.write(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')))
  }]
], (library, log, feed, script) => {
  const proxy = proxyOf(library, log)
  proxy.start()
  script(proxy, log)
})

parity('a proxy stream can be ended before it starts', (library, log) => {
  const proxy = proxyOf(library, log)
  log.call('end', () => proxy.end())
  log.call('start', () => proxy.start())
})

parity('a proxy stream can be piped', async (library, log, feed, scope) => {
  const proxy = proxyOf(library, log)
  const [input, output] = [new PassThrough(), new PassThrough()]
  const seen = []
  output.on('data', (chunk) => seen.push(chunk))
  input.pipe(proxy)
  proxy.pipe(output, { end: false })
  proxy.start()
  input.write('HTTP/1.1 200 OK\r\n\r\n')
  await scope.settle()
  log.add('output', Buffer.concat(seen).toString(), output.writableEnded)
  log.add('is a Stream', proxy instanceof require('node:stream'))
}, { whole: 'the script pipes the bytes' })
