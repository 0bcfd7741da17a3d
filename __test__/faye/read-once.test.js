'use strict'

// The package reads each value of a program once. A getter can return another value the second time, which the package
// would use unchecked.

const assert = require('node:assert/strict')

const driver = require('../../lib/websocket-driver')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')
const { accept, connect, listen, once, serve } = require('../support/peer')
const { startProxy } = require('../support/proxy')

/** An object whose properties count how often they are read, in `counts`. */
function counted (values, counts, prefix = '') {
  const object = {}
  for (const [name, value] of Object.entries(values)) {
    counts[prefix + name] = 0
    Object.defineProperty(object, name, {
      enumerable: true,
      get () {
        counts[prefix + name] += 1
        return value
      }
    })
  }
  return object
}

/** An object whose toString() counts its calls. */
function countedText (text, counts, name) {
  counts[name] = 0
  return {
    toString () {
      counts[name] += 1
      return text
    }
  }
}

/** Asserts that no count is above 1. */
function assertReadOnce (counts) {
  assert.deepEqual(Object.entries(counts).filter(([, count]) => count > 1), [])
}

/** An object whose property `name` is `first` at the first read and `then` afterwards. */
function fickle (name, first, then) {
  let count = 0
  return { get [name] () { return count++ === 0 ? first : then } }
}

deviation('a client reads each option once, and its URL, headers and protocols', async (scope) => {
  const { url } = await serve(scope, WebSocket, { onSocket: (ws, { request }) => ws.send(request.headers['x-a']) })
  const proxy = await startProxy(scope)
  const counts = {}
  const protocols = ['a', 'b'].map((each) => countedText(each, counts, `protocol ${each}`))
  const ws = new WebSocket.Client(counted({ href: url }, counts), protocols, counted({
    headers: counted({ 'X-A': countedText('value', counts, 'value of a header') }, counts, 'headers.'),
    extensions: [],
    maxLength: 1000,
    binaryType: 'arraybuffer',
    ping: 10,
    pingTimeout: 5,
    handshakeTimeout: 10,
    closeTimeout: 10,
    signal: new AbortController().signal,
    proxy: counted({
      origin: counted({ href: proxy.origin() }, counts, 'origin.'),
      headers: counted({ 'X-B': 'b' }, counts, 'proxy.headers.'),
      tls: counted({ rejectUnauthorized: true }, counts, 'proxy.tls.')
    }, counts, 'proxy.'),
    net: counted({ noDelay: true }, counts, 'net.'),
    tls: counted({ servername: 'localhost' }, counts, 'tls.'),
    ca: [],
    transport: 'stream'
  }, counts))
  scope.defer(() => ws._stream.destroy())
  assert.equal((await once(ws, 'message')).data, 'value')
  assertReadOnce(counts)
})

deviation('a server reads each option once', async (scope) => {
  const counts = {}
  const options = { maxLength: 1000, allowDrafts: false, binaryType: 'arraybuffer', extensions: [], closeTimeout: 10 }
  const { url } = await serve(scope, WebSocket, { options: counted({ ...options, headers: { 'X-A': 'a' } }, counts) })
  const ws = new WebSocket.Client(url)
  scope.defer(() => ws._stream.destroy())
  await once(ws, 'open')
  assertReadOnce(counts)
})

deviation('an EventSource reads each option once', async (scope) => {
  const counts = {}
  const headers = counted({ 'X-A': countedText('value', counts, 'value of a header') }, counts, 'headers.')
  const options = counted({ headers, ping: 10, retry: 2 }, counts)
  const { port } = await serve(scope, WebSocket, {
    onRequest: (request, response) => {
      const es = new WebSocket.EventSource(request, response, options)
      scope.defer(() => es.close())
    }
  })
  const peer = await connect(scope, port)
  peer.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await peer.until(() => peer.bytes.includes('\r\nX-A: value\r\n') && peer.bytes.includes('\r\nretry: 2000\r\n\r\n'))
  assertReadOnce(counts)
})

deviation('a client uses the first value of a URL that changes', async (scope) => {
  const server = await accept(scope)
  const changing = fickle('href', `ws://127.0.0.1:${server.port}/first`, 'ws://user:secret@127.0.0.1:1/then')
  const ws = new WebSocket.Client(changing)
  scope.defer(() => ws._stream.destroy())
  const head = await (await server.accepted()).head()
  assert.match(head, new RegExp(`^GET /first HTTP/1\\.1\r\nHost: 127\\.0\\.0\\.1:${server.port}\r\n`))
  assert.doesNotMatch(head, /Authorization/)
})

deviation('a client uses the first values of a URL and a proxy that change', async (scope) => {
  const server = await accept(scope)
  const origin = fickle('href', `http://user:one@127.0.0.1:${server.port}`, 'http://user:two@127.0.0.1:1')
  const proxy = fickle('origin', origin, 'http://127.0.0.1:1')
  const ws = new WebSocket.Client(fickle('href', 'ws://first.test/', 'ws://then.test/'), [], { proxy })
  scope.defer(() => ws._stream.destroy())
  const head = await (await server.accepted()).head()
  assert.match(head, /^CONNECT first\.test:80 HTTP\/1\.1\r\nHost: first\.test\r\n/)
  assert.ok(head.includes(Buffer.from('user:one').toString('base64')))
})

deviation('a driver uses the first values of a URL and a proxy that change', () => {
  const client = driver.client(fickle('href', 'ws://first.test/a', 'ws://then.test/b'))
  const proxy = client.proxy(fickle('href', 'http://user:one@proxy.test', 'http://user:two@proxy.test'))
  const chunks = []
  for (const each of [client.io, proxy]) {
    each.on('data', (chunk) => chunks.push(chunk.toString().split('\r\n')))
  }
  client.start()
  proxy.start()
  assert.deepEqual(chunks.map(([line, host]) => [line, host]), [
    ['GET /a HTTP/1.1', 'Host: first.test'], ['CONNECT first.test:80 HTTP/1.1', 'Host: first.test']
  ])
  assert.ok(chunks[1].some((line) => line.endsWith(Buffer.from('user:one').toString('base64'))))
})

deviation('a driver reads each option once', () => {
  const request = { method: 'GET', headers: { host: 'a' } }
  const makers = {
    client: (options) => driver.client('ws://a/', options),
    http: (options) => driver.http(request, options),
    server: (options) => driver.server(options).parse(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
  }
  for (const make of Object.values(makers)) {
    const counts = {}
    const options = { masking: true, requireMasking: true, maxLength: 10, allowDrafts: false, protocols: ['a'] }
    make(counted(options, counts))
    assertReadOnce(counts)
  }
})

deviation('the constructor checks inherited options and refuses unknown names', async (scope) => {
  const port = await listen(scope, require('node:net').createServer((socket) => socket.destroy()))
  const url = `ws://127.0.0.1:${port}/`
  class Options {
    get maxLength () { return -1 }
  }
  for (const options of [Object.create({ maxLength: -1 }), new Options()]) {
    assert.throws(() => new WebSocket.Client(url, [], options), RangeError)
  }
  for (const options of [{ none: undefined }, Object.create({ none: 1 }), JSON.parse('{ "__proto__": 1 }'), 'n']) {
    assert.throws(() => new WebSocket.Client(url, [], options), /^Error: Unrecognized option: (none|__proto__|0)$/)
  }
})
