'use strict'

// The figures of a run as a page.

const { table } = require('../support/table')
const { times } = require('../support/format')
const machine = require('../support/machine')
const { CORE } = require('./cases')

/** @param {{ machine: object, settings: object, codecs: string[], cases: object[] }} run */
function report (run) {
  const { rounds, seconds, warmUp } = run.settings
  const others = run.codecs.filter((name) => name !== CORE)
  const hasCore = run.codecs.includes(CORE)
  const rows = run.cases.map(({ title, figures }) => [
    title,
    ...run.codecs.map((name) => nanoseconds(figures[name])),
    ...hasCore && others.length > 0 ? [comparison(figures, others)] : []
  ])
  const header = ['ns per message', ...run.codecs, ...hasCore && others.length > 0 ? ['fastest other ÷ core'] : []]
  return [
    '# Codecs',
    machine.toMarkdown(run, 'pinned to one core'),
    `Rounds: ${rounds}, the codecs in turn, each measured for ${seconds} s after ${warmUp} s of warm-up; medians of ` +
      'the processor time of the thread. [The README](../README.md#codecs) explains the method.',
    table(header, rows)
  ].join('\n\n') + '\n'
}

function comparison (figures, others) {
  const [fastest] = [...others].sort((a, b) => figures[a] - figures[b])
  const factor = figures[fastest] / figures[CORE]
  return factor < 1 ? `**${times(factor)}** (${fastest})` : `${times(factor)} (${fastest})`
}

const nanoseconds = (value) => value.toFixed(value < 100 ? 1 : 0)

module.exports = { report }
