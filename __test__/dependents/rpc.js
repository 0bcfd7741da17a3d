'use strict'

// A JSON-RPC server over WebSocket, like those of blockchain nodes.

const http = require('node:http')

const { listen } = require('../support/peer')

/**
 * @param {object} options
 * @param {any} options.websocket the package of the server
 * @param {object} [options.config] of the server
 * @param {Record<string, (params: any[], notify: (method: string, params: object) => void, connection: any) => any>}
 *   options.methods
 * @param {(request: any) => string | null} [options.protocolOf] chooses the protocol; throws to refuse
 * @param {(connection: any) => void} [options.accepted] is called for each connection
 */
async function serveRpc (scope, { websocket, config, methods, protocolOf = () => null, accepted = () => {} }) {
  const httpServer = http.createServer()
  const limits = { maxReceivedFrameSize: LONGEST, maxReceivedMessageSize: LONGEST }
  const server = new websocket.server({ httpServer, ...limits, ...config })
  const requests = []
  const closed = []
  server.on('request', (request) => {
    requests.push(request)
    let protocol
    try {
      protocol = protocolOf(request)
    } catch (error) {
      return request.reject(401, error.message)
    }
    const connection = request.accept(protocol, request.origin)
    accepted(connection)
    connection.on('message', ({ utf8Data }) => answer(connection, methods, JSON.parse(utf8Data)))
  })
  server.on('close', (connection, code, reason) => closed.push([code, reason]))
  const port = await listen(scope, httpServer)
  return { server, requests, closed, port, url: `ws://127.0.0.1:${port}` }
}

function answer (connection, methods, call) {
  const notify = (method, params) => connection.sendUTF(JSON.stringify({ jsonrpc: '2.0', method, params }))
  const one = ({ id, method, params }) => {
    const result = Object.hasOwn(methods, method)
      ? { result: methods[method](params, notify, connection) }
      : { error: { code: -32601, message: 'no such method' } }
    return { jsonrpc: '2.0', id, ...result }
  }
  connection.sendUTF(JSON.stringify(Array.isArray(call) ? call.map(one) : one(call)))
}

const LONGEST = 64 * 1024 * 1024

module.exports = { serveRpc }
