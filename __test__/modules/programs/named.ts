// Imports all names that the types declare.

import WebSocket, {
  Client, EventSource, broadcast, isWebSocket, prepare, runtime, runtimeReason, validateOptions
} from 'faye-websocket-rs'
import type { ClientOptions } from 'faye-websocket-rs'
import { client, http, isSecureRequest, server, type Client as DriverClient } from 'faye-websocket-rs/websocket-driver'
import { configure, createClientSession, createServerSession, name } from 'faye-websocket-rs/permessage-deflate'
import { connection, deprecation, router, server as WebSocketServer, version } from 'faye-websocket-rs/websocket'
import { warn } from 'faye-websocket-rs/websocket/lib/Deprecation'
import { extend } from 'faye-websocket-rs/websocket/lib/utils'
import { w3cwebsocket } from 'faye-websocket-rs/websocket/lib/browser'

const options: ClientOptions = { ping: undefined, extensions: [configure({ noContextTakeover: true })] }
const driver: DriverClient = client('ws://localhost/')
const ws: WebSocket.Client = new Client('ws+unix:/nowhere', null, options)

const facts = {
  isClass: WebSocket.Client === Client && WebSocket.EventSource === EventSource,
  isWebSocket: isWebSocket({ method: 'GET', headers: {} }),
  sent: broadcast([ws], prepare('Hello')),
  runtime: `${runtime} ${runtimeReason}`.startsWith('native ') || runtime === 'wasm',
  functions: [
    validateOptions, http, isSecureRequest, server, createClientSession, createServerSession, connection, router,
    WebSocketServer, warn, extend
  ].map((value) => typeof value).join(),
  version: driver.version,
  extension: name,
  original: version,
  warnings: deprecation.disableWarnings,
  platform: w3cwebsocket === null || typeof w3cwebsocket === 'function'
}
console.log(JSON.stringify(facts))
ws.terminate()
