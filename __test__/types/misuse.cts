// Programs that must not compile. tsc reports an expected error that does not occur.

import * as http from 'http'
import * as net from 'net'
import WebSocket = require('faye-websocket')

declare const request: http.IncomingMessage
declare const response: http.ServerResponse
declare const socket: net.Socket
declare const body: Buffer

// @ts-expect-error: without the body, bytes after the request would be lost
new WebSocket(request, socket)
// @ts-expect-error: a response is not a connection
new WebSocket(request, response, body)
// @ts-expect-error: an unknown option throws
new WebSocket(request, socket, body, [], { maxlength: 5 })
// @ts-expect-error: a proxy is for clients
new WebSocket(request, socket, body, [], { proxy: { origin: 'http://localhost' } })
// @ts-expect-error: seconds are a number
new WebSocket(request, socket, body, [], { ping: '5' })
// @ts-expect-error: null is not a header value
new WebSocket(request, socket, body, [], { headers: { 'X-Name': null } })
// @ts-expect-error: an extension has a name
new WebSocket(request, socket, body, [], { extensions: [{}] })
// @ts-expect-error: protocols are strings
new WebSocket(request, socket, body, [5])
// @ts-expect-error: allowDrafts is a boolean
new WebSocket(request, socket, body, [], { allowDrafts: 'no' })
// @ts-expect-error: `new` is required
WebSocket(request, socket, body)

declare const ws: WebSocket
// @ts-expect-error: would be sent as the text [object Object]
ws.send({ hello: 'world' })
// @ts-expect-error: would be sent as the text 1,2
ws.send([1, 2])
// @ts-expect-error: a callback is a function; the options are { compress }
ws.send('text', { binary: true })
// @ts-expect-error: compress is a boolean
ws.send('text', { compress: 'no' })
// @ts-expect-error: a message is required
ws.send()
// @ts-expect-error: prepared messages come from prepare()
ws.send({ prepared: true })
// @ts-expect-error: would be prepared as the text 1,2
WebSocket.prepare([1, 2])
// @ts-expect-error: a Blob must be read first
WebSocket.prepare(new Blob(['text']))
// @ts-expect-error: 'blob' is not supported
ws.binaryType = 'blob'
// @ts-expect-error: a controller is not a signal
new WebSocket(request, socket, body, [], { signal: new AbortController() })
// @ts-expect-error: seconds are a number
new WebSocket(request, socket, body, [], { handshakeTimeout: '5' })
// @ts-expect-error: the connections come first
WebSocket.broadcast('text', [ws])
// @ts-expect-error: a socket is not an iterable of sockets
WebSocket.broadcast(ws, 'text')
// @ts-expect-error: a Map iterates over pairs
WebSocket.broadcast(new Map([[1, ws]]), 'text')
// @ts-expect-error: event streams are not sockets
WebSocket.broadcast([new WebSocket.EventSource(request, response)], 'text')
// @ts-expect-error: a prepared message has no properties
void WebSocket.prepare('text').data
// @ts-expect-error: an event stream sends only text
new WebSocket.EventSource(request, response).send(new Uint16Array(2))
// @ts-expect-error: an event stream cannot send a prepared message
new WebSocket.EventSource(request, response).send(WebSocket.prepare('text'))
// @ts-expect-error: the code comes first
ws.close('bye', 1000)
// @ts-expect-error: the payload of a ping is a text
ws.ping(Buffer.of(1))
// @ts-expect-error: readyState is read-only
ws.readyState = 3
// @ts-expect-error: there are no constants
void WebSocket.OPEN
// @ts-expect-error: instances have no constants
void ws.OPEN
// @ts-expect-error: a message has no code
ws.onmessage = (event) => event.code
// @ts-expect-error: the data may be a Buffer
ws.on('message', (event) => event.data.toUpperCase())
// @ts-expect-error: code is null with drafts
ws.on('close', (event) => event.code.toString())
// @ts-expect-error: the event does not exist
ws.addEventListener('massage', () => {})
// @ts-expect-error: a close event has no data
ws.addEventListener('close', (event) => event.data)
// @ts-expect-error: a server has no statusCode
void ws.statusCode

// @ts-expect-error: a URL is a string
new WebSocket.Client(new URL('ws://localhost'))
// @ts-expect-error: a URL is not an agent
new WebSocket.Client('ws://localhost', [], { agent: 'http://localhost' })
// @ts-expect-error: true is not an agent
new WebSocket.Client('ws://localhost', [], { agent: true })
// @ts-expect-error: a promise is not a connection
new WebSocket.Client('ws://localhost', [], { createConnection: async () => socket })
// @ts-expect-error: the options have no method
new WebSocket.Client('ws://localhost', [], { createConnection: ({ method }) => socket })
// @ts-expect-error: an agent is for clients
new WebSocket(request, socket, body, [], { agent: new http.Agent() })
// @ts-expect-error: a proxy has an origin
new WebSocket.Client('ws://localhost', [], { proxy: { headers: {} } })
// @ts-expect-error: an unknown option throws
new WebSocket.Client('ws://localhost', [], { timeout: 5 })
// @ts-expect-error: a client is not an EventSource
const wrong: WebSocket.EventSource = new WebSocket.Client('ws://localhost')
void wrong

declare const client: WebSocket.Client
// @ts-expect-error: undefined until the response arrives
void client.headers.server

// @ts-expect-error: a response is required
new WebSocket.EventSource(request)
// @ts-expect-error: sockets do not answer requests
new WebSocket.EventSource(request, socket)
// @ts-expect-error: an unknown option
new WebSocket.EventSource(request, response, { interval: 5 })

declare const es: WebSocket.EventSource
// @ts-expect-error: an unknown field
es.send('text', { type: 'news' })
// @ts-expect-error: an EventSource has no messages
es.onmessage = () => {}
// @ts-expect-error: an EventSource has no close code
es.close(1000)
// @ts-expect-error: an EventSource has no messages
es.addEventListener('message', () => {})
