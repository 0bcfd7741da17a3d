'use strict'

const { WebSocketServer } = require('ws')
const { serve, CONFIRMED } = require('./serve')

serve((server, { deflate, mode }) => {
  const connections = new WebSocketServer({ server, perMessageDeflate: deflate })
  const attachments = {
    echo (connection) {
      connection.on('message', (data, isBinary) => connection.send(data, { binary: isBinary }))
    },
    receive (connection) {
      let count = 0
      connection.on('message', () => {
        if (++count % CONFIRMED === 0) connection.send(String(count))
      })
    },
    broadcast (connection) {
      connection.on('message', (data, isBinary) => {
        for (const one of connections.clients) one.send(data, { binary: isBinary })
      })
    }
  }
  const attach = attachments[mode]
  connections.on('connection', (connection) => {
    // Without a listener, the end of a generator would end this process.
    connection.on('error', () => {})
    attach(connection)
  })
})
