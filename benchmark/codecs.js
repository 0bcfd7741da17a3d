'use strict'

// The core beside other codecs in Rust, which decode the same bytes in turn, without Node and without sockets.

const fs = require('node:fs')
const path = require('node:path')

const { run: runProgram } = require('../scripts/support')
const { CASES, CODECS } = require('./codecs/cases')
const { report } = require('./codecs/report')
const { runBenchmark } = require('./support/benchmark')
const { MEASURED_CORE, median } = require('./support/measure')
const { canPin } = require('./support/process')

const CRATE = path.join(__dirname, 'codecs')

runBenchmark({
  name: 'codecs',
  about: 'Compares the core with other WebSocket codecs in Rust.',
  glance: 'less than ten seconds after the build',
  packages: [],
  cases: CASES,
  subjects: CODECS,
  kind: 'codecs',
  settings: {
    rounds: { value: 9, quick: 1, about: 'rounds; in each, every codec has a turn' },
    seconds: { value: 0.2, quick: 0.05, about: 'seconds of processor time of every measurement' },
    warmUp: { value: 0.1, quick: 0.03, about: 'seconds of warm-up before the first measurement' }
  },
  needsGenerator: false,
  needsAddon: false,
  measure,
  report,
  charts: () => ({})
})

async function measure ({ machine, settings }, { cases, subjects }) {
  runProgram('cargo', ['build', '--release', '--locked'], { cwd: CRATE })
  Object.assign(machine.versions, versionsOf(subjects))
  const codecs = subjects.map(({ name }) => name)
  return {
    codecs,
    cases: cases.map(({ name, title }) => {
      console.error(title)
      return { name, title, ...measureCase(name, codecs, settings) }
    })
  }
}

/** Measures the codecs in turn. Returns the nanoseconds of processor time per message, by codec. */
function measureCase (name, codecs, { rounds, seconds, warmUp }) {
  const program = path.join(CRATE, 'target', 'release', 'faye-websocket-codecs')
  const command = [program, name, codecs.join(','), rounds, seconds, warmUp].map(String)
  const [file, ...args] = canPin() ? ['taskset', '-c', String(MEASURED_CORE), ...command] : command
  const { stdout } = runProgram(file, args, { name: `The case ${name}`, stdio: 'pipe', encoding: 'utf8' })
  const results = Object.fromEntries(codecs.map((codec) => [codec, []]))
  for (const line of stdout.trim().split('\n')) {
    const [codec, messages, nanoseconds] = line.split('\t').slice(1)
    results[codec].push(Number(nanoseconds) / Number(messages))
  }
  const figures = Object.entries(results).map(([codec, values]) => [codec, median(values)])
  return { figures: Object.fromEntries(figures), rounds: results }
}

/** Returns the versions of the compared crates, from the lock file. */
function versionsOf (subjects) {
  const lock = fs.readFileSync(path.join(CRATE, 'Cargo.lock'), 'utf8')
  const packages = lock.matchAll(/name = "(.+)"\nversion = "(.+)"/g)
  const names = subjects.map(({ name }) => name)
  return Object.fromEntries(Array.from(packages, ([, name, version]) => [name, version])
    .filter(([name]) => names.includes(name)))
}
