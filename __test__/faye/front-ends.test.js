'use strict'

// The server behind nginx and haproxy, with the configurations in examples/.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const deflate = require('../../lib/permessage-deflate')
const { codeBlocks } = require('../package/pages')
const { WebSocket, usesOriginal } = require('../support/subject')
const { test } = require('../support/test')
const { createAuthority } = require('../support/certs')
const { compress } = require('../support/deflate')
const { echoEach, echoInEach } = require('../support/client')
const { connect, connectOpen, eventually, once, serve } = require('../support/peer')
const { freePort, missing, startHaproxy, startNginx } = require('../support/programs')
const { closePayload, fromClient, headerOf, upgradeRequest } = require('../support/wire')
const { usesReactor } = require('../support/transport')
const { UNAVAILABLE } = require('../support/native')

const EXAMPLES = path.join(__dirname, '../../examples')
const authority = createAuthority()
const { key, cert } = authority.local
const example = (name) => fs.readFileSync(path.join(EXAMPLES, name), 'utf8')

/** Replaces each of these strings, all of which must occur in the text. */
function changed (text, replacements) {
  for (const [from, to] of Object.entries(replacements)) {
    assert.ok(text.includes(from), `the example has no ${JSON.stringify(from)}`)
    text = text.replaceAll(from, to)
  }
  return text
}

function nginx (scope, { isSecure, isBackendSecure, port, idle = '60s' }) {
  const configuration = changed(example('nginx.conf'), {
    'listen 127.0.0.1:8080': 'listen 127.0.0.1:$port' +
      (isSecure ? ' ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem' : ''),
    'http://127.0.0.1:8000': `${isBackendSecure ? 'https' : 'http'}://127.0.0.1:${port}`,
    'proxy_read_timeout 60s': `proxy_read_timeout ${idle}`
  })
  return startNginx(scope, configuration, { 'cert.pem': cert, 'key.pem': key })
}

function haproxy (scope, { isSecure, isBackendSecure, port, idle = '60s' }) {
  const configuration = changed(example('haproxy.cfg'), {
    'bind 127.0.0.1:8080': 'bind 127.0.0.1:$port' + (isSecure ? ' ssl crt both.pem' : ''),
    '127.0.0.1:8000': `127.0.0.1:${port}` + (isBackendSecure ? ' ssl verify none' : ''),
    'timeout tunnel 60s': `timeout tunnel ${idle}`
  })
  return startHaproxy(scope, configuration, { 'both.pem': key + cert })
}

const FRONT_ENDS = [
  { name: 'nginx', start: nginx },
  { name: 'nginx', start: nginx, isSecure: true },
  { name: 'nginx', start: nginx, isSecure: true, isBackendSecure: true },
  { name: 'haproxy', start: haproxy },
  { name: 'haproxy', start: haproxy, isSecure: true },
  { name: 'haproxy', start: haproxy, isSecure: true, isBackendSecure: true }
]

/** Starts an echo server behind a front end. Resolves with functions that connect clients to the front end. */
async function behind (scope, { start, isSecure, isBackendSecure }, { idle, options } = {}) {
  const arrived = []
  const server = await serve(scope, WebSocket, {
    secure: isBackendSecure && authority.local,
    options,
    onSocket: (ws, { request, socket }) => {
      arrived.push({ request, socket, ws })
      echoEach(ws)
    }
  })
  const front = await start(scope, { isSecure, isBackendSecure, port: server.port, idle })
  const dial = async (given) => {
    const ws = new WebSocket.Client(`${isSecure ? 'wss' : 'ws'}://127.0.0.1:${front.port}/chat?a=1`, null, {
      ca: authority.ca, ...given
    })
    scope.defer(() => ws._stream.destroy())
    await once(ws, 'open')
    // The server's socket is open before its response reaches the client.
    const { request, socket, ws: server } = arrived[arrived.length - 1]
    return { request, server, socket, ws }
  }
  const secure = isSecure && { ca: authority.ca }
  return {
    arrived,
    dial,
    front,
    raw: () => connect(scope, front.port, { secure }),
    rawOpen: (headers) => connectOpen(scope, front.port, headers, { secure })
  }
}

