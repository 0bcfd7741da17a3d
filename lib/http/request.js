// @ts-check
'use strict'

const binding = require('../native')
const { invalid } = require('./options')

/**
 * Returns whether a request asks for a WebSocket.
 *
 * @param {any} request
 * @returns {boolean}
 */
function isWebSocket (request) {
  const headers = headersOf(request)
  return binding.isWebSocket(String(request.method), String(headers.connection || ''), String(headers.upgrade || ''))
}

/**
 * Returns whether a request asks for an event stream.
 *
 * @param {any} request
 * @returns {boolean}
 */
function isEventSource (request) {
  // Checks the method first, because other requests may have no headers.
  if (isRequest(request) && request.method !== 'GET') return false
  return binding.isEventSource('GET', String(headersOf(request).accept || ''))
}

/**
 * Returns whether the client sent the request over TLS, to this server or to a proxy that reports it in a header.
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
 * Returns the WebSocket URL of a request.
 *
 * @param {any} request
 */
function requestUrl (request) {
  const { host } = headersOf(request)
  const scheme = isSecureRequest(request) ? 'wss:' : 'ws:'
  const url = scheme + '//' + host + request.url
  if (url !== latestUrl) latestUrl = url
  return latestUrl
}

/** The latest URL. Connections in a row with the same URL share one string. */
let latestUrl = ''

/**
 * Returns the headers of a request. Throws if the value is not a request.
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
 * Converts the headers of the binding (name, value, name, value …) to an object.
 *
 * @param {string[]} flat
 * @returns {Record<string, string>}
 */
function headersObject (flat) {
  const entries = []
  for (let i = 0; i < flat.length; i += 2) entries.push([flat[i], flat[i + 1]])
  // A peer may send the name `__proto__`. An assignment would set the prototype.
  return Object.fromEntries(entries)
}

/** Parses the head of a request from bytes. */
const { RequestParser } = binding

module.exports = { RequestParser, isWebSocket, isEventSource, isSecureRequest, headersObject, headersOf, requestUrl }
