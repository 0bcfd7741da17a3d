// Valid uses of the whole interface. misuse.cts has the invalid uses.

import * as fs from 'fs'
import * as http from 'http'
import * as https from 'https'
import * as net from 'net'
import * as stream from 'stream'
import * as tls from 'tls'
import { EventEmitter } from 'events'
import { inherits } from 'util'
import { HttpsProxyAgent } from 'https-proxy-agent'
import WebSocket = require('faye-websocket')
import websocket = require('faye-websocket-rs/websocket-driver')

// The same constructor under its second name, as a value and as a type.
import { WebSocket as Named, Client, EventSource } from 'faye-websocket'

declare const request: http.IncomingMessage
declare const response: http.ServerResponse
declare const netSocket: net.Socket
declare const tlsSocket: tls.TLSSocket
declare const duplex: stream.Duplex
declare const body: Buffer

const same: Named = new WebSocket.WebSocket(request, netSocket, body)
const itself: typeof WebSocket = WebSocket.WebSocket
const asClient: Client = new WebSocket.Client('ws://localhost')
const asEventSource: EventSource = new WebSocket.EventSource(request, response)
void [same, itself, asClient, asEventSource]

const deflate: WebSocket.Extension = {
  name: 'identity',
  type: 'permessage',
  rsv1: false,
  rsv2: false,
  rsv3: false,
  createClientSession: () => null,
  createServerSession: (offers: unknown[]) => offers.length > 0 ? session : null
}
declare const session: websocket.ServerSession

const ws = new WebSocket(request, tlsSocket, body, ['irc', 'amqp'], {
  headers: { 'X-Name': 'value', 'X-Number': 5, 'X-Nothing': undefined },
  extensions: [deflate],
  maxLength: 1024,
  allowDrafts: false,
  ping: 0.5
})
new WebSocket(request, duplex, new Uint8Array(0), 'irc, amqp', { extensions: deflate })
new WebSocket(request, netSocket, body, null, null)

const base: stream = ws
const emitter: EventEmitter = ws
void [base, emitter]

const news: WebSocket.PreparedMessage = WebSocket.prepare(Buffer.of(1))
const again: boolean = ws.send(news) && ws.write(news) && ws.send(WebSocket.prepare('text'))
const everyone = new Set([ws, asClient])
const taken: number = WebSocket.broadcast(everyone, news) + WebSocket.broadcast([ws], 'text')
WebSocket.broadcast(new Map([[1, asClient]]).values(), WebSocket.prepare(news))
ws.end(news)
void [again, taken]

const url: string = ws.url
const version: string = ws.version
const protocol: string = ws.protocol
const state: 0 | 1 | 2 | 3 = ws.readyState
const waiting: number = ws.bufferedAmount
const flags: boolean[] = [ws.readable, ws.writable]
void [url, version, protocol, state, waiting, flags]

const sentBytes: boolean[] = [
  ws.send(new Uint8Array(2)), ws.send(new BigInt64Array(2)), ws.send(new DataView(new ArrayBuffer(2))),
  ws.send(new ArrayBuffer(2)), ws.send(new SharedArrayBuffer(2)), ws.send(new Blob(['text'])),
  ws.send('text', { compress: false }), ws.send('text', {}), ws.send('text', null), ws.send('text', undefined, () => {}),
  ws.send(WebSocket.prepare('text'), { compress: true }, (error) => { void error?.message }),
  ws.send('text', () => {}), ws.send(body, (error) => { const message: string | undefined = error?.message; void message })
]
const preparedBytes: WebSocket.PreparedMessage = WebSocket.prepare(new Float32Array(2))
WebSocket.broadcast([ws], new ArrayBuffer(2))
ws.binaryType = 'arraybuffer'
const binaryType: 'nodebuffer' | 'arraybuffer' = ws.binaryType
ws.on('message', (event: WebSocket.MessageEvent<string | ArrayBuffer>) => event.data)
void [sentBytes, preparedBytes, binaryType]

async function iterate () {
  for await (const data of ws) {
    const payload: string | Buffer = data
    void payload
  }
  const messages: AsyncIterableIterator<string | Buffer> = ws[Symbol.asyncIterator]()
  const { done } = await messages.next()
  return done
}
void iterate

const controlled: WebSocket.ServerOptions = {
  binaryType: 'arraybuffer',
  ping: 30,
  pingTimeout: 10,
  handshakeTimeout: 5,
  closeTimeout: 2.5,
  signal: AbortSignal.timeout(60000)
}
new WebSocket(request, netSocket, body, [], controlled).terminate()
new WebSocket.Client('ws+unix:/run/server.sock:/path', [], { ...controlled, signal: new AbortController().signal })

const flushed: boolean[] = [
  ws.send('text'), ws.send(Buffer.of(1, 2)), ws.send(5), ws.send(10n), ws.send(true), ws.write('text'), ws.write(body),
  ws.ping(), ws.ping('payload'), ws.ping('payload', () => {}), ws.ping(null, () => {})
]
void flushed
ws.end()
ws.end('last')
ws.pause()
ws.resume()
ws.close()
ws.close(3000)
ws.close(1000, 'bye')

