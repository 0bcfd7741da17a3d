// @ts-check
'use strict'

// Makes the options of `http.request()` or `https.request()` for a client. Does not know the answer.

const { secureAgent } = require('../transport/secure_agent')
const { illegalCharacter } = require('./token')
const { extend } = require('./utils')

/** Options that `tlsOptions` must not override. */
const OWN_OPTIONS = ['hostname', 'port', 'method', 'path', 'headers']
const DEFAULT_PORTS = { 'ws:': '80', 'wss:': '443' }

/**
 * @typedef {object} Asked what the client asks of a server
 * @property {any} url parsed
 * @property {boolean} secure
 * @property {string[]} protocols
 * @property {any} origin
 * @property {string} base64nonce
 * @property {any} config of the client
 *
 * @typedef {object} Given what the program adds
 * @property {any} headers
 * @property {any} options for the request
 * @property {string | null} extensions the header that offers them
 */

/**
 * The options of the request, which decide how the connection is made.
 *
 * @param {Asked} asked
 * @param {Given} given
 */
function requestOptionsFor (asked, { headers, options: extra, extensions }) {
  const { url, secure, config: { tlsOptions, transport } } = asked
  /** @type {Record<string, any>} */
  const options = { agent: false }
  extend(options, extra)
  extend(options, {
    hostname: bare(url.hostname),
    port: url.port,
    method: 'GET',
    path: pathOf(url),
    headers: headersOf(asked, headers, extensions)
  })
  if (!secure) return options
  for (const name of Object.keys(tlsOptions)) {
    if (!OWN_OPTIONS.includes(name)) options[name] = tlsOptions[name]
  }
  if (transport !== 'stream') options.agent = secureAgent(options) ?? options.agent
  return options
}

/**
 * The headers in the order in which they are written. Those of the program come first. Ours override them, except
 * `Host`.
 *
 * @param {Asked} asked
 * @param {any} given
 * @param {string | null} extensions
 */
function headersOf ({ url, secure, protocols, origin, base64nonce, config }, given, extensions) {
  /** @type {Record<string, any>} */
  const headers = {}
  if (secure) extend(headers, config.tlsOptions.headers)
  extend(headers, given)
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

/** @param {any} url of `url.parse()`, or a WHATWG URL */
function hostOf ({ protocol, hostname, port }) {
  // RFC 3986 section 3.2.2: an IPv6 address has brackets. `url.parse()` removes them.
  const host = String(hostname).includes(':') ? `[${bare(hostname)}]` : hostname
  const usual = defaultPort(protocol)
  return usual === undefined || !port || port === usual ? String(host) : `${host}:${port}`
}

/** @param {any} hostname of an IPv6 address it has brackets in a WHATWG URL */
function bare (hostname) {
  return typeof hostname === 'string' ? hostname.replace(/^\[|\]$/g, '') : hostname
}

/** @param {any} url of `url.parse()`, or a WHATWG URL, which has no `path` */
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
 * Throws for the first character that a subprotocol must not have.
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
