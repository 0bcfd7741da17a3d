'use strict'

// Measures one server under one load, and combines the figures of several rounds.

const { Generator } = require('./generator')

/** The core of the measured process. Its peer runs on the other core. */
const MEASURED_CORE = 0
const OTHER_CORE = 1

/** Measures the cost of a load for a server. All figures cover the time between the warm-up and the last reply. */
async function measureLoad (program, server, args) {
  const generator = await Generator.start(program, server, { core: OTHER_CORE, args })
  const before = await server.cpu()
  const result = await generator.measure()
  const after = await server.cpu()
  const cpu = after.all - before.all
  const rss = await server.memory()
  await generator.stop()
  return {
    messagesPerSecond: result.messagesPerSecond,
    cpuPerMessage: cpu / result.messages,
    mainPerMessage: (after.main - before.main) / result.messages,
    busy: cpu / 1e6 / result.seconds,
    p50: result.latency.p50,
    p90: result.latency.p90,
    p99: result.latency.p99,
    max: result.latency.max,
    compression: result.wireBytes > 0 ? result.plainBytes / result.wireBytes : null,
    rss,
    messages: result.messages,
    compared: result.compared,
    generatorBusy: result.generatorCpuSeconds === null ? null : result.generatorCpuSeconds / result.seconds
  }
}

/** Measures the memory of an idle connection after `messages` messages in each direction: see `measureGrowth`. */
async function measureMemory (program, server, { messages, args, ...load }) {
  const generators = []
  const bytes = await measureGrowth(server, load, async (connections) => {
    const open = ['--connections', connections, '--sample', connections, '--messages', messages, '--warm-up', 0]
    const generator = await Generator.start(program, server, {
      core: OTHER_CORE,
      args: [...args, ...open.map(String)]
    })
    generators.push(generator)
    await generator.measure()
  })
  for (const generator of generators) await generator.stop()
  return bytes
}

/**
 * Measures the growth of a server for each connection, in bytes, from `base` connections to `base + count`, all open.
 * The first connections pay for memory that all share. `open` opens a number of connections, exchanges messages on
 * them, and keeps them open.
 */
async function measureGrowth (server, { base, count, pause }, open) {
  const grown = async (connections) => {
    await open(connections)
    await new Promise((resolve) => setTimeout(resolve, pause))
    return server.memory()
  }
  const before = await grown(base)
  const after = await grown(count)
  return (after - before) / count
}

/** Returns the medians of the fields of some records. */
function medians (records) {
  const names = Object.keys(records[0])
  return Object.fromEntries(names.map((name) => [name, median(records.map((record) => record[name]))]))
}

function median (values) {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b)
  if (sorted.length === 0) return null
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

module.exports = { MEASURED_CORE, OTHER_CORE, measureGrowth, measureLoad, measureMemory, median, medians }
