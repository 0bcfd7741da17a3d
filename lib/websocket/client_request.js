// @ts-check
'use strict'

// Builds the options of `http.request()` or `https.request()` for a client. Does not read the response.

const { secureAgent } = require('../transport/secure_agent')
const { illegalCharacter } = require('./token')
const { extend } = require('./utils')

/** Options that `tlsOptions` must not override. */
const OWN_OPTIONS = ['hostname', 'port', 'method', 'path', 'headers']
const DEFAULT_PORTS = { 'ws:': '80', 'wss:': '443' }

/**
 * @typedef {object} Handshake the parts of the request that the client decides
 * @property {any} url parsed
 * @property {boolean} secure
 * @property {string[]} protocols
 * @property {any} origin
 * @property {string} base64nonce
 * @property {any} config of the client
 *
 * @typedef {object} Additions the program's additions to the request
 * @property {any} headers
 * @property {any} options for `http.request()` or `https.request()`
 * @property {string | null} extensions the value of the `Sec-WebSocket-Extensions` header
 */

/**
 * Returns the options of the request. They also decide how Node opens the connection.
 *
 * @param {Handshake} handshake
 * @param {Additions} additions
 */
function requestOptionsFor (handshake, { headers, options: extra, extensions }) {
  const { url, secure, config: { tlsOptions, transport } } = handshake
  /** @type {Record<string, any>} */
  const options = { agent: false }
  extend(options, extra)
  extend(options, {
    hostname: bare(url.hostname),
    port: url.port,
    method: 'GET',
    path: pathOf(url),
    headers: headersOf(handshake, headers, extensions)
  })
  if (!secure) return options
  for (const name of Object.keys(tlsOptions)) {
    if (!OWN_OPTIONS.includes(name)) options[name] = tlsOptions[name]
  }
  if (transport !== 'stream') options.agent = secureAgent(options) ?? options.agent
  return options
}

/**
 * Returns the headers in the order of writing. The program's headers come first. Ours override them, except `Host`.
 *
 * @param {Handshake} handshake
 * @param {any} added the program's headers
 * @param {string | null} extensions
 */
function headersOf ({ url, secure, protocols, origin, base64nonce, config }, added, extensions) {
  /** @type {Record<string, any>} */
  const headers = {}
  if (secure) extend(headers, config.tlsOptions.headers)
  extend(headers, added)
  extend(headers, {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': config.webSocketVersion.toString(10),
    'Sec-WebSocket-Key': base64nonce,
    Host: headers.Host || hostOf(url)
  })
  if (protocols.length > 0) headers['Sec-WebSocket-Protocol'] = protocols.join(', ')
  if (origin) headers[config.webSocketVersion === 8 ? 'Sec-WebSocket-Origin' : 'Origin'] = origin
  if (extensions !== null) headers['Sec-WebSocket-Extensions'] = extensions
  return headers
}

/** @param {any} url from `url.parse()`, or a WHATWG URL */
function hostOf ({ protocol, hostname, port }) {
  // RFC 3986 section 3.2.2: an IPv6 address has brackets. `url.parse()` removes them.
  const host = String(hostname).includes(':') ? `[${bare(hostname)}]` : hostname
  const usual = defaultPort(protocol)
  return usual === undefined || !port || port === usual ? String(host) : `${host}:${port}`
}

/** @param {any} hostname in a WHATWG URL, an IPv6 address has brackets */
function bare (hostname) {
  return typeof hostname === 'string' ? hostname.replace(/^\[|\]$/g, '') : hostname
}

/** @param {any} url from `url.parse()`, or a WHATWG URL, which has no `path` */
function pathOf ({ pathname, search, path = (pathname || '') + (search || '') }) {
  if (pathname) return path
  return path ? '/' + path : '/'
}

/**
 * @param {string} protocol of a URL
 * @returns {string | undefined}
 */
function defaultPort (protocol) {
  return DEFAULT_PORTS[/** @type {keyof typeof DEFAULT_PORTS} */ (protocol)]
}

/**
 * Throws for the first character that a subprotocol must not contain.
 *
 * @param {string[]} protocols
 */
function checkProtocols (protocols) {
  for (const protocol of protocols) {
    const character = illegalCharacter(protocol)
    if (character !== undefined) throw new Error(`Protocol list contains invalid character "${character}"`)
  }
}

module.exports = { checkProtocols, defaultPort, requestOptionsFor }
