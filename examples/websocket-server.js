'use strict'

// An echo server with the interface of the package websocket.

const { server: WebSocketServer } = require('faye-websocket-rs/websocket')
const http = require('http')

const httpServer = http.createServer((request, response) => response.writeHead(404).end())
const server = new WebSocketServer({ httpServer })

server.on('request', (request) => {
  // A browser sends the origin of the page, and any page may try to connect. Other clients send no origin.
  const isForeign = request.origin !== undefined && request.origin !== `http://${request.host}`
  if (isForeign) return request.reject(403)

  const connection = request.accept(null, request.origin)

  connection.on('message', (message) => {
    if (message.type === 'utf8') connection.sendUTF(message.utf8Data)
    else connection.sendBytes(message.binaryData)
  })
  connection.on('close', (code, description) => console.log('close', code, description))
})

httpServer.listen(8080, '127.0.0.1', () => console.log('echo on ws://127.0.0.1:8080/'))
