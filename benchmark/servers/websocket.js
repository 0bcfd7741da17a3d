'use strict'

const { server: WebSocketServer } = require('websocket')
const { serve, CONFIRMED } = require('./serve')

/** It takes frames of 64 KiB and messages of 1 MiB by default. */
const LONGEST = 64 * 1024 * 1024

serve((server, { deflate, mode }) => {
  if (deflate) throw new Error('websocket has no permessage-deflate')
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
