'use strict'

// What a client makes of an answer. What it owes its program whatever is at the other end, and where that is shown:
//
// | rule | here or in |
// | --- | --- |
// | the answer is 101, with the right Upgrade, Connection and Sec-WebSocket-Accept | here: ANSWERS |
// | at most one subprotocol, and one that was asked for; only extensions that were offered | here: ANSWERS |
// | everything else is `error`, then `close`, never `open` | here: ANSWERS, over every way to the server |
// | redirects are not followed | here |
// | heads are limited in size and lines, however slowly they come | here; proxy.test.js |
// | certificates are verified: chain, dates, purpose, host; before anything is sent | tls.test.js |
// | … also behind a proxy, and the proxy's own | proxy.test.js, proxy-programs.test.js |
// | only that client's `rejectUnauthorized: false` turns it off; SNI is sent | tls.test.js |
// | the caller's objects stay as they are | client-request.test.js |
// | credentials for the proxy go to the proxy only | proxy-programs.test.js, proxy-answers.test.js |
// | any answer of a proxy but success ends, even if the proxy stays | proxy-answers.test.js |
// | close() works in every state, with one `close`; at the latest after 30 s | client-ends.test.js; misuse.test.js |
// | loss without a close frame is 1006, in every state | client-ends.test.js |
// | a name that is not found, a port where nothing listens | client-ends.test.js |
// | URLs, protocols, headers and credentials inject nothing | client-request.test.js, proxy.test.js |

const assert = require('node:assert/strict')

const { ask, typesOf } = require('../support/client')
const { accept, eventually, once } = require('../support/peer')
const { deviation, test } = require('../support/test')
const { WAYS } = require('../support/ways')
const { closePayload, frame, headerOf, upgradeResponse } = require('../support/wire')

for (const connection of ['keep-alive, Upgrade', 'upgrade,keep-alive', 'Keep-Alive ,\tUPGRADE']) {
  deviation(`accepts an answer with Connection: ${JSON.stringify(connection)}`, async (scope) => {
    const { head, peer, ws } = await ask(scope)
    peer.write(upgradeResponse(head, { Connection: connection }))
    await once(ws, 'open')
  })
}

test('refuses an answer whose Connection lacks the token', async (scope) => {
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
  deviation(`gives up on an answer whose head never ends: ${name}`, async (scope) => {
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

test('takes an answer whose head is large', async (scope) => {
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

test('a redirect is not followed', async (scope) => {
  const target = await accept(scope)
  const { peer, ws } = await ask(scope)
  peer.write(`HTTP/1.1 302 Found\r\nLocation: ${target.url}\r\n\r\n`)
  await once(ws, 'close')
  await scope.settle()
  assert.equal(target.arrived.length, 0)
  assert.equal(ws.statusCode, 302)
})

test('the answer is visible in open and in the error of a refusal', async (scope) => {
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
  'a subprotocol that was not offered': { headers: { 'Sec-WebSocket-Protocol': 'c' } },
  'a subprotocol in other letters': { headers: { 'Sec-WebSocket-Protocol': 'A' } },
  'two subprotocols in one': { headers: { 'Sec-WebSocket-Protocol': 'a, b' } },
  'two subprotocols': { headers: { 'Sec-WebSocket-Protocol': ['a', 'b'] } },
  'one subprotocol twice': { headers: { 'Sec-WebSocket-Protocol': ['a', 'a'] } },
  'a subprotocol of Object.prototype': { headers: { 'Sec-WebSocket-Protocol': 'constructor' } },
  'an extension that was not offered': { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } },
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
