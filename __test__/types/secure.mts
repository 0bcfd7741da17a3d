import * as fs from 'node:fs'
import type { TLSSocket } from 'node:tls'
import https from 'faye-websocket-rs/https'

const server: https.Server = https.createServer({
  key: fs.readFileSync('key.pem'),
  cert: fs.readFileSync('cert.pem')
}, (request, response) => {
  const socket = request.socket as TLSSocket
  response.end(`${socket.getProtocol()}\n`)
})

server.listen(8443, () => console.log(server.nativeReason))
