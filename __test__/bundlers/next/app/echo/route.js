import { createServer } from 'node:http'
import WebSocket, { Client, isWebSocket } from 'faye-websocket-rs'

export const dynamic = 'force-dynamic'

export function GET () {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('upgrade', (request, socket, body) => {
      if (!isWebSocket(request)) return socket.destroy()
      const ws = new WebSocket(request, socket, body)
      ws.pipe(ws)
    })
    server.listen(0, '127.0.0.1', () => {
      const client = new Client(`ws://127.0.0.1:${server.address().port}/`)
      client.on('open', () => client.send('Hello'))
      client.on('message', ({ data }) => {
        client.close()
        server.close()
        resolve(new Response(`${data}, runtime ${WebSocket.runtime}`))
      })
    })
  })
}
