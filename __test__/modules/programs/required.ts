// Requires every subpath.

import WebSocket = require('faye-websocket-rs')
import driver = require('faye-websocket-rs/websocket-driver')
import deflate = require('faye-websocket-rs/permessage-deflate')
import websocket = require('faye-websocket-rs/websocket')
import WebSocketServer = require('faye-websocket-rs/websocket/lib/WebSocketServer')
import WebSocketConnection = require('faye-websocket-rs/websocket/lib/WebSocketConnection.js')
import version = require('faye-websocket-rs/websocket/lib/version')

const options: WebSocket.ClientOptions = { extensions: [deflate.configure({ level: undefined })] }
const ws: WebSocket.Client = new WebSocket.Client('ws+unix:/nowhere', ['chat'], options)
const server: websocket.server = new WebSocketServer()

const facts = {
  isClass: new WebSocket.WebSocket.Client('ws+unix:/nowhere') instanceof WebSocket.Client,
  version: driver.client('ws://localhost/').version,
  extension: deflate.name,
  original: version,
  isSame: server instanceof websocket.server && WebSocketConnection === websocket.connection
}
console.log(JSON.stringify(facts))
ws.terminate()
