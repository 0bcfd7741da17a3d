'use strict'

// Connections with the native transport or with both transports, and the tests that need them.

const assert = require('node:assert/strict')

const { startClients, startServer } = require('./open')
const support = require('./test')
const { usesReactor } = require('./transport')

const UNAVAILABLE = process.env.FAYE_WEBSOCKET_RUNTIME === 'wasm'
  ? 'needs the addon'
  : process.env.FAYE_WEBSOCKET_TRANSPORT === 'stream'
    ? 'FAYE_WEBSOCKET_TRANSPORT=stream forces the other transport'
    : !['linux', 'darwin'].includes(process.platform) && 'this platform has no native transport'

/** The transports of this platform, for tests of behaviour that both transports share. */
const transports = UNAVAILABLE ? ['stream'] : ['native', 'stream']

/** A test that needs the native transport. */
function test (name, body, options = {}) {
  return support.test(name, body, { ...options, skip: UNAVAILABLE || options.skip || false })
}

/** Returns `start` for one transport: the stream transport if `transport` is 'stream', or the native transport. */
const by = (start) => async (scope, { transport, ...opening } = {}) => {
  const options = transport ? { ...opening.options, transport } : opening.options
  const { open, ...started } = await start(scope, { ...opening, options })
  const openChecked = async (given) => {
    const connection = await open(given)
    assert.equal(usesReactor(connection.ws), transport !== 'stream', 'native')
    return connection
  }
  return { ...started, open: openChecked }
}

const startNativeServer = by(startServer)

/** Functions that open connections, by the role of our socket: see `open.js`. */
const starts = { server: startNativeServer, client: by(startClients) }

module.exports = { UNAVAILABLE, startNativeServer, starts, test, transports }
