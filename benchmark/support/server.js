'use strict'

// A server in a separate process on its own core. Knows only the names of the scripts in servers/.

const path = require('node:path')
const readline = require('node:readline')
const { once } = require('node:events')
const { start } = require('./process')
const { processorTime, residentMemory } = require('./processor')
const { Script, fork } = require('./script')

class Server extends Script {
  /** @param {string} name of a script in servers/ */
  static async start (name, { core, args, env, title = name }) {
    const file = path.join(__dirname, '..', 'servers', name + '.js')
    const server = new Server(title, fork(file, { core, args, env }))
    server.port = (await server.answer()).port
    return server
  }

  /** Starts a program other than a script: it prints its port, and exits when its stdin ends. */
  static async startProgram (command, args, { core, title }) {
    const child = start(command, args, { core, stdio: ['pipe', 'pipe', 'inherit'] })
    const server = new Program(title, child)
    const lines = readline.createInterface({ input: child.stdout })
    const [line] = await Promise.race([once(lines, 'line'), server.failed])
    server.port = Number(line)
    return server
  }

  /** Returns the resident bytes after a garbage collection. */
  async memory () {
    return (await this.ask('memory')).rss
  }
}

/** A server that answers no questions. */
class Program extends Server {
  async cpu () {
    const time = processorTime(this.child.pid)
    if (!time) throw new Error(`The processor time of ${this.name} is unknown: this benchmark requires Linux`)
    return time
  }

  async memory () {
    return residentMemory(this.child.pid)
  }
}

module.exports = { Server }
