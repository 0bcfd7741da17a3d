'use strict'

// The cost of a message for a server: this package, others, and a bare server in Rust, in turn in every round.

const { createAuthority } = require('../__test__/support/certs')
const { Failure } = require('../scripts/support')
const { writeChart } = require('./chart')
const { CASES, MEMORY_CASE } = require('./transport/cases')
const { charts, report } = require('./transport/report')
const { SERVERS } = require('./transport/servers')
const { runBenchmark } = require('./support/benchmark')
const { TemporaryFiles } = require('./support/files')
const { identityFile } = require('./support/identity')
const { MEASURED_CORE, OTHER_CORE, measureLoad, measureMemory, median, medians } = require('./support/measure')
const { descriptorLimit } = require('./support/processor')
const { Server } = require('./support/server')
const { inTurn, toArgs } = require('./support/turns')

/** A generous number of files that a process has open in addition to its connections. */
const OTHER_DESCRIPTORS = 200

runBenchmark({
  name: 'transport',
  about: `Compares servers: ${SERVERS.map(({ title }) => title).join('; ')}.`,
  glance: 'about six minutes',
  packages: ['faye-websocket', 'ws', 'bufferutil', 'websocket', 'bun'],
  cases: [...CASES, MEMORY_CASE],
  subjects: SERVERS,
  kind: 'servers',
  settings: {
    rounds: { value: 3, quick: 1, about: 'rounds; in each, every server has a turn' },
    seconds: { value: 2, quick: 0.5, about: 'seconds of every measurement' },
    warmUp: { value: 1, quick: 0.3, about: 'seconds of warm-up before every measurement, but for new connections' },
    idleConnections: { value: 10_000, quick: 1000, about: 'connections of the memory case, if the system allows it' }
  },
  measure,
  report,
  charts,
  publish: writeChart
})

async function measure ({ settings }, { cases, subjects }, programs) {
  const files = new TemporaryFiles()
  const identity = files.path('identity.pem', () => identityFile(createAuthority().local))
  const concerned = subjects.filter(({ isFor }) => cases.some(isFor))
  const missing = concerned.map(({ title, obstacle }) => ({ title, reason: obstacle() })).filter(({ reason }) => reason)
  for (const { title, reason } of missing) console.error(`${title} is not measured: ${reason}`)
  const servers = concerned.filter(({ title }) => !missing.some((one) => one.title === title))
  const measured = { missing, cases: [], memory: null }
  for (const one of cases) {
    const context = { one, programs, identity, settings, servers: servers.filter(({ isFor }) => isFor(one)) }
    if (context.servers.length === 0) continue
    if (one === MEMORY_CASE) measured.memory = await memories(context)
    else measured.cases.push({ ...one, ...await loads(context) })
  }
  return measured
}

/**
 * Only the measured server is busy. The processes run during the whole case. If the case sets its own warm-up, each
 * measurement is that of a new process.
 */
async function loads ({ one, programs, identity, settings, servers }) {
  const { rounds, seconds } = settings
  const isFresh = one.warmUp !== undefined
  const args = toArgs({ ...one.load, seconds, warmUp: isFresh ? one.warmUp : settings.warmUp })
  const running = new Map()
  const start = (server) => startServer(server, one, programs, identity)
  if (!isFresh) for (const server of servers) running.set(server, await start(server))
  const measured = await inTurn(servers, rounds, async (server) => {
    const program = running.get(server) ?? await start(server)
    const result = await measureLoad(programs.generator, program, args)
    if (isFresh) program.stop()
    const { cpuPerMessage, messagesPerSecond } = result
    progress(one, server, `${cpuPerMessage.toFixed(2)} µs, ${messagesPerSecond.toFixed(0)} per second`)
    return result
  }, medians)
  for (const program of running.values()) program.stop()
  return measured
}

/** Uses a new server for every figure, because a server would reuse the memory of earlier connections. */
async function memories ({ one, programs, identity, settings, servers }) {
  const { rounds, idleConnections: wanted } = settings
  const limit = descriptorLimit()
  const base = Math.ceil(wanted / 100)
  const connections = Math.min(wanted, limit - base - OTHER_DESCRIPTORS)
  if (connections < 1) throw new Failure(`A limit of ${limit} open files is too low for ${base} connections.`)
  if (connections < wanted) console.error(`The limit of open files is ${limit}: ${connections} idle connections.`)
  const load = { base, count: connections, messages: 1, pause: 500, args: ['--mode', 'idle'] }
  // These figures vary little.
  const measured = await inTurn(servers, Math.ceil(rounds / 2), async (server) => {
    const running = await startServer(server, one, programs, identity)
    const bytes = await measureMemory(programs.generator, running, load)
    running.stop()
    progress(one, server, `${(bytes / 1000).toFixed(1)} KB`)
    return bytes
  }, median)
  return { ...one, connections, wanted, limit, ...measured }
}

function startServer ({ title, script, args: own = [], env, program }, { load, isUnpinned }, programs, identity) {
  // The server echoes in the cases of new and of idle connections.
  const mode = ['receive', 'broadcast', 'get'].includes(load.mode) ? load.mode : 'echo'
  const core = isUnpinned ? `${MEASURED_CORE},${OTHER_CORE}` : MEASURED_CORE
  const args = [...own, '--mode', mode, ...load.tls ? ['--tls', identity] : []]
  if (!program) return Server.start(script, { core, args, env, title })
  const [command, ...first] = program(programs)
  return Server.startProgram(command, [...first, ...args], { core, title })
}

function progress ({ title }, server, text) {
  console.error(`${title}: ${server.title}: ${text}`)
}
