'use strict'

// A client of server.js.

const WebSocket = require('../')

const ws = new WebSocket.Client('ws://127.0.0.1:8000/')

ws.on('open', () => {
  console.log('open')
  ws.send('Hello, world!')
})

ws.on('message', (event) => {
  console.log('message', event.data)
  ws.close(1000, 'Thank you')
})

ws.on('error', (event) => console.error(event.message))
ws.on('close', (event) => console.log('close', event.code, event.reason))
