// The import forms of ES modules.

import websocket, { client, server, type Server } from 'faye-websocket-rs/websocket-driver'
import * as namespace from 'faye-websocket-rs/websocket-driver'
import type { Extension } from 'faye-websocket-rs/websocket-driver'

const raw: Server = server()
const viaDefault: websocket.Client = websocket.client('ws://localhost')
const viaNamespace: websocket.Client = namespace.client('ws://localhost')
const byName: typeof websocket.client = client
declare const extension: Extension
viaDefault.addExtension(extension)

void [raw, viaNamespace, byName]
