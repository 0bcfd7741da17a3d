// @ts-check
'use strict'

const nodeProcess = /** @type {any} */ (require('node:process'))
const { inspect } = require('node:util')

/**
 * Raises an exception as Node does after a callback has thrown. Before this returns, Node emits `uncaughtException`, or
 * `error` of a domain, or ends the process. If Node's function for that is missing, throws the exception.
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
