'use strict'

// An echo server over the interface that faye-websocket and this package share.

const { serve } = require('./serve')

function serveFaye (WebSocket, loadDeflate) {
  serve((server, { deflate }) => {
    const options = { extensions: deflate ? [loadDeflate()] : [] }
    server.on('upgrade', (request, socket, head) => {
      const connection = new WebSocket(request, socket, head, [], options)
      connection.onmessage = (event) => connection.send(event.data)
    })
  })
}

module.exports = { serveFaye }
