'use strict'

// A server in a process of its own, on a core of its own. Knows the scripts in servers/ by name only.

const path = require('node:path')
const readline = require('node:readline')
const { once } = require('node:events')
const { start } = require('./process')
const { processorTime, residentMemory } = require('./processor')

const PATIENCE = 15_000

class Server {
  /**
   * A script for Node.
   *
   * @param {string} name of a script in servers/
   */
  static async start (name, { core, args = [], env = {}, title = name }) {
    // --expose-gc: see memory().
    const child = start(process.execPath, ['--expose-gc', scriptOf(name), ...args], {
      core,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc']
    })
    const server = new Server(title, child)
    server.port = (await server._answer()).port
    return server
  }

  /** Another program: it prints its port, and ends with its stdin. */
  static async startProgram (command, args, { core, title }) {
    const child = start(command, args, { core, stdio: ['pipe', 'pipe', 'inherit'] })
    const server = new Program(title, child)
    const lines = readline.createInterface({ input: child.stdout })
    const [line] = await Promise.race([once(lines, 'line'), server.failed])
    server.port = Number(line)
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

  /** Microseconds of processor time so far: of all threads, and of the one that runs JavaScript. */
  async cpu () {
    return processorTime(this.child.pid) ?? this._ask('usage')
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

/** One that answers no questions. */
class Program extends Server {
  async cpu () {
    const time = processorTime(this.child.pid)
    if (!time) throw new Error(`the processor time of ${this.name} is not known: this needs Linux`)
    return time
  }

  async memory () {
    return residentMemory(this.child.pid)
  }
}

function scriptOf (name) {
  return path.join(__dirname, '..', 'servers', name + '.js')
}

module.exports = { Server, scriptOf }
