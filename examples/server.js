'use strict'

// An echo server.

const WebSocket = require('../')
const http = require('http')

const server = http.createServer()

server.on('upgrade', (request, socket, body) => {
  if (!WebSocket.isWebSocket(request)) return socket.destroy()

  const ws = new WebSocket(request, socket, body)

  ws.on('message', (event) => ws.send(event.data))
  ws.on('close', (event) => console.log('close', event.code, event.reason))
})

server.listen(8000, '127.0.0.1', () => console.log('echo on ws://127.0.0.1:8000/'))
