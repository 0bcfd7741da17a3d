// What must not compile: each line after an expected error is one, or tsc complains that nothing was wrong.

import * as http from 'http'
import * as net from 'net'
import websocket = require('faye-websocket-rs/websocket')
import browser = require('faye-websocket-rs/websocket/lib/browser')

declare const httpServer: http.Server
declare const socket: net.Socket
declare const body: Buffer

// @ts-expect-error: the configuration has no such key
new websocket.server({ httpServer, maxReceivedFrame: 5 })
// @ts-expect-error: without an HTTP server it throws
new websocket.server({ autoAcceptConnections: true })
// @ts-expect-error: a socket serves nothing
new websocket.server({ httpServer: socket })
// @ts-expect-error: bytes are a number
new websocket.server({ httpServer, maxReceivedFrameSize: '64k' })
// @ts-expect-error: yes or no
new websocket.server({ httpServer, strictHandshake: 'no' })
// @ts-expect-error: permessage-deflate has no such option
new websocket.server({ httpServer, perMessageDeflate: { windowBits: 9 } })
// @ts-expect-error: the core compresses
new websocket.server({ httpServer, perMessageDeflate: { zlib: require('zlib') } })
// @ts-expect-error: there are two transports
new websocket.server({ httpServer, transport: 'tcp' })
// @ts-expect-error: classes are called with new
websocket.server({ httpServer })

const server = new websocket.server()
// @ts-expect-error: a connection has no cookies
server.on('connect', (connection) => connection.cookies)
// @ts-expect-error: the connection comes first
server.on('close', (code: number) => code)
// @ts-expect-error: a message has no data of its own
server.on('request', (request) => request.accept().on('message', (message) => message.data))
// @ts-expect-error: a request is accepted by a server only
server.accept('chat')
// @ts-expect-error: nothing to send
server.broadcast(null)
// @ts-expect-error: text is not bytes
server.broadcastBytes('text')

declare const request: websocket.request
// @ts-expect-error: one of the requested subprotocols
request.accept(['chat'])
// @ts-expect-error: a cookie has a value
request.accept('chat', request.origin, [{ name: 'a' }])
// @ts-expect-error: seconds are a number
request.accept('chat', request.origin, [{ name: 'a', value: 'b', maxage: '60' }])
// @ts-expect-error: the status comes first
request.reject('no', 403)
// @ts-expect-error: its connection
request.on('requestAccepted', (accepted) => accepted.accept())

declare const connection: websocket.connection
// @ts-expect-error: a binary message has no text
connection.on('message', (message) => message.utf8Data.length)
// @ts-expect-error: a Buffer is not a string
connection.on('message', (message) => message.type === 'binary' && message.binaryData.toUpperCase())
// @ts-expect-error: a code, not an event
connection.on('close', (event) => event.code)
// @ts-expect-error: cancel comes first
connection.on('ping', (payload) => payload.toString('hex'))
// @ts-expect-error: nothing to send
connection.send(undefined)
// @ts-expect-error: text is not bytes
connection.sendBytes('text')
// @ts-expect-error: a callback is called
connection.send('text', { binary: true })
// @ts-expect-error: the code comes first
connection.close('bye', 1000)
// @ts-expect-error: a frame is an object of the class
connection.sendFrame(body)
// @ts-expect-error: a pong has no callback
connection.pong('payload', () => {})
// @ts-expect-error: it does not exist
connection.processReceivedData()
// @ts-expect-error: it is there by class, not by object
void connection.CLOSE_REASON_NORMAL
// @ts-expect-error: close codes are constants
websocket.connection.CLOSE_REASON_NORMAL = 1001
// @ts-expect-error: it needs room for masking key and header
new websocket.frame()

const client = new websocket.client()
// @ts-expect-error: 'ws' is a string
new websocket.client('ws://localhost')
// @ts-expect-error: a URL is needed
client.connect()
// @ts-expect-error: subprotocols are strings
client.connect('ws://localhost', [5])
// @ts-expect-error: headers come after the origin
client.connect('ws://localhost', null, { Cookie: 'a=b' })
// @ts-expect-error: the connection sends
client.send('text')
// @ts-expect-error: an Error, not a connection
client.on('connectFailed', (error) => error.sendUTF('text'))

const router = new websocket.router()
// @ts-expect-error: an HTTP server has no requests for a router
router.attachServer(httpServer)
// @ts-expect-error: the subprotocol comes second
router.mount('/chat', (routed) => routed.accept())
// @ts-expect-error: the subprotocol is the one that has matched
router.mount('*', null, (routed) => routed.accept('chat', routed.origin))

const ws = new websocket.w3cwebsocket('ws://localhost')
// @ts-expect-error: it would throw
ws.send({ hello: 'world' })
// @ts-expect-error: it would throw
ws.send(5)
// @ts-expect-error: there is one type
ws.binaryType = 'blob'
// @ts-expect-error: the state is read
ws.readyState = 3
// @ts-expect-error: it may be an ArrayBuffer
ws.onmessage = ({ data }) => data.toUpperCase()
// @ts-expect-error: the reason comes second
ws.close('bye')
// @ts-expect-error: a message has no code
ws.addEventListener('message', ({ code }) => code)
// @ts-expect-error: an event has a type
ws.dispatchEvent({})
// @ts-expect-error: null where the platform has no WebSocket
new browser.w3cwebsocket('ws://localhost')
