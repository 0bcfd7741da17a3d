'use strict'

// Responses that a client accepts and refuses. The guarantees of a client for every peer, and the tests of each:
//
// | guarantee | file |
// | --- | --- |
// | a response must have 101 and the correct Upgrade, Connection and Sec-WebSocket-Accept | here: RESPONSES |
// | a response must name only offered extensions, and at most one subprotocol, which was offered | here: RESPONSES |
// | other responses emit `error`, then `close`, never `open` | here: RESPONSES, over each route to the server |
// | clients do not follow redirects | here |
// | the size and the lines of heads are limited, at any speed | here; proxy.test.js |
// | clients verify certificates before they send anything: chain, dates, purpose, host | tls.test.js |
// | clients verify certificates of proxies, and of servers behind a proxy | proxy.test.js, proxy-programs.test.js |
// | only `rejectUnauthorized: false` disables this, for one client; clients send SNI | tls.test.js |
// | clients do not change the caller's objects | client-request.test.js |
// | only the proxy receives its credentials | proxy-programs.test.js, proxy-responses.test.js |
// | a proxy's refusal ends the client, even if the proxy keeps the connection open | proxy-responses.test.js |
// | close() emits one `close` in every state, after 30 s at the latest | client-ends.test.js; misuse.test.js |
// | the code is 1006 in every state if the connection ends without a close frame | client-ends.test.js |
// | an unknown name and a port without a listener emit one `error` and one `close` | client-ends.test.js |
// | URLs, protocols, headers and credentials cannot inject headers | client-request.test.js, proxy.test.js |

const assert = require('node:assert/strict')

const { ask, typesOf } = require('../support/client')
const { accept, eventually, once } = require('../support/peer')
const { deviation, test } = require('../support/test')
const { WAYS } = require('../support/ways')
const { closePayload, frame, headerOf, upgradeResponse } = require('../support/wire')

for (const connection of ['keep-alive, Upgrade', 'upgrade,keep-alive', 'Keep-Alive ,\tUPGRADE']) {
  deviation(`a client accepts a response with Connection: ${JSON.stringify(connection)}`, async (scope) => {
    const { head, peer, ws } = await ask(scope)
    peer.write(upgradeResponse(head, { Connection: connection }))
    await once(ws, 'open')
  })
}

test('a client refuses a response whose Connection lacks the token', async (scope) => {
  for (const connection of ['close', 'keep-alive', 'upgraded', 'not-upgrade, close']) {
    const { events, head, peer, ws } = await ask(scope)
    peer.write(upgradeResponse(head, { Connection: connection }))
    await once(ws, 'close')
    assert.deepEqual(typesOf(events), ['error', 'end', 'close'])
    assert.equal(events[0][1], "Error during WebSocket handshake: 'Connection' header value is not 'Upgrade'")
  }
})

for (const [name, next] of [
  ['one endless line', () => 'x'.repeat(8192)],
  ['endless lines', (i) => `X-Line-${i}: ${'y'.repeat(8000)}\r\n`],
  ['many short lines', (i) => Array.from({ length: 1000 }, (_, j) => `a${i}-${j}: b\r\n`).join('')]
]) {
  deviation(`a client closes at a limit when the head of the response never ends: ${name}`, async (scope) => {
    const { events, peer, ws } = await ask(scope)
    peer.write('HTTP/1.1 101 Switching Protocols\r\n' + (name === 'one endless line' ? 'X-A: ' : ''))
    let sent = 0
    while (ws.readyState === 0 && sent < 400) {
      peer.write(next(sent++))
      await scope.settle(1)
    }
    await eventually(() => ws.readyState === 3, 'closed')
    assert.deepEqual(typesOf(events), ['error', 'end', 'close'])
    assert.match(events[0][1], /^Error during WebSocket handshake: /)
    assert.ok(sent < 200, 'stored much more than 64 KB')
  })
}

