'use strict'

// WebSockets on bare TCP, without an HTTP server: the driver reads the request.

const websocket = require('../lib/websocket-driver') // in a program: 'faye-websocket-rs/websocket-driver'
const net = require('net')

const server = net.createServer((socket) => {
  const driver = websocket.server()

  driver.on('connect', () => {
    if (websocket.isWebSocket(driver)) return driver.start()
    socket.write('HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    socket.destroySoon() // closes the socket after the write
  })
  driver.on('close', (event) => {
    console.log('close', event.code, event.reason)
    socket.destroySoon()
  })
  socket.on('error', () => socket.destroy())

  driver.messages.pipe(driver.messages) // echo
  socket.pipe(driver.io).pipe(socket)
})

server.listen(3000, '127.0.0.1', () => console.log('echo on ws://127.0.0.1:3000/'))
