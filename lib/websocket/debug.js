// @ts-check
'use strict'

/**
 * A log by the package `debug`, if the program has it, under one of the namespaces of the original: `websocket:server`
 * and `websocket:connection`. Otherwise it is silent.
 *
 * @typedef {((...args: any[]) => void) & { enabled: boolean, printOutput: () => void }} Log
 */

/** @returns {((namespace: string) => any) | null} */
function load () {
  try {
    // @ts-ignore: no dependency of ours
    return require('debug')
  } catch {
    return null
  }
}

const createDebug = load()
/** @type {Map<string, Log>} by namespace; connections share one, because `debug` takes a while to make it */
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
  // Programs call it. There is nothing left to print, because `debug` prints at once.
  log.printOutput = ignore
  logs.set(namespace, log)
  return log
}

function ignore () {}

const SILENT = Object.assign(() => {}, { enabled: false, printOutput: ignore })

module.exports = { debugFor }