test('a client accepts a response with a large head', async (scope) => {
  const { head, peer, ws } = await ask(scope)
  peer.write(upgradeResponse(head, { 'X-Large': 'x'.repeat(30000), 'X-Other': 'y'.repeat(20000) }))
  await once(ws, 'open')
  assert.equal(ws.headers['x-large'].length, 30000)
})

deviation('a response header may have any name', async (scope) => {
  const { head, peer, ws } = await ask(scope)
  peer.write(upgradeResponse(head, Object.fromEntries([['__proto__', 'x'], ['constructor', 'y'], ['toString', 'z']])))
  await once(ws, 'open')
  const headers = new Map(Object.entries(ws.headers))
  assert.deepEqual(['__proto__', 'constructor', 'tostring'].map((name) => headers.get(name)), ['x', 'y', 'z'])
})

test('a client does not follow a redirect', async (scope) => {
  const target = await accept(scope)
  const { peer, ws } = await ask(scope)
  peer.write(`HTTP/1.1 302 Found\r\nLocation: ${target.url}\r\n\r\n`)
  await once(ws, 'close')
  await scope.settle()
  assert.equal(target.arrived.length, 0)
  assert.equal(ws.statusCode, 302)
})

test('handlers of open and error can read the status and the headers of the response', async (scope) => {
  const { head, peer, ws } = await ask(scope)
  const seen = []
  ws.onopen = () => seen.push([ws.statusCode, ws.headers.upgrade])
  assert.equal(ws.statusCode, undefined)
  assert.equal(ws.headers, undefined)
  peer.write(upgradeResponse(head))
  await once(ws, 'open')

  const second = await ask(scope)
  second.ws.onerror = () => seen.push([second.ws.statusCode, second.ws.headers['x-why']])
  second.peer.write('HTTP/1.1 403 Forbidden\r\nX-Why: because\r\n\r\n')
  await once(second.ws, 'close')
  assert.deepEqual(seen, [[101, 'websocket'], [403, 'because']])
})

