// A server over TLS with the types of Node.

import http = require('http')
import nodeHttps = require('https')
import https = require('faye-websocket-rs/https')

const listener: http.RequestListener = (request, response) => response.end(request.url)
const plain: https.Server = https.createServer()
const withListener = https.createServer(listener)
const server = https.createServer({ key: '', cert: [Buffer.of()], minVersion: 'TLSv1.3', keepAliveTimeout: 1 }, listener)
const isNative: boolean = server.isNative
const reason: string = server.nativeReason
const options: https.ServerOptions = { requestCert: true }
const ofNode: nodeHttps.Server = https.createServer(options)
server.on('tlsClientError', (error, socket) => socket.destroy(error))
server.on('secureConnection', (socket) => socket.alpnProtocol)
server.addContext('localhost', { key: '', cert: '' })
server.listen(0).close()

const made: https.Server = new https.Server(options, listener)
class Mine extends https.Server {}
new Mine(listener).listen(0)

class Message extends http.IncomingMessage {
  user = ''
}
const typed = https.createServer({ IncomingMessage: Message }, (request) => request.user)
const named: https.Server<typeof Message> = typed
const generic: nodeHttps.Server<typeof Message> = typed

const agent: https.Agent = new https.Agent({ keepAlive: true })
const requestOptions: https.RequestOptions = { agent, host: 'localhost' }
https.get(requestOptions, (response) => response.resume())
https.request('https://localhost').end()
https.globalAgent.destroy()
void [plain, withListener, isNative, reason, ofNode, made, named, generic]
