'use strict'

// What a client owes its program whatever is at the other end. One rule each, and where it is shown:
//
// | rule | here or in |
// | --- | --- |
// | the answer is 101, with the right Upgrade, Connection and Sec-WebSocket-Accept | here: ANSWERS |
// | at most one subprotocol, and one that was asked for; only extensions that were offered | here: ANSWERS |
// | everything else is `error`, then `close`, never `open` | here: ANSWERS, over every way to the server |
// | redirects are not followed | here: ANSWERS; client.test.js |
// | heads are limited in size and lines, however slowly they come | here; client.test.js; proxy.test.js |
// | certificates are verified: chain, dates, purpose, host; before anything is sent | tls.test.js |
// | … also behind a proxy, and the proxy's own | proxy.test.js, real-proxies.test.js |
// | only that client's `rejectUnauthorized: false` turns it off; SNI is sent | tls.test.js |
// | the caller's objects stay as they are | client.test.js |
// | credentials for the proxy go to the proxy only | real-proxies.test.js, hostile-proxies.test.js |
// | any answer of a proxy but success ends, even if the proxy stays | hostile-proxies.test.js |
// | close() works in every state, with one `close`; at the latest after 30 s | here: STAGES; misuse.test.js |
// | loss without a close frame is 1006, in every state | here: STAGES |
// | a name that is not found, a port where nobody listens | here |
// | URLs, protocols, headers and credentials inject nothing | here; client.test.js, proxy.test.js |

const assert = require('node:assert/strict')

const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { createAuthority } = require('../support/certs')
const { accept, eventually, once } = require('../support/peer')
const { freePort } = require('../support/programs')
const { closePayload, frame, headerOf, upgradeResponse } = require('../support/wire')

const authority = createAuthority()
const OK = 'HTTP/1.1 200 OK\r\n\r\n'

function record (ws) {
  const events = []
  for (const type of ['open', 'message', 'error', 'end', 'close']) {
    ws.on(type, (event) => events.push([type, event && (event.message || event.code)]))
  }
  return events
}

const typesOf = (events) => events.map(([type]) => type)

/** The ways to a server: each resolves when the client's request for an upgrade has arrived. */
const WAYS = {
  directly: (scope, options) => arrive(scope, 'ws', options),
  'over TLS': (scope, options) => arrive(scope, 'wss', options),
  'through a proxy': async (scope, options) => {
    const proxied = await arrive(scope, 'ws', { ...options, proxied: true })
    proxied.peer.write(OK)
    return { ...proxied, head: await proxied.peer.head() }
  }
}

/** A client whose first request, for an upgrade or a tunnel, has arrived. */
async function arrive (scope, scheme, { protocols = ['a', 'b'], proxied = false, ...options } = {}) {
  const server = await accept(scope, { secure: scheme === 'wss' && !proxied && authority.local })
  const ws = new WebSocket.Client(proxied ? `${scheme}://example.test/` : server.url, protocols, {
    ca: authority.ca, ...(proxied && { proxy: { origin: `http://127.0.0.1:${server.port}` } }), ...options
  })
  scope.defer(() => ws._stream.destroy())
  const events = record(ws)
  const peer = await server.accepted()
  return { events, head: await peer.head(), peer, ws }
}

