// Programs that must not compile. tsc reports an expected error that does not occur.

import * as http from 'http'
import * as net from 'net'
import websocket = require('faye-websocket-rs/websocket')
import browser = require('faye-websocket-rs/websocket/lib/browser')

declare const httpServer: http.Server
declare const socket: net.Socket
declare const body: Buffer

// @ts-expect-error: the configuration has no such key
new websocket.server({ httpServer, maxReceivedFrame: 5 })
// @ts-expect-error: an HTTP server is required
new websocket.server({ autoAcceptConnections: true })
// @ts-expect-error: a socket is not an HTTP server
new websocket.server({ httpServer: socket })
// @ts-expect-error: the limit is a number of bytes
new websocket.server({ httpServer, maxReceivedFrameSize: '64k' })
// @ts-expect-error: strictHandshake is a boolean
new websocket.server({ httpServer, strictHandshake: 'no' })
// @ts-expect-error: the option of permessage-deflate does not exist
new websocket.server({ httpServer, perMessageDeflate: { windowBits: 9 } })
// @ts-expect-error: the option zlib is not supported
new websocket.server({ httpServer, perMessageDeflate: { zlib: require('zlib') } })
// @ts-expect-error: the transport 'tcp' does not exist
new websocket.server({ httpServer, transport: 'tcp' })
// @ts-expect-error: `new` is required
websocket.server({ httpServer })

const server = new websocket.server()
// @ts-expect-error: a connection has no cookies
server.on('connect', (connection) => connection.cookies)
// @ts-expect-error: the connection comes first
server.on('close', (code: number) => code)
// @ts-expect-error: a message has no data property
server.on('request', (request) => request.accept().on('message', (message) => message.data))
// @ts-expect-error: a server has no accept()
server.accept('chat')
// @ts-expect-error: a message is required
server.broadcast(null)
// @ts-expect-error: a text is not bytes
server.broadcastBytes('text')

declare const request: websocket.request
// @ts-expect-error: the subprotocol is a string
request.accept(['chat'])
// @ts-expect-error: a cookie has a value
request.accept('chat', request.origin, [{ name: 'a' }])
// @ts-expect-error: seconds are a number
request.accept('chat', request.origin, [{ name: 'a', value: 'b', maxage: '60' }])
// @ts-expect-error: the status comes first
request.reject('no', 403)
// @ts-expect-error: the listener gets a connection
request.on('requestAccepted', (accepted) => accepted.accept())

declare const connection: websocket.connection
// @ts-expect-error: a binary message has no text
connection.on('message', (message) => message.utf8Data.length)
// @ts-expect-error: a Buffer is not a string
connection.on('message', (message) => message.type === 'binary' && message.binaryData.toUpperCase())
// @ts-expect-error: the listener gets a code, not an event
connection.on('close', (event) => event.code)
// @ts-expect-error: cancel comes first
connection.on('ping', (payload) => payload.toString('hex'))
// @ts-expect-error: a message is required
connection.send(undefined)
// @ts-expect-error: a text is not bytes
connection.sendBytes('text')
// @ts-expect-error: a callback is a function
connection.send('text', { binary: true })
// @ts-expect-error: the code comes first
connection.close('bye', 1000)
// @ts-expect-error: a Buffer is not a frame
connection.sendFrame(body)
// @ts-expect-error: a pong has no callback
connection.pong('payload', () => {})
// @ts-expect-error: the method does not exist
connection.processReceivedData()
// @ts-expect-error: the constant is static
void connection.CLOSE_REASON_NORMAL
// @ts-expect-error: the constants are read-only
websocket.connection.CLOSE_REASON_NORMAL = 1001
// @ts-expect-error: the Buffers for masking key and header are required
new websocket.frame()

const client = new websocket.client()
// @ts-expect-error: the argument is a configuration, not a URL
new websocket.client('ws://localhost')
// @ts-expect-error: a URL is required
client.connect()
// @ts-expect-error: subprotocols are strings
client.connect('ws://localhost', [5])
// @ts-expect-error: headers come after the origin
client.connect('ws://localhost', null, { Cookie: 'a=b' })
// @ts-expect-error: a client has no send()
client.send('text')
// @ts-expect-error: the listener gets an Error, not a connection
client.on('connectFailed', (error) => error.sendUTF('text'))

const router = new websocket.router()
// @ts-expect-error: an HTTP server is not a WebSocketServer
router.attachServer(httpServer)
// @ts-expect-error: the subprotocol comes second
router.mount('/chat', (routed) => routed.accept())
// @ts-expect-error: the router has chosen the subprotocol
router.mount('*', null, (routed) => routed.accept('chat', routed.origin))

const ws = new websocket.w3cwebsocket('ws://localhost')
// @ts-expect-error: send() would throw
ws.send({ hello: 'world' })
// @ts-expect-error: send() would throw
ws.send(5)
// @ts-expect-error: binaryType is 'arraybuffer'
ws.binaryType = 'blob'
// @ts-expect-error: readyState is read-only
ws.readyState = 3
// @ts-expect-error: the data may be an ArrayBuffer
ws.onmessage = ({ data }) => data.toUpperCase()
// @ts-expect-error: the reason comes second
ws.close('bye')
// @ts-expect-error: a message has no code
ws.addEventListener('message', ({ code }) => code)
// @ts-expect-error: an event has a type
ws.dispatchEvent({})
// @ts-expect-error: null where the platform has no WebSocket
new browser.w3cwebsocket('ws://localhost')
