// Modules that programs require by the paths of the originals: of the aliases, under the originals' names, and of this
// package.

import * as http from 'http'
import driver = require('websocket-driver')
import Hybi = require('websocket-driver/lib/websocket/driver/hybi')
import Server = require('websocket-driver/lib/websocket/driver/server.js')
import Base = require('websocket-driver/lib/websocket/driver/base')
import Client = require('websocket-driver/lib/websocket/driver/client')
import Proxy = require('websocket-driver/lib/websocket/driver/proxy')
import Headers = require('websocket-driver/lib/websocket/driver/headers')
import streams = require('websocket-driver/lib/websocket/streams')
import websocket = require('websocket')
import WebSocketServer = require('websocket/lib/WebSocketServer')
import WebSocketFrame = require('websocket/lib/WebSocketFrame.js')
import BufferList = require('websocket/vendor/FastBufferList')
import deflate = require('permessage-deflate')
import sameDeflate = require('permessage-deflate/lib/permessage_deflate')
import WebSocket = require('faye-websocket/lib/faye/websocket')
import API = require('faye-websocket/lib/faye/websocket/api')
import SocketClient = require('faye-websocket/lib/faye/websocket/client.js')
import EventSource = require('faye-websocket/lib/faye/eventsource')
import Event = require('faye-websocket/lib/faye/websocket/api/event')
import EventTarget = require('faye-websocket/lib/faye/websocket/api/event_target')
import OwnHybi = require('faye-websocket-rs/websocket-driver/lib/websocket/driver/hybi')

http.createServer().on('upgrade', (request: http.IncomingMessage, socket, body: Buffer) => {
  const own: driver.HttpDriver = new Hybi(request, Server.determineUrl(request), { requireMasking: true })
  own.io.write(body)
  own.messages.on('data', (message) => own.messages.write(message))
  const ws: WebSocket = new WebSocket(request, socket, body, null, { extensions: [deflate, sameDeflate] })
  ws.on('message', (event: WebSocket.MessageEvent) => ws.send(event.data.toString()))
})

const listening = new OwnHybi()
listening.on('message', (event: driver.MessageEvent) => event.data)
listening.parse(Buffer.alloc(2))

Base.prototype.MAX_LENGTH = 1024
const client: driver.Client = new Client('ws://localhost')
const proxy: driver.Proxy = new Proxy(client, 'http://localhost')
const lines: string = new Headers().toString()
const io: driver.IO = new streams.IO({})

const list = new BufferList()
const frame: websocket.frame = new WebSocketFrame(Buffer.alloc(4), Buffer.alloc(10), { maxReceivedFrameSize: 5 })
if (list.write(Buffer.alloc(2)) && frame.addData(list)) list.advance(1)
const server: websocket.server = new WebSocketServer()

const socket: WebSocket.Client = new SocketClient('ws://localhost')
if (socket.readyState === API.OPEN) socket.send('Hello')
const event: { type: string } = new Event('message', { data: 5 })
EventTarget.dispatchEvent(event)
const isAsked: boolean = EventSource.isEventSource({ method: 'GET', headers: {} })

export = { proxy, lines, io, server, isAsked }
