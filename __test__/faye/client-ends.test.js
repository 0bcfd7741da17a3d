'use strict'

// The end of a client: close() at every stage, the loss of a connection, and unreachable servers.

const assert = require('node:assert/strict')
const net = require('node:net')

const { answer, ask, recordAll, typesOf } = require('../support/client')
const { accept, eventually, listen, once } = require('../support/peer')
const { freePort } = require('../support/programs')
const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { arrive, OK, WAYS } = require('../support/ways')
const { closePayload, frame, upgradeResponse } = require('../support/wire')

const STATES = {
  'before TCP is connected': async (scope) => {
    const server = await accept(scope)
    const ws = new WebSocket.Client(server.url)
    return { events: recordAll(ws), ws, code: 1000 }
  },
  'while the name is resolved': async () => {
    const options = { net: { lookup: () => {} } }
    const ws = new WebSocket.Client('ws://never-resolved.test/', null, options)
    return { events: recordAll(ws), ws, code: 1000 }
  },
  'before the response': async (scope) => ({ ...await ask(scope), code: 1000 }),
  'during the response': async (scope) => {
    const dialled = await ask(scope)
    dialled.peer.write('HTTP/1.1 101 Swi')
    await scope.settle()
    return { ...dialled, code: 1000 }
  },
  'when open': async (scope) => {
    const opened = await answer(await ask(scope))
    opened.peer.frame().then(({ payload }) => opened.peer.write(frame('close', payload)))
    return { ...opened, code: 1000 }
  },
  'when closing': async (scope) => {
    const opened = await answer(await ask(scope))
    opened.ws.close(3000)
    opened.peer.frame().then(({ payload }) => opened.peer.write(frame('close', payload)))
    return { ...opened, code: 3000 }
  },
  'when closed': async (scope) => {
    const opened = await answer(await ask(scope))
    opened.peer.write(frame('close', closePayload(1001)))
    await once(opened.ws, 'close')
    return { ...opened, code: 1001 }
  }
}
for (const [name, reach] of Object.entries(STATES)) {
  const run = name === 'while the name is resolved' ? deviation : test
  run(`close() works ${name}, with one close event`, async (scope) => {
    const { code, events, ws } = await reach(scope)
    scope.defer(() => ws._stream.destroy())
    assert.equal(ws.close(), undefined)
    ws.close()
    await eventually(() => ws.readyState === 3, 'closed')
    ws.close()
    await scope.settle(50)
    assert.deepEqual(events.filter(([type]) => type === 'close'), [['close', code]])
    assert.equal(events[events.length - 1][0], 'close')
  })
}

test('the loss of a connection at any stage emits one close', async (scope) => {
  for (const part of [0, 1, 20, 100, 1000]) {
    for (const how of ['end', 'destroy']) {
      const { events, head, peer, ws } = await ask(scope)
      const whole = Buffer.concat([Buffer.from(upgradeResponse(head)), frame('text', 'x'.repeat(2000))])
      if (part > 0) peer.write(whole.subarray(0, part))
      await scope.settle(5)
      peer.socket[how]()
      await eventually(() => ws.readyState === 3, 'closed')
      await scope.settle(10)
      assert.deepEqual(events.filter(([type]) => type === 'close'), [['close', 1006]])
    }
  }
})

test('a server that resets at once causes one close and at most one error', async (scope) => {
  const server = net.createServer((socket) => socket.destroy())
  const port = await listen(scope, server)
  for (let i = 0; i < 10; i++) {
    const ws = new WebSocket.Client(`ws://127.0.0.1:${port}/`)
    const events = recordAll(ws)
    await once(ws, 'close')
    assert.equal(events.filter(([type]) => type === 'close').length, 1)
    assert.ok(events.filter(([type]) => type === 'error').length <= 1)
    assert.equal(events[events.length - 1][1], 1006)
  }
})

/** Each function resolves with a client at this stage of its life, and with its peer, if it has one. */
const STAGES = {
  'while the name is resolved': async () => {
    const ws = new WebSocket.Client('ws://never-resolved.test/', null, { net: { lookup: () => {} } })
    return { events: recordAll(ws), ws }
  },
  'while the name of the proxy is resolved': async () => {
    const ws = new WebSocket.Client('ws://example.test/', null, {
      net: { lookup: () => {} }, proxy: { origin: 'http://never-resolved.test/' }
    })
    return { events: recordAll(ws), ws }
  },
  'before TCP is connected': async (scope) => {
    const server = await accept(scope)
    const ws = new WebSocket.Client(server.url)
    return { events: recordAll(ws), ws }
  },
  'during the TLS handshake': (scope) => silent(scope, ({ port }) => [`wss://127.0.0.1:${port}/`]),
  'during the TLS handshake with a proxy': (scope) => silent(scope, ({ port }) => [
    'ws://example.test/', { proxy: { origin: `https://127.0.0.1:${port}` } }
  ]),
  'after the request to the proxy': (scope) => arrive(scope, 'ws', { proxied: true }),
  'during the response of the proxy': async (scope) => {
    const proxied = await arrive(scope, 'wss', { proxied: true })
    proxied.peer.write('HTTP/1.1 200')
    await scope.settle()
    return proxied
  },
  'during the TLS handshake behind the proxy': async (scope) => {
    const proxied = await arrive(scope, 'wss', { proxied: true })
    proxied.peer.write(OK)
    await proxied.peer.until(() => proxied.peer.bytes.length > 0, 'the first bytes of TLS')
    return proxied
  },
  ...Object.fromEntries(Object.entries(WAYS).flatMap(([way, go]) => [
    [`after the upgrade request ${way}`, go],
    [`during the response ${way}`, async (scope) => {
      const dialled = await go(scope)
      dialled.peer.write(upgradeResponse(dialled.head).slice(0, 60))
      await scope.settle()
      return dialled
    }],
    [`when it is open ${way}`, async (scope) => answer(await go(scope))],
    [`during a message ${way}`, async (scope) => {
      const opened = await answer(await go(scope))
      opened.peer.write(frame('text', 'un', { fin: false }))
      opened.peer.write(frame('continuation', 'finished').subarray(0, 4))
      await scope.settle()
      return opened
    }],
    [`when it is paused ${way}`, async (scope) => {
      const opened = await answer(await go(scope))
      opened.ws.pause()
      return opened
    }],
    [`when it is closing ${way}`, async (scope) => {
      const opened = await answer(await go(scope))
      opened.ws.close(3000, 'bye')
      await opened.peer.frame()
      return opened
    }]
  ]))
}

