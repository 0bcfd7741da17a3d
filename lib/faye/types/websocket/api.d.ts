import WebSocket = require('../../../../index.js')

export = API

/** What `WebSocket` and `WebSocket.Client` inherit from, with the values of `readyState`. It is not made itself. */
declare const API: {
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3
  readonly prototype: WebSocket | WebSocket.Client
}
