'use strict'

// Messages on undici's diagnostics channels.

const assert = require('node:assert/strict')
const diagnostics = require('node:diagnostics_channel')

const { roles } = require('../support/open')
const { eventually, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')
const { closePayload } = require('../support/wire')

const NAMES = ['open', 'close', 'socket_error', 'ping', 'pong']

/** Records everything that is published. */
function subscribe (scope) {
  const published = []
  for (const name of NAMES) {
    const channel = diagnostics.channel('undici:websocket:' + name)
    const listener = (message) => published.push([name, message])
    channel.subscribe(listener)
    scope.defer(() => channel.unsubscribe(listener))
  }
  published.names = () => published.map(([name]) => name)
  return published
}

async function openChat (scope, role) {
  const opened = await roles[role](scope, {
    headers: { 'Sec-WebSocket-Protocol': 'chat', 'X-Name': 'value' }, protocols: ['chat']
  })
  // Aborts now: a later message would appear in the next test.
  scope.defer(() => opened.ws.terminate())
  return opened
}

for (const role of Object.keys(roles)) {
  deviation(`${role}: open, ping, pong and close are published with their socket`, async (scope) => {
    const published = subscribe(scope)
    const { frame, peer, ws } = await openChat(scope, role)
    const [[name, opened]] = published
    assert.equal(name, 'open')
    assert.equal(opened.websocket, ws)
    assert.equal(opened.protocol, 'chat')
    assert.deepEqual(opened.address, ws._stream.address())
    if (role === 'client') {
      assert.equal(opened.extensions, '')
      assert.equal(opened.handshakeResponse.status, 101)
      assert.equal(opened.handshakeResponse.headers['x-name'], 'value')
    } else {
      assert.equal(opened.extensions, undefined)
      assert.equal(opened.handshakeResponse, undefined)
    }
    peer.write(Buffer.concat([
      frame('ping', 'a'), frame('ping', ''), frame('pong', 'b'), frame('pong', ''),
      frame('close', closePayload(3000, 'bye'))
    ]))
    await once(ws, 'close')
    assert.deepEqual(published.slice(1), [
      ['ping', { payload: Buffer.from('a'), websocket: ws }],
      ['ping', { payload: undefined, websocket: ws }],
      ['pong', { payload: Buffer.from('b'), websocket: ws }],
      ['pong', { payload: undefined, websocket: ws }],
      ['close', { websocket: ws, code: 3000, reason: 'bye' }]
    ])
  })

  deviation(`${role}: a reset is published with its error`, async (scope) => {
    const published = subscribe(scope)
    const { peer, ws } = await openChat(scope, role)
    peer.socket.resetAndDestroy()
    await once(ws, 'close')
    assert.deepEqual(published.names(), ['open', 'socket_error', 'close'])
    assert.equal(published[1][1].code, 'ECONNRESET')
    assert.deepEqual(published[2][1], { websocket: ws, code: 1006, reason: '' })
  })

  deviation(`${role}: a socket opened without subscribers has no ping listeners`, async (scope) => {
    const { peer, frame, ws } = await openChat(scope, role)
    assert.equal(ws._driver.listenerCount('ping') + ws._driver.listenerCount('pong'), 0)
    const published = subscribe(scope)
    peer.write(Buffer.concat([frame('ping', 'a'), frame('text', 'x')]))
    await once(ws, 'message')
    assert.deepEqual(published.names(), [])
  })
}

deviation('a connection that fails is published', async (scope) => {
  const published = subscribe(scope)
  const ws = new WebSocket.Client('ws://127.0.0.1:1/')
  await eventually(() => published.length === 2, 'error and close')
  assert.deepEqual(published.names(), ['socket_error', 'close'])
  assert.equal(published[0][1].code, 'ECONNREFUSED')
  assert.equal(published[1][1].websocket, ws)
})

deviation('the message of open has the extensions that the server has accepted', async (scope) => {
  const deflate = require('../../lib/permessage-deflate')
  const published = subscribe(scope)
  const { url } = await serve(scope, WebSocket, {
    options: { extensions: [deflate] },
    onSocket: (ws) => scope.defer(() => ws.terminate())
  })
  const ws = new WebSocket.Client(url, [], { extensions: [deflate] })
  scope.defer(() => ws.terminate())
  await once(ws, 'open')
  const opened = published.find(([, { websocket }]) => websocket === ws)[1]
  assert.match(opened.extensions, /^permessage-deflate/)
})
