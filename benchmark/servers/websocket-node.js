'use strict'

// A server with the interface that websocket and this package share.

const { serve, CONFIRMED } = require('./serve')

/** The default limits are 64 KiB for frames and 1 MiB for messages. */
const LONGEST = 64 * 1024 * 1024

function serveWebSocket ({ server: WebSocketServer }) {
  serve((server, { deflate, mode }) => {
    if (deflate) throw new Error('This benchmark does not compare permessage-deflate with websocket')
    const all = new Set()
    const reply = (connection, { type, utf8Data, binaryData }) => {
      if (type === 'utf8') connection.sendUTF(utf8Data)
      else connection.sendBytes(binaryData)
    }
    const attachments = {
      echo (connection) {
        connection.on('message', (message) => reply(connection, message))
      },
      receive (connection) {
        let count = 0
        connection.on('message', () => {
          if (++count % CONFIRMED === 0) connection.sendUTF(String(count))
        })
      },
      broadcast (connection) {
        all.add(connection)
        connection.on('message', (message) => {
          for (const one of all) reply(one, message)
        })
        connection.on('close', () => all.delete(connection))
      }
    }
    const attach = attachments[mode]
    const connections = new WebSocketServer({
      httpServer: server,
      maxReceivedFrameSize: LONGEST,
      maxReceivedMessageSize: LONGEST
    })
    connections.on('request', (request) => {
      const connection = request.accept(null, request.origin)
      connection.on('error', () => {})
      attach(connection)
    })
  })
}

module.exports = { serveWebSocket }
