'use strict'

// web3-providers-ws@1, with which web3 connects to Ethereum nodes: the only package that uses all six arguments of
// w3cwebsocket. It also replaces the listeners of `_client`.

const assert = require('node:assert/strict')
const http = require('node:http')

const { eventually, once } = require('../support/peer')
const { test } = require('../support/test')
const { ENDS, load, websocketOf } = require('./load')
const { serveRpc } = require('./rpc')

const MiB = 1024 * 1024
const METHODS = {
  eth_chainId: () => '0x1',
  echo: (params) => params,
  text: ([length]) => 'x'.repeat(length),
  hang_up: (params, notify, connection) => connection.drop(4000, 'away'),
  eth_subscribe: (params, notify) => {
    for (const number of [1, 2, 3]) {
      setImmediate(notify, 'eth_subscription', { subscription: '0xabc', result: { number } })
    }
    return '0xabc'
  }
}

for (const ends of ENDS) {
  const title = `web3-providers-ws, client: ${ends.client}, server: ${ends.server}`

  async function start (scope, { url = (server) => server.url, ...options } = {}, serverOptions) {
    const WebsocketProvider = load('web3-providers-ws', ends.client)
    const websocket = websocketOf(ends.server)
    const server = await serveRpc(scope, { websocket, methods: METHODS, ...serverOptions })
    const provider = new WebsocketProvider(url(server), options)
    scope.defer(() => provider.disconnect())
    return { provider, server }
  }

  test(`${title}: requests before the connection is open are answered`, async (scope) => {
    const { provider } = await start(scope)
    const [chain, text] = await Promise.all([call(provider, 'eth_chainId'), call(provider, 'echo', ['é€😀'])])
    assert.deepEqual([chain, text], ['0x1', ['é€😀']])
    assert.equal(provider.connected, true)
    const batch = [1, 2].map((id) => ({ jsonrpc: '2.0', id: 100 + id, method: 'echo', params: [id] }))
    assert.deepEqual((await send(provider, batch)).map(({ result }) => result), [[1], [2]])
  })

  test(`${title}: protocol, headers, password, agent and configuration reach the server`, async (scope) => {
    const agent = new http.Agent()
    let connections = 0
    const { createConnection } = agent
    agent.createConnection = function (...args) {
      connections++
      return createConnection.apply(this, args)
    }
    const { provider, server } = await start(scope, {
      url: ({ port }) => `ws://user:secret@127.0.0.1:${port}/rpc?chain=1`,
      protocol: 'json-rpc',
      headers: { 'X-Key': 'k' },
      requestOptions: { agent },
      clientConfig: { webSocketVersion: 8 }
    }, { protocolOf: ({ requestedProtocols }) => requestedProtocols[0] })
    assert.equal(await call(provider, 'eth_chainId'), '0x1')
    const [{ httpRequest, webSocketVersion, resource }] = server.requests
    assert.deepEqual([httpRequest.headers['x-key'], httpRequest.headers.authorization],
      ['k', 'Basic ' + Buffer.from('user:secret').toString('base64')])
    assert.deepEqual([webSocketVersion, resource, connections], [8, '/rpc?chain=1', 1])
    assert.equal(provider.connection.protocol, 'json-rpc')
  })

  test(`${title}: subscriptions are delivered in order`, async (scope) => {
    const { provider } = await start(scope)
    const numbers = []
    provider.on('data', ({ params }) => numbers.push(params.result.number))
    assert.equal(await call(provider, 'eth_subscribe', ['newHeads']), '0xabc')
    await eventually(() => numbers.length === 3, 'three heads')
    assert.deepEqual(numbers, [1, 2, 3])
  })

  test(`${title}: large messages are delivered up to the configured limits`, async (scope) => {
    const clientConfig = { maxReceivedFrameSize: 2 * MiB, maxReceivedMessageSize: 4 * MiB }
    const { provider } = await start(scope, { clientConfig })
    assert.equal((await call(provider, 'text', [3 * MiB])).length, 3 * MiB)
    const [text] = await call(provider, 'echo', ['y'.repeat(MiB)])
    assert.equal(text.length, MiB)

    const closed = once(provider, 'close')
    const failed = assert.rejects(call(provider, 'text', [5 * MiB]), /CONNECTION ERROR/)
    const { code, reason, wasClean } = await closed
    assert.deepEqual([code, reason, wasClean], [1009, 'Maximum message size exceeded.', false])
    await failed
  })

  test(`${title}: the provider reconnects after the server has dropped it`, async (scope) => {
    const { provider, server } = await start(scope, { reconnect: { auto: true, delay: 5, maxAttempts: 5 } })
    const attempts = []
    provider.on('reconnect', (attempt) => attempts.push(attempt))
    await assert.rejects(call(provider, 'hang_up'), /started to reconnect before the response got received/)
    await eventually(() => provider.connected, 'another connection')
    assert.equal(await call(provider, 'eth_chainId'), '0x1')
    assert.deepEqual([attempts, server.requests.length], [[1], 2])
  })

  test(`${title}: the error of a failed handshake is reported`, async (scope) => {
    const { provider } = await start(scope, {}, { protocolOf () { throw new Error('who are you?') } })
    const [error, close] = await Promise.all([once(provider, 'error'), once(provider, 'close')])
    assert.equal(error.description, 'Error: Server responded with a non-101 status: 401 Unauthorized')
    assert.deepEqual([close.code, close.reason, provider.connected], [1006, 'connection failed', false])
    await assert.rejects(call(provider, 'eth_chainId'), /connection not open/)
  })

  test(`${title}: the server gets the close code and reason of the provider`, async (scope) => {
    const { provider, server } = await start(scope)
    await call(provider, 'eth_chainId')
    provider.disconnect(4001, 'done')
    await eventually(() => server.closed.length === 1, 'the close')
    assert.deepEqual(server.closed, [[4001, 'done']])
  })
}

let ids = 0

async function call (provider, method, params = []) {
  const { result, error } = await send(provider, { jsonrpc: '2.0', id: ++ids, method, params })
  if (error) throw new Error(error.message)
  return result
}

function send (provider, payload) {
  return new Promise((resolve, reject) => {
    provider.send(payload, (error, response) => error ? reject(error) : resolve(response))
  })
}
