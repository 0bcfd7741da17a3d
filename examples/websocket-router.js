'use strict'

// One server with several handlers, chosen by path and subprotocol.

const { router: WebSocketRouter, server: WebSocketServer } = require('faye-websocket-rs/websocket')
const http = require('http')

const httpServer = http.createServer((request, response) => response.writeHead(404).end())
const server = new WebSocketServer({ httpServer })
const router = new WebSocketRouter({ server })

// A browser sends the origin of the page, and any page may try to connect. Other clients send no origin.
function isForeign ({ origin, httpRequest }) {
  return origin !== undefined && origin !== `http://${httpRequest.headers.host}`
}

// For clients that offer the subprotocol `chat`. A text goes to all clients in the same room.
const rooms = new Map()

router.mount(/^\/rooms\/\w+$/, 'chat', (request) => {
  if (isForeign(request)) return request.reject(403)

  const { pathname } = request.resourceURL
  const connection = request.accept(request.origin)
  const room = rooms.get(pathname) ?? new Set()
  rooms.set(pathname, room.add(connection))

  connection.on('message', (message) => {
    if (message.type !== 'utf8') return
    for (const each of room) each.sendUTF(message.utf8Data)
  })
  connection.on('close', () => {
    room.delete(connection)
    if (room.size === 0) rooms.delete(pathname)
  })
})

// For all clients, with any subprotocol or none.
router.mount('/time', '*', (request) => {
  if (isForeign(request)) return request.reject(403)

  const connection = request.accept(request.origin)
  connection.sendUTF(new Date().toISOString())
  connection.close()
})

httpServer.listen(8080, '127.0.0.1', () => console.log('ws://127.0.0.1:8080/rooms/… and /time'))
