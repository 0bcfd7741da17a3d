// @ts-check
'use strict'

const { NAME, hostProcess, nextTick, setImmediate } = require('../scheduling')

/**
 * The end of a tick, shared by all transports of the process: one callback per tick, however many connections have
 * been written to. And the end of the process, where what has been sent and not written is written.
 *
 * @typedef {object} Flushable
 * @property {() => void} endTick
 * @property {() => void} endProcess
 */

/** @type {Flushable[]} */
let touched = []
/** @type {Flushable[]} */
const batching = []
/** @type {Set<Flushable>} */
const working = new Set()

/**
 * Flushes this transport when the current operation and its callbacks are done.
 *
 * @param {Flushable} transport
 */
function flushAtTheEnd (transport) {
  touched.push(transport)
  if (touched.length === 1) nextTick(endTick)
  endings.add(endProcess)
}

/** @param {Flushable} transport */
function beginBatch (transport) {
  batching.push(transport)
  endings.add(endProcess)
}

/** @param {Flushable} transport */
function endBatch (transport) {
  batching.splice(batching.lastIndexOf(transport), 1)
  restIfIdle()
}

/**
 * Work of this transport is left for later turns of the event loop.
 *
 * @param {Flushable} transport
 */
function rememberWork (transport) {
  working.add(transport)
  endings.add(endProcess)
}

/** @param {Flushable} transport */
function forgetWork (transport) {
  if (working.delete(transport)) restIfIdle()
}

function endTick () {
  const ending = touched
  touched = []
  let ended = 0
  try {
    while (ended < ending.length) ending[ended++].endTick()
  } finally {
    // If a program's socket throws, the others are flushed in another tick.
    if (ended < ending.length) {
      touched.push(...ending.slice(ended))
      nextTick(endTick)
    }
    restIfIdle()
  }
}

// Transports without work are not remembered: test runners load the package again and again.
function restIfIdle () {
  if (touched.length + batching.length + working.size === 0) endings.delete(endProcess)
}

function endProcess () {
  for (const transport of new Set([...working, ...batching, ...touched])) transport.endProcess()
}

/** Whether the process ends: no tick, no turn of the event loop and no worker finishes what is begun now. */
function isEnding () {
  return endings.isEnding
}

// One listener for the process, however often the package is loaded.
const ENDINGS = Symbol.for(NAME + '.endings')
/** @type {Endings} */
const endings = hostProcess[ENDINGS] ??= listen()

/**
 * @typedef {Set<() => void> & { isEnding: boolean }} Endings
 * @returns {Endings}
 */
function listen () {
  const endings = Object.assign(new Set(), { isEnding: false })
  // Before the listeners of programs, which may still send.
  hostProcess.prependListener('exit', () => {
    endings.isEnding = true
    for (const end of endings) end()
    // A program may have emitted the event itself: then the process goes on.
    setImmediate(() => { endings.isEnding = false }).unref()
  })
  return endings
}

module.exports = { flushAtTheEnd, beginBatch, isEnding, endBatch, rememberWork, forgetWork }
