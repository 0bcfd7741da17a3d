'use strict'

// Error messages, diagnostics channels and util.inspect() never show the password of a URL.

const assert = require('node:assert/strict')
const { subscribe, unsubscribe } = require('node:diagnostics_channel')
const { inspect } = require('node:util')

const driver = require('../../lib/websocket-driver')
const { messagesOf } = require('../support/client')
const { accept } = require('../support/peer')
const { startProxy } = require('../support/proxy')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')
const { upgradeResponse } = require('../support/wire')

function name (error) {
  try {
    return inspect(error).split('\n')[0]
  } catch {
    return 'a value that throws'
  }
}

const WAYS = {
  'a refused connection': () => new WebSocket.Client('ws://user:secret@127.0.0.1:1/'),
  'a URL object': () => new WebSocket.Client(new URL('ws://user:secret@127.0.0.1:1/')),
  'an object with href': () => new WebSocket.Client({
    href: 'ws://user:secret@127.0.0.1:1/', toString: () => 'ws://user:secret@127.0.0.1:1/'
  }),
  'a password with an @': () => new WebSocket.Client('ws://user:sec@secret@127.0.0.1:1/'),
  'a user name that is a token': () => new WebSocket.Client('ws://secret@127.0.0.1:1/'),
  'a refused proxy': () => new WebSocket.Client('ws://user:secret@example.test/', null, {
    proxy: { origin: 'http://user:secret@127.0.0.1:1' }
  }),
  'a proxy that refuses': async (scope) => {
    const proxy = await startProxy(scope, { authorization: 'another' })
    return new WebSocket.Client('ws://user:secret@example.test/', null, {
      proxy: { origin: proxy.origin('user:secret@') }
    })
  },
  'a handshake that takes too long': async (scope) => {
    const { port } = await accept(scope)
    return new WebSocket.Client(`ws://user:secret@127.0.0.1:${port}/`, null, { handshakeTimeout: 0.05 })
  },
  'a server that refuses': async (scope) => {
    const server = await accept(scope)
    server.accepted().then(async (peer) => peer.write(upgradeResponse(await peer.head(), {}, '403 Forbidden')))
    return new WebSocket.Client(`ws://user:secret@127.0.0.1:${server.port}/`)
  }
}
for (const [name, connect] of Object.entries(WAYS)) {
  deviation(`errors and channels do not contain the password of a URL: ${name}`, async (scope) => {
    const published = []
    const channel = 'undici:websocket:socket_error'
    const listener = (error) => published.push(inspect(error))
    subscribe(channel, listener)
    scope.defer(() => unsubscribe(channel, listener))
    const ws = await connect(scope)
    scope.defer(() => ws._stream.destroy())
    const messages = await messagesOf(ws)
    assert.equal(messages.length, 1)
    assert.doesNotMatch([...messages, ...published].join(), /secret/)
  })
}

deviation('the property url is the URL that the program has passed', async () => {
  for (const url of ['ws://user:secret@127.0.0.1:1/', new URL('ws://user:secret@127.0.0.1:1/')]) {
    const ws = new WebSocket.Client(url)
    assert.equal(ws.url, url)
    await messagesOf(ws)
  }
})

deviation('util.inspect() of a client does not show the password of its proxy', async (scope) => {
  const { port } = await accept(scope)
  const origin = `http://user:secret@127.0.0.1:${port}`
  const ws = new WebSocket.Client('ws://example.test/', null, { proxy: { origin } })
  scope.defer(() => ws._stream.destroy())
  assert.doesNotMatch(inspect(ws, { depth: Infinity, showHidden: true, maxStringLength: null }), /secret/)
  ws.terminate()
})

const NO_URLS = [
  'http://user:secret@host/', 'ws://user:secret@host:99999/', 'ws://user:se/cret@host/secret@there', 'user:secret@host',
  'user:secret@host:8080', '//user:secret@host/', 'ws:user:secret@ho st', ' ws://us er:secret@ho st/',
  'ws+unix:user:secret@host/', 'ws+unix://user:secret@host/a.sock', 'ftp://user:secret@host/', 'secret@host',
  'ws://user:sec\nret@ho st/', 'ws://user:secret%40host:1/', 'user:secret%40host', 'ws://user%3Asecret%40host/',
  'ws://user:secret', 'ws:user:secret', 'ws:\\user:secret/', '//user:secret', 'user:secret', 'ws://user:se/cret',
  'ws://user%3asecret', 'ws://[::1]:secret/', 'ws://user:80secret', { href: 5, toString: () => 'ws://user:secret@host' }
]
for (const url of NO_URLS) {
  deviation(`the error for an invalid URL does not contain its password: ${name(url)}`, () => {
    const attempts = [
      () => new WebSocket.Client(url),
      () => driver.client(url),
      () => new WebSocket.Client('ws://127.0.0.1:1/', null, { proxy: { origin: withoutScheme(url) } }),
      () => driver.client('ws://127.0.0.1:1/').proxy(withoutScheme(url))
    ]
    for (const attempt of attempts) {
      assert.throws(attempt, (error) => {
        assert.doesNotMatch(error.message, /secret|sec\nret|se\/cret/)
        assert.match(error.message, /is not a valid (WebSocket|proxy) URL$/)
        return true
      })
    }
  })
}

const WITHOUT_PASSWORDS = ['ws://host:99999/a:b', 'ws://ho st/', 'host:8080', 'http://host/', 'ws://[::1', 'ws:/?:', 'a/b:c']
for (const url of WITHOUT_PASSWORDS) {
  deviation(`the error for an invalid URL without a password contains the URL: ${url}`, () => {
    assert.throws(() => new WebSocket.Client(url), { message: `${url} is not a valid WebSocket URL` })
  })
}

/** Returns a URL that is also invalid for a proxy. */
function withoutScheme (url) {
  return typeof url === 'string' ? url.replace(/^(http|ws):/, 'gopher:') : url
}

for (const proxy of ['http://user:secret@proxy/', Object.assign(() => {}, { origin: 'http://user:secret@proxy/' })]) {
  deviation(`the error for a proxy that is a ${typeof proxy} does not contain its password`, () => {
    assert.throws(() => new WebSocket.Client('ws://127.0.0.1:1/', [], { proxy }), {
      name: 'TypeError', message: `Invalid proxy: a ${typeof proxy}; expected { origin }`
    })
  })
}

deviation('error messages keep an @ that does not belong to a password', async () => {
  for (const url of ['ws://127.0.0.1:1/@me?a@b', 'ws+unix:/none@here.sock:/@me']) {
    const [message] = await messagesOf(new WebSocket.Client(url))
    assert.ok(message.startsWith(`Network error: ${url}: connect E`), message)
  }
}, { skip: process.platform === 'win32' && 'Windows has no Unix sockets' })
