'use strict'

// The cost of a message for a client: this package and others against a bare server in Rust, in turn in every round.

const path = require('node:path')
const { createAuthority } = require('../__test__/support/certs')
const { CASES, CLIENTS } = require('./client/cases')
const { charts, report } = require('./client/report')
const { runBenchmark } = require('./support/benchmark')
const { TemporaryFiles } = require('./support/files')
const { identityFile } = require('./support/identity')
const { MEASURED_CORE, OTHER_CORE, medians } = require('./support/measure')
const { Script, fork } = require('./support/script')
const { Server } = require('./support/server')
const { inTurn } = require('./support/turns')

/** The part of the warm-up that a process needs again before each later measurement. */
const WARM = 1 / 4
/** Seconds that a measurement may take in addition to its duration. */
const PATIENCE = 15

runBenchmark({
  name: 'client',
  about: `Compares clients: ${CLIENTS.map(({ title }) => title).join('; ')}.`,
  glance: 'about two minutes',
  packages: ['faye-websocket', 'ws', 'bufferutil', 'websocket', 'undici'],
  cases: CASES,
  subjects: CLIENTS,
  kind: 'clients',
  settings: {
    rounds: { value: 3, quick: 1, about: 'rounds; in each, every client has a turn' },
    seconds: { value: 1, quick: 0.4, about: 'seconds of every measurement' },
    warmUp: { value: 0.8, quick: 0.3, about: 'seconds of warm-up of a process; a quarter before later measurements' }
  },
  measure,
  report,
  charts
})

async function measure ({ settings }, { cases, subjects }, { floor }) {
  const files = new TemporaryFiles()
  const authority = createAuthority()
  const identity = files.path('identity.pem', () => identityFile(authority.local))
  const missing = subjects.map(({ title, obstacle }) => ({ title, reason: obstacle() })).filter(({ reason }) => reason)
  for (const { title, reason } of missing) console.error(`${title} is not measured: ${reason}`)
  const clients = subjects.filter(({ title }) => !missing.some((one) => one.title === title))
  const measured = { missing, cases: [] }
  for (const one of cases) {
    const { name, title, load, goals } = one
    const args = load.tls ? ['--tls', identity] : []
    const server = await Server.startProgram(floor, args, { core: OTHER_CORE, title: 'the floor' })
    const target = load.tls
      ? { url: `wss://127.0.0.1:${server.port}/`, ca: authority.ca }
      : { url: `ws://127.0.0.1:${server.port}/` }
    measured.cases.push({ name, title, load, goals, ...await loads(server, one, clients, settings, target) })
    server.stop()
  }
  return measured
}

/** All clients run during the whole case. Only the measured client is busy and has connections. */
async function loads (server, { title, load }, clients, { rounds, seconds, warmUp }, target) {
  const running = new Map()
  for (const client of clients) running.set(client, await startClient(client))
  const measured = await inTurn(clients, rounds, async (client) => {
    const { script } = running.get(client)
    const share = running.get(client).isWarm ? WARM : 1
    running.get(client).isWarm = true
    const result = await measureClient(script, server, { ...load, ...target, warmUp: warmUp * share }, seconds)
    const text = `${result.cpuPerMessage.toFixed(2)} µs, ${result.messagesPerSecond.toFixed(0)} per second`
    console.error(`${title}: ${client.title}: ${text}`)
    return result
  }, medians)
  for (const { script } of running.values()) script.stop()
  return measured
}

async function startClient ({ name, title }) {
  const child = fork(path.join(__dirname, 'clients', name + '.js'), { core: MEASURED_CORE })
  const script = new Script(title, child)
  await script.answer()
  return { script, isWarm: false }
}

/** All figures cover the time between the warm-up and the last reply. */
async function measureClient (client, server, load, seconds) {
  const patience = (seconds + load.warmUp + PATIENCE) * 1000
  const ask = (question) => Promise.race([client.ask(question, patience), server.failed])
  await ask({ step: 'open', ...load })
  const [before, serverBefore] = [await client.cpu(), await server.cpu()]
  const result = await ask({ step: 'measure', seconds })
  const [after, serverAfter] = [await client.cpu(), await server.cpu()]
  await ask({ step: 'close' })
  const cpu = after.all - before.all
  return {
    messagesPerSecond: result.messages / result.seconds,
    cpuPerMessage: cpu / result.messages,
    mainPerMessage: (after.main - before.main) / result.messages,
    busy: cpu / 1e6 / result.seconds,
    p50: result.latency.p50,
    p99: result.latency.p99,
    messages: result.messages,
    serverPerMessage: (serverAfter.all - serverBefore.all) / result.messages,
    serverBusy: (serverAfter.all - serverBefore.all) / 1e6 / result.seconds
  }
}
