import websocket = require('../index.js')

export = WebSocketRouterRequest

/** The request that a router passes to a handler. */
declare const WebSocketRouterRequest: {
  /** @param resolvedProtocol The matching subprotocol, in lower case. */
  new (webSocketRequest: websocket.request, resolvedProtocol: string): websocket.IRouterRequest
}
