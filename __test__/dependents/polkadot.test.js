'use strict'

// @polkadot/rpc-provider, with which Polkadot's API connects to nodes: messages of up to 24 MiB, in frames of 1 MiB.

const assert = require('node:assert/strict')

const { eventually } = require('../support/peer')
const { test } = require('../support/test')
const { ENDS, load, websocketOf } = require('./load')
const { serveRpc } = require('./rpc')

const MiB = 1024 * 1024
const METHODS = {
  system_chain: () => 'Development',
  state_call: ([, data]) => data.length,
  state_getMetadata: ([length]) => '0x' + 'ab'.repeat(length / 2),
  chain_subscribeNewHeads: (params, notify) => {
    setImmediate(notify, 'chain_newHead', { subscription: 7, result: { number: '0x2a' } })
    return 7
  }
}

for (const ends of ENDS) {
  const title = `@polkadot/rpc-provider, client: ${ends.client}, server: ${ends.server}`

  async function start (scope, serverOptions) {
    const { WsProvider } = load('@polkadot/rpc-provider/ws', ends.client)
    const server = await serveRpc(scope, { websocket: websocketOf(ends.server), methods: METHODS, ...serverOptions })
    // Connects when `connect()` is called, and does not reconnect.
    const provider = new WsProvider(server.url, false, { 'X-Key': 'k' })
    scope.defer(() => provider.disconnect())
    const events = []
    for (const name of ['connected', 'disconnected', 'error']) provider.on(name, () => events.push(name))
    await provider.connect()
    await provider.isReady
    return { provider, server, events }
  }

  test(`${title}: requests and subscriptions are answered`, async (scope) => {
    const { provider, server, events } = await start(scope)
    assert.equal(server.requests[0].httpRequest.headers['x-key'], 'k')
    assert.equal(await provider.send('system_chain', []), 'Development')
    await assert.rejects(provider.send('unknown', []), /-32601: no such method/)
    const heads = []
    const notified = (error, head) => heads.push([error, head])
    assert.equal(await provider.subscribe('chain_newHead', 'chain_subscribeNewHeads', [], notified), 7)
    await eventually(() => heads.length === 1, 'a head')
    assert.deepEqual(heads, [[null, { number: '0x2a' }]])
    await provider.disconnect()
    await eventually(() => server.closed.length === 1 && events.length === 2, 'the close at both ends')
    assert.deepEqual(server.closed, [[1000, 'Normal connection closure']])
    assert.deepEqual(events, ['connected', 'disconnected'])
  })

  for (const [manner, config] of [
    ['in many fragments', {}],
    ['in one frame', { fragmentOutgoingMessages: false }]
  ]) {
    test(`${title}: a response of 20 MiB ${manner} is delivered`, async (scope) => {
      const { provider } = await start(scope, { config })
      const text = await provider.send('state_getMetadata', [20 * MiB])
      assert.equal(text.length, 20 * MiB + 2)
      assert.ok(/^0x(ab)+$/.test(text.slice(0, 100)) && text.endsWith('abab'))
    })

    test(`${title}: a response of 25 MiB ${manner} is refused`, async (scope) => {
      const { provider, server, events } = await start(scope, { config })
      await assert.rejects(provider.send('state_getMetadata', [25 * MiB]), (error) => {
        return error.message.startsWith(`disconnected from ${server.url}: 1009:: `)
      })
      assert.deepEqual(events, ['connected', 'disconnected'])
    })
  }

  test(`${title}: a request of 20 MiB is delivered`, async (scope) => {
    const { provider } = await start(scope)
    assert.equal(await provider.send('state_call', ['Core', 'f'.repeat(20 * MiB)]), 20 * MiB)
  })

  test(`${title}: a large request is sent in frames of 1 MiB`, async (scope) => {
    const frames = []
    const { provider } = await start(scope, {
      config: { assembleFragments: false },
      accepted: (connection) => connection.on('frame', (frame) => frames.push(frame))
    })
    // The connection ends without a response.
    provider.send('state_call', ['Core', 'f'.repeat(5 * MiB / 2)]).catch(() => {})
    await eventually(() => frames.length === 3, 'three frames')
    assert.deepEqual(frames.map(({ fin, opcode }) => [fin, opcode]), [[false, 1], [false, 0], [true, 0]])
    assert.deepEqual(frames.slice(0, 2).map(({ length }) => length), [MiB, MiB])
  })
}
