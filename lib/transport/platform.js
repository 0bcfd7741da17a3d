// @ts-check
'use strict'

const native = require('../native')

/** The reason why there is no native transport, or null. */
const UNSUPPORTED = reason()
/** Whether this platform and this runtime support the native transport, and the environment does not disable it. */
const IS_SUPPORTED = UNSUPPORTED === null

function reason () {
  const { platform, versions, env } = process
  if ('bun' in versions) return 'Bun has no native transport'
  if ('deno' in versions) return 'Deno has no native transport'
  if (!['linux', 'darwin'].includes(platform)) return `The platform ${platform} has no native transport`
  if (typeof native.Reactor !== 'function') return 'WebAssembly runs the protocol'
  return env.FAYE_WEBSOCKET_TRANSPORT === 'stream' ? 'FAYE_WEBSOCKET_TRANSPORT is "stream"' : null
}

module.exports = { IS_SUPPORTED, UNSUPPORTED }
