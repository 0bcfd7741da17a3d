'use strict'

// The load generator (load/) in a separate process. It opens connections, warms up, and measures on request.

const readline = require('node:readline')
const { once } = require('node:events')
const { Failure } = require('../../scripts/support')
const { start } = require('./process')

class Generator {
  /**
   * Connects and warms up. Resolves when no message is in flight any more.
   *
   * @param {string[]} args arguments of the program, without --port and --step
   */
  static async start (program, server, { core, args }) {
    const child = start(program, ['--port', String(server.port), '--step', ...args], {
      core,
      stdio: ['pipe', 'pipe', 'inherit']
    })
    const generator = new Generator(child, server)
    await generator._event('ready')
    return generator
  }

  constructor (child, server) {
    this.child = child
    this.server = server
    this.lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    this.ended = once(child, 'close')
    // A program that has failed does not read. Its exit code reports the failure.
    child.stdin.on('error', () => {})
  }

  /** Measures, and resolves with the result after the last reply. The connections stay open. */
  measure () {
    this.child.stdin.write('measure\n')
    return this._event('result')
  }

  /** Closes the connections, if they are still open. */
  async stop () {
    this.child.stdin.end()
    await this._succeeded()
  }

  async _event (name) {
    const line = await Promise.race([this.lines.next(), this.server.failed])
    if (line.done) {
      await this._succeeded()
      throw new Error(`The load generator ended before its ${name}`)
    }
    const { event, ...values } = JSON.parse(line.value)
    if (event !== name) throw new Error(`Expected ${name} from the load generator; got ${line.value}`)
    return values
  }

  async _succeeded () {
    const [code, signal] = await this.ended
    if (code === 0) return
    throw new Failure(`The load generator failed against ${this.server.name} (${signal || 'exit code ' + code}).`)
  }
}

module.exports = { Generator }
