// The import forms of ES modules.

import websocket, { client, server, w3cwebsocket, type connection } from 'faye-websocket-rs/websocket'
import * as namespace from 'faye-websocket-rs/websocket'
import type { IServerConfig } from 'faye-websocket-rs/websocket'
import WebSocketConnection from 'faye-websocket-rs/websocket/lib/WebSocketConnection.js'
import utils, { noop } from 'faye-websocket-rs/websocket/lib/utils'

const viaDefault: websocket.client = new websocket.client()
const viaNamespace: websocket.client = new namespace.client()
const byName: typeof websocket.client = client
const make = (config: IServerConfig): server => new server(config)
const state = (own: connection): string => own.state
const isOne = (own: unknown): own is connection => own instanceof WebSocketConnection

void [viaDefault, viaNamespace, byName, make, state, isOne, w3cwebsocket.OPEN, utils.noop === noop]
