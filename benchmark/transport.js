'use strict'

// What a message costs a server: this package, others, and a bare server in Rust, in turn in every round.

const fs = require('node:fs')
const path = require('node:path')
const { Failure, ensureDependencies } = require('../scripts/support')
const { build } = require('../scripts/build')
const { CASES, FLOOR, MEMORY_CASE, SERVERS } = require('./transport/cases')
const { charts, report } = require('./transport/report')
const { buildPrograms } = require('./support/generator')
const { SERVER_CORE, GENERATOR_CORE, measureLoad, measureMemory, median, medians } = require('./support/measure')
const { descriptorLimit } = require('./support/processor')
const { Server } = require('./support/server')
const machine = require('./support/machine')
const { choose, parse } = require('./support/options')
const { rotated, toArgs } = require('./support/turns')

const RESULTS = path.join(__dirname, 'results')
/** What a process has open beside its connections, generously. */
const OTHER_DESCRIPTORS = 200

const DEFAULTS = {
  rounds: 5,
  seconds: 3,
  warmUp: 1,
  idleConnections: 10_000,
  only: [],
  servers: [],
  out: '',
  noBuild: false,
  quick: false,
  help: false
}
const QUICK = { rounds: 1, seconds: 0.5, warmUp: 0.3, idleConnections: 1000 }

const USAGE = `Compares servers: ${SERVERS.map(({ title }) => title).join('; ')}.

  node benchmark/transport.js [options]

  --only CASES        some of ${[...CASES, MEMORY_CASE].map(({ name }) => name).join(', ')}
  --servers SERVERS   some of ${SERVERS.map(({ name }) => name).join(', ')}
  --quick             figures that are only good for a glance, in about two minutes
  --rounds N          (default: ${DEFAULTS.rounds})
  --seconds S         of every measurement (default: ${DEFAULTS.seconds})
  --warm-up S         before every measurement (default: ${DEFAULTS.warmUp})
  --idle-connections N  (default: ${DEFAULTS.idleConnections}, or what the limit of open files allows)
  --out DIR           where transport.md, transport.json and the charts go; without this only a run of everything, at
                      length, is written, to benchmark/results
  --no-build          use the addon that is there
  --help              print this text
`

async function main (args) {
  const options = parse(args, DEFAULTS, USAGE)
  if (options.help) return process.stdout.write(USAGE)
  ensureDependencies()
  if (!options.noBuild) build()
  const run = await measure(settingsOf(args, options), options, buildPrograms())
  const page = report(run)
  console.log('\n' + page)
  const complete = !options.quick && options.only.length === 0 && options.servers.length === 0
  if (options.out || complete) write(options.out || RESULTS, run, page)
}

/** What --quick says holds unless an option says something else. */
function settingsOf (args, options) {
  const base = options.quick ? parse(args, { ...DEFAULTS, ...QUICK }, USAGE) : options
  const { rounds, seconds, warmUp, idleConnections } = base
  return { rounds, seconds, warmUp, idleConnections }
}

async function measure (settings, { only, servers: names }, programs) {
  const chosen = choose(SERVERS, names, 'server')
  const servers = chosen.filter(({ isInstalled }) => isInstalled())
  const cases = choose([...CASES, MEMORY_CASE], only, 'case')
  const run = {
    machine: machine.describe(['faye-websocket', 'ws', 'bufferutil', 'websocket', 'bun']),
    settings,
    missing: chosen.filter((server) => !servers.includes(server)).map(({ title }) => title),
    cases: [],
    memory: null
  }
  for (const one of cases) {
    if (one === MEMORY_CASE) {
      run.memory = await memories(programs, one, servers, settings)
    } else {
      const { name, title, load, goal } = one
      run.cases.push({ name, title, load, goal, ...await loads(programs, one, servers, settings) })
    }
  }
  return run
}

