import http = require('node:http')
import WebSocket = require('faye-websocket')

const server = http.createServer()

server.on('upgrade', (request, socket, body) => {
  if (!WebSocket.isWebSocket(request)) return socket.destroy()

  const options: WebSocket.ServerOptions = { maxLength: 1024 * 1024, ping: 30 }
  const ws = new WebSocket(request, socket, body, ['chat'], options)

  ws.on('message', (event) => {
    const text = typeof event.data === 'string' ? event.data : event.data.toString('hex')
    if (!ws.send(text.toUpperCase())) ws.pause()
  })
  ws.on('drain', () => ws.resume())
  ws.on('close', (event) => console.log('server: close', event.code, event.reason))
})

server.on('request', (request, response) => {
  if (!WebSocket.EventSource.isEventSource(request)) return response.end('Hello\n')

  const es = new WebSocket.EventSource(request, response, { retry: 2 })
  const timer = setInterval(() => es.send(new Date().toISOString(), { event: 'time' }), 1000)

  es.on('close', () => clearInterval(timer))
})

server.listen(8000, () => {
  const client = new WebSocket.Client('ws://localhost:8000/', 'chat')

  client.on('open', () => client.send('Hello'))
  client.on('message', (event: WebSocket.MessageEvent) => {
    console.log('client: message', event.data)
    client.close(1000, 'bye')
  })
  client.on('close', () => server.close())
})
