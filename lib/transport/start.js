// @ts-check
'use strict'

// The flags and environment variables with which Node was started. In a worker, `process.execArgv` and `process.env`
// are the worker's own, but the settings of OpenSSL and its certificates still belong to the process.

const { readFileSync } = require('node:fs')
const { isMainThread } = require('node:worker_threads')

/**
 * @typedef {object} Start
 * @property {string[]} flags the flags, followed by other arguments if the two cannot be distinguished
 * @property {Record<string, string | undefined>} environment
 */

/**
 * Returns the starts of this thread and of its process. Returns null in a worker that cannot know how the process was
 * started.
 *
 * @returns {Start[] | null}
 */
function knownStarts () {
  const own = { flags: process.execArgv, environment: process.env }
  const first = startOfProcess()
  // The program may have changed its variables, and the array of its flags, since the start.
  if (isMainThread) return first === null ? [own] : [own, first]
  // The file may set more variables.
  return first === null || first.flags.some((flag) => flag.startsWith('--env-file')) ? null : [own, first]
}

/** Returns the start of the process as Linux has recorded it; null if that is not available. */
function startOfProcess () {
  try {
    const [flags, variables] = ['cmdline', 'environ'].map((name) =>
      readFileSync(`/proc/self/${name}`, 'utf8').split('\0').slice(0, -1))
    // A new `process.title` overwrites the arguments.
    if (flags[0] !== process.argv0 || flags.includes('')) return null
    return { flags, environment: Object.fromEntries(variables.map((each) => each.split(/=(.*)/s))) }
  } catch {
    return null
  }
}

module.exports = { knownStarts }
