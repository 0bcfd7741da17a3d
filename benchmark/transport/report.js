'use strict'

// The figures of a run as a page, and as charts.

const { OURS, WEBSOCKET, FLOOR, RIVALS, SERVERS } = require('./servers')
const { barCharts } = require('../support/chart')
const { kilobytes, micros, milliseconds, percent, thousands, times } = require('../support/format')
const machine = require('../support/machine')
const { table } = require('../support/table')

const titleOf = Object.fromEntries(SERVERS.map(({ name, title }) => [name, title]))

/**
 * @param {{ machine: object, settings: object, missing: object[], cases: object[], memory: object | null }} run every
 *   case with its `figures` by server; see transport.js
 */
function report (run) {
  const { rounds, seconds, warmUp } = run.settings
  const sections = [
    '# Servers',
    machine.toMarkdown(run),
    `Rounds: ${rounds}, the servers in turn, each measured for ${seconds} s after ${warmUp} s of warm-up; for new ` +
      'connections the title tells the warm-up, and each measurement is that of a new process; medians. ' +
      '[The README](../README.md#servers) explains the method and the columns.',
    ...run.missing.map(({ title, reason }) => `Not measured: ${title} (${reason}).`),
    '## Goals', goals(run), '## Never slower', ...Object.keys(RIVALS).map((server) => verdict(run, server))
  ]
  if (run.cases.length > 0) sections.push('## Figures', figures(run.cases))
  if (run.memory) sections.push('## Memory', memory(run.memory))
  return sections.join('\n\n') + '\n'
}

/** Compares the figures of this package with its goals. */
function goals ({ cases, memory }) {
  const header = ['case', 'server', 'against', 'rate', 'goal', '', 'CPU', 'goal', '']
  const rows = cases.flatMap(({ title, figures, goals }) => {
    const measured = Object.entries(goals).filter(([name]) => figures[name])
    return measured.flatMap(([name, { rate = {}, cpu = {} }]) => Object.keys({ ...cpu, ...rate }).map((other) => [
      title, titleOf[name], titleOf[other],
      ...judged(ratio(figures, name, other, 'messagesPerSecond'), rate[other], 'least'),
      ...judged(ratio(figures, name, other, 'cpuPerMessage'), cpu[other], 'most')
    ]))
  })
  const others = cases.filter(({ mainMicros }) => mainMicros).flatMap(({ title, figures, mainMicros: most }) => {
    const measured = [OURS, 'broadcast'].filter((name) => figures[name])
    return measured.map((name) => {
      const { mainPerMessage: value } = figures[name]
      return `- ${title}, ${titleOf[name]}: ${value.toFixed(2)} µs of the JavaScript thread per message; ` +
        `goal ≤ ${most} µs: ${verdictOf(value <= most)}`
    })
  })
  if (memory?.figures[OURS] && memory.figures.ws) {
    const { lessThanWs, connections, figures: { [OURS]: ours, ws } } = memory
    others.push(`- memory of ${connections} idle connections: ${kilobytes(ours)} KB each, ws ${kilobytes(ws)} KB; ` +
      `goal: ${kilobytes(lessThanWs)} KB less than ws: ${verdictOf(ours <= ws - lessThanWs)}`)
  }
  const parts = [...rows.length > 0 ? [table(header, rows, 3)] : [], ...others.length > 0 ? [others.join('\n')] : []]
  return parts.join('\n\n') || `${OURS} was not measured.`
}

function ratio (figures, one, other, value) {
  return figures[one] && figures[other] ? figures[one][value] / figures[other][value] : null
}

/** @param {'most' | 'least'} kind the kind of the goal */
function judged (value, goal, kind) {
  const limit = goal === undefined ? '' : `${kind === 'most' ? '≤' : '≥'} ${times(goal)}`
  if (value === null) return [goal === undefined ? '' : 'not measured', limit, '']
  if (goal === undefined) return [times(value), '', '']
  return [times(value), limit, verdictOf(kind === 'most' ? value <= goal : value >= goal)]
}

const verdictOf = (isMet) => isMet ? 'met' : '**missed**'

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
  if (exceptions.length === 0) return `**${title}: never slower than ${names}** in ${sum} comparisons.`
  return `**${title}: slower in ${exceptions.length} of ${sum} comparisons with ${names}:**\n\n` +
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
        titleOf[name], micros(f.cpuPerMessage), name.startsWith(FLOOR) ? '–' : micros(f.mainPerMessage),
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
  const kind = isNative(name) ? 'ours' : name.startsWith(FLOOR) ? 'floor' : 'other'
  return { title: titleOf[name], value, label, kind }
}

const isNative = (name) => [OURS, WEBSOCKET, 'broadcast', 'https', `${WEBSOCKET}-https`].includes(name)

module.exports = { report, charts }
