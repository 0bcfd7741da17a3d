// Valid uses of the whole interface of websocket. websocket-misuse.cts has the invalid uses.

import * as http from 'http'
import * as https from 'https'
import * as net from 'net'
import * as url from 'url'
import { EventEmitter } from 'events'
import websocket = require('faye-websocket-rs/websocket')

// Classes and types by name, and by the paths of the original.
import { client, connection, deprecation, frame, request, router, server, version, w3cwebsocket } from
  'faye-websocket-rs/websocket'
import type { IServerConfig, Message } from 'faye-websocket-rs/websocket'
import WebSocketServer = require('faye-websocket-rs/websocket/lib/WebSocketServer')
import WebSocketClient = require('faye-websocket-rs/websocket/lib/WebSocketClient')
import WebSocketConnection = require('faye-websocket-rs/websocket/lib/WebSocketConnection.js')
import WebSocketRequest = require('faye-websocket-rs/websocket/lib/WebSocketRequest')
import WebSocketRouter = require('faye-websocket-rs/websocket/lib/WebSocketRouter')
import WebSocketRouterRequest = require('faye-websocket-rs/websocket/lib/WebSocketRouterRequest.js')
import WebSocketFrame = require('faye-websocket-rs/websocket/lib/WebSocketFrame')
import W3CWebSocket = require('faye-websocket-rs/websocket/lib/W3CWebSocket')
import whole = require('faye-websocket-rs/websocket/lib/websocket')
import utils = require('faye-websocket-rs/websocket/lib/utils')
import Deprecation = require('faye-websocket-rs/websocket/lib/Deprecation')
import versionByPath = require('faye-websocket-rs/websocket/lib/version')
import browser = require('faye-websocket-rs/websocket/lib/browser')

declare const socket: net.Socket
declare const upgrade: http.IncomingMessage
declare const body: Buffer

// A server.

const httpServer = http.createServer()
const config: IServerConfig = {
  httpServer: [httpServer, https.createServer()],
  maxReceivedFrameSize: 64 * 1024,
  maxReceivedMessageSize: 1024 * 1024,
  fragmentOutgoingMessages: true,
  fragmentationThreshold: Infinity,
  keepalive: true,
  keepaliveInterval: 20000,
  dropConnectionOnKeepaliveTimeout: true,
  keepaliveGracePeriod: 10000,
  useNativeKeepalive: undefined,
  assembleFragments: true,
  autoAcceptConnections: false,
  ignoreXForwardedFor: true,
  parseCookies: true,
  parseExtensions: false,
  disableNagleAlgorithm: true,
  closeTimeout: 5000,
  strictHandshake: false,
  requireMasking: false,
  perMessageDeflate: { level: 1, threshold: 1024 },
  transport: 'stream'
}
const wsServer = new server(config)
new server().mount({ httpServer, perMessageDeflate: true })
const emitter: EventEmitter = wsServer

wsServer.on('request', (received) => {
  const facts: [string, string, number, string[]] =
    [received.host, received.origin, received.webSocketVersion, received.requestedProtocols]
  const asked: Array<string | undefined> = received.requestedExtensions.map(({ params: [{ value }] }) => value)
  const pages: string | string[] | undefined = received.resourceURL.query.page
  const cookies: string[] = received.cookies.map(({ name, value }) => `${name}=${value}`)
  void [facts, asked, pages, cookies]

  received.on('requestRejected', (same) => same.resource)
    .once('requestAccepted', (made) => made.remoteAddress)
    .on('requestResolved', (same) => same.httpRequest.headers.origin)
  if (received.remoteAddresses.length > 1) return received.reject(403, 'no', { 'X-Why': 'so many' })
  if (received.origin === '') return received.reject()

  const accepted = received.accept('chat', received.origin, [
    { name: 'user', value: 'ada', path: '/', domain: 'example.com', expires: new Date(), maxage: 60 },
    { name: 'id', value: '5', secure: true, httponly: true }
  ])
  converse(accepted)
  received.accept(null)
  received.accept()
})
  .on('connect', (made) => made.sendUTF(`Your address is ${made.remoteAddress}`))
  .on('close', (made, code, description) => [made.state, code.toFixed(), description.length])
  .once('upgradeError', (error) => error.message)
  .addListener('something else', (...args: unknown[]) => args.length)