const codeAndReason = ({ code, reason }) => [code, reason]

for (const frontEnd of FRONT_ENDS) {
  const { name, isSecure = false, isBackendSecure = false } = frontEnd
  const place = `behind ${name}${isSecure ? ' with TLS' : ''}${isBackendSecure ? ' on both sides' : ''}`
  const behaviour = (sentence, body) =>
    test(`${place}: ${sentence}`, body, { skip: missing(name), timeout: 40000 })

  behaviour('an echo server returns messages of all types and sizes', async (scope) => {
    const { dial } = await behind(scope, frontEnd)
    const { server, ws } = await dial()
    if (!usesOriginal) assert.equal(usesReactor(server), !UNAVAILABLE && !isBackendSecure)
    for (const data of [
      '', 'text', Buffer.alloc(0), Buffer.from([0, 255, 1]), 'ü'.repeat(1000000), Buffer.alloc(8000000, 'xyz')
    ]) {
      ws.send(data)
      assert.deepEqual((await once(ws, 'message')).data, data)
    }
  })

  behaviour('close codes and reasons arrive in both directions', async (scope) => {
    const { dial } = await behind(scope, frontEnd)
    for (const closing of ['ws', 'server']) {
      const ends = await dial()
      const closes = Promise.all([once(ends.ws, 'close'), once(ends.server, 'close')])
      ends[closing].close(4001, 'done')
      assert.deepEqual((await closes).map(codeAndReason), [[4001, 'done'], [4001, 'done']], `by ${closing}`)
    }
    const peer = await (await behind(scope, frontEnd)).rawOpen()
    peer.write(fromClient('close', closePayload(1001, 'going')))
    assert.deepEqual((await peer.frame()).payload, closePayload(1001, 'going'))
    await peer.ended()
  })

  behaviour('pings and pongs arrive in both directions', async (scope) => {
    const { dial } = await behind(scope, frontEnd)
    const { server, ws } = await dial()
    for (const end of [ws, server]) {
      assert.equal(await new Promise((resolve) => end.ping('are you there?', () => resolve('pong'))), 'pong')
    }
  })

  behaviour('client and server negotiate and use permessage-deflate', async (scope) => {
    const { dial, rawOpen } = await behind(scope, frontEnd, { options: { extensions: [deflate] } })
    const peer = await rawOpen({ 'Sec-WebSocket-Extensions': 'permessage-deflate' })
    assert.equal(headerOf(peer.response, 'sec-websocket-extensions'), 'permessage-deflate')
    peer.write(fromClient('text', compress('Hello '.repeat(100)), { rsv: 4 }))
    const echo = await peer.frame()
    assert.equal(echo.rsv, 4)
    assert.ok(echo.payload.length < 100)

    const { ws } = await dial({ extensions: [deflate] })
    const large = JSON.stringify(Array.from({ length: 50000 }, (_, id) => ({ id })))
    ws.send(large)
    assert.equal((await once(ws, 'message')).data, large)
  })

  behaviour('a request has X-Forwarded-For, X-Forwarded-Proto and its own headers', async (scope) => {
    const { dial } = await behind(scope, frontEnd)
    const { request, server, ws } = await dial({ headers: { 'X-Forwarded-Proto': 'forged', Cookie: 'a=1' } })
    assert.equal(request.headers['x-forwarded-for'], '127.0.0.1')
    assert.equal(request.headers['x-forwarded-proto'], isSecure ? 'https' : 'http')
    assert.equal(request.headers.cookie, 'a=1')
    assert.equal(server.url, ws.url)
  })

  behaviour('frames in the same packet as the request arrive', async (scope) => {
    const { raw } = await behind(scope, frontEnd)
    const peer = await raw()
    peer.write(Buffer.concat([Buffer.from(upgradeRequest()), fromClient('text', 'early')]))
    assert.match(await peer.head(), /^HTTP\/1\.1 101 /)
    assert.equal((await peer.frame()).payload.toString(), 'early')
  })

  behaviour('a frame can arrive byte by byte', async (scope) => {
    const { rawOpen } = await behind(scope, frontEnd)
    const peer = await rawOpen()
    for (const byte of fromClient('text', 'slow')) {
      peer.write(Buffer.from([byte]))
      await scope.settle(2)
    }
    assert.equal((await peer.frame()).payload.toString(), 'slow')
  })

  behaviour('an end without a close frame is code 1006 at the other end', async (scope) => {
    const { arrived, dial, rawOpen } = await behind(scope, frontEnd)
    for (const how of ['end', 'destroy']) {
      const peer = await rawOpen()
      const close = once(arrived[arrived.length - 1].ws, 'close')
      peer.socket[how]()
      assert.deepEqual(codeAndReason(await close), [1006, ''], `the client's ${how}`)
      const { socket, ws } = await dial()
      const closed = once(ws, 'close')
      socket[how]()
      assert.deepEqual(codeAndReason(await closed), [1006, ''], `the server's ${how}`)
    }
  })

  behaviour('both ends emit close with 1006 when the front end is killed', async (scope) => {
    const { dial, front } = await behind(scope, frontEnd)
    const idle = await dial()
    const busy = await dial()
    busy.ws.on('message', () => busy.ws.send('x'.repeat(100000)))
    busy.ws.send('begin')
    await once(busy.ws, 'message')
    const closes = [idle, busy].flatMap(({ server, ws }) => [once(server, 'close'), once(ws, 'close')])
    front.kill()
    assert.deepEqual((await Promise.all(closes)).map(({ code }) => code), [1006, 1006, 1006, 1006])
  })

  behaviour('the front end closes an idle connection, and `ping` prevents it', async (scope) => {
    const { dial } = await behind(scope, frontEnd, { idle: '3s' })
    const pinging = await dial({ ping: 0.2 })
    const idle = await dial()
    const closes = Promise.all([once(idle.ws, 'close'), once(idle.server, 'close')])
    assert.deepEqual((await closes).map(({ code }) => code), [1006, 1006])
    pinging.ws.send('still there')
    assert.equal((await once(pinging.ws, 'message')).data, 'still there')
  })

  behaviour('the server handles many connections at a time', async (scope) => {
    const { arrived, dial } = await behind(scope, frontEnd)
    const clients = await Promise.all(Array.from({ length: 100 }, async () => (await dial()).ws))
    assert.equal(arrived.length, 100)
    await echoInEach(clients)
    await eventually(() => arrived.every(({ ws }) => ws.readyState === 3), 'all closed')
  })

  behaviour("the client receives the server's refusal", async (scope) => {
    const { raw } = await behind(scope, frontEnd)
    const peer = await raw()
    peer.write(upgradeRequest({ 'Sec-WebSocket-Version': '12' }))
    const head = await peer.head()
    assert.match(head, /^HTTP\/1\.1 4\d\d /)
    if (!usesOriginal) assert.equal(headerOf(head, 'sec-websocket-version'), '13')
  })

  behaviour('a client emits error and close if the server is down', async (scope) => {
    const front = await frontEnd.start(scope, { isSecure, isBackendSecure, port: await freePort() })
    const ws = new WebSocket.Client(`${isSecure ? 'wss' : 'ws'}://127.0.0.1:${front.port}/`, null, { ca: authority.ca })
    const errors = []
    ws.on('error', ({ message }) => errors.push(message))
    assert.equal((await once(ws, 'close', 20000)).code, 1002)
    assert.match(errors.join(), /^Error during WebSocket handshake: Unexpected response code: 50[23]$/)
  })
}

test('docs/proxies.md: the configuration of nginx is part of the example', () => {
  const blocks = codeBlocks().filter(({ language }) => language === 'nginx')
  assert.deepEqual(blocks.map(({ page }) => page), ['docs/proxies.md'])
  const lines = (text) => text.split('\n').map((line) => line.trim()).filter((line) => line && !line.startsWith('#'))
  assert.ok(lines(example('nginx.conf')).join('\n').includes(lines(blocks[0].text).join('\n')), blocks[0].text)
})
