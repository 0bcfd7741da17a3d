// What must not compile: each line after an expected error is one, or tsc complains that nothing was wrong.

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
// @ts-expect-error: a URL is needed
websocket.client()
// @ts-expect-error: these are functions
new websocket.client('ws://localhost')
// @ts-expect-error: there are no classes to extend
class Own extends websocket.Driver {}
void Own
// @ts-expect-error: the valid ones are a list
websocket.validateOptions({}, 'ping')

const driver = websocket.client('ws://localhost')
// @ts-expect-error: the reason comes first
driver.close(1000, 'bye')
// @ts-expect-error: no message at all
driver.text()
// @ts-expect-error: an object is not a message
driver.text({ hello: 'world' })
// @ts-expect-error: nor is it binary
driver.binary({ hello: 'world' })
// @ts-expect-error: no such type of frame
driver.frame('text', 'continuation')
// @ts-expect-error: null has no text
driver.setHeader('X-Name', null)
// @ts-expect-error: states are read
driver.readyState = 3
// @ts-expect-error: undefined until the answer has come
void driver.headers.server
// @ts-expect-error: it may be a Buffer
driver.on('message', (event) => event.data.toUpperCase())
// @ts-expect-error: a message event has no code
driver.on('message', (event) => event.code)
// @ts-expect-error: the drafts have no code
driver.on('close', (event) => event.code.toString())
// @ts-expect-error: what comes out of the wire are bytes
driver.io.on('data', (chunk) => chunk.toUpperCase())
// @ts-expect-error: a message may be a Buffer
driver.messages.on('data', (data) => data.toUpperCase())
// @ts-expect-error: objects are not messages
driver.messages.write({ hello: 'world' })

const server = websocket.server()
// @ts-expect-error: only a client goes through a proxy
server.proxy('http://localhost')
// @ts-expect-error: undefined until the request has come
server.url.length
// @ts-expect-error: an answer has a status, a request has none
void server.statusCode
// @ts-expect-error: a driver is not a stream, but its io is
socket.pipe(server)

// @ts-expect-error: an extension has a name
server.addExtension({})
// @ts-expect-error: there is one type
server.addExtension({ ...extension, type: 'perframe' })
// @ts-expect-error: a server's session answers
server.addExtension({ ...extension, createServerSession: () => session })
declare const extension: websocket.Extension
// @ts-expect-error: a parameter has a value or is true
const parameters: websocket.ExtensionParameters = { level: null }
void parameters
