'use strict'

// Processes started here end with this one: see stopAll, and the check of the parent in each of them.

const { fork, spawn } = require('node:child_process')

const running = new Set()

/** Starts a program. `ended` resolves with the exit code or signal, and never rejects. */
function start (command, args, options) {
  return track(spawn(command, args, options))
}

/** Starts one of our scripts with an IPC channel. */
function startScript (script, args) {
  return track(fork(script, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }))
}

function stopAll () {
  for (const child of running) child.kill('SIGKILL')
}

function track (child) {
  running.add(child)
  const ended = new Promise(resolve => {
    child.once('error', error => resolve({ ok: false, how: error.message }))
    child.once('close', (code, signal) => {
      resolve({ ok: code === 0, how: signal === null ? `exit code ${code}` : `signal ${signal}` })
    })
  }).finally(() => running.delete(child))
  return { child, ended }
}

process.on('exit', stopAll)

module.exports = { start, startScript, stopAll }
