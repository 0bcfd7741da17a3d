// @ts-check
'use strict'

const { NAME, hostProcess, nextTick, setImmediate } = require('../scheduling')

/**
 * The end of a tick, shared by all transports of a thread: one callback per tick, for any number of connections. Also
 * the end of the process, at which all unwritten output is written.
 *
 * @typedef {object} Flushable
 * @property {() => void} endTick
 * @property {() => void} endProcess
 */

/** @type {Flushable[]} */
let waiting = []
/** @type {Flushable[]} */
const batching = []
/** @type {Set<Flushable>} */
const working = new Set()

/**
 * Flushes this transport after the current operation and its callbacks.
 *
 * @param {Flushable} transport
 */
function flushAtTheEnd (transport) {
  waiting.push(transport)
  if (waiting.length === 1) nextTick(endTick)
  endings.add(endProcess)
}

/** The number of the latest batch: of a transport, or of the reactor. */
let latest = 0

/** Counts a batch. */
function countBatch () {
  latest += 1
}

/** Returns the number of the latest batch. Work that finds the same number has happened in the same batch. */
function batchNumber () {
  return latest
}

/** @param {Flushable} transport */
function beginBatch (transport) {
  countBatch()
  batching.push(transport)
  endings.add(endProcess)
}

/** @param {Flushable} transport */
function endBatch (transport) {
  batching.splice(batching.lastIndexOf(transport), 1)
  removeIfIdle()
}

/**
 * Adds a transport that has work for later turns of the event loop.
 *
 * @param {Flushable} transport
 */
function addWorking (transport) {
  working.add(transport)
  endings.add(endProcess)
}

/** @param {Flushable} transport */
function removeWorking (transport) {
  if (working.delete(transport)) removeIfIdle()
}

function endTick () {
  const ending = waiting
  waiting = []
  let ended = 0
  try {
    while (ended < ending.length) ending[ended++].endTick()
  } finally {
    // If a program's socket throws, another tick flushes the other transports.
    if (ended < ending.length) {
      waiting.push(...ending.slice(ended))
      nextTick(endTick)
    }
    removeIfIdle()
  }
}

// Removes the callback while no transport has work, because test runners load the package many times.
function removeIfIdle () {
  if (waiting.length + batching.length + working.size === 0) endings.delete(endProcess)
}

function endProcess () {
  for (const transport of new Set([...working, ...batching, ...waiting])) transport.endProcess()
}

/** Returns whether the process is ending: no further tick, turn of the event loop or worker will complete any work. */
function isEnding () {
  return endings.isEnding
}

// One listener for the process, even if the package is loaded several times.
const ENDINGS = Symbol.for(NAME + '.endings')
/** @type {Endings} */
const endings = hostProcess[ENDINGS] ??= listen()

/**
 * @typedef {Set<() => void> & { isEnding: boolean }} Endings
 * @returns {Endings}
 */
function listen () {
  const endings = Object.assign(new Set(), { isEnding: false })
  // Runs before the listeners of programs, which may still send.
  hostProcess.prependListener('exit', () => {
    endings.isEnding = true
    for (const end of endings) end()
    // If a program has emitted the event itself, the process continues.
    setImmediate(() => { endings.isEnding = false }).unref()
  })
  return endings
}

module.exports = {
  addWorking, batchNumber, beginBatch, countBatch, endBatch, flushAtTheEnd, isEnding, removeWorking
}
