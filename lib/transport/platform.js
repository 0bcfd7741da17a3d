// @ts-check
'use strict'

const native = require('../native')

/** Whether there can be a reactor: on this platform, in this runtime, and if the environment does not forbid it. */
const IS_SUPPORTED = ['linux', 'darwin'].includes(process.platform) && !('bun' in process.versions) &&
  !('deno' in process.versions) && typeof native.Reactor === 'function' &&
  process.env.FAYE_WEBSOCKET_TRANSPORT !== 'stream'

module.exports = { IS_SUPPORTED }
