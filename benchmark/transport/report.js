'use strict'

// The figures of a run as a page, and as charts.

const { OURS, WEBSOCKET, FLOOR, RIVALS, SERVERS } = require('./cases')
const { barCharts } = require('../support/chart')
const { kilobytes, micros, milliseconds, percent, thousands, times } = require('../support/format')
const machine = require('../support/machine')
const { table } = require('../support/table')

const titleOf = Object.fromEntries(SERVERS.map(({ name, title }) => [name, title]))

/**
 * @param {{ machine: object, settings: object, missing: string[], cases: object[], memory: object | null }} run every
 *   case with its `figures` by server; see transport.js
 */
function report (run) {
  const { rounds, seconds, warmUp } = run.settings
  const sections = [
    '# Servers',
    machine.toMarkdown(run),
    `Rounds: ${rounds}, the servers in turn, each measured for ${seconds} s after ${warmUp} s of warm-up; medians. ` +
      '[The README](../README.md#servers) explains the method and the columns.',
    ...run.missing.length > 0 ? [`Not installed, so not measured: ${run.missing.join(', ')}.`] : [],
    '## Goals', goals(run), websocketGoals(run), '## Never slower', verdict(run, OURS), verdict(run, WEBSOCKET)
  ]
  if (run.cases.length > 0) sections.push('## Figures', figures(run.cases))
  if (run.memory) sections.push('## Memory', memory(run.memory))
  return sections.join('\n\n') + '\n'
}

/** Compares the figures of this package with its goals. */
function goals ({ cases, memory }) {
  const header = ['case', 'CPU against the floor', 'goal', '', 'rate against ws', 'goal', '']
  const rows = cases.filter(({ figures }) => figures[OURS]).map(({ title, figures, goal }) => [
    title,
    ...judged(ratio(figures, OURS, FLOOR, 'cpuPerMessage'), goal.floor, 'most'),
    ...judged(ratio(figures, OURS, 'ws', 'messagesPerSecond'), goal.ws, 'least')
  ])
  const others = cases.filter(({ figures, goal }) => goal.main && figures[OURS]).map(({ title, figures, goal }) => {
    const best = Math.min(...['broadcast', OURS].map((name) => figures[name]?.mainPerMessage ?? Infinity))
    const met = best <= goal.main ? 'met' : '**missed**'
    return `- ${title}: ${best.toFixed(2)} µs of the JavaScript thread per message; goal ≤ ${goal.main} µs: ${met}`
  })
  if (memory?.figures[OURS] && memory.figures.ws) {
    const { [OURS]: ours, ws } = memory.figures
    others.push(`- memory of ${memory.connections} idle connections: ${kilobytes(ours)} KB each, ws ${kilobytes(ws)} ` +
      `KB; goal: not more than ws: ${ours <= ws ? 'met' : '**missed**'}`)
  }
  const parts = [...rows.length > 0 ? [table(header, rows)] : [], ...others.length > 0 ? [others.join('\n')] : []]
  return parts.join('\n\n') || `${OURS} was not measured.`
}

/** Compares the interface of websocket with websocket. */
function websocketGoals ({ cases }) {
  const compared = cases.filter(({ figures }) => figures[WEBSOCKET] && figures.websocket)
  const rows = compared.map(({ title, figures, goal }) => [
    title,
    times(ratio(figures, 'websocket', WEBSOCKET, 'cpuPerMessage')),
    ...judged(ratio(figures, WEBSOCKET, 'websocket', 'messagesPerSecond'), goal.websocket ?? 1, 'least')
  ])
  const title = titleOf[WEBSOCKET]
  if (rows.length === 0) return `${title} was not compared with websocket.`
  return table([title, 'CPU of websocket ÷ ours', 'rate against websocket', 'goal', ''], rows)
}

function ratio (figures, one, other, value) {
  return figures[one] && figures[other] ? figures[one][value] / figures[other][value] : null
}

/** @param {'most' | 'least'} kind the kind of the goal */
function judged (value, goal, kind) {
  if (value === null) return goal === undefined ? ['', '', ''] : ['not measured', '', '']
  if (goal === undefined) return [times(value), '', '']
  const met = kind === 'most' ? value <= goal : value >= goal
  return [times(value), `${kind === 'most' ? '≤' : '≥'} ${times(goal)}`, met ? 'met' : '**missed**']
}

