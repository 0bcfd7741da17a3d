'use strict'

const { WebSocketServer } = require('ws')
const { serve } = require('./serve')

serve((server, { deflate }) => {
  const connections = new WebSocketServer({ server, perMessageDeflate: deflate })
  connections.on('connection', (connection) => {
    // Without a listener a generator that goes away would end this process.
    connection.on('error', () => {})
    connection.on('message', (data, isBinary) => connection.send(data, { binary: isBinary }))
  })
})
