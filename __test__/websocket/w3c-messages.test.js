'use strict'

const assert = require('node:assert/strict')

const { w3cwebsocket: W3CWebSocket } = require('../../lib/websocket')
const { accept, once } = require('../support/peer')
const { test } = require('../support/test')
const { frame, upgradeResponse } = require('../support/wire')

test('w3cwebsocket tells empty messages, texts among them', async (scope) => {
  const server = await accept(scope)
  const ws = new W3CWebSocket(server.url)
  const data = []
  ws.onmessage = (event) => data.push(event.data)
  const peer = await server.accepted()
  peer.write(Buffer.concat([
    Buffer.from(upgradeResponse(await peer.head())), frame('text', ''), frame('binary', ''), frame('text', 'end')
  ]))
  while (data.at(-1) !== 'end') await scope.settle(5)
  assert.deepEqual(data, ['', new ArrayBuffer(0), 'end'])
  ws._connection.drop(1000, '', true)
  peer.socket.end()
  await once(peer.socket, 'close')
})
