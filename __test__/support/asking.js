'use strict'

// Clients of our interface of websocket, and the raw server that receives their requests.

const { client: WebSocketClient, w3cwebsocket: W3CWebSocket } = require('../../lib/websocket')
const { accept, once } = require('./peer')
const { upgradeResponse } = require('./wire')

/**
 * @typedef {object} Asking
 * @property {object} [config] of the client
 * @property {string} [path] behind the URL of the server
 * @property {any[]} [rest] the arguments behind the URL
 */

/** A client whose request a raw server has read. The server has not responded. */
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

/** The same client after the response, with its connection. */
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

/** A W3CWebSocket whose request a raw server has read. The server has not responded. */
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

/** The same W3CWebSocket, open. */
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
      // In the next tick: a listener that removes itself hides the next one.
      process.nextTick(() => ws.removeEventListener(type, listener))
      resolve(event)
    }
    ws.addEventListener(type, listener)
  })
}

module.exports = { ask, askW3C, connect, heard, openW3C, outcomesOf }
