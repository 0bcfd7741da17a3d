'use strict'

// The request of a client: its URL and its headers, into which no option can inject bytes.

const assert = require('node:assert/strict')
const net = require('node:net')
const { networkInterfaces } = require('node:os')

const { accept, once } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { OK } = require('../support/ways')

deviation('the client connects with the options in net', async (scope) => {
  const server = await accept(scope)
  const asked = []
  const options = Object.freeze({
    localAddress: '127.0.0.1',
    lookup: (host, options, callback) => {
      asked.push(host)
      if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }])
      else callback(null, '127.0.0.1', 4)
    }
  })
  const ws = new WebSocket.Client(`ws://made-up.test:${server.port}/`, null, { net: options })
  scope.defer(() => ws._stream.destroy())
  const peer = await server.accepted()
  assert.match(await peer.head(), new RegExp(`\r\nHost: made-up\\.test:${server.port}\r\n`))
  assert.deepEqual(asked, ['made-up.test'])
})

deviation('the client does not change the objects of the caller', async (scope) => {
  const server = await accept(scope)
  const given = { net: {}, tls: {}, proxy: { tls: {} }, headers: {}, ca: 'x' }
  for (const each of [given, given.net, given.tls, given.proxy, given.proxy.tls, given.headers]) Object.freeze(each)
  const protocols = Object.freeze(['a'])
  const ws = new WebSocket.Client(server.url, protocols, given)
  scope.defer(() => ws._stream.destroy())
  await server.acceptedOpen()
  await once(ws, 'open')
})

for (const [name, options, protocols] of [
  ['a value with CR and LF', { headers: { 'X-A': 'a\r\nX-B: b' } }],
  ['a value with LF', { headers: { 'X-A': 'a\nb' } }],
  ['a value with NUL', { headers: { 'X-A': 'a\0' } }],
  ['a name with CR', { headers: { 'X\rA': 'a' } }],
  ['a protocol with CR and LF', {}, ['a\r\nX-B: b']],
  ['protocols as text with LF', {}, 'a\nb'],
  ['a protocol with NUL', {}, ['a\0']]
]) {
  deviation(`the constructor throws for ${name} and sends no request`, async (scope) => {
    const server = await accept(scope)
    assert.throws(() => new WebSocket.Client(server.url, protocols, options), Error)
    await scope.settle(40)
    for (const peer of server.arrived) assert.equal(peer.bytes.length, 0)
  })
}

test('a URL cannot inject headers into the request', async (scope) => {
  const server = await accept(scope)
  for (const path of ['a\r\nX-A: b', 'a b', 'a\tb\0c']) {
    const ws = new WebSocket.Client(server.url + path)
    scope.defer(() => ws._stream.destroy())
    const head = await (await server.accepted()).head()
    assert.match(head, /^GET \/\S+ HTTP\/1\.1\r\nHost: /)
    assert.doesNotMatch(head, /\r\nX-A/)
  }
})

const HAS_IPV6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses.some(({ address }) => address === '::1'))

test('a client connects to an IPv6 address and sends it in brackets as Host', async (scope) => {
  const server = net.createServer({ allowHalfOpen: true })
  await new Promise((resolve) => server.listen(0, '::1', resolve))
  scope.defer(() => server.close())
  const { port } = server.address()
  const head = new Promise((resolve) => server.once('connection', (socket) => {
    scope.defer(() => socket.destroy())
    socket.once('data', (chunk) => resolve(chunk.toString()))
  }))
  const ws = new WebSocket.Client(`ws://[::1]:${port}/`)
  scope.defer(() => ws._stream.destroy())
  assert.match(await head, new RegExp(`\r\nHost: \\[::1\\]:${port}\r\n`))
}, { skip: HAS_IPV6 ? false : 'this machine has no ::1' })

const CRLF = '\r\nX-Injected: yes'
const LINES = /^(GET|CONNECT) \S+ HTTP\/1\.1\r\n([\w-]+: [^\r\n\0]*\r\n)+\r\n$/
for (const way of ['directly', 'through a proxy']) {
  test(`${way}: URLs and their credentials cannot inject bytes into requests`, async (scope) => {
    for (const text of [CRLF, '\n\n', '\r', '\0', '%0d%0aX-Injected: yes', ' HTTP/1.1\r\n', '\u010d\u010a', '\ud800']) {
      for (const place of ['path', 'query', 'user', 'password']) {
        const server = await accept(scope)
        const at = (name) => place === name ? `a${text}b` : 'a'
        // A slash would end the credentials.
        const credentials = `${at('user')}:${at('password')}@`.replaceAll('/', '')
        const proxied = way !== 'directly'
        const host = proxied ? 'example.test' : `127.0.0.1:${server.port}`
        const ws = new WebSocket.Client(`ws://${credentials}${host}/${at('path')}?${at('query')}#${text}`, null, {
          proxy: proxied ? { origin: `http://${credentials}127.0.0.1:${server.port}/${text}` } : undefined
        })
        scope.defer(() => ws._stream.destroy())
        const peer = await server.accepted()
        const heads = [await peer.head()]
        if (proxied) {
          peer.write(OK)
          heads.push(await peer.head())
        }
        for (const head of heads) {
          assert.match(head, LINES, `${JSON.stringify(text)} in ${place}`)
          assert.doesNotMatch(head, /\r\nX-Injected/)
        }
        assert.equal(peer.bytes.length, 0)
        ws._stream.destroy()
      }
    }
  })
}

for (const [name, host] of [['CR and LF', `a${CRLF}`], ['a space', 'a b'], ['NUL', 'a\0'], ['<', 'a<b']]) {
  deviation(`a URL whose host contains ${name} is invalid, or the host is sent without it`, () => {
    for (const [url, proxy] of [[`ws://${host}/`], ['ws://example.test/', { origin: `http://${host}/` }]]) {
      try {
        const ws = new WebSocket.Client(url, null, { proxy, net: { lookup: () => {} } })
        ws._stream.destroy()
        assert.doesNotMatch(ws._stream._host || '', /[\r\n\0 <]/)
      } catch (error) {
        assert.match(error.message, /is not a valid (WebSocket|proxy) URL$/)
      }
    }
  })
}

for (const [name, protocols, options] of [
  ['a header for the server', null, (text) => ({ headers: { 'X-A': `a${text}b` } })],
  ['the name of a header', null, (text) => ({ headers: { [`X${text}A`]: 'a' } })],
  ['a proxy header', null, (text) => ({ proxy: { origin: 'http://proxy.test/', headers: { 'X-A': `a${text}b` } } })],
  ['the name of a header for the proxy', null, (text) => ({
    proxy: { origin: 'http://proxy.test/', headers: { [`X${text}A`]: 'a' } }
  })],
  ['an object\'s toString', null, (text) => ({ headers: { 'X-A': { toString: () => text } } })],
  ['a subprotocol', (text) => [`a${text}b`], () => ({})]
]) {
  deviation(`the constructor throws for ${name} that injects bytes, and opens no connection`, () => {
    for (const text of ['\r', '\n', '\0', CRLF]) {
      let dialled = false
      const lookup = () => { dialled = true }
      const dial = () => new WebSocket.Client('ws://example.test/', protocols && protocols(text), {
        net: { lookup }, ...options(text)
      })
      assert.throws(dial, { code: 'ERR_INVALID_CHAR' }, JSON.stringify(text))
      assert.equal(dialled, false)
    }
  })
}
