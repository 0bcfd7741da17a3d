// @ts-check
'use strict'

const binding = require('../native')

/**
 * Whether an http server should hand this request to a WebSocket.
 *
 * @param {any} request
 * @returns {boolean}
 */
function isWebSocket ({ method, headers }) {
  return binding.isWebSocket(String(method), String(headers.connection || ''), String(headers.upgrade || ''))
}

/**
 * Whether an http server should hand this request to an EventSource.
 *
 * @param {any} request
 * @returns {boolean}
 */
function isEventSource (request) {
  // Other requests are not asked for their headers, which they may not have.
  if (request.method !== 'GET') return false
  return binding.isEventSource(request.method, String(request.headers.accept || ''))
}

/**
 * Whether the request came over TLS, to us or to a proxy that says so.
 *
 * @param {any} request
 * @returns {boolean}
 */
function isSecureRequest ({ connection, socket, headers }) {
  if (connection && connection.authorized !== undefined) return true
  if (socket && socket.secure) return true
  if (!headers) return false
  return headers.https === 'on' ||
    headers['x-forwarded-ssl'] === 'on' ||
    headers['x-forwarded-scheme'] === 'https' ||
    headers['x-forwarded-proto'] === 'https'
}

/**
 * The URL of a request for a WebSocket, as its server sees it.
 *
 * @param {any} request
 */
function requestUrl (request) {
  const scheme = isSecureRequest(request) ? 'wss:' : 'ws:'
  return scheme + '//' + request.headers.host + request.url
}

/**
 * Headers as they cross the boundary (name, value, name, value …) to an object.
 *
 * @param {string[]} flat
 * @returns {Record<string, string>}
 */
function headersObject (flat) {
  const entries = []
  for (let i = 0; i < flat.length; i += 2) entries.push([flat[i], flat[i + 1]])
  // Unlike an assignment, this makes `__proto__`, which a peer may send, a name like any other.
  return Object.fromEntries(entries)
}

/** Parses the head of a request from bytes. */
const { RequestParser } = binding

module.exports = { RequestParser, isWebSocket, isEventSource, isSecureRequest, headersObject, requestUrl }