/** A client that has begun TLS with a server that sends nothing. */
async function silent (scope, target) {
  const server = await accept(scope)
  const [url, options] = target(server)
  const ws = new WebSocket.Client(url, null, options)
  const events = recordAll(ws)
  const peer = await server.accepted()
  await peer.until(() => peer.bytes.length > 0, 'the first bytes of TLS')
  return { events, peer, ws }
}

/** Asserts that `close` is emitted once, as the last event, and that the stream is destroyed. */
async function endsOnce (scope, { events, ws }, name, code) {
  await eventually(() => ws.readyState === 3, `closed: ${name}`)
  await eventually(() => ws._stream.destroyed, `nothing left: ${name}`)
  await scope.settle(10)
  const types = typesOf(events).filter((type) => type !== 'open')
  assert.ok(/^(error,)?end,close$/.test(types.join()), `${name}: ${types}`)
  assert.equal(events[events.length - 1][1], code, name)
}

/** Answers our close frame and ends. During its own message, a peer cannot answer. */
async function answerClose (peer, stage) {
  const { payload } = /^when it is closing/.test(stage) ? { payload: closePayload(3000, 'bye') } : await peer.frame()
  if (!/^during a message/.test(stage)) peer.write(frame('close', payload))
  peer.socket.end()
}

for (const [stage, reach] of Object.entries(STAGES)) {
  deviation(`close() ${stage} emits one close`, async (scope) => {
    const reached = await reach(scope)
    const { events, peer, ws } = reached
    scope.defer(() => ws._stream.destroy())
    const stateBefore = ws.readyState
    if (stateBefore > 0) answerClose(peer, stage)
    if (peer) peer.socket.once('end', () => peer.socket.end())
    ws.close()
    ws.close(3001, 'again')
    const isUnfinished = /^during a message/.test(stage)
    await endsOnce(scope, reached, stage, isUnfinished ? 1006 : stateBefore === 2 ? 3000 : 1000)
    ws.close()
    assert.equal(typesOf(events).includes('error'), false, String(events))
  })

  const hasPeer = !/resolved|before TCP/.test(stage)
  for (const how of hasPeer ? ['FIN', 'reset'] : []) {
    test(`a ${how} ${stage} emits one close with 1006`, async (scope) => {
      const reached = await reach(scope)
      scope.defer(() => reached.ws._stream.destroy())
      // A pause delays a FIN, but not a reset.
      if (how === 'FIN') reached.peer.socket.end()
      else reset(reached.peer.socket)
      if (how === 'FIN') reached.ws.resume()
      await endsOnce(scope, reached, stage, 1006)
    })
  }
}

/** Sends RST, also below TLS. */
function reset (socket) {
  const below = socket._parent || socket
  if (below.resetAndDestroy) below.resetAndDestroy()
  else below.destroy()
}

deviation('an unknown name emits one error and one close', async () => {
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
      const events = recordAll(ws)
      await once(ws, 'close')
      assert.deepEqual(events, [
        ['error', `Network error: ${url}: lookup ${code} not-found.test`], ['end', undefined], ['close', 1006]
      ])
    }
  }
})

test('a port that refuses connections emits one error and one close', async () => {
  const port = await freePort()
  for (const [url, options] of [
    [`ws://127.0.0.1:${port}/`], [`wss://127.0.0.1:${port}/`],
    ['ws://example.test/', { proxy: { origin: `http://127.0.0.1:${port}` } }],
    ['wss://example.test/', { proxy: { origin: `https://127.0.0.1:${port}` } }]
  ]) {
    const ws = new WebSocket.Client(url, null, options)
    const events = recordAll(ws)
    await once(ws, 'close')
    assert.deepEqual(typesOf(events), ['error', 'end', 'close'])
    assert.match(events[0][1], /^Network error: wss?:\/\/.*ECONNREFUSED/)
  }
})
