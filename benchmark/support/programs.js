'use strict'

// The Rust programs of the benchmarks.

const { Failure, run } = require('../../scripts/support')

/** Compiles the generator and the floor (load/src/bin/floor). Returns the paths of the programs. */
function buildPrograms () {
  const args = ['build', '--release', '--locked', '-p', 'faye-websocket-load']
  const { stdout } = run('cargo', [...args, '--message-format=json-render-diagnostics'], {
    name: 'cargo build',
    fix: 'The load generator and the floor require Rust 1.88 or newer and, the first time, a network connection.',
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28
  })
  const artifacts = stdout.split('\n').filter((line) => line.includes('"executable"')).map((line) => JSON.parse(line))
  const pathOf = (name) => {
    const artifact = artifacts.find(({ target, executable }) => executable && target?.name === name)
    if (!artifact) throw new Failure(`cargo has not built ${name}.`)
    return artifact.executable
  }
  return { generator: pathOf('faye-websocket-load'), floor: pathOf('faye-websocket-floor') }
}

module.exports = { buildPrograms }
