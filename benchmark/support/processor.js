'use strict'

// The processor time of a process, read from outside, because an answer of the process would cost time.

const fs = require('node:fs')

/**
 * Returns microseconds so far: of all threads, and of the main thread, which runs JavaScript. Null if the system does
 * not report nanoseconds; only Linux does.
 *
 * Counts the existing threads only, so the time of a thread that has ended is lost.
 */
function processorTime (pid) {
  try {
    const threads = fs.readdirSync(`/proc/${pid}/task`).map((thread) => [thread, timeOf(pid, thread)])
    const all = threads.reduce((sum, [, time]) => sum + time, 0)
    return { all, main: Object.fromEntries(threads)[pid] }
  } catch {
    return null
  }
}

function timeOf (pid, thread) {
  const [nanoseconds] = fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')
  return Number(nanoseconds) / 1000
}

/** Returns the resident bytes; null if the system does not report them. */
function residentMemory (pid) {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))
    return Number(kilobytes) * 1024
  } catch {
    return null
  }
}

/** Returns the limit of open files for a process that we start. Node has raised its soft limit to the hard limit. */
function descriptorLimit () {
  try {
    const [, limit] = /^Max open files\s+(\S+)/m.exec(fs.readFileSync('/proc/self/limits', 'latin1'))
    return limit === 'unlimited' ? Infinity : Number(limit)
  } catch {
    return 1024
  }
}

module.exports = { processorTime, residentMemory, descriptorLimit }
