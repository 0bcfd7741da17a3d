'use strict'

// The figures of a run as a page, and as charts.

const { OURS, WEBSOCKET, CLIENTS } = require('./cases')
const { barCharts } = require('../support/chart')
const { micros, milliseconds, percent, thousands, times } = require('../support/format')
const machine = require('../support/machine')
const { table } = require('../support/table')

const titleOf = Object.fromEntries(CLIENTS.map(({ name, title }) => [name, title]))

/** @param {{ machine: object, settings: object, missing: object[], cases: object[] }} run see client.js */
function report (run) {
  const { rounds, seconds, warmUp } = run.settings
  return [
    '# Clients',
    machine.toMarkdown(run),
    `Rounds: ${rounds}, the clients in turn, each measured for ${seconds} s, the first time after ${warmUp} s of ` +
      'warm-up; medians. [The README](../README.md#clients) explains the method and the columns.',
    ...run.missing.map(({ title, reason }) => `Not measured: ${title} (${reason}).`),
    '## Goals', goalsOf(OURS, run.cases), goalsOf(WEBSOCKET, run.cases),
    '## Figures', figures(run.cases)
  ].join('\n\n') + '\n'
}

/** Compares the figures of a client of this package with its goals. */
function goalsOf (client, cases) {
  const rows = cases.filter(({ figures }) => figures[client]).flatMap(({ title, figures, goals }) => {
    const ours = figures[client]
    return Object.entries(goals[client]).map(([name, least]) => {
      const other = figures[name]
      if (!other) return [title, name, 'not measured', `≥ ${times(least)}`, '', '', '', '']
      const rate = ours.messagesPerSecond / other.messagesPerSecond
      return [
        title, name, times(rate), `≥ ${times(least)}`, rate >= least ? 'met' : '**missed**',
        times(other.cpuPerMessage / ours.cpuPerMessage), percent(ours.busy), percent(ours.serverBusy)
      ]
    })
  })
  if (rows.length === 0) return `No goal was measured for ${titleOf[client]}.`
  return table([titleOf[client], 'against', 'rate', 'goal', '', 'CPU', 'busy', 'server'], rows)
}

function figures (cases) {
  const header = [
    'case and client', 'CPU µs', 'JS thread µs', 'per second', 'rate against ws', 'CPU against ws', 'busy', 'p50 ms',
    'p99 ms', 'server'
  ]
  const rows = cases.flatMap(({ title, figures }) => [
    [`**${title}**`, ...header.slice(1).map(() => '')],
    ...Object.entries(figures).map(([name, f]) => [
      titleOf[name], micros(f.cpuPerMessage), micros(f.mainPerMessage), f.messagesPerSecond.toFixed(0),
      figures.ws ? times(f.messagesPerSecond / figures.ws.messagesPerSecond) : '',
      figures.ws ? times(figures.ws.cpuPerMessage / f.cpuPerMessage) : '', percent(f.busy), latency(f.p50),
      latency(f.p99), percent(f.serverBusy)
    ])
  ])
  return table(header, rows)
}

const latency = (value) => value === null ? '?' : milliseconds(value)

/** @returns {Record<string, string>} the charts by file name */
function charts ({ cases }) {
  const panels = (value, format) => cases.map(({ title, figures }) => ({
    title,
    bars: Object.entries(figures).map(([name, f]) => ({
      title: titleOf[name],
      value: value(f),
      label: format(value(f)),
      kind: [OURS, WEBSOCKET].includes(name) ? 'ours' : 'other'
    }))
  }))
  return {
    'client-rate.svg': barCharts('Replies per second; longer is better', panels((f) => f.messagesPerSecond, thousands)),
    'client-cpu.svg': barCharts('Processor time of the client per message, all threads; shorter is better',
      panels((f) => f.cpuPerMessage, (value) => micros(value) + ' µs'))
  }
}

module.exports = { report, charts }
