// @ts-check
'use strict'

// Flags and environment variables that Node was started with. In a worker, `process.execArgv` and `process.env` are the
// worker's own, and what concerns OpenSSL and its certificates belongs to the process all the same.

const { readFileSync } = require('node:fs')
const { isMainThread } = require('node:worker_threads')

/**
 * @typedef {object} Start
 * @property {string[]} flags and, where it cannot be told apart, what follows them
 * @property {Record<string, string | undefined>} environment
 */

/**
 * The starts of this thread and of its process, or null in a worker that does not know the latter.
 *
 * @returns {Start[] | null}
 */
function knownStarts () {
  const own = { flags: process.execArgv, environment: process.env }
  const first = startOfProcess()
  // The main thread may have changed its variables since, and the array of its flags.
  if (isMainThread) return first === null ? [own] : [own, first]
  // A file may name more variables.
  return first === null || first.flags.some((flag) => flag.startsWith('--env-file')) ? null : [own, first]
}

/** Linux keeps it as it was. */
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
