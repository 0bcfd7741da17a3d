import WebSocket = require('../../../../index.js')

export = API

/** The base class of `WebSocket` and `WebSocket.Client`, with the values of `readyState`. It has no instances. */
declare const API: {
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3
  readonly prototype: WebSocket | WebSocket.Client
}
