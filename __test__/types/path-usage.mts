// Modules that ES modules import by the paths of the originals, with file extensions.

import type { IncomingMessage } from 'node:http'
import driver, { client, isWebSocket } from 'websocket-driver'
import Hybi from 'websocket-driver/lib/websocket/driver/hybi.js'
import { server as WebSocketServer, w3cwebsocket } from 'websocket'
import WebSocketClient from 'websocket/lib/WebSocketClient.js'
import deflate from 'permessage-deflate'
import { Client } from 'faye-websocket/lib/faye/websocket.js'
import API from 'faye-websocket/lib/faye/websocket/api.js'

export function accept (request: IncomingMessage): driver.HttpDriver | undefined {
  return isWebSocket(request) ? new Hybi(request) : undefined
}
export const own: driver.Client = client('ws://localhost')
export const extension: string = deflate.name
export const isOpen: boolean = new Client('ws://localhost').readyState === API.OPEN
export const all = [new WebSocketServer(), new WebSocketClient(), new w3cwebsocket('ws://localhost')]
