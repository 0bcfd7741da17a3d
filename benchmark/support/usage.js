'use strict'

/** Returns microseconds of processor time of this process: of all threads, and of this one if Node reports it. */
function usage () {
  const time = ({ user, system }) => user + system
  const all = time(process.cpuUsage())
  return { all, main: process.threadCpuUsage ? time(process.threadCpuUsage()) : all }
}

module.exports = { usage }
