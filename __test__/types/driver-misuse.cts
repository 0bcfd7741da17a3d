// Programs that must not compile. tsc reports an expected error that does not occur.

import * as http from 'http'
import * as net from 'net'
import websocket = require('faye-websocket-rs/websocket-driver')

declare const request: http.IncomingMessage
declare const socket: net.Socket
declare const session: websocket.Session

// @ts-expect-error: an unknown option throws
websocket.server({ ping: 5 })
// @ts-expect-error: options, not a request
websocket.server(request)
// @ts-expect-error: a socket is not a request
websocket.http(socket)
// @ts-expect-error: protocols are strings
websocket.http(request, { protocols: [5] })
// @ts-expect-error: a URL is required
websocket.client()
// @ts-expect-error: client is a function, not a class
new websocket.client('ws://localhost')
// @ts-expect-error: Driver is a type, not a class
class Own extends websocket.Driver {}
void Own
// @ts-expect-error: the valid names are an array
websocket.validateOptions({}, 'ping')

const driver = websocket.client('ws://localhost')
// @ts-expect-error: the reason comes first
driver.close(1000, 'bye')
// @ts-expect-error: the message is required
driver.text()
// @ts-expect-error: an object is not a message
driver.text({ hello: 'world' })
// @ts-expect-error: an object is not binary data
driver.binary({ hello: 'world' })
// @ts-expect-error: the type of frame does not exist
driver.frame('text', 'continuation')
// @ts-expect-error: null is not a header value
driver.setHeader('X-Name', null)
// @ts-expect-error: readyState is read-only
driver.readyState = 3
// @ts-expect-error: undefined until the response arrives
void driver.headers.server
// @ts-expect-error: the data may be a Buffer
driver.on('message', (event) => event.data.toUpperCase())
// @ts-expect-error: a message event has no code
driver.on('message', (event) => event.code)
// @ts-expect-error: code is null with drafts
driver.on('close', (event) => event.code.toString())
// @ts-expect-error: io emits bytes
driver.io.on('data', (chunk) => chunk.toUpperCase())
// @ts-expect-error: a message may be a Buffer
driver.messages.on('data', (data) => data.toUpperCase())
// @ts-expect-error: objects are not messages
driver.messages.write({ hello: 'world' })

const server = websocket.server()
// @ts-expect-error: only a client has proxy()
server.proxy('http://localhost')
// @ts-expect-error: undefined until the request arrives
server.url.length
// @ts-expect-error: a server has no statusCode
void server.statusCode
// @ts-expect-error: a driver is not a stream, but its io is
socket.pipe(server)

// @ts-expect-error: an extension has a name
server.addExtension({})
// @ts-expect-error: type must be permessage
server.addExtension({ ...extension, type: 'perframe' })
// @ts-expect-error: a server's session has generateResponse
server.addExtension({ ...extension, createServerSession: () => session })
declare const extension: websocket.Extension
// @ts-expect-error: a parameter has a value or is true
const parameters: websocket.ExtensionParameters = { level: null }
void parameters