/** Returns whether this server is never slower than its rivals, to the second decimal. */
function verdict ({ cases }, server) {
  const rivals = RIVALS[server]
  const compared = new Map(rivals.map((name) => [name, 0]))
  const exceptions = []
  for (const { title, figures } of cases) {
    for (const rival of rivals) {
      const rate = ratio(figures, server, rival, 'messagesPerSecond')
      if (rate === null) continue
      compared.set(rival, compared.get(rival) + 1)
      if (rate < 0.995) exceptions.push(`- ${title}: ${times(rate)} the rate of ${rival}`)
    }
  }
  const sum = [...compared.values()].reduce((sum, count) => sum + count, 0)
  const title = titleOf[server]
  if (sum === 0) return `${title} was not compared with ${rivals.join(', ')}.`
  const names = rivals.filter((name) => compared.get(name) > 0).join(', ')
  const missing = rivals.filter((name) => compared.get(name) < cases.length)
  const incomplete = missing.length > 0 ? ` Not compared in every case: ${missing.join(', ')}.` : ''
  if (exceptions.length === 0) return `**${title}: never slower than ${names}** in ${sum} comparisons.${incomplete}`
  return `**${title}: slower in ${exceptions.length} of ${sum} comparisons with ${names}:**${incomplete}\n\n` +
    exceptions.join('\n')
}

function figures (cases) {
  const header = [
    'case and server', 'CPU µs', 'JS thread µs', 'against floor', 'per second', 'against ws', 'busy', 'p50 ms',
    'p99 ms', 'RSS MB', 'generator'
  ]
  const rows = cases.flatMap(({ title, figures }) => [
    [`**${title}**`, ...header.slice(1).map(() => '')],
    ...Object.entries(figures).map(([name, f]) => {
      const floor = figures[FLOOR]
      return [
        titleOf[name], micros(f.cpuPerMessage), name === FLOOR ? '–' : micros(f.mainPerMessage),
        floor ? times(f.cpuPerMessage / floor.cpuPerMessage) : '', f.messagesPerSecond.toFixed(0),
        figures.ws ? times(f.messagesPerSecond / figures.ws.messagesPerSecond) : '', percent(f.busy),
        milliseconds(f.p50), milliseconds(f.p99), (f.rss / 1e6).toFixed(0),
        f.generatorBusy === null ? '?' : percent(f.generatorBusy)
      ]
    })
  ])
  return table(header, rows)
}

function memory ({ figures, connections, wanted, limit }) {
  const limited = connections < wanted ? `; the limit of ${limit} descriptors does not allow ${wanted}` : ''
  const rows = Object.entries(figures).map(([name, bytes]) => [titleOf[name], kilobytes(bytes)])
  return table([`KB per idle connection (${connections}${limited})`, ''], rows)
}

/** @returns {Record<string, string>} the charts by file name */
function charts ({ cases, memory }) {
  const panels = (value, format) => cases.map(({ title, figures }) => ({
    title,
    bars: Object.entries(figures).map(([name, f]) => bar(name, value(f), format(value(f))))
  }))
  const files = {}
  if (cases.length > 0) {
    files['transport-rate.svg'] = barCharts('Messages, deliveries or connections per second; longer is better',
      panels((f) => f.messagesPerSecond, thousands))
    files['transport-cpu.svg'] = barCharts('Processor time of the server per message, all threads; shorter is better',
      panels((f) => f.cpuPerMessage, (value) => micros(value) + ' µs'))
  }
  if (memory) {
    files['transport-memory.svg'] = barCharts('Memory per idle connection; shorter is better', [{
      title: `${memory.connections} connections`,
      bars: Object.entries(memory.figures).map(([name, bytes]) => bar(name, bytes, kilobytes(bytes) + ' KB'))
    }])
  }
  return files
}

function bar (name, value, label) {
  const kind = [OURS, WEBSOCKET, 'broadcast'].includes(name) ? 'ours' : name === FLOOR ? 'floor' : 'other'
  return { title: titleOf[name], value, label, kind }
}

module.exports = { report, charts }
