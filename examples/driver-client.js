'use strict'

// A client that opens its socket itself. It talks to driver-server.js.

const websocket = require('../lib/websocket-driver') // in a program: 'faye-websocket-rs/websocket-driver'
const net = require('net')

const driver = websocket.client('ws://127.0.0.1:3000/')
const socket = net.connect(3000, '127.0.0.1', () => driver.start())

socket.on('error', (error) => console.error(error.message))
socket.pipe(driver.io).pipe(socket)

driver.on('open', () => {
  console.log('open')
  driver.text('Hello, world!')
})
driver.on('message', (event) => {
  console.log('message', event.data)
  driver.close('Thank you', 1000)
})
driver.on('error', (error) => console.error(error.message))
driver.on('close', (event) => {
  console.log('close', event.code, event.reason)
  socket.end()
})
