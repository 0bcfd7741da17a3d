// The import forms of ES modules.

import deflate, { type Options, type PermessageDeflate } from 'faye-websocket-rs/permessage-deflate'
import WebSocket from 'faye-websocket'

const options: Options = { maxWindowBits: 9 }
const copy: PermessageDeflate = deflate.configure(options)
const session: deflate.ServerSession | null = copy.createServerSession([{}])
new WebSocket.Client('ws://localhost', [], { extensions: [copy] })

void session
