import * as http from 'node:http'
import WebSocket from 'faye-websocket'

const server = http.createServer()

server.on('upgrade', (request, socket, body) => {
  if (!WebSocket.isWebSocket(request)) return socket.destroy()

  const ws: WebSocket = new WebSocket(request, socket, body)
  ws.pipe(ws)
})

server.listen(8000, () => {
  const client: WebSocket.Client = new WebSocket.Client('ws://localhost:8000/')

  client.addEventListener('open', () => client.send('Hello'))
  client.onmessage = (event) => {
    console.log('client: message', event.data)
    client.close()
  }
  client.addEventListener('close', (event) => {
    console.log('client: close', event.code, event.reason)
    server.close()
  })
})
