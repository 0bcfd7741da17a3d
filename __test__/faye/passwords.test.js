'use strict'

// No message, no channel and no look into an object shows a password of a URL.

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
    return 'something'
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
  'a proxy that says no': async (scope) => {
    const proxy = await startProxy(scope, { authorization: 'another' })
    return new WebSocket.Client('ws://user:secret@example.test/', null, {
      proxy: { origin: proxy.origin('user:secret@') }
    })
  },
  'a handshake that takes too long': async (scope) => {
    const { port } = await accept(scope)
    return new WebSocket.Client(`ws://user:secret@127.0.0.1:${port}/`, null, { handshakeTimeout: 0.05 })
  },
  'a server that says no': async (scope) => {
    const server = await accept(scope)
    server.accepted().then(async (peer) => peer.write(upgradeResponse(await peer.head(), {}, '403 Forbidden')))
    return new WebSocket.Client(`ws://user:secret@127.0.0.1:${server.port}/`)
  }
}
for (const [name, connect] of Object.entries(WAYS)) {
  deviation(`no message and no channel has the password of a URL: ${name}`, async (scope) => {
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

deviation('the property url is what was given', async () => {
  for (const url of ['ws://user:secret@127.0.0.1:1/', new URL('ws://user:secret@127.0.0.1:1/')]) {
    const ws = new WebSocket.Client(url)
    assert.equal(ws.url, url)
    await messagesOf(ws)
  }
})

deviation('looking into a client shows no password of its proxy', async (scope) => {
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
  deviation(`what is no URL is refused without its password: ${name(url)}`, () => {
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
  deviation(`what is no URL and has no password is shown as it is: ${url}`, () => {
    assert.throws(() => new WebSocket.Client(url), { message: `${url} is not a valid WebSocket URL` })
  })
}

/** What is no URL of a proxy either. */
function withoutScheme (url) {
  return typeof url === 'string' ? url.replace(/^(http|ws):/, 'gopher:') : url
}

for (const proxy of ['http://user:secret@proxy/', Object.assign(() => {}, { origin: 'http://user:secret@proxy/' })]) {
  deviation(`a proxy given as a ${typeof proxy} is refused without its password`, () => {
    assert.throws(() => new WebSocket.Client('ws://127.0.0.1:1/', [], { proxy }), {
      name: 'TypeError', message: `Invalid proxy: a ${typeof proxy}; expected { origin }`
    })
  })
}

deviation('a message keeps an @ that is no part of a password', async () => {
  for (const url of ['ws://127.0.0.1:1/@me?a@b', 'ws+unix:/none@here.sock:/@me']) {
    const [message] = await messagesOf(new WebSocket.Client(url))
    assert.ok(message.startsWith(`Network error: ${url}: connect E`), message)
  }
}, { skip: process.platform === 'win32' && 'Windows has no Unix sockets' })
