'use strict'

// A client of websocket-server.js, with the interface of the package websocket.

const { client: WebSocketClient } = require('faye-websocket-rs/websocket')

const client = new WebSocketClient()

client.on('connectFailed', (error) => console.error(error.message))
client.on('connect', (connection) => {
  console.log('connect')

  connection.on('message', (message) => {
    console.log('message', message.utf8Data)
    connection.close(1000, 'Thank you')
  })
  connection.on('error', (error) => console.error(error.message))
  connection.on('close', (code, description) => console.log('close', code, description))

  connection.sendUTF('Hello, world!')
})

client.connect('ws://127.0.0.1:8080/')
