// @ts-check
'use strict'

const { URL } = require('node:url')

const WEBSOCKET_PORTS = { 'ws:': 80, 'wss:': 443 }
const UNIX_PROTOCOLS = { 'ws+unix:': 'ws:', 'wss+unix:': 'wss:' }
const PORTS = { 'http:': 80, 'https:': 443, ...WEBSOCKET_PORTS }

/**
 * The address of a server or proxy.
 *
 * @typedef {object} Endpoint
 * @property {string} host without the brackets of an IPv6 address
 * @property {number} port
 * @property {boolean} secure
 * @property {string} [path] of a Unix socket; if set, host and port are ignored
 *
 * The request of a client, and the address of its server.
 *
 * @typedef {object} Target
 * @property {URL} url
 * @property {string} name the URL for error messages: without user name and password
 * @property {Endpoint} endpoint
 */

/**
 * @param {any} url a string or an object with `href`, which is read once
 * @returns {URL}
 */
function parseWebSocketUrl (url) {
  const { parsed, name } = read(url)
  if (parsed && parsed.protocol in WEBSOCKET_PORTS) return parsed
  throw new Error(name + ' is not a valid WebSocket URL')
}

/**
 * @param {any} url a string or an object with `href`, which is read once
 * @returns {URL}
 */
function parseProxyUrl (url) {
  const { parsed, name } = read(url)
  if (parsed && parsed.protocol in PORTS && parsed.hostname) return parsed
  throw new Error(name + ' is not a valid proxy URL')
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
 * Parses the URL of a client. `ws+unix:/path/to.sock:/path?query` contains the percent-encoded path of a Unix socket
 * instead of host and port.
 *
 * @param {any} url a string or an object with `href`, which is read once
 * @returns {Target}
 */
function clientTarget (url) {
  const { text, parsed, name } = read(url)
  if (parsed && parsed.protocol in WEBSOCKET_PORTS) return { url: parsed, name, endpoint: endpoint(parsed) }
  const target = parsed && parsed.protocol in UNIX_PROTOCOLS ? unixTarget(parsed) : null
  if (target === null) throw new Error(name + ' is not a valid WebSocket URL')
  return { ...target, name: text }
}

/** @param {URL} parsed */
function unixTarget ({ protocol, host, pathname, search }) {
  const [, socket, request] = /** @type {RegExpExecArray} */ (/^([^:]*):?(.*)$/.exec(pathname))
  const path = decode(socket)
  if (!path || host !== '' || (request !== '' && !request.startsWith('/'))) return null
  const scheme = UNIX_PROTOCOLS[/** @type {keyof typeof UNIX_PROTOCOLS} */ (protocol)]
  const url = new URL(`${scheme}//localhost${request}${search}`)
  return { url, endpoint: { ...endpoint(url), path } }
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
function read (url) {
  if (url === null) throw new TypeError('null is not a valid URL')
  const href = typeof url === 'object' ? url.href : url
  const parsed = typeof href === 'string' ? parse(href) : null
  const text = typeof href === 'string' ? href : String(url)
  return { text, parsed, name: nameOf(text, parsed) }
}

/** @param {string} href */
function parse (href) {
  try {
    return new URL(href)
  } catch {
    return null
  }
}

/**
 * Returns a URL for error messages: as the caller wrote it, but without user name and password.
 *
 * @param {string} text
 * @param {URL | null} parsed
 */
function nameOf (text, parsed) {
  if (!parsed?.host || ENCODED.test(parsed.host)) {
    const rest = text.replace(CREDENTIALS, '$1')
    // The path of a Unix socket may have colons.
    return parsed !== null && parsed.protocol in UNIX_PROTOCOLS ? rest : rest.replace(NO_PORT, '$1…')
  }
  if (parsed.username === '' && parsed.password === '') return text
  const bare = new URL(parsed.href)
  bare.username = bare.password = ''
  return bare.href
}

/** Characters that the URL parser allows in hosts of schemes other than those of the web. */
const ENCODED = /%(?:3A|40)/i
/** If the URL has no host, its password may end at any `@`, even at a percent-encoded one. */
const CREDENTIALS = /^([^:@]*:[/\\]*)?.*(?:@|%40)/is
/** The text after a host and a colon, if it is not a port: for example a password without `@`. */
const NO_PORT = /^((?:[^:/\\?#]*:[/\\]+|[/\\]+)?(?:\[[^\]]*\]|[^/\\?#[\]]*?)(?::|%3A))(?!\d*(?:[/\\?#]|$)).*/is

module.exports = { parseWebSocketUrl, parseProxyUrl, endpoint, clientTarget, nameOf }
