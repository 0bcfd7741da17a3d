// The import forms of ES modules.

import WebSocket from 'faye-websocket'
import * as namespace from 'faye-websocket'
import type { ServerOptions, MessageEvent } from 'faye-websocket'

const viaDefault: WebSocket.Client = new WebSocket.Client('ws://localhost')
const viaNamespace: WebSocket.Client = new namespace.default.Client('ws://localhost')
const options: ServerOptions = { ping: 5 }
viaDefault.on('message', (event: MessageEvent) => event.data)

// @ts-expect-error: an ES module's namespace object is not a constructor
new namespace()

void [viaNamespace, options]
