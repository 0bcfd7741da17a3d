'use strict'

// Processes started here never outlive this one: see stopAll, and the parent watch in each of them.

const { fork, spawn } = require('node:child_process')

const running = new Set()

/** Starts a program. `ended` resolves with how it ended; it never rejects. */
function start (command, args, options) {
  return track(spawn(command, args, options))
}

/** Starts a script of ours, with a channel. */
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