/** All servers run all the time; the one that is measured is the only one that is busy. */
async function loads (programs, one, servers, { rounds, seconds, warmUp }) {
  const args = toArgs({ ...one.load, seconds, warmUp })
  const concerned = servers.filter(({ isFor }) => isFor(one))
  const running = []
  for (const server of concerned) running.push(await startServer(programs, server, one))
  const results = Object.fromEntries(concerned.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const index of rotated([...concerned.keys()], round)) {
      const result = await measureLoad(programs.generator, running[index], args)
      results[concerned[index].name].push(result)
      const { cpuPerMessage, messagesPerSecond } = result
      progress(one, concerned[index], `${cpuPerMessage.toFixed(2)} µs, ${messagesPerSecond.toFixed(0)} per second`)
    }
  }
  for (const server of running) server.stop()
  const figures = Object.entries(results).map(([name, records]) => [name, medians(records)])
  return { figures: Object.fromEntries(figures), rounds: results }
}

/** A server that has had other connections would have memory to reuse: every figure is that of a new one. */
async function memories (programs, one, servers, { rounds, idleConnections: wanted }) {
  const limit = descriptorLimit()
  const base = Math.ceil(wanted / 100)
  const connections = Math.min(wanted, limit - base - OTHER_DESCRIPTORS)
  if (connections < 1) throw new Failure(`A limit of ${limit} open files is too low for ${base} connections.`)
  if (connections < wanted) console.error(`The limit of open files is ${limit}: ${connections} idle connections.`)
  const concerned = servers.filter(({ name }) => name !== 'broadcast')
  const results = Object.fromEntries(concerned.map(({ name }) => [name, []]))
  // These figures hardly vary.
  for (let round = 0; round < Math.ceil(rounds / 2); round++) {
    for (const server of rotated(concerned, round)) {
      const running = await startServer(programs, server, { load: {} })
      const bytes = await measureMemory(programs.generator, running, {
        base, count: connections, messages: 1, pause: 500, args: ['--mode', 'idle']
      })
      running.stop()
      results[server.name].push(bytes)
      progress(one, server, `${(bytes / 1000).toFixed(1)} KB`)
    }
  }
  const figures = Object.fromEntries(Object.entries(results).map(([name, values]) => [name, median(values)]))
  return { ...one, connections, wanted, limit, figures, rounds: results }
}

function startServer (programs, { name, title, script, env, program }, { load, isUnpinned }) {
  // What connects newcomers, and what keeps them, echoes.
  const mode = ['receive', 'broadcast'].includes(load.mode) ? load.mode : 'echo'
  const core = isUnpinned ? `${SERVER_CORE},${GENERATOR_CORE}` : SERVER_CORE
  const args = ['--mode', mode, ...load.tls ? ['--tls'] : []]
  if (name === FLOOR) return Server.startProgram(programs.floor, args, { core, title })
  if (!program) return Server.start(script, { core, args, env, title })
  const [command, ...first] = program()
  return Server.startProgram(command, [...first, ...args], { core, title })
}

function progress ({ title }, server, text) {
  console.error(`${title}: ${server.title}: ${text}`)
}

function write (directory, run, page) {
  const images = charts(run)
  const links = Object.keys(images).map((name) => `![${name}](${name})`)
  fs.mkdirSync(directory, { recursive: true })
  for (const [name, image] of Object.entries(images)) fs.writeFileSync(path.join(directory, name), image)
  fs.writeFileSync(path.join(directory, 'transport.md'), `${page}\n## Charts\n\n${links.join('\n\n')}\n`)
  fs.writeFileSync(path.join(directory, 'transport.json'), JSON.stringify(run, null, 2) + '\n')
  console.log(`Written to ${path.relative(process.cwd(), directory)}.`)
}

main(process.argv.slice(2)).then(() => process.exit(), (error) => {
  console.error('\n' + (error instanceof Failure ? error.message : error.stack))
  process.exit(error instanceof Failure ? error.exitCode : 1)
})
