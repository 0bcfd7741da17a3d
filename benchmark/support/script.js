'use strict'

// A Node script in a separate process on its own core, which answers questions.

const { once } = require('node:events')
const { start } = require('./process')
const { processorTime } = require('./processor')

const PATIENCE = 15_000

class Script {
  /**
   * @param {string} name the name in messages
   * @param {import('node:child_process').ChildProcess} child
   */
  constructor (name, child) {
    this.name = name
    this.child = child
    this.failed = once(child, 'close').then(([code, signal]) => {
      throw new Error(`${name} ended (${signal || 'exit code ' + code})`)
    })
    // A rejection that no code awaits must not end the process.
    this.failed.catch(() => {})
  }

  /** Returns microseconds of processor time so far: of all threads, and of the JavaScript thread. */
  async cpu () {
    return processorTime(this.child.pid) ?? this.ask('usage')
  }

  stop () {
    this.child.kill()
  }

  ask (question, patience = PATIENCE) {
    const answer = this.answer(patience)
    this.child.send(question)
    return answer
  }

  /** Resolves with the next message of the script. */
  async answer (patience = PATIENCE) {
    const signal = AbortSignal.timeout(patience)
    const message = once(this.child, 'message', { signal }).catch((error) => {
      throw signal.aborted ? new Error(`${this.name} has not answered within ${patience / 1000} s`) : error
    })
    return (await Promise.race([message, this.failed]))[0]
  }
}

/** @param {{ core: number, args?: string[], env?: Record<string, string> }} options */
function fork (file, { core, args = [], env = {} }) {
  // --expose-gc: a server collects garbage before it reports its memory.
  return start(process.execPath, ['--expose-gc', file, ...args], {
    core,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
}

module.exports = { Script, fork }
