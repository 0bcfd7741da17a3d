'use strict'

// A client behind an HTTP proxy. It talks to driver-server.js through the proxy in the variable PROXY, for example
// PROXY=http://user:password@127.0.0.1:8080, or through a small proxy that it starts itself.

const websocket = require('../lib/websocket-driver') // in a program: 'faye-websocket-rs/websocket-driver'
const http = require('http')
const net = require('net')

function connect (origin) {
  const { hostname, port } = new URL(origin)
  const driver = websocket.client('ws://127.0.0.1:3000/')
  const proxy = driver.proxy(origin)
  const socket = net.connect(port || 80, hostname, () => proxy.start())

  socket.on('error', (error) => console.error(error.message))
  socket.pipe(proxy).pipe(socket, { end: false })

  proxy.on('connect', () => {
    console.log('tunnel')
    socket.unpipe(proxy)
    socket.pipe(driver.io).pipe(socket)
    driver.start()
  })
  proxy.on('error', (error) => {
    console.error(error.message, proxy.statusCode)
    socket.end()
  })

  driver.on('open', () => driver.text('Hello through the tunnel'))
  driver.on('message', (event) => {
    console.log('message', event.data)
    driver.close()
  })
  driver.on('error', (error) => console.error(error.message))
  driver.on('close', (event) => {
    console.log('close', event.code)
    socket.end()
  })
}

if (process.env.PROXY) {
  connect(process.env.PROXY)
} else {
  const proxy = http.createServer().on('connect', (request, client, head) => {
    proxy.close() // one tunnel is enough
    const [host, port] = request.url.split(':')
    const server = net.connect(port, host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      server.write(head)
      client.pipe(server).pipe(client)
    })
    server.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
    client.on('error', () => server.destroy())
  })
  proxy.listen(0, '127.0.0.1', () => connect(`http://127.0.0.1:${proxy.address().port}`))
}
