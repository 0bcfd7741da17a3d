// @ts-check
'use strict'

/**
 * Logs by the package `debug`, if the program has it, under the original's namespaces `websocket:server` and
 * `websocket:connection`. Without it, or where its namespace is off, nothing is logged.
 *
 * @typedef {((...args: any[]) => void) & { enabled: boolean, printOutput: () => void }} Log
 */

/** @returns {((namespace: string) => any) | null} */
function load () {
  try {
    // @ts-ignore: the program may have it, and need not.
    return require('debug')
  } catch {
    return null
  }
}

const createDebug = load()
/** @type {Map<string, Log>} one for all connections: `debug` takes a while to make one */
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
  // Programs call it on connections. What is logged is printed at once, so nothing is left to print.
  log.printOutput = ignore
  logs.set(namespace, log)
  return log
}

function ignore () {}

const SILENT = Object.assign(() => {}, { enabled: false, printOutput: ignore })

module.exports = { debugFor }
