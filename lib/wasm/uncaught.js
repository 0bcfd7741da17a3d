// @ts-check
'use strict'

const nodeProcess = /** @type {any} */ (require('node:process'))
const { inspect } = require('node:util')

/**
 * Raises an exception as Node does when a callback has thrown: `uncaughtException`, the `error` of a domain, or the end
 * of the process, before this returns. Where Node's function for that is missing, throws it.
 *
 * @param {unknown} error
 */
function raise (error) {
  if (typeof nodeProcess._fatalException !== 'function') throw error
  if (nodeProcess._fatalException(error, false)) return
  nodeProcess._rawDebug(`Uncaught:\n${inspect(error)}\n\nNode.js ${nodeProcess.version}`)
  nodeProcess.reallyExit(nodeProcess.exitCode || 1)
}

module.exports = { raise }
