'use strict'

// A server in a process of its own, on a core of its own. Knows the scripts in servers/ by name only.

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

  /** Another program: it prints its port, and ends with its stdin. */
  static async startProgram (command, args, { core, title }) {
    const child = start(command, args, { core, stdio: ['pipe', 'pipe', 'inherit'] })
    const server = new Program(title, child)
    const lines = readline.createInterface({ input: child.stdout })
    const [line] = await Promise.race([once(lines, 'line'), server.failed])
    server.port = Number(line)
    return server
  }

  /** Resident bytes, after a garbage collection. */
  async memory () {
    return (await this.ask('memory')).rss
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

module.exports = { Server }
