// @ts-check
'use strict'

// Helpers that programs require by the path of the original.

const { Buffer } = require('node:buffer')
const { EventEmitter } = require('node:events')
const { debugFor } = require('./debug')

function noop () {}

/**
 * Copies all enumerable properties, inherited ones included.
 *
 * @param {any} dest
 * @param {any} source
 */
function extend (dest, source) {
  for (const name in source) dest[name] = source[name]
}

/**
 * Returns a logger for one namespace of `debug`, which buffers its lines until `printOutput` is called. If the
 * namespace is disabled, it buffers nothing.
 *
 * @param {string} identifier
 * @param {any} uniqueID printed in each line
 */
function createBufferingLogger (identifier, uniqueID) {
  const print = debugFor(identifier)
  if (!print.enabled) return print
  const logger = new BufferingLogger(identifier, uniqueID, print)
  return Object.assign(logger.log.bind(logger), {
    printOutput: logger.printOutput.bind(logger),
    enabled: print.enabled
  })
}

class BufferingLogger {
  /**
   * @param {string} identifier
   * @param {any} uniqueID
   * @param {(...args: any[]) => void} logFunction
   */
  constructor (identifier, uniqueID, logFunction) {
    this.logFunction = logFunction
    this.identifier = identifier
    this.uniqueID = uniqueID
    /** @type {Array<[Date, any[]]>} */
    this.buffer = []
  }

  /** @param {any[]} args a format and its values */
  log (...args) {
    this.buffer.push([new Date(), args])
    return this
  }

  clear () {
    this.buffer = []
    return this
  }

  printOutput (logFunction = this.logFunction) {
    for (const [date, [format, ...values]] of this.buffer) {
      if (format == null) continue
      logFunction(`%s - %s - ${format}`, date.toLocaleString(), this.uniqueID, ...values)
    }
  }
}

const { listenerCount: eventEmitterListenerCount } = EventEmitter
const { allocUnsafe: bufferAllocUnsafe, from: bufferFromString } = Buffer

// A list of names without expressions: Node finds the exports for ES modules by reading this text.
module.exports = {
  noop,
  extend,
  eventEmitterListenerCount,
  bufferAllocUnsafe,
  bufferFromString,
  BufferingLogger: createBufferingLogger
}
