// @ts-check
'use strict'

const { Connection } = require('./connection')
const { call } = require('./current')
const { DeflateSession } = require('./deflate')
const http = require('./http')
const { calls } = require('./lifecycle')
const { Prepared } = require('./prepared')
const { raise } = require('./uncaught')

/**
 * The engine in WebAssembly: the exports of the addon, as in `binding.d.ts`, except the reactor and its TLS. All
 * connections use the stream transport.
 */

/**
 * @typedef {typeof import('../../binding')} Binding
 * @typedef {'Reactor' | 'TlsAnchors' | 'TlsConfig' | 'TlsServerConfig' | 'AGREED' | 'ENTRY_BITS' | 'Entry' | 'SLOTS' |
 *   'Slot'} OfReactor
 */

const { DEFAULT_MAX_LENGTH, FULL_CHUNK, MAX_REPLIES, ReadyState, Sent } = call('constants')

/** @type {Omit<Binding, OfReactor>} */
const exported = {
  Connect: http.Connect,
  Connection: /** @type {any} */ (Connection),
  DEFAULT_MAX_LENGTH,
  DeflateSession: /** @type {any} */ (DeflateSession),
  FULL_CHUNK,
  MAX_REPLIES,
  Policy: /** @type {any} */ (http.Policy),
  Prepared: /** @type {any} */ (Prepared),
  ReadyState,
  RequestParser: http.RequestParser,
  Sent,
  acceptValue: http.acceptValue,
  calls,
  eventStreamHead: http.eventStreamHead,
  eventStreamMessage: http.eventStreamMessage,
  eventStreamPing: http.eventStreamPing,
  handshakeKey: http.handshakeKey,
  isEventSource: http.isEventSource,
  isWebSocket: http.isWebSocket,
  judgeHandshake: http.judgeHandshake,
  raise
}

// The constants of the reactor are empty, because there is no reactor.
module.exports = { ...exported, Entry: {}, Slot: {} }
