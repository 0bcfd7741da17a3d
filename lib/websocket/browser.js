// @ts-check
'use strict'

// What a bundler takes for a page: the platform's WebSocket under the name that programs know. Loads no addon.

const version = require('./version')

// eslint-disable-next-line no-restricted-globals -- the page's, which nothing of ours schedules work by
const { WebSocket: Platform } = /** @type {any} */ (globalThis)

/**
 * The platform's WebSocket, without the arguments that only a server's process may give.
 *
 * @param {any} url
 * @param {any} [protocols]
 */
function W3CWebSocket (url, protocols) {
  return protocols ? new Platform(url, protocols) : new Platform(url)
}

if (Platform) {
  for (const name of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']) {
    Object.defineProperty(W3CWebSocket, name, { get: () => Platform[name] })
  }
}

module.exports = { w3cwebsocket: Platform ? W3CWebSocket : null, version }
