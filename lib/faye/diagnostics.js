// @ts-check
'use strict'

const { channel } = require('node:diagnostics_channel')
const { PINGS, PONGS } = require('../connection/seam')

// Publishes on the diagnostics channels that undici uses for its WebSockets, in the same form. Creates no objects if a
// channel has no subscribers.

const channels = {
  open: channel('undici:websocket:open'),
  close: channel('undici:websocket:close'),
  socketError: channel('undici:websocket:socket_error'),
  ping: channel('undici:websocket:ping'),
  pong: channel('undici:websocket:pong')
}

/** Returns the control frames that subscribers need. The core delivers no others. */
function wants () {
  return (channels.ping.hasSubscribers ? PINGS : 0) | (channels.pong.hasSubscribers ? PONGS : 0)
}

/**
 * @param {any} websocket
 * @param {any} stream
 */
function opened (websocket, stream) {
  if (!channels.open.hasSubscribers) return
  const { headers, protocol, statusCode } = websocket
  channels.open.publish({
    address: stream.address?.(),
    protocol,
    extensions: headers && (headers['sec-websocket-extensions'] ?? ''),
    websocket,
    handshakeResponse: headers && { status: statusCode, headers }
  })
}

/**
 * @param {any} websocket
 * @param {Buffer} payload
 */
function pinged (websocket, payload) {
  channels.ping.publish({ payload: given(payload), websocket })
}

/**
 * @param {any} websocket
 * @param {Buffer} payload
 */
function ponged (websocket, payload) {
  channels.pong.publish({ payload: given(payload), websocket })
}

/**
 * Returns the payload as undici publishes it: undefined if it is empty.
 *
 * @param {Buffer} payload
 */
function given (payload) {
  return payload.length === 0 ? undefined : payload
}

/**
 * @param {any} websocket
 * @param {number | null} code
 * @param {string | null} reason
 */
function closed (websocket, code, reason) {
  if (channels.close.hasSubscribers) channels.close.publish({ websocket, code, reason })
}

/** @param {any} error */
function failed (error) {
  if (channels.socketError.hasSubscribers) channels.socketError.publish(error)
}

module.exports = { closed, failed, opened, pinged, ponged, wants }
