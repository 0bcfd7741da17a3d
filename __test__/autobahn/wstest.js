'use strict'

const { EventEmitter } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const readline = require('node:readline')
const { start } = require('./children')

/**
 * One run of wstest. Emits 'cases' with the list of cases, 'case' at the start of each case, and 'port' as a server.
 * `ended` resolves with the exit code or signal of the process.
 */
class Wstest extends EventEmitter {
  /** The last lines of output, for an error. */
  tail = []

  /**
   * @param {string} python
   * @param {'fuzzingclient' | 'fuzzingserver'} mode
   * @param {{ outdir: string, cases: string[] }} spec as in the documentation of wstest
   */
  constructor (python, mode, spec) {
    super()
    const specFile = path.join(spec.outdir, 'spec.json')
    fs.writeFileSync(specFile, JSON.stringify(spec))

    const args = ['-u', path.join(__dirname, 'launch.py'), '--mode', mode, '--spec', specFile, '--webport', '0']
    const { child, ended } = start(python, args, { stdio: 'pipe', env: { ...process.env, PYTHONWARNINGS: 'ignore' } })
    this.ended = ended
    // launch.py reads this pipe only to detect its end.
    child.stdin.on('error', () => {})

    for (const stream of [child.stdout, child.stderr]) {
      readline.createInterface({ input: stream }).on('line', line => {
        this.tail = [...this.tail.slice(-14), line.slice(0, 300)]
        this.#read(line)
      })
    }
  }

  #read (line) {
    const [, words, rest] = /^(Cases =|Running test case ID|Listening on port) (.*)$/.exec(line) ?? []
    switch (words) {
      case 'Cases =': return this.emit('cases', rest.match(/\d+(\.\d+)+/g) ?? [])
      case 'Running test case ID': return this.emit('case', rest.split(' ', 1)[0])
      case 'Listening on port': return this.emit('port', Number(rest))
    }
  }
}

module.exports = { Wstest }
