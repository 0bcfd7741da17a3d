// @ts-check
'use strict'

const WEBSOCKET_PORTS = { 'ws:': 80, 'wss:': 443 }
const PORTS = { 'http:': 80, 'https:': 443, ...WEBSOCKET_PORTS }

/**
 * Where to connect to.
 *
 * @typedef {object} Endpoint
 * @property {string} host without the brackets of an IPv6 address
 * @property {number} port
 * @property {boolean} secure
 */

/**
 * @param {any} url a string or an object with `href`
 * @returns {URL}
 */
function parseWebSocketUrl (url) {
  const parsed = parse(url)
  if (parsed && parsed.protocol in WEBSOCKET_PORTS) return parsed
  throw new Error(url + ' is not a valid WebSocket URL')
}

/**
 * @param {any} url a string or an object with `href`
 * @returns {URL}
 */
function parseProxyUrl (url) {
  const parsed = parse(url)
  if (parsed && parsed.protocol in PORTS && parsed.hostname) return parsed
  throw new Error(url + ' is not a valid proxy URL')
}

/**
 * @param {URL} url
 * @returns {Endpoint}
 */
function endpoint ({ protocol, hostname, port }) {
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? PORTS[/** @type {keyof typeof PORTS} */ (protocol)] : Number(port),
    secure: protocol === 'https:' || protocol === 'wss:'
  }
}

/** @param {any} url */
function parse (url) {
  const href = typeof url === 'object' ? url.href : url
  if (typeof href !== 'string') return null
  try {
    return new URL(href)
  } catch {
    return null
  }
}

module.exports = { parseWebSocketUrl, parseProxyUrl, endpoint }