const ELSEWHERE = 'http://127.0.0.1:1/'
/** Wrong responses: a status, headers that replace correct ones, or a function that changes the correct response. */
const RESPONSES = {
  ...Object.fromEntries([
    100, 102, 103, 200, 201, 204, 206, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 407, 426, 429, 500, 503
  ].map((status) => [`status ${status}`, { status, headers: { Location: ELSEWHERE } }])),
  'no Upgrade': { headers: { Upgrade: null } },
  'an empty Upgrade': { headers: { Upgrade: '' } },
  'another Upgrade': { headers: { Upgrade: 'h2c' } },
  'an Upgrade with websocket as a prefix': { headers: { Upgrade: 'websockets' } },
  'two Upgrades in one': { headers: { Upgrade: 'websocket, h2c' } },
  'two Upgrades': { headers: { Upgrade: ['websocket', 'websocket'] } },
  'no Connection': { headers: { Connection: null } },
  'an empty Connection': { headers: { Connection: '' } },
  'a Connection without the token': { headers: { Connection: 'keep-alive, upgrades' } },
  'a Connection with the token in quotes': { headers: { Connection: '"Upgrade"' } },
  'no accept value': { headers: { 'Sec-WebSocket-Accept': null } },
  'an empty accept value': { headers: { 'Sec-WebSocket-Accept': '' } },
  'another accept value': { headers: { 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' } },
  'the key as the accept value': { respond: (text, head) => with_(text, headerOf(head, 'sec-websocket-key')) },
  'an accept value in lower case': { respond: (text) => with_(text, acceptIn(text).toLowerCase() + 'A') },
  'an accept value without its padding': { respond: (text) => with_(text, acceptIn(text).slice(0, -1)) },
  'an accept value with a parameter': { respond: (text) => with_(text, `${acceptIn(text)}; a=b`) },
  'the accept value twice': { respond: (text) => with_(text, `${acceptIn(text)}, ${acceptIn(text)}`) },
  'two accept values': { respond: (text) => with_(text, `${acceptIn(text)}\r\nSec-WebSocket-Accept: other`) },
  'two accept values, the first of them wrong': {
    respond: (text) => with_(text, `other\r\nSec-WebSocket-Accept: ${acceptIn(text)}`)
  },
  'a space before the colon of the accept value': { respond: (text) => text.replace('-Accept:', '-Accept :') },
  'a subprotocol that was not offered': { headers: { 'Sec-WebSocket-Protocol': 'c' } },
  'a subprotocol in upper case': { headers: { 'Sec-WebSocket-Protocol': 'A' } },
  'two subprotocols in one': { headers: { 'Sec-WebSocket-Protocol': 'a, b' } },
  'two subprotocols': { headers: { 'Sec-WebSocket-Protocol': ['a', 'b'] } },
  'one subprotocol twice': { headers: { 'Sec-WebSocket-Protocol': ['a', 'a'] } },
  'a subprotocol that is a property of Object.prototype': { headers: { 'Sec-WebSocket-Protocol': 'constructor' } },
  'an extension that was not offered': { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } },
  'an extension that is a property of Object.prototype': { headers: { 'Sec-WebSocket-Extensions': '__proto__' } },
  'malformed extensions': { headers: { 'Sec-WebSocket-Extensions': 'a; b=' } },
  'NUL in a header': { headers: { 'X-A': 'a\0b' } },
  'NUL in the status line': { respond: (text) => text.replace('Switching', 'Switch\0ing') },
  'no HTTP': { respond: () => 'garbage\r\n\r\n' },
  'another version of HTTP': { respond: (text) => text.replace('HTTP/1.1', 'HTTP/2.0') },
  'a status of two digits': { respond: (text) => text.replace('101', '10') },
  'a status that is not a number': { respond: (text) => text.replace('101', '1O1') },
  'a WebSocket frame': { respond: () => frame('text', 'Hello') },
  'an interim response before the correct one': { respond: (text) => `HTTP/1.1 103 Early Hints\r\n\r\n${text}` },
  'too many lines': { respond: (text) => text.replace('\r\n', `\r\n${'a: b\r\n'.repeat(300)}`) },
  'a line that is too long': { respond: (text) => text.replace('\r\n', `\r\nX-A: ${'x'.repeat(70000)}\r\n`) }
}

const acceptIn = (text) => headerOf(text, 'sec-websocket-accept')
const with_ = (text, accept) => text.replace(/(-Accept: ).*/, (_, name) => name + accept)

for (const [way, go] of Object.entries(WAYS)) {
  deviation(`${way}: a wrong response emits one error and one close, never open`, async (scope) => {
    for (const [name, { status = 101, headers, respond = (text) => text }] of Object.entries(RESPONSES)) {
      const { events, head, peer, ws } = await go(scope)
      const right = upgradeResponse(head, headers, `${status} Switching Protocols`)
      // The client ignores the frames behind the response.
      peer.write(Buffer.concat([
        Buffer.from(respond(right, head)), frame('text', 'early'), frame('close', closePayload(1000))
      ]))
      await eventually(() => ws.readyState === 3, `closed by ${name}`)
      await peer.ended()
      assert.deepEqual(typesOf(events), ['error', 'end', 'close'], name)
      assert.match(events[0][1], /^Error during WebSocket handshake: /, name)
      assert.equal(events[2][1], 1002, name)
      assert.equal(ws.protocol, '', name)
      assert.equal(peer.bytes.length, 0, `${name}: the client sent bytes after the refusal`)
    }
  })

  test(`${way}: a response can arrive byte by byte, and frames in the same packet`, async (scope) => {
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

  deviation(`${way}: a client closes at a limit when an endless head arrives line by line`, async (scope) => {
    const { events, peer, ws } = await go(scope)
    // Without it, the kernel joins the lines into larger packets.
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
