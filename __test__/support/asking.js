'use strict'

// Clients of our `websocket` interface, and the raw server that receives their requests.

const { client: WebSocketClient, w3cwebsocket: W3CWebSocket } = require('../../lib/websocket')
const { accept, once } = require('./peer')
const { upgradeResponse } = require('./wire')

/**
 * @typedef {object} Asking
 * @property {object} [config] the configuration of the client
 * @property {string} [path] appended to the URL of the server
 * @property {any[]} [rest] the arguments after the URL
 */

/** Starts a client. Resolves when a raw server has read the request; the server does not respond. */
async function ask (scope, { config, path = '', rest = [] } = {}) {
  const server = await accept(scope)
  const client = new WebSocketClient(config)
  scope.defer(() => client.abort())
  const outcomes = outcomesOf(client)
  client.on('connect', (connection) => scope.defer(() => connection.drop(1000, '', true)))
  client.connect(server.url + path, ...rest)
  const peer = await server.accepted()
  const request = await peer.head()
  return { client, outcomes, peer, request, server }
}

/** Starts a client, and responds to the request. Resolves with the client and its connection. */
async function connect (scope, { headers, ...asking } = {}) {
  const asked = await ask(scope, asking)
  asked.peer.write(upgradeResponse(asked.request, headers))
  const connection = await once(asked.client, 'connect')
  return { ...asked, connection }
}

/** Records the outcomes of a client: connections, and messages of errors. */
function outcomesOf (client) {
  const outcomes = []
  client.on('connect', () => outcomes.push('connect'))
  client.on('connectFailed', ({ message }) => outcomes.push(message))
  return outcomes
}

/** Starts a W3CWebSocket. Resolves when a raw server has read the request; the server does not respond. */
async function askW3C (scope, { config, path = '', rest = [] } = {}) {
  const server = await accept(scope)
  const [protocols, origin, headers, options] = rest
  const ws = new W3CWebSocket(server.url + path, protocols, origin, headers, options, config)
  scope.defer(() => {
    ws._client.abort()
    if (ws._connection) ws._connection.drop(1000, '', true)
  })
  const peer = await server.accepted()
  return { peer, request: await peer.head(), server, ws }
}

/** Resolves with an open W3CWebSocket. */
async function openW3C (scope, { headers, ...asking } = {}) {
  const asked = await askW3C(scope, asking)
  const opened = heard(asked.ws, 'open')
  asked.peer.write(upgradeResponse(asked.request, headers))
  await opened
  return asked
}

/** Resolves with the next event of a type. */
function heard (ws, type) {
  return new Promise((resolve) => {
    const listener = (event) => {
      // In the next tick, because a listener that removes itself makes the dispatch skip the next listener.
      process.nextTick(() => ws.removeEventListener(type, listener))
      resolve(event)
    }
    ws.addEventListener(type, listener)
  })
}

module.exports = { ask, askW3C, connect, heard, openW3C, outcomesOf }
