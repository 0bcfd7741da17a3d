'use strict'

// An echo server in a process of its own, on a core of its own. Knows the scripts in servers/ by name only.

const path = require('node:path')
const { once } = require('node:events')
const { start } = require('./process')

const PATIENCE = 15_000

class Server {
  /** @param {string} name of a script in servers/ */
  static async start (name, { core, args = [] }) {
    const script = path.join(__dirname, '..', 'servers', name + '.js')
    // --expose-gc: see memory().
    const child = start(process.execPath, ['--expose-gc', script, ...args], {
      core,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc']
    })
    const server = new Server(name, child)
    server.port = (await server._answer()).port
    return server
  }

  constructor (name, child) {
    this.name = name
    this.child = child
    this.failed = once(child, 'close').then(([code, signal]) => {
      throw new Error(`the server ${name} ended (${signal || 'exit code ' + code})`)
    })
    // What nobody waits for is no unhandled rejection.
    this.failed.catch(() => {})
  }

  /** Microseconds of processor time so far, of all threads. */
  async cpu () {
    const { user, system } = await this._ask('usage')
    return user + system
  }

  /** Resident bytes, after a garbage collection. */
  async memory () {
    return (await this._ask('memory')).rss
  }

  stop () {
    this.child.kill()
  }

  _ask (question) {
    const answer = this._answer()
    this.child.send(question)
    return answer
  }

  async _answer () {
    const message = once(this.child, 'message', { signal: AbortSignal.timeout(PATIENCE) })
    return (await Promise.race([message, this.failed]))[0]
  }
}

module.exports = { Server }