const ELSEWHERE = 'http://127.0.0.1:1/'
/** Of each: status, or headers that replace the right ones, or the whole answer made from the right one. */
const ANSWERS = {
  ...Object.fromEntries([
    100, 102, 103, 200, 201, 204, 206, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 407, 426, 429, 500, 503
  ].map((status) => [`status ${status}`, { status, headers: { Location: ELSEWHERE } }])),
  'no Upgrade': { headers: { Upgrade: null } },
  'an empty Upgrade': { headers: { Upgrade: '' } },
  'another Upgrade': { headers: { Upgrade: 'h2c' } },
  'an Upgrade that begins right': { headers: { Upgrade: 'websockets' } },
  'two Upgrades in one': { headers: { Upgrade: 'websocket, h2c' } },
  'two Upgrades': { headers: { Upgrade: ['websocket', 'websocket'] } },
  'no Connection': { headers: { Connection: null } },
  'an empty Connection': { headers: { Connection: '' } },
  'a Connection without the token': { headers: { Connection: 'keep-alive, upgrades' } },
  'a Connection with the token in quotes': { headers: { Connection: '"Upgrade"' } },
  'no accept value': { headers: { 'Sec-WebSocket-Accept': null } },
  'an empty accept value': { headers: { 'Sec-WebSocket-Accept': '' } },
  'another accept value': { headers: { 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' } },
  'the key for an accept value': { answer: (text, head) => with_(text, headerOf(head, 'sec-websocket-key')) },
  'an accept value in other letters': { answer: (text) => with_(text, acceptIn(text).toLowerCase() + 'A') },
  'an accept value without its padding': { answer: (text) => with_(text, acceptIn(text).slice(0, -1)) },
  'an accept value and more': { answer: (text) => with_(text, `${acceptIn(text)}; a=b`) },
  'the accept value twice': { answer: (text) => with_(text, `${acceptIn(text)}, ${acceptIn(text)}`) },
  'two accept values': { answer: (text) => with_(text, `${acceptIn(text)}\r\nSec-WebSocket-Accept: other`) },
  'two accept values, the first of them wrong': {
    answer: (text) => with_(text, `other\r\nSec-WebSocket-Accept: ${acceptIn(text)}`)
  },
  'an accept value in front of its colon': { answer: (text) => text.replace('-Accept:', '-Accept :') },
  'a subprotocol nobody asked for': { headers: { 'Sec-WebSocket-Protocol': 'c' } },
  'a subprotocol in other letters': { headers: { 'Sec-WebSocket-Protocol': 'A' } },
  'two subprotocols in one': { headers: { 'Sec-WebSocket-Protocol': 'a, b' } },
  'two subprotocols': { headers: { 'Sec-WebSocket-Protocol': ['a', 'b'] } },
  'one subprotocol twice': { headers: { 'Sec-WebSocket-Protocol': ['a', 'a'] } },
  'a subprotocol of Object.prototype': { headers: { 'Sec-WebSocket-Protocol': 'constructor' } },
  'an extension nobody offered': { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } },
  'an extension of Object.prototype': { headers: { 'Sec-WebSocket-Extensions': '__proto__' } },
  'extensions that are malformed': { headers: { 'Sec-WebSocket-Extensions': 'a; b=' } },
  'NUL in a header': { headers: { 'X-A': 'a\0b' } },
  'NUL in the status line': { answer: (text) => text.replace('Switching', 'Switch\0ing') },
  'no HTTP': { answer: () => 'garbage\r\n\r\n' },
  'another version of HTTP': { answer: (text) => text.replace('HTTP/1.1', 'HTTP/2.0') },
  'a status of two digits': { answer: (text) => text.replace('101', '10') },
  'a status that is no number': { answer: (text) => text.replace('101', '1O1') },
  'a WebSocket frame': { answer: () => frame('text', 'Hello') },
  'an interim answer in front of the right one': { answer: (text) => `HTTP/1.1 103 Early Hints\r\n\r\n${text}` },
  'too many lines': { answer: (text) => text.replace('\r\n', `\r\n${'a: b\r\n'.repeat(300)}`) },
  'too long a line': { answer: (text) => text.replace('\r\n', `\r\nX-A: ${'x'.repeat(70000)}\r\n`) }
}

const acceptIn = (text) => headerOf(text, 'sec-websocket-accept')
const with_ = (text, accept) => text.replace(/(-Accept: ).*/, (_, name) => name + accept)

for (const [way, go] of Object.entries(WAYS)) {
  deviation(`${way}: an answer that is not right is one error and one close, never open`, async (scope) => {
    for (const [name, { status = 101, headers, answer = (text) => text }] of Object.entries(ANSWERS)) {
      const { events, head, peer, ws } = await go(scope)
      const right = upgradeResponse(head, headers, `${status} Switching Protocols`)
      // What comes behind it is not looked at.
      peer.write(Buffer.concat([
        Buffer.from(answer(right, head)), frame('text', 'early'), frame('close', closePayload(1000))
      ]))
      await eventually(() => ws.readyState === 3, `closed by ${name}`)
      await peer.ended()
      assert.deepEqual(typesOf(events), ['error', 'end', 'close'], name)
      assert.match(events[0][1], /^Error during WebSocket handshake: /, name)
      assert.equal(events[2][1], 1002, name)
      assert.equal(ws.protocol, '', name)
      assert.equal(peer.bytes.length, 0, `${name}: something was sent behind the refusal`)
    }
  })

  test(`${way}: an answer may come byte by byte, and frames right behind it`, async (scope) => {
    const { events, head, peer, ws } = await go(scope)
    const open = once(ws, 'open')
    for (const byte of upgradeResponse(head, { 'Sec-WebSocket-Protocol': 'b' })) peer.write(byte)
    await open
    assert.equal(ws.protocol, 'b')

    const second = await go(scope)
    second.peer.write(Buffer.concat([
      Buffer.from(upgradeResponse(second.head)), frame('text', 'one'), frame('text', 'two'),
      frame('close', closePayload(4000, 'three'))
    ]))
    await eventually(() => second.ws.readyState === 3, 'closed')
    assert.deepEqual(typesOf(second.events), ['open', 'message', 'message', 'end', 'close'])
    assert.equal(second.events[4][1], 4000)
    assert.deepEqual(typesOf(events), ['open'])
  })

  deviation(`${way}: a head that drips without end is given up at its limit`, async (scope) => {
    const { events, peer, ws } = await go(scope)
    // Else the kernel collects them.
    peer.socket.setNoDelay(true)
    peer.write('HTTP/1.1 101 Switching Protocols\r\n')
    let lines = 0
    while (ws.readyState === 0 && lines < 2000) {
      peer.write(`x-${lines++}: y\r\n`)
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.ok(lines < 2000, 'no limit')
    assert.deepEqual(typesOf(events), ['error', 'end', 'close'])
  })
}

/** A client that has come as far as the name says. `peer` is whom it talks to, if there is anybody. */
const STAGES = {
  'while the name is resolved': async () => {
    const ws = new WebSocket.Client('ws://never-resolved.test/', null, { net: { lookup: () => {} } })
    return { events: record(ws), ws }
  },
  'while the name of the proxy is resolved': async () => {
    const ws = new WebSocket.Client('ws://example.test/', null, {
      net: { lookup: () => {} }, proxy: { origin: 'http://never-resolved.test/' }
    })
    return { events: record(ws), ws }
  },
  'before TCP is connected': async (scope) => {
    const server = await accept(scope)
    const ws = new WebSocket.Client(server.url)
    return { events: record(ws), ws }
  },
  'amid the handshake of TLS': (scope) => silent(scope, ({ port }) => [`wss://127.0.0.1:${port}/`]),
  'amid the handshake of TLS with a proxy': (scope) => silent(scope, ({ port }) => [
    'ws://example.test/', { proxy: { origin: `https://127.0.0.1:${port}` } }
  ]),
  'when the proxy is asked': (scope) => arrive(scope, 'ws', { proxied: true }),
  'amid the answer of the proxy': async (scope) => {
    const proxied = await arrive(scope, 'wss', { proxied: true })
    proxied.peer.write('HTTP/1.1 200')
    await scope.settle()
    return proxied
  },
  'amid the handshake of TLS behind the proxy': async (scope) => {
    const proxied = await arrive(scope, 'wss', { proxied: true })
    proxied.peer.write(OK)
    await proxied.peer.until(() => proxied.peer.bytes.length > 0, 'the first bytes of TLS')
    return proxied
  },
  ...Object.fromEntries(Object.entries(WAYS).flatMap(([way, go]) => [
    [`when the server is asked ${way}`, go],
    [`amid the answer ${way}`, async (scope) => {
      const dialled = await go(scope)
      dialled.peer.write(upgradeResponse(dialled.head).slice(0, 60))
      await scope.settle()
      return dialled
    }],
    [`when it is open ${way}`, (scope) => open(scope, go)],
    [`amid a message ${way}`, async (scope) => {
      const opened = await open(scope, go)
      opened.peer.write(frame('text', 'un', { fin: false }))
      opened.peer.write(frame('continuation', 'finished').subarray(0, 4))
      await scope.settle()
      return opened
    }],
    [`when it is paused ${way}`, async (scope) => {
      const opened = await open(scope, go)
      opened.ws.pause()
      return opened
    }],
    [`when it is closing ${way}`, async (scope) => {
      const opened = await open(scope, go)
      opened.ws.close(3000, 'bye')
      await opened.peer.frame()
      return opened
    }]
  ]))
}

/** A client that has said something to a server that says nothing. */
async function silent (scope, target) {
  const server = await accept(scope)
  const [url, options] = target(server)
  const ws = new WebSocket.Client(url, null, options)
  const events = record(ws)
  const peer = await server.accepted()
  await peer.until(() => peer.bytes.length > 0, 'the first bytes of TLS')
  return { events, peer, ws }
}

async function open (scope, go) {
  const dialled = await go(scope)
  dialled.peer.write(upgradeResponse(dialled.head))
  await once(dialled.ws, 'open')
  return dialled
}

/** One `close`, the last of all events, and nothing left of the connection. */
async function endsOnce (scope, { events, ws }, name, code) {
  await eventually(() => ws.readyState === 3, `closed: ${name}`)
  await eventually(() => ws._stream.destroyed, `nothing left: ${name}`)
  await scope.settle(10)
  const types = typesOf(events).filter((type) => type !== 'open')
  assert.ok(/^(error,)?end,close$/.test(types.join()), `${name}: ${types}`)
  assert.equal(events[events.length - 1][1], code, name)
}

/** What a peer does about our close frame. Amid a message of its own it cannot answer. */
async function answerClose (peer, stage) {
  const { payload } = /^when it is closing/.test(stage) ? { payload: closePayload(3000, 'bye') } : await peer.frame()
  if (!/^amid a message/.test(stage)) peer.write(frame('close', payload))
  peer.socket.end()
}

for (const [stage, reach] of Object.entries(STAGES)) {
  deviation(`close() ${stage} is one close event`, async (scope) => {
    const reached = await reach(scope)
    const { events, peer, ws } = reached
    scope.defer(() => ws._stream.destroy())
    const stateBefore = ws.readyState
    if (stateBefore > 0) answerClose(peer, stage)
    if (peer) peer.socket.once('end', () => peer.socket.end())
    ws.close()
    ws.close(3001, 'again')
    const isUnfinished = /^amid a message/.test(stage)
    await endsOnce(scope, reached, stage, isUnfinished ? 1006 : stateBefore === 2 ? 3000 : 1000)
    ws.close()
    assert.equal(typesOf(events).includes('error'), false, String(events))
  })

  const hasPeer = !/resolved|before TCP/.test(stage)
  for (const how of hasPeer ? ['FIN', 'reset'] : []) {
    test(`${how} ${stage} is one close event, with 1006`, async (scope) => {
      const reached = await reach(scope)
      scope.defer(() => reached.ws._stream.destroy())
      // A pause holds back an end, as it does everything else, and no reset.
      if (how === 'FIN') reached.peer.socket.end()
      else reset(reached.peer.socket)
      if (how === 'FIN') reached.ws.resume()
      await endsOnce(scope, reached, stage, 1006)
    })
  }
}

/** With RST also where TLS is above. */
function reset (socket) {
  const below = socket._parent || socket
  if (below.resetAndDestroy) below.resetAndDestroy()
  else below.destroy()
}

deviation('a name that is not found is one error and one close', async () => {
  const failing = (code) => (name, options, callback) => {
    setImmediate(callback, Object.assign(new Error(`lookup ${code} ${name}`), { code }))
  }
  for (const code of ['ENOTFOUND', 'EAI_AGAIN']) {
    const lookup = failing(code)
    for (const [url, options] of [
      ['ws://not-found.test/', { net: { lookup } }],
      ['wss://not-found.test/', { tls: { lookup } }],
      ['wss://example.test/', { net: { lookup }, proxy: { origin: 'http://not-found.test/' } }],
      ['ws://example.test/', { proxy: { origin: 'https://not-found.test/', tls: { lookup } } }]
    ]) {
      const ws = new WebSocket.Client(url, null, options)
      const events = record(ws)
      await once(ws, 'close')
      assert.deepEqual(events, [
        ['error', `Network error: ${url}: lookup ${code} not-found.test`], ['end', undefined], ['close', 1006]
      ])
    }
  }
})

test('a port where nobody listens is one error and one close', async () => {
  const port = await freePort()
  for (const [url, options] of [
    [`ws://127.0.0.1:${port}/`], [`wss://127.0.0.1:${port}/`],
    ['ws://example.test/', { proxy: { origin: `http://127.0.0.1:${port}` } }],
    ['wss://example.test/', { proxy: { origin: `https://127.0.0.1:${port}` } }]
  ]) {
    const ws = new WebSocket.Client(url, null, options)
    const events = record(ws)
    await once(ws, 'close')
    assert.deepEqual(typesOf(events), ['error', 'end', 'close'])
    assert.match(events[0][1], /^Network error: wss?:\/\/.*ECONNREFUSED/)
  }
})

const CRLF = '\r\nX-Injected: yes'
const LINES = /^(GET|CONNECT) \S+ HTTP\/1\.1\r\n([\w-]+: [^\r\n\0]*\r\n)+\r\n$/
for (const way of ['directly', 'through a proxy']) {
  test(`${way}: no URL injects bytes, nor do credentials in it`, async (scope) => {
    for (const text of [CRLF, '\n\n', '\r', '\0', '%0d%0aX-Injected: yes', ' HTTP/1.1\r\n', '\u010d\u010a', '\ud800']) {
      for (const place of ['path', 'query', 'user', 'password']) {
        const server = await accept(scope)
        const at = (name) => place === name ? `a${text}b` : 'a'
        // Not with a slash, which ends them.
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
  deviation(`a host with ${name} is no URL, or loses it`, () => {
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
  ['a header of the server', null, (text) => ({ headers: { 'X-A': `a${text}b` } })],
  ['a name of a header', null, (text) => ({ headers: { [`X${text}A`]: 'a' } })],
  ['a header of the proxy', null, (text) => ({ proxy: { origin: 'http://proxy.test/', headers: { 'X-A': `a${text}b` } } })],
  ['a name of a header of the proxy', null, (text) => ({
    proxy: { origin: 'http://proxy.test/', headers: { [`X${text}A`]: 'a' } }
  })],
  ['an object\'s toString', null, (text) => ({ headers: { 'X-A': { toString: () => text } } })],
  ['a subprotocol', (text) => [`a${text}b`], () => ({})]
]) {
  deviation(`throws for ${name} that would inject bytes, and dials nobody`, () => {
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
