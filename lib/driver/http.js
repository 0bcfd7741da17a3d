// @ts-check
'use strict'

const binding = require('../../binding')

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
function isEventSource ({ method, headers }) {
  return binding.isEventSource(String(method), String(headers.accept || ''))
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
 * Headers as they cross the boundary (name, value, name, value …) to an object.
 *
 * @param {string[]} flat
 * @returns {Record<string, string>}
 */
function headersObject (flat) {
  // A peer chooses the names: `__proto__` has to be one like any other.
  const headers = Object.create(null)
  for (let i = 0; i < flat.length; i += 2) headers[flat[i]] = flat[i + 1]
  return headers
}

module.exports = { isWebSocket, isEventSource, isSecureRequest, headersObject }
