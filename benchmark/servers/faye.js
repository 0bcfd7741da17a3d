'use strict'

// A server with the interface that faye-websocket and this package share.

const { serve, CONFIRMED } = require('./serve')

function serveFaye (WebSocket, loadDeflate, broadcast = sendToEach) {
  const all = new Set()
  const attachments = {
    echo (connection) {
      connection.onmessage = (event) => connection.send(event.data)
    },
    receive (connection) {
      let count = 0
      connection.onmessage = () => {
        if (++count % CONFIRMED === 0) connection.send(String(count))
      }
    },
    broadcast (connection) {
      all.add(connection)
      connection.onmessage = (event) => broadcast(all, event.data)
      connection.onclose = () => all.delete(connection)
    }
  }
  serve((server, { deflate, mode }) => {
    const options = { extensions: deflate ? [loadDeflate()] : [] }
    const attach = attachments[mode]
    server.on('upgrade', (request, socket, head) => {
      attach(new WebSocket(request, socket, head, [], options))
    })
  })
}

function sendToEach (connections, data) {
  for (const connection of connections) connection.send(data)
}

module.exports = { serveFaye }
