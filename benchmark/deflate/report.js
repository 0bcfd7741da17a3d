'use strict'

// The figures of a run as a page.

const { OURS } = require('./cases')
const { milliseconds, percent, times } = require('../support/format')
const machine = require('../support/machine')
const { table } = require('../support/table')

/**
 * @param {{ machine: object, settings: object, servers: object[], cases: object[], memory: object[] }} run every case
 * with its `figures` by server; see deflate.js
 */
function report (run) {
  const { connections, rounds, seconds, warmUp, memoryConnections } = run.settings
  const sections = [
    '# permessage-deflate',
    machine.toMarkdown(run),
    `${connections} connections, context takeover. Rounds: ${rounds}, the servers in turn, each measured for ` +
      `${seconds} s after ${warmUp} s of warm-up; medians. ` +
      '[The README](../README.md#columns) explains the columns.'
  ]
  if (run.cases.length > 0) sections.push('## Figures', figures(run), ...comparison(run))
  if (run.memory.length > 0) sections.push('## Memory', memory(run, memoryConnections))
  return sections.join('\n\n') + '\n'
}

function figures ({ cases, servers }) {
  const header = [
    'case and server', 'CPU µs', 'messages/s', 'busy', 'p50 ms', 'p99 ms', 'compression', 'RSS MB', 'generator'
  ]
  const rows = cases.flatMap((one) => [
    [`**${one.title}**`, '', '', '', '', '', '', '', ''],
    ...servers.map(({ name, title }) => {
      const f = one.figures[name]
      return [
        title, f.cpuPerMessage.toFixed(1), f.messagesPerSecond.toFixed(0), percent(f.busy), milliseconds(f.p50),
        milliseconds(f.p99), f.compression.toFixed(2), (f.rss / 1e6).toFixed(0),
        f.generatorBusy === null ? '?' : percent(f.generatorBusy)
      ]
    })
  ])
  return table(header, rows)
}

/** Compares our figures with those of the others, and with the goals. */
function comparison ({ cases, servers }) {
  const others = servers.filter(({ name }) => name !== OURS)
  if (others.length === servers.length) return []
  return others.flatMap(({ name, title }) => [
    `## ${OURS} against ${title}`,
    table(['case', 'rate', 'CPU', 'goal', '', 'size of replies', 'goal', ''], cases.map((one) => {
      const { rate, cpu, size } = ratios(one.figures[OURS], one.figures[name])
      const { factor: { [name]: factor } } = one.goal
      // zlib's result is the measure of size.
      const excess = name === 'bun' ? undefined : one.goal.excess
      return [
        one.title, times(rate), times(cpu),
        ...goal(factor, (least) => `≥ ${times(least)}`, Math.min(rate, cpu) >= factor),
        signed(size - 1), ...goal(excess, (most) => `≤ ${signed(most)}`, size - 1 <= excess)
      ]
    }))
  ])
}

function ratios (ours, theirs) {
  return {
    rate: ours.messagesPerSecond / theirs.messagesPerSecond,
    cpu: theirs.cpuPerMessage / ours.cpuPerMessage,
    size: theirs.compression / ours.compression
  }
}

function memory ({ memory: cases, servers }, connections) {
  const promised = servers.some(({ name }) => name === OURS)
  const header = [`KB per idle connection (${connections})`, ...servers.map(({ title }) => title)]
  return table(promised ? [...header, 'our goal', ''] : header, cases.map(({ title, figures, goal: most }) => [
    title, ...servers.map(({ name }) => (figures[name] / 1000).toFixed(1)),
    ...promised ? goal(most, () => `≤ ${most}`, figures[OURS] / 1000 <= most) : []
  ]))
}

function goal (value, toText, met) {
  return value === undefined ? ['', ''] : [toText(value), met ? 'met' : '**missed**']
}

const signed = (fraction) => `${fraction < 0 ? '−' : '+'}${Math.abs(100 * fraction).toFixed(1)} %`

module.exports = { report }
