'use strict'

const assert = require('node:assert/strict')

const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { openServer } = require('../support/open')
const { echoEach } = require('../support/client')
const { connect, connectOpen, eventually, once, serve } = require('../support/peer')
const { closePayload, frame, fromClient, KEY, acceptOf, readFrames, upgradeRequest } = require('../support/wire')

/** The answer to a request, the events of the socket, and how the connection ended. */
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

function assertRefused ({ body, ending, events, head }, message) {
  assert.match(head, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.match(head, /Content-Type: text\/plain/)
  assert.match(head, new RegExp(`Content-Length: ${Buffer.byteLength(body)}(\r\n|$)`))
  assert.equal(body, message)
  assert.deepEqual(events, [`error ${message}`, `close 1002 ${message}`])
  assert.equal(ending, 'fin')
}

for (const version of ['12', '8', '14', '013', '13.0', '13, 8', '0x0d', null]) {
  deviation(`answers version ${version} with 400 and the version it speaks`, async (scope) => {
    const answer = await refusal(scope, { 'Sec-WebSocket-Version': version })
    assertRefused(answer, `Unsupported WebSocket version: ${version === null ? undefined : version}`)
    assert.match(answer.head, /\r\nSec-WebSocket-Version: 13(\r\n|$)/)
  })
}

const keys = {
  empty: '',
  'no base64': '!!!!!!!!!!!!!!!!!!!!!!==',
  'too short': Buffer.alloc(15).toString('base64'),
  'too long': Buffer.alloc(17).toString('base64'),
  'without padding': KEY.slice(0, -2),
  'two keys': [KEY, KEY],
  'white space inside': `${KEY.slice(0, 10)} ${KEY.slice(10)}`
}
for (const [name, key] of Object.entries(keys)) {
  deviation(`refuses a key that is not the base64 form of 16 bytes: ${name}`, async (scope) => {
    const answer = await refusal(scope, { 'Sec-WebSocket-Key': key })
    assertRefused(answer, 'Invalid handshake request header: Sec-WebSocket-Key')
  })
}

deviation('refuses an HTTP/1.1 request without Host', async (scope) => {
  const answer = await refusal(scope, {}, (request) => { delete request.headers.host })
  assertRefused(answer, 'Invalid handshake request header: Host')
})

test('needs no Host from HTTP/1.0, nor from a request made by hand', async (scope) => {
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

deviation('takes tabs for white space in Connection', async (scope) => {
  const { port } = await serve(scope, WebSocket)
  const peer = await connectOpen(scope, port, { Connection: 'keep-alive\t,\tUpgrade' })
  assert.match(peer.response, /^HTTP\/1\.1 101 /)
})

test('counts the bytes, not the characters, of a refusal', async (scope) => {
  const { body, head } = await refusal(scope, { 'Sec-WebSocket-Version': 'é<b>' })
  assert.match(head, /Content-Type: text\/plain/)
  assert.match(head, new RegExp(`Content-Length: ${Buffer.byteLength(body)}(\r\n|$)`))
})

test('sends the accept value of the key', async (scope) => {
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
  deviation(`throws for headers with ${name} and writes nothing`, async (scope) => {
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
  deviation(`throws a RangeError for ${name}`, async (scope) => {
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
    assert.ok(thrown instanceof RangeError)
  })
}

/** What an open server socket makes of `bytes`. */
async function conversation (scope, bytes, options) {
  const events = []
  const { peer, ws } = await openServer(scope, { options })
  ws.on('message', ({ data }) => events.push(['message', data]))
  ws.on('error', ({ message }) => events.push(['error', message]))
  ws.on('close', ({ code, reason }) => events.push(['close', code, reason]))
  peer.write(bytes)
  return { events, peer, ws }
}

const BAD_TEXT = 'Could not decode a text frame as UTF-8'
for (const [name, bytes] of Object.entries({
  'an early fragment': fromClient('text', Buffer.from('61ff62', 'hex'), { fin: false }),
  'a fragment that continues wrongly': Buffer.concat([
    fromClient('text', Buffer.from('e2', 'hex'), { fin: false }),
    fromClient('continuation', Buffer.from('41', 'hex'), { fin: false })
  ]),
  'a frame of which most is still to come': fromClient('text', Buffer.from('6161ff', 'hex'), { length: 50000 }),
  'a surrogate that is half there': fromClient('text', Buffer.from('eda0', 'hex'), { fin: false })
})) {
  deviation(`fails text at its first bad byte: ${name}`, async (scope) => {
    const { events, peer } = await conversation(scope, bytes)
    const closing = await peer.frame()
    assert.deepEqual(closing.payload, closePayload(1007, BAD_TEXT))
    assert.equal(await peer.ended(), 'fin')
    assert.deepEqual(events, [['error', BAD_TEXT], ['close', 1007, BAD_TEXT]])
  })
}

deviation('fails a length with the top bit set with 1002', async (scope) => {
  for (const hex of ['82ff8000000000000000', '82ffffffffffffffffff', '81ff80000000000000ff']) {
    const { events, peer } = await conversation(scope, Buffer.from(hex, 'hex'))
    const closing = await peer.frame()
    assert.equal(closing.payload.readUInt16BE(), 1002)
    await peer.ended()
    assert.deepEqual(events.map(([type, code]) => type === 'close' ? code : type), ['error', 1002])
  }
})

test('fails huge lengths with 1009 before their bytes come', async (scope) => {
  for (const hex of ['82ff0020000000000001', '82ff7fffffffffffffff', '82ff0000000004000000', '81ff0000000100000000']) {
    const { events, peer } = await conversation(scope, Buffer.from(hex, 'hex'))
    await peer.frame()
    await peer.ended()
    assert.deepEqual(events, [
      ['error', 'WebSocket frame length too large'], ['close', 1009, 'WebSocket frame length too large']
    ])
  }
})

test('an announced length allocates nothing', async (scope) => {
  const { port } = await serve(scope, WebSocket)
  const before = process.memoryUsage().rss
  for (let i = 0; i < 20; i++) {
    const peer = await connectOpen(scope, port)
    peer.write(Buffer.from('82ff0000000003ffffff', 'hex'))
  }
  await scope.settle(60)
  assert.ok(process.memoryUsage().rss - before < 100e6, '20 announced messages of 64 MiB cost memory')
})

test('zero-length fragments cost nothing', async (scope) => {
  const { port } = await serve(scope, WebSocket, { onSocket: echoEach })
  const peer = await connectOpen(scope, port)
  const many = Buffer.concat(new Array(5000).fill(fromClient('continuation', '', { fin: false })))
  peer.write(fromClient('text', 'a', { fin: false }))
  const before = process.memoryUsage().rss
  for (let i = 0; i < 60; i++) peer.write(many)
  peer.write(fromClient('continuation', 'b'))
  const { payload } = await peer.frame()
  assert.equal(payload.toString(), 'ab')
  assert.ok(process.memoryUsage().rss - before < 120e6)
}, { timeout: 40000 })

const REASONS = [
  ['x'.repeat(124), 'x'.repeat(123)],
  ['x'.repeat(100000), 'x'.repeat(123)],
  ['é'.repeat(62), 'é'.repeat(61)],
  ['€'.repeat(42), '€'.repeat(41)],
  ['a' + '\u{1d11e}'.repeat(31), 'a' + '\u{1d11e}'.repeat(30)]
]
for (const [given, sent] of REASONS) {
  deviation(`cuts a close reason of ${Buffer.byteLength(given)} bytes at a character`, async (scope) => {
    const { peer, ws } = await conversation(scope, '')
    ws.close(3000, given)
    const { payload } = await peer.frame()
    assert.equal(payload.toString('utf8', 2), sent)
    assert.ok(payload.length <= 125)
  })
}

deviation('ping above 125 bytes throws a RangeError and sends nothing', async (scope) => {
  const { peer, ws } = await conversation(scope, '')
  for (const payload of ['x'.repeat(126), 'é'.repeat(63), Buffer.alloc(126)]) {
    assert.throws(() => ws.ping(payload, () => assert.fail('called')), RangeError)
  }
  assert.equal(ws.ping('x'.repeat(125)), true)
  const { payload } = await peer.frame()
  assert.equal(payload.length, 125)
})

deviation('ping above 125 bytes throws before open as well', async (scope) => {
  let thrown
  const { port } = await serve(scope, WebSocket, {
    onSocket: (ws) => {
      try {
        ws.ping('x'.repeat(126))
      } catch (error) {
        thrown = error
      }
    }
  })
  const peer = await connectOpen(scope, port)
  assert.ok(thrown instanceof RangeError)
  assert.equal(peer.bytes.length, 0)
})

deviation('a close code that is no number never reaches the wire', async (scope) => {
  for (const code of ['abc', {}, '3000abc', Symbol('x')]) {
    const { peer, ws } = await conversation(scope, '')
    assert.throws(() => ws.close(code))
    assert.equal(ws.readyState, 1)
    ws.close()
    const { payload } = await peer.frame()
    assert.deepEqual(payload, closePayload(1000))
  }
})

deviation('send in the handler of a protocol error says false', async (scope) => {
  const { peer, ws } = await conversation(scope, '')
  const results = []
  ws.onerror = () => results.push(ws.send('too late'))
  peer.write(frame(3, '', { mask: Buffer.alloc(4) }))
  await peer.ended()
  assert.deepEqual(results, [false])
  assert.deepEqual(readFrames(peer.bytes).frames.map(({ type }) => type), ['close'])
})

test('a refused connection is released at once, whatever the peer does', async (scope) => {
  const { port, server } = await serve(scope, WebSocket)
  for (let i = 0; i < 10; i++) {
    const peer = await connect(scope, port)
    peer.write(upgradeRequest({ 'Sec-WebSocket-Version': '1' }))
  }
  const connections = () => new Promise((resolve) => server.getConnections((error, count) => resolve(error || count)))
  await scope.settle(60)
  assert.equal(await connections(), 0)
})

test('a failed connection is released at once, whatever the peer does', async (scope) => {
  const { port, server } = await serve(scope, WebSocket)
  for (let i = 0; i < 10; i++) {
    const peer = await connectOpen(scope, port)
    peer.write(fromClient(3, ''))
  }
  const connections = () => new Promise((resolve) => server.getConnections((error, count) => resolve(error || count)))
  await scope.settle(60)
  assert.equal(await connections(), 0)
})

test('one connection that fails does not touch another', async (scope) => {
  const { port } = await serve(scope, WebSocket, { onSocket: echoEach })
  const good = await connectOpen(scope, port)
  for (const garbage of [Buffer.alloc(1000, 0xff), Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(64)]) {
    const bad = await connectOpen(scope, port)
    bad.write(garbage)
    await bad.ended()
  }
  good.write(fromClient('text', 'fine'))
  assert.equal((await good.frame()).payload.toString(), 'fine')
})

const LATE = {
  'one message': [['text', 'one']],
  'many messages': Array.from({ length: 200 }, (_, i) => ['text', `message ${i}`]),
  'more than the socket buffers': Array.from({ length: 40 }, (_, i) => ['binary', Buffer.alloc(50000, i + 1)])
}
for (const [name, frames] of Object.entries(LATE)) {
  deviation(`a socket constructed long after the upgrade loses nothing: ${name}`, async (scope) => {
    const received = []
    const { port } = await serve(scope, WebSocket, {
      onUpgrade: (request, socket, body) => setTimeout(() => {
        const ws = new WebSocket(request, socket, body)
        ws.on('message', ({ data }) => received.push(Buffer.from(data)))
      }, 80)
    })
    const peer = await connect(scope, port)
    const [first, ...others] = frames.map((given) => fromClient(...given))
    peer.write(Buffer.concat([Buffer.from(upgradeRequest()), first.subarray(0, 4)]))
    await scope.settle(15)
    peer.write(first.subarray(4))
    for (const each of others) peer.write(each)
    await eventually(() => received.length === frames.length, 'all messages')
    assert.deepEqual(received, frames.map(([, payload]) => Buffer.from(payload)))
  })
}

test('a socket that has lost its peer before the construction is ended', async (scope) => {
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => setTimeout(() => {
      assert.equal(socket.readable, false)
      new WebSocket(request, socket, body)
    }, 60)
  })
  const peer = await connect(scope, port)
  peer.write(upgradeRequest())
  peer.socket.end()
  assert.equal(await peer.ended(), 'fin')
  assert.equal(peer.bytes.length, 0)
})

const ENDINGS = {
  fin: (peer) => peer.socket.end(),
  'fin after half a frame': (peer) => peer.socket.end(fromClient('text', 'abc').subarray(0, 5)),
  'destroyed by the peer': (peer) => peer.socket.destroy(),
  'a close frame': (peer) => peer.write(fromClient('close', '')),
  'a close frame and fin': (peer) => peer.socket.end(fromClient('close', '')),
  'two close frames': (peer) => peer.write(Buffer.concat([fromClient('close', ''), fromClient('close', '')])),
  garbage: (peer) => peer.write(Buffer.alloc(500, 0xff)),
  'our close and fin': (peer, ws) => { ws.close(); peer.socket.end() },
  'our close and a close frame': (peer, ws) => { ws.close(); peer.write(fromClient('close', '')) },
  'our close and garbage and fin': (peer, ws) => { ws.close(); peer.socket.end(Buffer.alloc(9, 0xff)) },
  'the stream destroyed': (peer, ws) => ws._stream.destroy(),
  'the stream destroyed with an error': (peer, ws) => ws._stream.destroy(new Error('mine')),
  'the stream ended': (peer, ws) => { ws._stream.end(); peer.socket.end() },
  'our close and the stream destroyed': (peer, ws) => { ws.close(); ws._stream.destroy() },
  'garbage and reset': (peer) => { peer.write(Buffer.alloc(500, 0xff)); peer.socket.destroy() }
}
for (const [name, end] of Object.entries(ENDINGS)) {
  test(`close comes exactly once, and nothing after it: ${name}`, async (scope) => {
    const events = []
    const { peer, ws } = await openServer(scope, {
      onSocket: (ws) => {
        for (const type of ['open', 'message', 'data', 'error', 'end', 'drain', 'close']) {
          ws.on(type, () => events.push(type))
        }
      }
    })
    end(peer, ws)
    await eventually(() => ws.readyState === 3, 'closed')
    await scope.settle(50)
    assert.equal(events.filter((type) => type === 'open').length, 1)
    assert.equal(events.filter((type) => type === 'close').length, 1)
    assert.deepEqual(events.slice(-2), ['end', 'close'])
    assert.ok(events.filter((type) => type === 'error').length <= 1)
  })
}

test('the option extensions is checked', async (scope) => {
  let thrown
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => {
      try {
        new WebSocket(request, socket, body, null, { extensions: [{ name: 5 }] })
      } catch (error) {
        thrown = error
      }
      socket.destroy()
    }
  })
  const peer = await connect(scope, port)
  peer.write(upgradeRequest())
  await peer.ended()
  assert.ok(thrown instanceof TypeError)
})

test('a socket is usable behind listeners of the application', async (scope) => {
  const counted = { bytes: 0 }
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => {
      const ws = new WebSocket(request, socket, body)
      socket.on('data', (chunk) => { counted.bytes += chunk.length })
      ws.on('message', ({ data }) => ws.send(data))
    }
  })
  const peer = await connectOpen(scope, port)
  const bytes = fromClient('text', 'observed')
  peer.write(bytes)
  assert.equal((await peer.frame()).payload.toString(), 'observed')
  assert.equal(counted.bytes, bytes.length)
})

test('open is not missed by handlers attached in the same tick', async (scope) => {
  const seen = []
  const { port } = await serve(scope, WebSocket, {
    onSocket: (ws) => {
      Promise.resolve().then(() => seen.push('microtask'))
      ws.on('open', () => seen.push('open'))
    }
  })
  await connectOpen(scope, port)
  assert.ok(seen.includes('open'))
  assert.equal(seen.filter((each) => each === 'open').length, 1)
})

test('the url, version and protocol are there', async (scope) => {
  let ws
  const { port } = await serve(scope, WebSocket, { protocols: ['b', 'a'], onSocket: (each) => { ws = each } })
  const peer = await connect(scope, port)
  peer.write(upgradeRequest({ 'Sec-WebSocket-Protocol': 'a, b' }, { target: '/room?x=1' }))
  assert.match(await peer.head(), /Sec-WebSocket-Protocol: a\r\n/)
  if (ws.readyState === 0) await once(ws, 'open')
  assert.deepEqual([ws.url, ws.version, ws.protocol], ['ws://localhost/room?x=1', 'hybi-13', 'a'])
})
