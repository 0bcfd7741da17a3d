// @ts-check
'use strict'

const native = require('../native')

/** Whether this platform and this runtime support the native transport, and the environment does not disable it. */
const IS_SUPPORTED = ['linux', 'darwin'].includes(process.platform) && !('bun' in process.versions) &&
  !('deno' in process.versions) && typeof native.Reactor === 'function' &&
  process.env.FAYE_WEBSOCKET_TRANSPORT !== 'stream'

module.exports = { IS_SUPPORTED }
