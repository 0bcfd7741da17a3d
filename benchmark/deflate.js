'use strict'

// Echo of compressed messages: this package, faye-websocket with its plug-in, and ws, in turn in every round.

const fs = require('node:fs')
const path = require('node:path')
const { Failure, ensureDependencies } = require('../scripts/support')
const { build } = require('../scripts/build')
const { CASES, MEMORY_CASES, OURS, SERVERS } = require('./deflate/cases')
const { report } = require('./deflate/report')
const { DataFiles, buildGenerator } = require('./support/generator')
const { SERVER_CORE, measureLoad, measureMemory, median, medians } = require('./support/measure')
const { Server } = require('./support/server')
const machine = require('./support/machine')
const { choose, parse } = require('./support/options')
const { rotated, toArgs } = require('./support/turns')

const RESULTS = path.join(__dirname, 'results')

const DEFAULTS = {
  rounds: 3,
  seconds: 4,
  warmUp: 1.5,
  connections: 64,
  memoryConnections: 500,
  only: [],
  servers: [],
  out: '',
  noBuild: false,
  quick: false,
  help: false
}
const QUICK = { rounds: 1, seconds: 0.6, warmUp: 0.4, memoryConnections: 150 }

const USAGE = `Compares permessage-deflate of ${OURS}, faye-websocket and ws.

  node benchmark/deflate.js [options]

  --only CASES        some of ${[...CASES, ...MEMORY_CASES].map(({ name }) => name).join(', ')}
  --servers SERVERS   some of ${SERVERS.map(({ name }) => name).join(', ')}
  --quick             figures that are only good for a glance, in less than a minute
  --rounds N          (default: ${DEFAULTS.rounds})
  --seconds S         of every measurement (default: ${DEFAULTS.seconds})
  --warm-up S         before every measurement (default: ${DEFAULTS.warmUp})
  --connections N     (default: ${DEFAULTS.connections})
  --memory-connections N  (default: ${DEFAULTS.memoryConnections})
  --out DIR           where deflate.md and deflate.json go; without this only a run of everything, at length, is
                      written, to benchmark/results
  --no-build          use the addon that is there
  --help              print this text
`

async function main (args) {
  const options = parse(args, DEFAULTS, USAGE)
  if (options.help) return process.stdout.write(USAGE)
  ensureDependencies()
  if (!options.noBuild) build()
  const run = await measure(settingsOf(args, options), options, buildGenerator())
  const page = report(run)
  console.log('\n' + page)
  const complete = !options.quick && options.only.length === 0 && options.servers.length === 0
  if (options.out || complete) write(options.out || RESULTS, run, page)
}

/** What --quick says holds unless an option says something else. */
function settingsOf (args, options) {
  const base = options.quick ? parse(args, { ...DEFAULTS, ...QUICK }, USAGE) : options
  const { rounds, seconds, warmUp, connections, memoryConnections } = base
  return { rounds, seconds, warmUp, connections, memoryConnections }
}

async function measure (settings, { only, servers: names }, program) {
  const servers = choose(SERVERS, names, 'server')
  const chosen = choose([...CASES, ...MEMORY_CASES], only, 'case')
  const place = machine.describe(['faye-websocket', 'permessage-deflate', 'ws', 'bufferutil'])
  const files = new DataFiles()
  const run = { machine: place, settings, servers, cases: [], memory: [] }
  for (const one of chosen) {
    const args = ['--deflate', '--data', files.path(one.data.name, one.data.make)]
    const isLoad = CASES.includes(one)
    const figures = await (isLoad ? loads : memories)(program, one, servers, settings, args)
    const { name, title, goal } = one
    run[isLoad ? 'cases' : 'memory'].push({ name, title, goal, ...figures })
  }
  return run
}

/** All servers run all the time; the one that is measured is the only one that is busy. */
async function loads (program, { title, inFlight }, servers, settings, data) {
  const { rounds, seconds, warmUp, connections } = settings
  const args = [...data, ...toArgs({ connections, inFlight, seconds, warmUp })]
  const running = await Promise.all(servers.map(startServer))
  const results = Object.fromEntries(servers.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const server of rotated(running, round)) {
      const result = await measureLoad(program, server, args)
      results[server.name].push(result)
      const { cpuPerMessage, messagesPerSecond } = result
      progress(title, server, `${cpuPerMessage.toFixed(1)} µs, ${messagesPerSecond.toFixed(0)} messages/s`)
    }
  }
  for (const server of running) server.stop()
  const figures = Object.entries(results).map(([name, records]) => [name, medians(records)])
  return { figures: Object.fromEntries(figures), rounds: results }
}

/** A server that has had other connections would have memory to reuse: every figure is that of a new one. */
async function memories (program, { title, messages }, servers, { rounds, memoryConnections: count }, data) {
  const results = Object.fromEntries(servers.map(({ name }) => [name, []]))
  // These figures hardly vary.
  for (let round = 0; round < Math.ceil(rounds / 2); round++) {
    for (const one of rotated(servers, round)) {
      const server = await startServer(one)
      const base = Math.ceil(count / 4)
      const bytes = await measureMemory(program, server, { base, count, messages, pause: 500, args: data })
      server.stop()
      results[one.name].push(bytes)
      progress(title, server, `${(bytes / 1000).toFixed(1)} KB`)
    }
  }
  const figures = Object.entries(results).map(([name, values]) => [name, median(values)])
  return { figures: Object.fromEntries(figures), rounds: results }
}

function startServer ({ name }) {
  return Server.start(name, { core: SERVER_CORE, args: ['--deflate'] })
}

function progress (title, server, text) {
  console.error(`${title}: ${server.name}: ${text}`)
}

function write (directory, run, page) {
  fs.mkdirSync(directory, { recursive: true })
  fs.writeFileSync(path.join(directory, 'deflate.md'), page)
  fs.writeFileSync(path.join(directory, 'deflate.json'), JSON.stringify(run, null, 2) + '\n')
  console.log(`Written to ${path.relative(process.cwd(), directory)}.`)
}

main(process.argv.slice(2)).then(() => process.exit(), (error) => {
  console.error('\n' + (error instanceof Failure ? error.message : error.stack))
  process.exit(error instanceof Failure ? error.exitCode : 1)
})
