'use strict'

// Frames that arrive in one chunk with the opening handshake, for programs that add their listeners later in the tick.

const assert = require('node:assert/strict')

const { accept, connect, eventually } = require('../support/peer')
const { deviation, startServer, subject } = require('../support/websocket')
const { closePayload, frame, fromClient, upgradeRequest, upgradeResponse } = require('../support/wire')

/** When a program adds its listeners to a connection that it gets from a promise. */
const LISTENING = {
  'after one await': async () => {},
  'after ten awaits': async () => { for (let count = 0; count < 9; count++) await undefined },
  'in a tick': () => new Promise((resolve) => process.nextTick(resolve))
}

/** The action of the peer after its frames, and the code of `close`. */
const ENDS = {
  'continues': [() => {}, null],
  'ends TCP': [(peer) => peer.socket.end(), 1006],
  'sends a close frame and ends TCP': [(peer, make) => peer.socket.end(make('close', closePayload(4000))), 4000]
}

const OPEN = {
  async client (scope, act) {
    const server = await accept(scope)
    const client = new subject.websocket.client()
    const connected = new Promise((resolve) => client.on('connect', resolve))
    client.connect(server.url)
    const peer = await server.accepted()
    const head = await peer.head()
    act(peer, Buffer.from(upgradeResponse(head)), frame)
    return connected
  },
  async server (scope, act) {
    const { port, server } = await startServer(scope)
    const connected = new Promise((resolve) => server.on('connect', resolve))
    act(await connect(scope, port), Buffer.from(upgradeRequest()), fromClient)
    return connected
  }
}

for (const [role, open] of Object.entries(OPEN)) {
  for (const [when, wait] of Object.entries(LISTENING)) {
    for (const [how, [end, code]] of Object.entries(ENDS)) {
      deviation(`${role}: early frames of a peer that ${how} reach a program that listens ${when}`, async (scope) => {
        const connection = await open(scope, (peer, handshake, make) => {
          const frames = [make('text', 'a'), make('text', 'b'), make('ping', '')]
          peer.write(Buffer.concat([handshake, ...frames]))
          end(peer, make)
        })
        await wait()
        const events = []
        connection.on('message', ({ utf8Data }) => events.push(utf8Data))
        connection.on('ping', () => events.push('ping'))
        connection.on('close', (reasonCode) => events.push(reasonCode))
        const expected = ['a', 'b', 'ping', ...code === null ? [] : [code]]
        await eventually(() => events.length >= expected.length, 'all events')
        await scope.settle()
        assert.deepEqual(events, expected)
        connection.socket.destroy()
      })
    }
  }
}
