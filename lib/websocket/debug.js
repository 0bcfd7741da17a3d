// @ts-check
'use strict'

/**
 * A logger of the package `debug` if the program has installed it, otherwise a silent one. The namespaces are those of
 * the original: `websocket:server` and `websocket:connection`.
 *
 * @typedef {((...args: any[]) => void) & { enabled: boolean, printOutput: () => void }} Log
 */

/** @returns {((namespace: string) => any) | null} */
function load () {
  try {
    // @ts-ignore: this package does not depend on it
    return require('debug')
  } catch {
    return null
  }
}

const createDebug = load()
/** @type {Map<string, Log>} by namespace; shared by all connections, because `debug` is slow to create one */
const logs = new Map()

/**
 * @param {string} namespace
 * @returns {Log}
 */
function debugFor (namespace) {
  if (createDebug === null) return SILENT
  const known = logs.get(namespace)
  if (known !== undefined) return known
  const log = createDebug(namespace)
  // Programs call this method of the original. Nothing is left to print, because `debug` prints at once.
  log.printOutput = ignore
  logs.set(namespace, log)
  return log
}

function ignore () {}

const SILENT = Object.assign(() => {}, { enabled: false, printOutput: ignore })

module.exports = { debugFor }
