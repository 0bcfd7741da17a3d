'use strict'

// The load generator (load/) in a process of its own: opens connections, warms up, waits, measures, waits.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const readline = require('node:readline')
const { once } = require('node:events')
const { Failure, run } = require('../../scripts/support')
const { start } = require('./process')
const { encode } = require('../datasets')

/** Compiles the generator and returns the path of the program. */
function buildGenerator () {
  return buildPrograms().generator
}

/** Compiles the generator and the floor (load/src/bin/floor.rs) and returns the paths of the programs. */
function buildPrograms () {
  const args = ['build', '--release', '--locked', '-p', 'faye-websocket-load']
  const { stdout } = run('cargo', [...args, '--message-format=json-render-diagnostics'], {
    name: 'cargo build',
    fix: 'The load generator needs Rust 1.88 or newer and, the first time, the network for its crates.',
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28
  })
  const artifacts = stdout.split('\n').filter((line) => line.includes('"executable"')).map((line) => JSON.parse(line))
  const pathOf = (name) => {
    const artifact = artifacts.find(({ target, executable }) => executable && target?.name === name)
    if (!artifact) throw new Failure(`cargo built no ${name}.`)
    return artifact.executable
  }
  return { generator: pathOf('faye-websocket-load'), floor: pathOf('faye-websocket-floor') }
}

class Generator {
  /**
   * Connects and warms up; resolves when nothing is on its way any more.
   *
   * @param {string[]} args of the program, without --port and --step
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
    // A program that has failed does not read; how it failed says its exit code.
    child.stdin.on('error', () => {})
  }

  /** Measures, and resolves with the result when the last reply is there. The connections stay open. */
  measure () {
    this.child.stdin.write('measure\n')
    return this._event('result')
  }

  /** Closes the connections, if they are still there. */
  async stop () {
    this.child.stdin.end()
    await this._succeeded()
  }

  async _event (name) {
    const line = await Promise.race([this.lines.next(), this.server.failed])
    if (line.done) {
      await this._succeeded()
      throw new Error(`the load generator ended before its ${name}`)
    }
    const { event, ...values } = JSON.parse(line.value)
    if (event !== name) throw new Error(`expected ${name} of the load generator, got ${line.value}`)
    return values
  }

  async _succeeded () {
    const [code, signal] = await this.ended
    if (code === 0) return
    throw new Failure(`The load generator failed against ${this.server.name} (${signal || 'exit code ' + code}).`)
  }
}

/** Data sets as files, in a directory that goes with this process. */
class DataFiles {
  constructor () {
    this.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'faye-websocket-benchmark-'))
    this.files = new Map()
    process.once('exit', () => fs.rmSync(this.directory, { recursive: true, force: true }))
  }

  /** @param {() => string[]} make called once for each name */
  path (name, make) {
    if (!this.files.has(name)) {
      const file = path.join(this.directory, name)
      fs.writeFileSync(file, encode(make()))
      this.files.set(name, file)
    }
    return this.files.get(name)
  }
}

module.exports = { Generator, DataFiles, buildGenerator, buildPrograms }
