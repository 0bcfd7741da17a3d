'use strict'

const { Buffer } = require('node:buffer')
const { channel } = require('node:diagnostics_channel')

// What undici tells of its WebSockets, in its words, for those who watch either. Nothing is made for nobody.

const channels = {
  open: channel('undici:websocket:open'),
  close: channel('undici:websocket:close'),
  socketError: channel('undici:websocket:socket_error'),
  ping: channel('undici:websocket:ping'),
  pong: channel('undici:websocket:pong')
}

function opened (websocket) {
  if (channels.ping.hasSubscribers) tell(websocket, 'ping')
  if (channels.pong.hasSubscribers) tell(websocket, 'pong')
  if (!channels.open.hasSubscribers) return
  const { headers, protocol, statusCode, _stream } = websocket
  channels.open.publish({
    address: _stream.address?.(),
    protocol,
    extensions: headers && (headers['sec-websocket-extensions'] ?? ''),
    websocket,
    handshakeResponse: headers && { status: statusCode, headers }
  })
}

/** Control frames that nobody listens for are not fetched from the core: the driver sees the listener. */
function tell (websocket, type) {
  websocket._driver.on(type, ({ data }) => {
    channels[type].publish({ payload: data === '' ? undefined : Buffer.from(data), websocket })
  })
}

function closed (websocket, code, reason) {
  if (channels.close.hasSubscribers) channels.close.publish({ websocket, code, reason })
}

function failed (error) {
  if (channels.socketError.hasSubscribers) channels.socketError.publish(error)
}

module.exports = { opened, closed, failed }
