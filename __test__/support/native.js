'use strict'

// The two transports of connections, and tests of what only one of them does or both do alike.

const assert = require('node:assert/strict')

const { startClients, startServer } = require('./open')
const support = require('./test')
const { usesReactor } = require('./transport')

const UNAVAILABLE = process.env.FAYE_WEBSOCKET_RUNTIME === 'wasm'
  ? 'needs the addon'
  : process.env.FAYE_WEBSOCKET_TRANSPORT === 'stream'
    ? 'FAYE_WEBSOCKET_TRANSPORT=stream forces the other transport'
    : !['linux', 'darwin'].includes(process.platform) && 'there is no native transport on this platform'

/** What both transports do alike is tested with both, where there are two. */
const transports = UNAVAILABLE ? ['stream'] : ['native', 'stream']

/** A test that needs the native transport. */
function test (name, body, options = {}) {
  return support.test(name, body, { ...options, skip: UNAVAILABLE || options.skip || false })
}

/** The same as `start`, for connections by one transport, which is the native one unless `transport` is 'stream'. */
const by = (start) => async (scope, { transport, ...opening } = {}) => {
  const options = transport ? { ...opening.options, transport } : opening.options
  const { open, ...started } = await start(scope, { ...opening, options })
  const openChecked = async (one) => {
    const connection = await open(one)
    assert.equal(usesReactor(connection.ws), transport !== 'stream', 'native')
    return connection
  }
  return { ...started, open: openChecked }
}

const startNativeServer = by(startServer)

/** What makes connections, by what our socket is: see `open.js`. */
const starts = { server: startNativeServer, client: by(startClients) }

module.exports = { UNAVAILABLE, startNativeServer, starts, test, transports }