ws.pipe(ws)
ws.pipe(fs.createWriteStream('log'))
fs.createReadStream('log').pipe(ws)
const writable: NodeJS.WritableStream = ws
void writable

ws.onopen = (event) => { const type: 'open' = event.type; void type }
ws.onmessage = ({ data }) => { const payload: string | Buffer = data; void payload }
ws.onerror = (event) => { const message: string = event.message; void message }
ws.onclose = (event) => { const close: [number | null, string | null] = [event.code, event.reason]; void close }
ws.onopen = ws.onmessage = ws.onerror = ws.onclose = null

ws.on('open', (event) => { const target: WebSocket | WebSocket.Client = event.target; void target })
  .once('message', (event) => { event.stopPropagation(); event.preventDefault() })
  .on('data', (data) => { const payload: string | Buffer = data; void payload })
  .on('end', () => {})
  .on('drain', () => {})
  .addListener('error', (event) => event.message.length)
  .prependListener('close', (event) => (event.code ?? 1006) + 1)
  .prependOnceListener('close', (event) => event.reason?.length)
  .on('something else', (...args: unknown[]) => args.length)
const listener = (event: WebSocket.MessageEvent) => event.data.length
ws.addEventListener('message', listener)
ws.addEventListener('message', listener, false)
ws.removeEventListener('message', listener)
ws.removeListener('message', listener)
ws.off('message', listener)
ws.dispatchEvent({ type: 'message' })

const client = new WebSocket.Client('wss://user:secret@example.com/path', ['irc'], {
  headers: { Origin: 'https://example.com' },
  extensions: [deflate],
  maxLength: 1024,
  ping: 30,
  net: { localAddress: '127.0.0.1', family: 4 },
  tls: { rejectUnauthorized: false, cert: body, key: body },
  ca: [body, 'PEM'],
  proxy: { origin: 'https://user:secret@proxy.example.com', headers: { 'User-Agent': 'node' }, tls: { cert: body } }
})
new WebSocket.Client('ws://localhost')
new WebSocket.Client('ws://localhost', null, null)

// Connections of the program.
new WebSocket.Client('ws://localhost', [], { agent: new http.Agent({ keepAlive: true }), net: { family: 6 } })
new WebSocket.Client('wss://localhost', [], { agent: https.globalAgent })
new WebSocket.Client('wss://localhost', [], { agent: new HttpsProxyAgent('http://proxy.example.com') })
new WebSocket.Client('wss://localhost', [], { agent: false, createConnection: null })
new WebSocket.Client('ws://localhost', [], { createConnection: net.connect })
new WebSocket.Client('wss://localhost', [], { createConnection: tls.connect })
new WebSocket.Client('ws://localhost', [], { createConnection: () => duplex })
new WebSocket.Client('ws://localhost', [], {
  createConnection: (options, callback) => {
    const { host, port, path, protocol, servername } = options
    const place: [string, number, string | undefined, 'ws:' | 'wss:', string | undefined] =
      [host, port, path, protocol, servername]
    if (place[1] === 0) callback(new Error('no port'))
    else setImmediate(() => callback(null, tls.connect(options)))
  }
})
const connecting: WebSocket.CreateConnection = (options: WebSocket.CreateConnectionOptions) => net.connect(options)
void connecting
const status: number | undefined = client.statusCode
const server: string | undefined = client.headers?.server
void [status, server]
client.on('message', (event) => event.data)

const isWebSocket: boolean = WebSocket.isWebSocket(request)
const isEventSource: boolean = WebSocket.EventSource.isEventSource(request)
WebSocket.isWebSocket({ method: 'GET', headers: { upgrade: 'websocket' } })
WebSocket.validateOptions({ ping: 5 }, ['ping'])
WebSocket.validateOptions(null, [])
void [isWebSocket, isEventSource]

const es = new WebSocket.EventSource(request, response, {
  headers: { 'Access-Control-Allow-Origin': '*' },
  ping: 15,
  retry: 10
})
const sent: boolean[] = [
  es.send('text'), es.send(5), es.send('text', { event: 'news', id: '99' }), es.send('text', { id: 99 }),
  es.write('text'), es.ping(), es.close()
]
const seen: string[] = [es.url, es.lastEventId]
void [sent, seen, es.readyState, es.writable]
es.onopen = (event) => { const target: WebSocket.EventSource = event.target; void target }
es.onclose = (event) => { const target: WebSocket.EventSource = event.target; void target }
es.onopen = es.onclose = null
es.on('open', (event) => event.currentTarget.lastEventId).on('drain', () => {}).on('close', (event) => event.type)
es.addEventListener('close', () => {})
es.end()
es.end('last')
fs.createReadStream('log').pipe(es)

// Both ways to derive a class.
class Chat extends WebSocket {
  constructor (incoming: http.IncomingMessage, socket: stream.Duplex, head: Buffer, readonly room: string) {
    super(incoming, socket, head)
    this.on('message', (event) => this.send(`${this.room}: ${event.data}`))
  }
}
new Chat(request, netSocket, body, 'lobby').close()

function OldChat (this: WebSocket, incoming: http.IncomingMessage, socket: stream.Duplex, head: Buffer) {
  WebSocket.call(this, incoming, socket, head)
}
inherits(OldChat, WebSocket)