wsServer.off('request', () => {})

wsServer.broadcast('text')
wsServer.broadcast(body)
wsServer.broadcastUTF(5)
wsServer.broadcastBytes(new Uint8Array(2))
for (const each of wsServer.connections) each.close()
for (const each of wsServer.pendingRequests) each.reject(503)
const limit: number | undefined = wsServer.config?.maxReceivedFrameSize
wsServer.unmount()
wsServer.closeAllConnections()
wsServer.shutDown()

// A connection.

function converse (own: connection): void {
  const state: [boolean, string, number, string, boolean, boolean] =
    [own.connected, own.state, own.closeReasonCode, own.closeDescription, own.outputBufferFull, own.inputPaused]
  void state

  own.on('message', (message) => {
    if (message.type === 'utf8') own.sendUTF(message.utf8Data.toUpperCase())
    else own.sendBytes(message.binaryData.subarray(1))
    const text: string | undefined = message.utf8Data
    void text
  })
  own.on('frame', ({ opcode, fin, binaryPayload }) => [opcode, fin, binaryPayload.length])
    .on('ping', (cancel, payload) => payload.length === 0 && cancel())
    .on('pong', (payload) => payload.toString('hex'))
    .on('error', (error) => error.message)
    .on('drain', () => own.resume())
    .on('pause', () => {})
    .prependListener('resume', () => {})
    .once('close', (code, description) => [code.toFixed(), description.length])

  own.send('text')
  own.send(5, (error) => error?.message)
  for (const bytes of [body, new Uint16Array(2), new DataView(new ArrayBuffer(2)), new ArrayBuffer(2),
    new SharedArrayBuffer(2), new Blob(['blob'])]) {
    own.send(bytes)
    own.sendBytes(bytes, () => {})
  }
  own.sendUTF({ toString: () => 'text' })
  own.ping()
  own.ping('payload')
  own.ping(body)
  own.pong('payload')
  own.pong(body)
  own.pong()
  own.pause()
  own.resume()

  const made = new frame(own.maskBytes, own.frameHeader, own.config)
  Object.assign(made, { opcode: 1, fin: true, binaryPayload: body })
  const isWritten: boolean = own.sendFrame(made)
  own.fragmentAndSend(made, (error) => error?.message)
  const bytes: Buffer = made.toBuffer()
  made.toBuffer(true)
  void [isWritten, bytes]

  own.sendCloseFrame(connection.CLOSE_REASON_NORMAL, 'bye')
  own.drop(connection.CLOSE_REASON_PROTOCOL_ERROR, 'Protocol error', true)
  own.drop()
  own.close()
  own.close(connection.CLOSE_REASON_GOING_AWAY, connection.CLOSE_DESCRIPTIONS[1001])
  own.close(4000)
}

// A client.

const wsClient = new client({
  webSocketVersion: 8,
  tlsOptions: { rejectUnauthorized: false, ca: 'certificate' },
  keepalive: true,
  keepaliveInterval: 1000,
  perMessageDeflate: true
})
new client()
new client(null)
wsClient.on('connect', converse)
  .on('connectFailed', (error) => error.message)
  .on('httpResponse', (response, same) => [response.statusCode, same.url.href])
wsClient.connect('ws://localhost')
wsClient.connect(new URL('ws://localhost'))
wsClient.connect(url.parse('ws://localhost'), ['chat', 'echo'], 'http://localhost', { Cookie: ['a=b', 'c=d'] },
  { agent: new http.Agent(), localAddress: '127.0.0.1' })
