// Valid uses of the whole interface of websocket-driver. driver-misuse.cts has the invalid uses.

import * as fs from 'fs'
import * as nodeHttp from 'http'
import * as net from 'net'
import * as stream from 'stream'
import * as tls from 'tls'
import { EventEmitter } from 'events'
import websocket = require('faye-websocket-rs/websocket-driver')

// Functions and types by name.
import { client, http, isSecureRequest, isWebSocket, server, validateOptions } from 'faye-websocket-rs/websocket-driver'
import type { Driver, Extension, Options } from 'faye-websocket-rs/websocket-driver'

declare const request: nodeHttp.IncomingMessage
declare const socket: net.Socket
declare const body: Buffer

const options: Options = {
  allowDrafts: false,
  maxLength: 1024,
  protocols: ['irc', 'amqp'],
  masking: false,
  requireMasking: true
}
const onHttp: websocket.HttpDriver = http(request, options)
const onTcp: websocket.Server = server(options)
const toServer: websocket.Client = client('ws://localhost', options)
const byUrl: websocket.Client<URL> = client(new URL('ws://localhost'), null)
http({ method: 'GET', url: '/', headers: { host: 'localhost' } }, { protocols: 'irc, amqp' })
server()
server(null)
const href: string = byUrl.url.href

const every: Driver[] = [onHttp, onTcp, toServer]
const emitter: EventEmitter = onTcp
const wire: stream = onTcp.io
const talk: stream = onTcp.messages
void [href, emitter, wire, talk]

for (const driver of every) {
  const facts: [string | null | undefined, -1 | 0 | 1 | 2 | 3, string | null] =
    [driver.protocol, driver.readyState, driver.getState()]
  void facts
  const accepted: boolean[] = [
    driver.setHeader('X-Name', 'value'), driver.setHeader('X-Number', 5), driver.setHeader('X-Nothing', undefined),
    driver.start(),
    driver.text('text'), driver.text(5), driver.text(body),
    driver.binary(body), driver.binary(new Uint8Array(2)), driver.binary([1, 2]), driver.binary('text'),
    driver.frame('text'), driver.frame([1, 2]), driver.frame('bye', 'close', 1001), driver.frame(body, 'text'),
    driver.ping(), driver.ping('payload', () => {}), driver.ping(null, () => {}), driver.ping(body),
    driver.pong(), driver.pong('payload'),
    driver.close(), driver.close('bye'), driver.close('bye', 3000)
  ]
  void accepted
  driver.parse(body)
  driver.parse([0x81, 0])
  driver.parse('GET / HTTP/1.1\r\n')

  driver.on('open', (event) => event)
    .once('message', ({ data }) => { const payload: string | Buffer = data; void payload })
    .on('ping', (event) => event.data.length)
    .addListener('pong', (event) => event.data.length)
    .prependListener('error', (error) => error.stack)
    .prependOnceListener('close', ({ code, reason }) => [code ?? 1006, reason ?? ''])
    .on('something else', (...args: unknown[]) => args.length)
  driver.off('open', () => {})
}

// A server on bare TCP.
net.createServer((connection) => {
  const driver = websocket.server()
  driver.on('connect', () => {
    if (!isWebSocket(driver)) return connection.end(`HTTP/1.1 404 Not Found\r\n\r\n${driver.method} ${driver.url}`)
    const known: [string | undefined, Buffer | undefined, websocket.Version | undefined, string | undefined] =
      [driver.headers.host, driver.body, driver.version, driver.httpVersion]
    void known
    driver.start()
  })
  driver.on('close', () => connection.end())
  connection.pipe(driver.io).pipe(connection)
  driver.messages.pipe(driver.messages)
})

// A server on Node's HTTP server.
nodeHttp.createServer().on('upgrade', (upgrade, connection, head) => {
  const driver = websocket.http(upgrade)
  const [url, version]: [string, 'hybi-13' | 'hixie-76' | 'hixie-75'] = [driver.url, driver.version]
  void [url, version]
  driver.io.write(head)
  connection.pipe(driver.io).pipe(connection)
})

// A client, through a proxy and TLS.
const driver = websocket.client('wss://example.com/')
const proxy: websocket.Proxy = driver.proxy('https://user:secret@proxy.example.com')
driver.proxy(new URL('http://proxy.example.com'))
proxy.setHeader('User-Agent', 'node')
socket.pipe(proxy).pipe(socket, { end: false })
socket.on('connect', () => proxy.start())
proxy.on('connect', () => {
  socket.unpipe(proxy)
  const secure = tls.connect({ socket }, () => driver.start())
  secure.pipe(driver.io).pipe(secure)
})
proxy.on('error', (error) => [error.message, proxy.statusCode, proxy.headers?.server])
  .on('data', (chunk) => chunk.length)
  .on('close', () => {})
driver.on('open', () => {
  const answer: [number | undefined, string | undefined] = [driver.statusCode, driver.headers?.server]
  void answer
})

// The streams.
const told: boolean[] = [
  driver.io.write(body), driver.io.write('text'), driver.messages.write('text'), driver.messages.write(body),
  driver.io.readable, driver.io.writable, driver.messages.readable, driver.messages.writable
]
void told
driver.io.on('data', (chunk) => chunk.subarray(1)).on('drain', () => {})
driver.messages.on('data', (data) => data.length).on('end', () => {}).on('drain', () => {}).on('error', ({ name }) => name)
driver.messages.end('last')
driver.messages.pause()
driver.messages.resume()
driver.io.pause()
driver.io.resume()
driver.io.end(body)
driver.io.destroy()
fs.createReadStream('log').pipe(driver.messages)
driver.messages.pipe(fs.createWriteStream('log'))

// An extension of the program, and an extension without types.
class Reverse implements Extension {
  readonly name = 'x-reverse'
  readonly type = 'permessage'
  readonly rsv1 = true
  readonly rsv2 = false
  readonly rsv3 = false

  createClientSession (): websocket.ClientSession {
    const offers: websocket.ExtensionParameters[] = [{ level: 5, fast: true }, {}]
    return { ...session, generateOffer: () => offers, activate: ({ level }) => level === 5 }
  }

  createServerSession (offers: websocket.ReceivedParameters[], { maxLength }: websocket.SessionOptions) {
    if (offers.length > 1) return null
    return { ...session, generateResponse: () => ({ level: offers[0].level, limit: maxLength, also: ['a', 1] }) }
  }
}
const session: websocket.Session = {
  processIncomingMessage (message, callback) {
    if (message.data.length > 5) return callback(Object.assign(new Error('too much'), { type: 'too_large' }))
    message.data.reverse()
    callback(null, message)
  },
  processOutgoingMessage (message, callback) {
    callback(null, { ...message, rsv1: true, data: Buffer.concat([message.data]) })
  },
  close () {}
}
declare const untyped: any
driver.addExtension(new Reverse())
driver.addExtension(untyped)

const checks: boolean[] = [
  isWebSocket(request), isWebSocket({ method: 'GET', headers: {} }), isWebSocket(onTcp),
  isSecureRequest(request), isSecureRequest({ headers: { https: 'on' } }), isSecureRequest(onTcp)
]
const same: { ping: number } = validateOptions({ ping: 5 }, ['ping'])
const none: object = validateOptions(null, [])
void [checks, same, none]
