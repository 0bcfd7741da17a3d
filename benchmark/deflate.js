'use strict'

// An echo of compressed messages: this package, faye-websocket with its plug-in, ws, and Bun if it is installed, in
// turn in every round.

const { encode } = require('./datasets')
const { CASES, MEMORY_CASES, OURS, SERVERS } = require('./deflate/cases')
const { report } = require('./deflate/report')
const { runBenchmark } = require('./support/benchmark')
const { TemporaryFiles } = require('./support/files')
const { MEASURED_CORE, measureLoad, measureMemory, median, medians } = require('./support/measure')
const { Server } = require('./support/server')
const { inTurn, toArgs } = require('./support/turns')

runBenchmark({
  name: 'deflate',
  about: `Compares permessage-deflate of ${OURS}, faye-websocket, ws and Bun.`,
  glance: 'less than a minute',
  packages: ['faye-websocket', 'permessage-deflate', 'ws', 'bufferutil', 'bun'],
  cases: [...CASES, ...MEMORY_CASES],
  subjects: SERVERS,
  kind: 'servers',
  settings: {
    rounds: { value: 3, quick: 1, about: 'rounds; in each, every server has a turn' },
    seconds: { value: 4, quick: 0.6, about: 'seconds of every measurement' },
    warmUp: { value: 1.5, quick: 0.4, about: 'seconds of warm-up before every measurement' },
    connections: { value: 64, quick: 64, about: 'connections under load' },
    memoryConnections: { value: 500, quick: 150, about: 'idle connections of the memory cases' }
  },
  measure,
  report,
  charts: () => ({})
})

async function measure ({ settings }, { cases, subjects }, { generator }) {
  const servers = subjects.filter(({ program }) => !program || program())
  const files = new TemporaryFiles()
  const measured = { servers, cases: [], memory: [] }
  for (const one of cases) {
    const args = ['--deflate', '--data', files.path(one.data.name, () => encode(one.data.make()))]
    const isLoad = CASES.includes(one)
    const figures = await (isLoad ? loads : memories)(generator, one, servers, settings, args)
    const { name, title, goal } = one
    measured[isLoad ? 'cases' : 'memory'].push({ name, title, goal, ...figures })
  }
  return measured
}

/** All servers run during the whole case. Only the measured server is busy. */
async function loads (program, { title, inFlight }, servers, settings, data) {
  const { rounds, seconds, warmUp, connections } = settings
  const args = [...data, ...toArgs({ connections, inFlight, seconds, warmUp })]
  const running = await Promise.all(servers.map(startServer))
  const measured = await inTurn(running, rounds, async (server) => {
    const result = await measureLoad(program, server, args)
    const { cpuPerMessage, messagesPerSecond } = result
    progress(title, server, `${cpuPerMessage.toFixed(1)} µs, ${messagesPerSecond.toFixed(0)} messages/s`)
    return result
  }, medians)
  for (const server of running) server.stop()
  return measured
}

/** Uses a new server for every figure, because a server would reuse the memory of earlier connections. */
async function memories (program, { title, messages }, servers, { rounds, memoryConnections: count }, args) {
  const base = Math.ceil(count / 4)
  // These figures vary little.
  return inTurn(servers, Math.ceil(rounds / 2), async (one) => {
    const server = await startServer(one)
    const bytes = await measureMemory(program, server, { base, count, messages, pause: 500, args })
    server.stop()
    progress(title, server, `${(bytes / 1000).toFixed(1)} KB`)
    return bytes
  }, median)
}

function startServer ({ name, program }) {
  const args = ['--deflate']
  if (!program) return Server.start(name, { core: MEASURED_CORE, args })
  const [command, ...first] = program()
  return Server.startProgram(command, [...first, '--mode', 'echo', ...args], { core: MEASURED_CORE, title: name })
}

function progress (title, server, text) {
  console.error(`${title}: ${server.name}: ${text}`)
}
