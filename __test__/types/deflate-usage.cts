// Valid uses of faye-websocket-rs/permessage-deflate.

import * as http from 'http'
import * as net from 'net'
import * as zlib from 'zlib'
import WebSocket = require('faye-websocket')
import websocket = require('faye-websocket-rs/websocket-driver')
import deflate = require('faye-websocket-rs/permessage-deflate')

declare const request: http.IncomingMessage
declare const socket: net.Socket
declare const body: Buffer

// With the classes of this package, and with its drivers.
new WebSocket(request, socket, body, [], { extensions: [deflate] })
new WebSocket.Client('ws://localhost', null, { extensions: deflate.configure({ level: 1 }) })
websocket.client('ws://localhost').addExtension(deflate)

// All options, no options, and single options.
const options: deflate.Options = {
  level: 9,
  memLevel: 9,
  strategy: zlib.constants.Z_RLE,
  noContextTakeover: true,
  maxWindowBits: 10,
  requestNoContextTakeover: true,
  requestMaxWindowBits: 12,
  threshold: 1024,
  zlib
}
const copies: deflate.PermessageDeflate[] = [
  deflate.configure(options), deflate.configure(), deflate.configure(null), deflate.configure({ zlib: null }),
  deflate.configure({ level: undefined }).configure({ maxWindowBits: 9 })
]
const name: 'permessage-deflate' = deflate.name
const bits: boolean[] = [deflate.rsv1, deflate.rsv2, deflate.rsv3]

// Used as by a framework.
const client: deflate.ClientSession = deflate.createClientSession({ maxLength: 1024 })
const offer: deflate.Parameters = client.generateOffer()
const windowBits: number | true | undefined = offer.client_max_window_bits
const server: deflate.ServerSession | null = deflate.createServerSession([{ client_max_window_bits: true, x: [1, 'a'] }])
const isActive: boolean = client.activate({ server_no_context_takeover: true })
server?.processIncomingMessage({ rsv1: true, rsv2: false, rsv3: false, opcode: 1, data: body }, (error, message) => {
  if (error) console.log(error.message, error.type)
  else console.log(message?.data.length)
})
const flag: true | undefined = server?.generateResponse().server_no_context_takeover
server?.close()
const extension: websocket.Extension = deflate

void [copies, name, bits, windowBits, isActive, flag, extension]
