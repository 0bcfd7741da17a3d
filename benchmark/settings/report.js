'use strict'

// The figures of a run as a page, and as the table of docs/permessage-deflate.md.

const { table } = require('../../scripts/markdown')
const { kilobytes } = require('../support/format')
const machine = require('../support/machine')

/** @param {{ machine: object, settings: object, variants: object[], cases: object[], memory: object | null }} run */
function report (run) {
  const { rounds, sessions, kib, connections, messages } = run.settings
  return [
    '# Settings of permessage-deflate',
    machine.toMarkdown(run),
    `Rounds: ${rounds}, the variants in turn; medians. Processor time: ${sessions} connections in turn, ${kib} KiB ` +
      `each, after a warm-up. Memory: ${connections} connections after ${messages} messages of 1 KiB each way.`,
    tableOf(run)
  ].join('\n\n') + '\n'
}

function tableForPage (run) {
  const { date, cpu, cores, system, loadAverage, node, versions } = run.machine
  const version = versions['faye-websocket-rs'].split(' ')[0]
  return [
    `Measured on ${date} with faye-websocket-rs ${version} and Node ${node.slice(1)}, on ${cpu} (${cores} cores),`,
    `${system}; load average before the run ${loadAverage.toFixed(2)}:`,
    '',
    tableOf(run)
  ].join('\n')
}

function tableOf ({ variants, cases, memory }) {
  const header = [
    'window', 'level', 'other options', 'KB per connection',
    ...cases.flatMap(({ title }) => [`${title}: ratio`, `${title}: µs`])
  ]
  const rows = variants.map(({ name, cells }) => [
    ...cells,
    memory === null ? '–' : kilobytes(memory.figures[name]),
    ...cases.flatMap(({ figures: { [name]: figures } }) => figures === undefined ? ['–', '–'] : [
      figures.ratio.toFixed(2), `${micros(figures.compress)} + ${micros(figures.inflate)}`
    ])
  ])
  const rule = header.map((_, column) => column < 3 ? '---' : '---:')
  return table(header, rows, rule)
}

const micros = (value) => value >= 10 ? value.toFixed(0) : value.toFixed(1)

module.exports = { report, tableForPage }
