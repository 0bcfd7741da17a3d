// @ts-check
'use strict'

const WEBSOCKET_PORTS = { 'ws:': 80, 'wss:': 443 }
const UNIX_PROTOCOLS = { 'ws+unix:': 'ws:', 'wss+unix:': 'wss:' }
const PORTS = { 'http:': 80, 'https:': 443, ...WEBSOCKET_PORTS }

/**
 * Where to connect to.
 *
 * @typedef {object} Endpoint
 * @property {string} host without the brackets of an IPv6 address
 * @property {number} port
 * @property {boolean} secure
 * @property {string} [path] of a Unix socket, which wins over host and port
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

/**
 * What a client asks, and where. `ws+unix:/path/to.sock:/path?query` has the path of a Unix socket, percent-encoded, in
 * the place of host and port.
 *
 * @param {any} url a string or an object with `href`
 * @returns {{ url: any, endpoint: Endpoint }}
 */
function clientTarget (url) {
  const parsed = parse(url)
  if (!parsed || !(parsed.protocol in UNIX_PROTOCOLS)) return { url, endpoint: endpoint(parseWebSocketUrl(url)) }
  const [, socket, request] = /** @type {RegExpExecArray} */ (/^([^:]*):?(.*)$/.exec(parsed.pathname))
  const path = decode(socket)
  const isValid = path && parsed.host === '' && (request === '' || request.startsWith('/'))
  if (!isValid) throw new Error(url + ' is not a valid WebSocket URL')
  const protocol = UNIX_PROTOCOLS[/** @type {keyof typeof UNIX_PROTOCOLS} */ (parsed.protocol)]
  const asked = parseWebSocketUrl(`${protocol}//localhost${request}${parsed.search}`)
  return { url: asked.href, endpoint: { ...endpoint(asked), path } }
}

/** @param {string} text percent-encoded */
function decode (text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
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

module.exports = { parseWebSocketUrl, parseProxyUrl, endpoint, clientTarget }
