// @ts-check
'use strict'

/**
 * The end of a tick, shared by all transports of the process: one callback per tick, however many connections have
 * been written to. And the end of the process, where what has been sent and not written is written.
 *
 * @typedef {object} Flushable
 * @property {() => void} endTick
 * @property {() => void} flushAll
 */

/** @type {Flushable[]} */
let touched = []
/** @type {Flushable[]} */
const batching = []

/**
 * Flushes this transport when the current operation and its callbacks are done.
 *
 * @param {Flushable} transport
 */
function flushAtTheEnd (transport) {
  if (touched.length === 0) process.nextTick(endTick)
  touched.push(transport)
}

/** @param {Flushable} transport */
function enterBatch (transport) {
  batching.push(transport)
}

/** @param {Flushable} transport */
function leaveBatch (transport) {
  batching.splice(batching.lastIndexOf(transport), 1)
}

function endTick () {
  const ending = touched
  touched = []
  for (const transport of ending) transport.endTick()
}

function endProcess () {
  for (const transport of [...batching, ...touched]) transport.flushAll()
}

// One listener for the process, even where the package is loaded many times, as test runners do.
const ENDINGS = Symbol.for('faye-websocket-rs.endings')
const endings = /** @type {any} */ (process)[ENDINGS] ??= listen()
endings.add(endProcess)

function listen () {
  const endings = new Set()
  process.on('exit', () => {
    for (const end of endings) end()
  })
  return endings
}

module.exports = { flushAtTheEnd, enterBatch, leaveBatch }
