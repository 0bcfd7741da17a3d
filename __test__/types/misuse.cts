// What must not compile: each line after an expected error is one, or tsc complains that nothing was wrong.

import * as http from 'http'
import * as net from 'net'
import WebSocket = require('faye-websocket')

declare const request: http.IncomingMessage
declare const response: http.ServerResponse
declare const socket: net.Socket
declare const body: Buffer

// @ts-expect-error: without the bytes behind the request, what came with it would be lost
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
// @ts-expect-error: yes or no
new WebSocket(request, socket, body, [], { allowDrafts: 'no' })
// @ts-expect-error: no `new`
WebSocket(request, socket, body)

declare const ws: WebSocket
// @ts-expect-error: would be sent as the text [object Object]
ws.send({ hello: 'world' })
// @ts-expect-error: would be sent as the text 1,2
ws.send([1, 2])
// @ts-expect-error: a callback is called
ws.send('text', { binary: true })
// @ts-expect-error: whether to compress is a boolean
ws.send('text', { compress: 'no' })
// @ts-expect-error: there is nothing to send
ws.send()
// @ts-expect-error: prepared messages come from prepare()
ws.send({ prepared: true })
// @ts-expect-error: would be prepared as the text 1,2
WebSocket.prepare([1, 2])
// @ts-expect-error: has to be read first
WebSocket.prepare(new Blob(['text']))
// @ts-expect-error: a browser's, and no Buffer
ws.binaryType = 'blob'
// @ts-expect-error: the controller is not the signal
new WebSocket(request, socket, body, [], { signal: new AbortController() })
// @ts-expect-error: seconds are a number
new WebSocket(request, socket, body, [], { handshakeTimeout: '5' })
// @ts-expect-error: the connections come first
WebSocket.broadcast('text', [ws])
// @ts-expect-error: one socket is not an iterable of sockets
WebSocket.broadcast(ws, 'text')
// @ts-expect-error: a Map iterates over pairs
WebSocket.broadcast(new Map([[1, ws]]), 'text')
// @ts-expect-error: event streams are not sockets
WebSocket.broadcast([new WebSocket.EventSource(request, response)], 'text')
// @ts-expect-error: it says nothing about itself
void WebSocket.prepare('text').data
// @ts-expect-error: an event stream has text only
new WebSocket.EventSource(request, response).send(new Uint16Array(2))
// @ts-expect-error: an event stream cannot send it
new WebSocket.EventSource(request, response).send(WebSocket.prepare('text'))
// @ts-expect-error: the code comes first
ws.close('bye', 1000)
// @ts-expect-error: a ping has a text
ws.ping(Buffer.of(1))
// @ts-expect-error: states are read
ws.readyState = 3
// @ts-expect-error: there are no constants
void WebSocket.OPEN
// @ts-expect-error: nor on instances
void ws.OPEN
// @ts-expect-error: a message has no code
ws.onmessage = (event) => event.code
// @ts-expect-error: it may be a Buffer
ws.on('message', (event) => event.data.toUpperCase())
// @ts-expect-error: a draft closes without a code
ws.on('close', (event) => event.code.toString())
// @ts-expect-error: no such event
ws.addEventListener('massage', () => {})
// @ts-expect-error: a close event has no data
ws.addEventListener('close', (event) => event.data)
// @ts-expect-error: the server has no answer to look at
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
// @ts-expect-error: a client is not a server's socket
const wrong: WebSocket.EventSource = new WebSocket.Client('ws://localhost')
void wrong

declare const client: WebSocket.Client
// @ts-expect-error: undefined until the answer has come
void client.headers.server

// @ts-expect-error: a response is needed
new WebSocket.EventSource(request)
// @ts-expect-error: sockets do not answer requests
new WebSocket.EventSource(request, socket)
// @ts-expect-error: an unknown option
new WebSocket.EventSource(request, response, { interval: 5 })

declare const es: WebSocket.EventSource
// @ts-expect-error: an unknown field
es.send('text', { type: 'news' })
// @ts-expect-error: clients send nothing
es.onmessage = () => {}
// @ts-expect-error: a stream of events has no code
es.close(1000)
// @ts-expect-error: clients send nothing
es.addEventListener('message', () => {})
