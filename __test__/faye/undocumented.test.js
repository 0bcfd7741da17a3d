'use strict'

// `_driver` and `_stream`: undocumented members of the original that programs use.

const assert = require('node:assert/strict')

const { WebSocket } = require('../support/subject')
const { accept, connectOpen, eventually, once, serve } = require('../support/peer')
const { deviation, test } = require('../support/test')
const { closePayload, frame, fromClient } = require('../support/wire')

const ROLES = {
  async server (scope) {
    let ws
    const { port } = await serve(scope, WebSocket, { protocols: ['chat'], onSocket: (socket) => { ws = socket } })
    const peer = await connectOpen(scope, port, { 'Sec-WebSocket-Protocol': 'chat' })
    if (ws.readyState === 0) await once(ws, 'open')
    return { frame: fromClient, peer, ws }
  },

  async client (scope) {
    const server = await accept(scope)
    const ws = new WebSocket.Client(server.url, ['chat'])
    scope.defer(() => ws._stream.destroy())
    const peer = await server.acceptedOpen({ 'Sec-WebSocket-Protocol': 'chat' })
    await once(ws, 'open')
    return { frame, peer, ws }
  }
}

for (const [role, open] of Object.entries(ROLES)) {
  test(`${role}: _driver emits the events of the connection`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    const events = []
    ws.on('message', ({ data }) => events.push(['ws', data]))
    ws._driver.on('message', ({ data }) => events.push(['message', data]))
    ws._driver.on('ping', ({ data }) => events.push(['ping', data]))
    ws._driver.on('pong', ({ data }) => events.push(['pong', data]))
    ws._driver.messages.on('data', (data) => events.push(['data', data]))
    ws._driver.on('close', ({ code, reason }) => events.push(['close', code, reason]))
    peer.write(Buffer.concat([
      frame('text', 'a'), frame('ping', 'b'), frame('pong', 'c'), frame('close', closePayload(1000, 'd'))
    ]))
    await eventually(() => events.length === 6, 'six events')
    // The original emits `data` of its stream of messages first.
    const first = events.splice(0, 2).map(([name]) => name).sort()
    assert.deepEqual(first, ['data', 'ws'])
    assert.deepEqual(events, [['message', 'a'], ['ping', 'b'], ['pong', 'c'], ['close', 1000, 'd']])
  })

  test(`${role}: _driver can send messages and pings, and close`, async (scope) => {
    const { frame, peer, ws } = await open(scope)
    assert.equal(ws._driver, ws._driver)
    assert.equal(ws._driver.text('a'), true)
    assert.equal(ws._driver.binary(Buffer.from('b')), true)
    let answered = false
    ws._driver.ping('c', () => { answered = true })
    const frames = await peer.frames(3)
    assert.deepEqual(frames.map(({ type, payload }) => [type, payload.toString()]),
      [['text', 'a'], ['binary', 'b'], ['ping', 'c']])
    peer.write(frame('pong', 'c'))
    await eventually(() => answered, 'the callback of the ping')
    ws._driver.close('d', 1000)
    assert.equal((await peer.frame()).type, 'close')
    assert.equal(ws._driver.getState(), 'closing')
    peer.write(frame('close', closePayload(1000)))
    await once(ws, 'close')
    assert.equal(ws._driver.getState(), 'closed')
  })

  test(`${role}: _driver of an open connection has the protocol, headers, status and version`, async (scope) => {
    const { ws } = await open(scope)
    const { headers, protocol, readyState, statusCode, version } = ws._driver
    assert.deepEqual([protocol, readyState, version], ['chat', 1, 'hybi-13'])
    assert.deepEqual([headers, statusCode], [ws.headers, ws.statusCode])
  })

  deviation(`${role}: a WebSocket has no additional own members with an underscore`, async (scope) => {
    const { ws } = await open(scope)
    const ours = Reflect.ownKeys(ws).filter((name) => typeof name === 'string' && name.startsWith('_'))
    assert.deepEqual(ours.filter((name) => !['_events', '_eventsCount', '_maxListeners'].includes(name)), [])
    ws.close()
  })
}

test('a _driver that was read before open has the response in a handler of open', async (scope) => {
  const server = await accept(scope)
  const ws = new WebSocket.Client(server.url, ['chat'])
  scope.defer(() => ws._stream.destroy())
  const driver = ws._driver
  let seen
  ws.onopen = () => { seen = [driver.protocol, driver.statusCode, driver.headers] }
  await server.acceptedOpen({ 'Sec-WebSocket-Protocol': 'chat' })
  await eventually(() => seen, 'open')
  assert.deepEqual(seen, ['chat', 101, ws.headers])
})

test('a _driver that was read before a refusal has the response in a handler of error', async (scope) => {
  const server = await accept(scope)
  const ws = new WebSocket.Client(server.url)
  scope.defer(() => ws._stream.destroy())
  const driver = ws._driver
  let seen
  ws.onerror = () => { seen = [driver.statusCode, driver.headers] }
  const peer = await server.accepted()
  peer.write('HTTP/1.1 403 Forbidden\r\nX-A: b\r\n\r\n')
  await eventually(() => seen, 'error')
  assert.deepEqual(seen, [403, ws.headers])
})

test('a _driver of a connection without a response has no headers', async (scope) => {
  const server = await accept(scope)
  const ws = new WebSocket.Client(server.url)
  await server.accepted()
  ws.terminate()
  assert.deepEqual([ws._driver.headers, ws._driver.statusCode], [undefined, undefined])
})
