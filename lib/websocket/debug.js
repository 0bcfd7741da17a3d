// @ts-check
'use strict'

/**
 * A logger of the package `debug` if the program has installed it, otherwise a silent one. The namespaces are those of
 * the original: `websocket:server` and `websocket:connection`.
 *
 * @typedef {((...args: any[]) => void) & { enabled: boolean, printOutput: () => void }} Log
 */

const { createRequire } = require('node:module')

/**
 * Resolves `debug` from this file or, in a bundle, from the bundle. Bundlers do not follow `load`. With `require`,
 * webpack warns if the package is not installed, even in a `try`.
 *
 * @returns {((namespace: string) => any) | null}
 */
function findDebug () {
  try {
    // A bundle in the format of ES modules has no __filename.
    const load = createRequire(typeof __filename === 'string' ? __filename : process.argv[1] ?? process.execPath)
    return load('debug')
  } catch {
    return null
  }
}

const createDebug = findDebug()
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
