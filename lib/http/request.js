// @ts-check
'use strict'

const binding = require('../native')
const { invalid } = require('./options')

/**
 * Whether an http server should hand this request to a WebSocket.
 *
 * @param {any} request
 * @returns {boolean}
 */
function isWebSocket (request) {
  const headers = headersOf(request)
  return binding.isWebSocket(String(request.method), String(headers.connection || ''), String(headers.upgrade || ''))
}

/**
 * Whether an http server should hand this request to an EventSource.
 *
 * @param {any} request
 * @returns {boolean}
 */
function isEventSource (request) {
  // Other requests are not asked for their headers, which they may not have.
  if (isRequest(request) && request.method !== 'GET') return false
  return binding.isEventSource('GET', String(headersOf(request).accept || ''))
}

/**
 * Whether the request came over TLS, to us or to a proxy that says so.
 *
 * @param {any} request
 * @returns {boolean}
 */
function isSecureRequest (request) {
  if (!isRequest(request)) throw noRequest(request)
  const { connection, socket, headers } = request
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
  const { host } = headersOf(request)
  const scheme = isSecureRequest(request) ? 'wss:' : 'ws:'
  return scheme + '//' + host + request.url
}

/**
 * Throws for what is no request.
 *
 * @param {any} request
 */
function headersOf (request) {
  const headers = request?.headers
  if (headers === undefined || headers === null) throw noRequest(request)
  return headers
}

/** @param {any} request */
function isRequest (request) {
  return request !== undefined && request !== null
}

/** @param {any} request */
function noRequest (request) {
  return invalid('request', request, 'an http.IncomingMessage with its headers')
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

module.exports = { RequestParser, isWebSocket, isEventSource, isSecureRequest, headersObject, headersOf, requestUrl }
