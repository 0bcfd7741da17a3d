'use strict'

// The settings of permessage-deflate: memory per connection, processor time per message, and ratio. Fills the table of
// docs/permessage-deflate.md.

const path = require('node:path')

const { fillPart } = require('../scripts/markdown')
const { ROOT } = require('../scripts/support')
const { CODEC_CASES, MEMORY_CASE, VARIANTS } = require('./settings/cases')
const { report, tableForPage } = require('./settings/report')
const { runBenchmark } = require('./support/benchmark')
const { kilobytes } = require('./support/format')
const { MEASURED_CORE, OTHER_CORE, measureGrowth, median, medians } = require('./support/measure')
const { Script, fork } = require('./support/script')
const { Server } = require('./support/server')
const { inTurn } = require('./support/turns')

const PAGE = path.join(ROOT, 'docs', 'permessage-deflate.md')
/** The time limit for one figure, in milliseconds. */
const PATIENCE = 180_000
/** The number of open connections at the first reading of the memory. */
const FIRST_CONNECTIONS = 100
/** The milliseconds between the last message and the reading of the memory. */
const PAUSE = 200

runBenchmark({
  name: 'settings',
  about: 'Measures memory, processor time and ratio for the settings of permessage-deflate.',
  glance: 'less than a minute',
  packages: [],
  cases: [...CODEC_CASES, MEMORY_CASE],
  subjects: VARIANTS,
  kind: 'variants',
  settings: {
    rounds: { value: 3, quick: 1, about: 'rounds; in each, every variant has a turn; half of them for memory' },
    sessions: { value: 16, quick: 4, about: 'connections that compress in turn' },
    kib: { value: 1024, quick: 64, about: 'KiB that each of them compresses; a quarter for messages of 125 B' },
    connections: { value: 1000, quick: 50, about: 'connections added for the memory case' },
    messages: { value: 40, quick: 40, about: 'messages that each of these sends and receives' }
  },
  needsGenerator: false,
  measure,
  report,
  charts: () => ({}),
  publish: (run) => fillPart(PAGE, 'settings', tableForPage(run))
})

async function measure ({ settings }, { cases, subjects: variants }) {
  const measured = { variants, cases: [], memory: null }
  for (const one of cases) {
    if (one === MEMORY_CASE) {
      // These figures hardly vary.
      const rounds = Math.ceil(settings.rounds / 2)
      measured.memory = await inTurn(variants, rounds, (variant) => memoryOf(variant, settings), median)
    } else {
      const compressing = variants.filter(({ options }) => options !== null)
      const figures = await inTurn(compressing, settings.rounds, (variant) => codecOf(variant, one, settings), medians)
      measured.cases.push({ ...one, ...figures })
    }
  }
  return measured
}

/** Measures the microseconds to compress and to inflate a message, and the ratio, in a process without sockets. */
async function codecOf ({ name, options }, { title, size, share }, { sessions, kib }) {
  const request = JSON.stringify({ options, size, sessions, bytes: kib * 1024 * share })
  const child = fork(path.join(__dirname, 'settings', 'codec.js'), { core: MEASURED_CORE, args: [request] })
  const script = new Script(name, child)
  const figures = await script.answer(PATIENCE)
  script.stop()
  const { compress, inflate, ratio } = figures
  console.error(`${title}: ${name}: ${compress.toFixed(2)} + ${inflate.toFixed(2)} µs, ratio ${ratio.toFixed(2)}`)
  return figures
}

/**
 * Measures the memory that a new server needs for each connection, in bytes. The clients are ours, because the load
 * generator does not compress with smaller windows.
 */
async function memoryOf ({ name, options }, { connections, messages }) {
  const env = { COMPRESSION_SETTINGS: JSON.stringify(options) }
  const server = await Server.start('faye-websocket-rs-settings', { core: MEASURED_CORE, env })
  const child = fork(path.join(__dirname, 'settings', 'client.js'), { core: OTHER_CORE, args: [String(server.port)] })
  const client = new Script(name, child)
  const load = { base: Math.min(FIRST_CONNECTIONS, connections), count: connections, pause: PAUSE }
  const bytes = await measureGrowth(server, load, (count) => {
    return client.ask({ count, messages, isCompressed: options !== null }, PATIENCE)
  })
  client.stop()
  server.stop()
  console.error(`${MEMORY_CASE.title}: ${name}: ${kilobytes(bytes)} KB`)
  return bytes
}
