// @ts-check
'use strict'

// The entry point of bundles for browsers: `w3cwebsocket` is the WebSocket of the platform. Loads no addon.

const version = require('./version')

// eslint-disable-next-line no-restricted-globals -- runs in a page and schedules nothing
const { WebSocket: Platform } = /** @type {any} */ (globalThis)

/**
 * Creates a WebSocket of the platform, which accepts only these two arguments.
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

const w3cwebsocket = Platform ? W3CWebSocket : null

module.exports = { w3cwebsocket, version }
