// A server over TLS with the types of Node.

import http = require('http')
import nodeHttps = require('https')
import https = require('faye-websocket-rs/https')

const listener: http.RequestListener = (request, response) => response.end(request.url)
const plain: https.Server = https.createServer()
const withListener = https.createServer(listener)
const server = https.createServer({ key: '', cert: [Buffer.of()], minVersion: 'TLSv1.3', keepAliveTimeout: 1 }, listener)
const isNative: boolean = server.isNative
const options: https.ServerOptions = { requestCert: true }
const ofNode: nodeHttps.Server = https.createServer(options)
server.on('tlsClientError', (error, socket) => socket.destroy(error))
server.on('secureConnection', (socket) => socket.alpnProtocol)
server.addContext('localhost', { key: '', cert: '' })
server.listen(0).close()
void [plain, withListener, isNative, ofNode]
