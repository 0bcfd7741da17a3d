'use strict'

// The cost of a message for a server: this package, others, and a bare server in Rust, in turn in every round.

const { Failure } = require('../scripts/support')
const { writeChart } = require('./chart')
const { CASES, FLOOR, MEMORY_CASE, SERVERS } = require('./transport/cases')
const { charts, report } = require('./transport/report')
const { runBenchmark } = require('./support/benchmark')
const { MEASURED_CORE, OTHER_CORE, measureLoad, measureMemory, median, medians } = require('./support/measure')
const { descriptorLimit } = require('./support/processor')
const { Server } = require('./support/server')
const { inTurn, toArgs } = require('./support/turns')

/** A generous number of files that a process has open in addition to its connections. */
const OTHER_DESCRIPTORS = 200

runBenchmark({
  name: 'transport',
  about: `Compares servers: ${SERVERS.map(({ title }) => title).join('; ')}.`,
  glance: 'about two minutes',
  packages: ['faye-websocket', 'ws', 'bufferutil', 'websocket', 'bun'],
  cases: [...CASES, MEMORY_CASE],
  subjects: SERVERS,
  kind: 'servers',
  settings: {
    rounds: { value: 3, quick: 1, about: 'rounds; in each, every server has a turn' },
    seconds: { value: 2, quick: 0.5, about: 'seconds of every measurement' },
    warmUp: { value: 1, quick: 0.3, about: 'seconds of warm-up before every measurement' },
    idleConnections: { value: 10_000, quick: 1000, about: 'connections of the memory case, if the system allows it' }
  },
  measure,
  report,
  charts,
  publish: writeChart
})

async function measure ({ settings }, { cases, subjects: chosen }, programs) {
  const servers = chosen.filter(({ isInstalled }) => isInstalled())
  const missing = chosen.filter((server) => !servers.includes(server)).map(({ title }) => title)
  const measured = { missing, cases: [], memory: null }
  for (const one of cases) {
    if (one === MEMORY_CASE) {
      measured.memory = await memories(programs, one, servers, settings)
    } else {
      const { name, title, load, goal } = one
      measured.cases.push({ name, title, load, goal, ...await loads(programs, one, servers, settings) })
    }
  }
  return measured
}

/** All servers run during the whole case. Only the measured server is busy. */
async function loads (programs, one, servers, { rounds, seconds, warmUp }) {
  const args = toArgs({ ...one.load, seconds, warmUp })
  const concerned = servers.filter(({ isFor }) => isFor(one))
  const running = new Map()
  for (const server of concerned) running.set(server, await startServer(programs, server, one))
  const measured = await inTurn(concerned, rounds, async (server) => {
    const result = await measureLoad(programs.generator, running.get(server), args)
    const { cpuPerMessage, messagesPerSecond } = result
    progress(one, server, `${cpuPerMessage.toFixed(2)} µs, ${messagesPerSecond.toFixed(0)} per second`)
    return result
  }, medians)
  for (const server of running.values()) server.stop()
  return measured
}

/** Uses a new server for every figure, because a server would reuse the memory of earlier connections. */
async function memories (programs, one, servers, { rounds, idleConnections: wanted }) {
  const limit = descriptorLimit()
  const base = Math.ceil(wanted / 100)
  const connections = Math.min(wanted, limit - base - OTHER_DESCRIPTORS)
  if (connections < 1) throw new Failure(`A limit of ${limit} open files is too low for ${base} connections.`)
  if (connections < wanted) console.error(`The limit of open files is ${limit}: ${connections} idle connections.`)
  const concerned = servers.filter(({ name }) => name !== 'broadcast')
  const load = { base, count: connections, messages: 1, pause: 500, args: ['--mode', 'idle'] }
  // These figures vary little.
  const measured = await inTurn(concerned, Math.ceil(rounds / 2), async (server) => {
    const running = await startServer(programs, server, { load: {} })
    const bytes = await measureMemory(programs.generator, running, load)
    running.stop()
    progress(one, server, `${(bytes / 1000).toFixed(1)} KB`)
    return bytes
  }, median)
  return { ...one, connections, wanted, limit, ...measured }
}

function startServer (programs, { name, title, script, env, program }, { load, isUnpinned }) {
  // The server echoes in the cases of new and of idle connections.
  const mode = ['receive', 'broadcast'].includes(load.mode) ? load.mode : 'echo'
  const core = isUnpinned ? `${MEASURED_CORE},${OTHER_CORE}` : MEASURED_CORE
  const args = ['--mode', mode, ...load.tls ? ['--tls'] : []]
  if (name === FLOOR) return Server.startProgram(programs.floor, args, { core, title })
  if (!program) return Server.start(script, { core, args, env, title })
  const [command, ...first] = program()
  return Server.startProgram(command, [...first, ...args], { core, title })
}

function progress ({ title }, server, text) {
  console.error(`${title}: ${server.title}: ${text}`)
}