wsClient.connect('wss://localhost', null, null, null, { agent: new https.Agent(), rejectUnauthorized: false })
wsClient.abort()

// A router.

const wsRouter = new router({ server: wsServer })
new router().attachServer(wsServer)
wsRouter.mount('/chat', 'chat', (routed) => {
  const protocol: string | null = routed.protocol
  routed.on('requestAccepted', converse).on('requestRejected', ({ webSocketRequest }) => webSocketRequest.key)
  if (routed.cookies.length > 0) return routed.reject(403, 'no cookies', { 'X-Why': 'none' })
  converse(routed.accept(routed.origin, [{ name: 'a', value: protocol ?? '' }]))
})
wsRouter.mount(/^\/[a-z]+$/, null, ({ resourceURL }) => resourceURL.pathname)
wsRouter.unmount('/chat', 'chat')
wsRouter.unmount(/^\/[a-z]+$/)
wsRouter.detachServer()

// A client as in a browser.

const ws = new w3cwebsocket('ws://localhost', ['chat'], 'http://localhost', { Cookie: 'a=b' }, { agent: false },
  { maxReceivedFrameSize: 1024 * 1024, fragmentationThreshold: Infinity })
new w3cwebsocket('ws://localhost')
new w3cwebsocket('ws://localhost', null, null, null, null, { tlsOptions: {} })
ws.onopen = () => ws.send('Hello')
ws.onmessage = ({ data }) => typeof data === 'string' ? data.length : new Uint8Array(data).length
ws.onerror = (error) => console.error(error.type)
ws.onerror = (error: Error) => console.error(error)
ws.onclose = ({ code, reason, wasClean }) => [code.toFixed(), reason.length, wasClean]
ws.onclose = null
ws.onopen = undefined
const onMessage = (event: websocket.IMessageEvent): unknown => event.data
ws.addEventListener('message', onMessage)
ws.addEventListener('close', ({ target, code }) => [target.url, code])
ws.removeEventListener('message', onMessage)
const isWanted: boolean = ws.dispatchEvent({ type: 'mine' })
ws.binaryType = 'arraybuffer'
const isOpen: boolean = ws.readyState === ws.OPEN && ws.readyState !== w3cwebsocket.CLOSED
const paced: [number, string | undefined] = [ws.bufferedAmount, ws.protocol]
ws.send(new Uint8Array(2))
ws.send(new Blob(['blob']))
ws.send(new String('text'))
ws.close()
ws.close(1000, 'bye')

// Programs derive classes, replace methods, and use instanceof.

class Own extends websocket.server {
  constructor (readonly name: string) {
    super({ httpServer })
    this.on('connect', (made) => made instanceof connection)
  }

  override shutDown (): void {
    super.shutDown()
  }
}
const { send } = connection.prototype
connection.prototype.send = function (data, cb) {
  return send.call(this, data, cb)
}
const received: request = new request(socket, upgrade, config)
received.readHandshake()

deprecation.disableWarnings = true
deprecation.warn('old')
const same: [typeof server, typeof client, typeof connection, typeof request, typeof router, typeof frame, typeof
w3cwebsocket, typeof websocket, typeof deprecation, string] = [WebSocketServer, WebSocketClient, WebSocketConnection,
  WebSocketRequest, WebSocketRouter, WebSocketFrame, W3CWebSocket, whole, Deprecation, versionByPath]
const typed: WebSocketServer = wsServer
const log = utils.BufferingLogger('websocket:connection', 1)
log('%s', utils.bufferFromString('a'))
log.printOutput()
const inPage = browser.w3cwebsocket === null ? browser.version : new browser.w3cwebsocket('ws://localhost', 'chat')
const routed: websocket.IRouterRequest = new WebSocketRouterRequest(received, 'chat')
const message: Message = { type: 'utf8', utf8Data: 'text' }
void [emitter, limit, Own, same, typed, inPage, routed, message, isWanted, isOpen, paced, version.length]
