'use strict'

// Starts processes, each on its own core if the system supports it. They end with this process.

const { spawn, spawnSync } = require('node:child_process')
const os = require('node:os')

const running = new Set()

/** @param {{ core: number }} options with the options of spawn */
function start (command, args, { core, ...options }) {
  const [program, ...rest] = canPin() ? ['taskset', '-c', String(core), command, ...args] : [command, ...args]
  const child = spawn(program, rest, options)
  running.add(child)
  child.once('close', () => running.delete(child))
  return child
}

let pinning

/** Returns whether processes can be pinned to a core. */
function canPin () {
  pinning ??= os.cpus().length > 1 && spawnSync('taskset', ['-c', '0,1', process.execPath, '--version']).status === 0
  return pinning
}

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

// By default, a signal ends the process without an exit event.
process.once('SIGINT', () => process.exit(130))

module.exports = { start, canPin }
