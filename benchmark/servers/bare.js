'use strict'

// Node's http.Server without a library: the reference for new connections, and for ordinary requests. It answers the
// opening handshake, takes the next bytes for the close frame, answers with one, and ends the connection.

const { createHash } = require('node:crypto')
const { serve } = require('./serve')

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const NORMAL_CLOSE = Buffer.from([0x88, 2, 0x03, 0xe8])

serve((server) => {
  server.on('upgrade', ({ headers }, socket) => {
    const accept = createHash('sha1').update(headers['sec-websocket-key'] + GUID).digest('base64')
    socket.on('error', () => {})
    socket.on('data', () => socket.end(NORMAL_CLOSE))
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`)
  })
})
