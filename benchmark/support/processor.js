'use strict'

// The processor time of a process, seen from outside: asking it would cost it some.

const fs = require('node:fs')

/**
 * Microseconds so far: of all threads, and of the main thread, on which JavaScript runs. Null where the system does not
 * tell it to the nanosecond (only Linux does).
 *
 * Counts the threads that there are: one that has ended takes its share along.
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

/** Bytes, or null. */
function residentMemory (pid) {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))
    return Number(kilobytes) * 1024
  } catch {
    return null
  }
}

/** How many files and sockets a process that we start may have open. Node has raised that to what it may be. */
function descriptorLimit () {
  try {
    const [, limit] = /^Max open files\s+(\S+)/m.exec(fs.readFileSync('/proc/self/limits', 'latin1'))
    return limit === 'unlimited' ? Infinity : Number(limit)
  } catch {
    return 1024
  }
}

module.exports = { processorTime, residentMemory, descriptorLimit }
