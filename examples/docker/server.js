'use strict'

// An echo server for a container: it listens on all addresses, and ends its connections on SIGTERM.

const WebSocket = require('faye-websocket')
const http = require('http')

const connections = new Set()

const server = http.createServer((request, response) => response.end('ok\n'))

server.on('upgrade', (request, socket, body) => {
  if (!WebSocket.isWebSocket(request)) return socket.destroy()

  const ws = new WebSocket(request, socket, body, [], { ping: 30, pingTimeout: 10, closeTimeout: 5 })
  connections.add(ws)

  ws.on('message', (event) => ws.send(event.data))
  ws.on('close', () => connections.delete(ws))
})

server.listen(8000, () => console.log(`Echo on port 8000, runtime ${WebSocket.runtime}: ${WebSocket.runtimeReason}`))

// A container sends SIGTERM to its first process, which does not end on its own.
process.on('SIGTERM', () => {
  server.close()
  for (const ws of connections) ws.close(1000, 'The server stops')
})
