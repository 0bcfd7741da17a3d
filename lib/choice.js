// @ts-check
'use strict'

/**
 * Chooses the addon of this machine, or WebAssembly if no addon loads. `FAYE_WEBSOCKET_RUNTIME` in the environment
 * forces one of them: `native` or `wasm`.
 */

const { createRequire } = require('node:module')
const { getEnvironmentData, setEnvironmentData } = require('node:worker_threads')
const { failureOf } = require('./addon/failure')
const { NAME, hostProcess, variable } = require('./scheduling')

/** @typedef {typeof import('../binding')} Binding */

/**
 * @typedef {object} Choice
 * @property {Binding} binding
 * @property {'native' | 'wasm'} runtime
 * @property {string} runtimeReason
 */

const VARIABLE = 'FAYE_WEBSOCKET_RUNTIME'
const WARNED = NAME + '.warned'

/** @returns {Choice} */
function choose () {
  const asked = variable(VARIABLE) || undefined
  if (asked !== undefined && asked !== 'native' && asked !== 'wasm') {
    throw failed('ERR_FAYE_WEBSOCKET_RUNTIME',
      `${VARIABLE} is ${JSON.stringify(asked)}. It may be "native", "wasm" or unset`)
  }
  if (asked === 'wasm') return forcedWasm()
  const addon = loadAddon()
  if (addon.binding !== undefined) {
    return { binding: addon.binding, runtime: 'native', runtimeReason: `loaded ${originOf(addon)}` }
  }
  const { code, reason, advice } = failureOf(addon)
  const text = `${reason}. ${advice}`
  const cause = new AggregateError(addon.errors, 'No addon loads')
  if (asked === 'native') throw failed(code, `${text}.\n${VARIABLE} is "native", which forbids WebAssembly`, cause)
  try {
    const wasm = loadWasm()
    warn(`WebAssembly runs the protocol. ${text}. ${VARIABLE}=wasm selects WebAssembly without this warning`)
    return { binding: wasm, runtime: 'wasm', runtimeReason: reason }
  } catch (error) {
    cause.errors.push(error)
    throw failed(code, `${text}.\nWebAssembly is not available either: ${messageOf(error)}`, cause)
  }
}

/** @returns {Choice} */
function forcedWasm () {
  try {
    return { binding: loadWasm(), runtime: 'wasm', runtimeReason: `${VARIABLE} is "wasm"` }
  } catch (cause) {
    throw failed('ERR_FAYE_WEBSOCKET_NO_WASM', `${VARIABLE} is "wasm", but WebAssembly does not load: ` +
      messageOf(cause), cause)
  }
}

/**
 * Loads the addon. In a bundle, `#addon` is `bundled.js`: see package.json.
 *
 * @returns {import('./addon/failure').Addon}
 */
function loadAddon () {
  try {
    return require('#addon')
  } catch {
    // Jest before 29.4 does not support names with `#`.
    return createRequire(__filename)('./addon')
  }
}

/** @returns {Binding} */
function loadWasm () {
  return /** @type {any} */ (require('./wasm'))
}

/** @param {import('./addon/failure').Addon} addon */
function originOf ({ name, errors, isBundle, isPrebuilt }) {
  if (isBundle || errors.length > 0) return `the package ${NAME}-${name}`
  return `faye-websocket.${isPrebuilt ? name : 'local'}.node`
}

/**
 * Emits a process warning, once for a thread, its later workers, and all copies of this package in them.
 *
 * @param {string} message
 */
function warn (message) {
  if (getEnvironmentData(WARNED)) return
  setEnvironmentData(WARNED, true)
  hostProcess.emitWarning(`${NAME}: ${message}.`, { code: 'FAYE_WEBSOCKET_WASM' })
}

/**
 * @param {string} code
 * @param {string} message
 * @param {unknown} [cause]
 */
function failed (code, message, cause) {
  return Object.assign(new Error(`${NAME}: ${message}.`, cause === undefined ? undefined : { cause }), { code })
}

/** @param {any} error */
function messageOf (error) {
  return String(error?.message ?? error).split('\n')[0]
}

module.exports = choose()
