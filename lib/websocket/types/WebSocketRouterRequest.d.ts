import websocket = require('../index.js')

export = WebSocketRouterRequest

/** What a handler of a router gets. */
declare const WebSocketRouterRequest: {
  /** @param resolvedProtocol In lower case. */
  new (webSocketRequest: websocket.request, resolvedProtocol: string): websocket.IRouterRequest
}
