'use strict'

// The opening handshake of a server: the requests that it accepts, and its responses.

const assert = require('node:assert/strict')

const { connect, connectOpen, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { acceptOf, KEY, upgradeRequest } = require('../support/wire')

/** Resolves with the response to a request, the events of the WebSocket, and the end of the connection. */
async function refusal (scope, headers, prepare = () => {}) {
  const events = []
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => {
      prepare(request)
      const ws = new WebSocket(request, socket, body)
      ws.on('open', () => events.push('open'))
      ws.on('error', ({ message }) => events.push(`error ${message}`))
      ws.on('close', ({ code, reason }) => events.push(`close ${code} ${reason}`))
    }
  })
  const peer = await connect(scope, port)
  peer.write(upgradeRequest(headers))
  const ending = await peer.ended()
  await scope.settle()
  const [head, body] = peer.bytes.toString().split('\r\n\r\n')
  return { body, ending, events, head }
}

/** Resolves with the error that the constructor throws for these options. */
async function thrownFor (scope, options) {
  let thrown
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => {
      try {
        new WebSocket(request, socket, body, null, options)
      } catch (error) {
        thrown = error
      }
      socket.destroy()
    }
  })
  const peer = await connect(scope, port)
  peer.write(upgradeRequest())
  await peer.ended()
  return thrown
}

function assertRefused ({ body, ending, events, head }, message) {
  assert.match(head, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.match(head, /Content-Type: text\/plain/)
  assert.match(head, new RegExp(`Content-Length: ${Buffer.byteLength(body)}(\r\n|$)`))
  assert.equal(body, message)
  assert.deepEqual(events, [`error ${message}`, `close 1002 ${message}`])
  assert.equal(ending, 'fin')
}

for (const version of ['12', '8', '14', '013', '13.0', '13, 8', '0x0d', null]) {
  deviation(`the server refuses version ${version} with 400 and names version 13`, async (scope) => {
    const answer = await refusal(scope, { 'Sec-WebSocket-Version': version })
    assertRefused(answer, `Unsupported WebSocket version: ${version === null ? undefined : version}`)
    assert.match(answer.head, /\r\nSec-WebSocket-Version: 13(\r\n|$)/)
  })
}

const keys = {
  empty: '',
  'not base64': '!!!!!!!!!!!!!!!!!!!!!!==',
  'too short': Buffer.alloc(15).toString('base64'),
  'too long': Buffer.alloc(17).toString('base64'),
  'without padding': KEY.slice(0, -2),
  'two keys': [KEY, KEY],
  'with white space': `${KEY.slice(0, 10)} ${KEY.slice(10)}`
}
for (const [name, key] of Object.entries(keys)) {
  deviation(`the server refuses a key that is not 16 bytes in base64: ${name}`, async (scope) => {
    const answer = await refusal(scope, { 'Sec-WebSocket-Key': key })
    assertRefused(answer, 'Invalid handshake request header: Sec-WebSocket-Key')
  })
}

deviation('the server refuses an HTTP/1.1 request without Host', async (scope) => {
  const answer = await refusal(scope, {}, (request) => { delete request.headers.host })
  assertRefused(answer, 'Invalid handshake request header: Host')
})

test('the server requires no Host in HTTP/1.0 and in a request that is a plain object', async (scope) => {
  for (const version of ['1.0', undefined]) {
    const { port } = await serve(scope, WebSocket, {
      onUpgrade: ({ method, url, headers }, socket, body) => {
        const { host, ...others } = headers
        assert.equal(host, 'localhost')
        new WebSocket({ method, url, headers: others, httpVersion: version }, socket, body)
      }
    })
    const peer = await connectOpen(scope, port)
    assert.match(peer.response, /^HTTP\/1\.1 101 /)
  }
})

deviation('the server accepts tabs as white space in Connection', async (scope) => {
  const { port } = await serve(scope, WebSocket)
  const peer = await connectOpen(scope, port, { Connection: 'keep-alive\t,\tUpgrade' })
  assert.match(peer.response, /^HTTP\/1\.1 101 /)
})

test('Content-Length of a refusal is the number of bytes, not of characters', async (scope) => {
  const { body, head } = await refusal(scope, { 'Sec-WebSocket-Version': 'é<b>' })
  assert.match(head, /Content-Type: text\/plain/)
  assert.match(head, new RegExp(`Content-Length: ${Buffer.byteLength(body)}(\r\n|$)`))
})

test('the server sends the accept value of the key', async (scope) => {
  const { port } = await serve(scope, WebSocket)
  const peer = await connectOpen(scope, port)
  assert.ok(peer.response.includes(`\r\nSec-WebSocket-Accept: ${acceptOf(KEY)}\r\n`))
  assert.equal(acceptOf(KEY), 'JdiiuafpBKRqD7eol0y4vJDTsTs=')
})

for (const [name, headers] of Object.entries({
  'CR and LF in a value': { 'X-A': 'a\r\nX-B: b' },
  'LF in a value': { 'X-A': 'a\nb' },
  'CR in a value': { 'X-A': 'a\rb' },
  'NUL in a value': { 'X-A': 'a\0b' },
  'LF in a name': { 'X\nA': 'a' },
  'NUL in a name': { 'X\0A': 'a' },
  'LF from toString': { 'X-A': { toString: () => 'a\nb' } }
})) {
  deviation(`the constructor throws for headers with ${name} and writes nothing`, async (scope) => {
    let thrown
    const { port } = await serve(scope, WebSocket, {
      onUpgrade: (request, socket, body) => {
        try {
          new WebSocket(request, socket, body, null, { headers })
        } catch (error) {
          thrown = error
        }
        setTimeout(() => socket.destroy(), 20)
      }
    })
    const peer = await connect(scope, port)
    peer.write(upgradeRequest())
    await peer.ended()
    assert.ok(thrown instanceof Error)
    assert.equal(peer.bytes.length, 0)
  })
}

for (const [name, options] of Object.entries({
  'a negative maxLength': { maxLength: -1 },
  'a maxLength of letters': { maxLength: 'large' },
  'a negative ping': { ping: -1 },
  'a ping of letters': { ping: 'often' }
})) {
  deviation(`the constructor throws a RangeError for ${name}`, async (scope) => {
    assert.ok(await thrownFor(scope, options) instanceof RangeError)
  })
}

test('a refused connection ends at once, even if the peer does nothing', async (scope) => {
  const { port, server } = await serve(scope, WebSocket)
  for (let i = 0; i < 10; i++) {
    const peer = await connect(scope, port)
    peer.write(upgradeRequest({ 'Sec-WebSocket-Version': '1' }))
  }
  const connections = () => new Promise((resolve) => server.getConnections((error, count) => resolve(error || count)))
  await scope.settle(60)
  assert.equal(await connections(), 0)
})

test('the constructor throws a TypeError for an invalid extension', async (scope) => {
  assert.ok(await thrownFor(scope, { extensions: [{ name: 5 }] }) instanceof TypeError)
})

test('a WebSocket has the url, version and protocol of its request', async (scope) => {
  let ws
  const { port } = await serve(scope, WebSocket, { protocols: ['b', 'a'], onSocket: (each) => { ws = each } })
  const peer = await connect(scope, port)
  peer.write(upgradeRequest({ 'Sec-WebSocket-Protocol': 'a, b' }, { target: '/room?x=1' }))
  assert.match(await peer.head(), /Sec-WebSocket-Protocol: a\r\n/)
  if (ws.readyState === 0) await once(ws, 'open')
  assert.deepEqual([ws.url, ws.version, ws.protocol], ['ws://localhost/room?x=1', 'hybi-13', 'a'])
})
