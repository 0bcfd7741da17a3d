'use strict'

// Bytes that arrive before a connection starts: the transport stops reading. Our interfaces start a transport in the
// tick in which they create it.

const assert = require('node:assert/strict')
const net = require('node:net')

const { Connection } = require('../../lib/connection/connection')
const transport = require('../../lib/transport')
const { request } = require('../support/drivers')
const { eventually, listen } = require('../support/peer')
const { test } = require('../support/test')
const { fromClient } = require('../support/wire')

const KIB = 1024
const TEXT = 'x'.repeat(1000)

for (const isStream of [false, true]) {
  test(`a ${isStream ? 'stream' : 'native'} transport stops reading before the start`, async (scope) => {
    let connected
    const messages = []
    const server = net.createServer((socket) => {
      const connection = Connection.server(request(), 'ws://localhost/', {})
      connection.observer = { wants: 0, opened () {}, received: (data) => messages.push(data.length) }
      connected = { socket, channel: transport.connect(socket, connection, isStream) }
    })
    const port = await listen(scope, server)
    const peer = net.connect(port, '127.0.0.1')
    scope.defer(() => peer.destroy())
    peer.resume()
    const count = 20000
    peer.write(Buffer.concat(Array(count).fill(fromClient('text', TEXT))))
    await eventually(() => connected?.socket.bytesRead > 64 * KIB, 'the first bytes')
    await scope.settle(50)
    assert.ok(connected.socket.bytesRead < 512 * KIB, `${connected.socket.bytesRead} bytes`)
    connected.channel.start()
    await eventually(() => messages.length === count, 'all messages')
  })
}
