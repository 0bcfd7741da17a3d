'use strict'

// npm run bench:chart: draws the bar chart of README.md from results/transport.json. A run that writes these results
// also calls it. The chart is text, so a package page shows it as well. Bars consist of full and half blocks, which
// every monospaced font contains.

const fs = require('node:fs')
const path = require('node:path')

const { fillPart } = require('../scripts/markdown')
const { ROOT, Failure, main } = require('../scripts/support')
const { wrapped } = require('./support/format')

const README = path.join(ROOT, 'README.md')
const RESULTS = path.join(__dirname, 'results', 'transport.json')

const ORIGINAL = 'faye-websocket'
const SERVERS = ['faye-websocket-rs', ORIGINAL, 'ws']
/** The rows. The last one is a case in which this package is not the fastest. */
const ROWS = [
  ['echo-64', '125 B echo, 64 connections'],
  ['echo-64-16', 'same, 16 in flight on each'],
  ['receive-8', '125 B to the server only'],
  ['broadcast-500', '125 B to 500, by send()'],
  ['binary-64k', '64 KiB echo, 16 connections'],
  ['connect', 'new connections']
]

const LABEL = Math.max(...ROWS.map(([, label]) => label.length)) + 2
/** The length of the longest bar of a row, in characters. */
const BAR = 10
const COLUMN = BAR + 9

/**
 * Returns the chart and its caption in Markdown.
 *
 * @param {object} run the content of results/transport.json
 */
function chart ({ machine, cases }) {
  const { date, cpu, cores, system, node, versions } = machine
  const rows = ROWS.map(([name, label]) => {
    const { figures } = cases.find((one) => one.name === name) ?? missing(name)
    return row(label, figures)
  })
  const header = ' '.repeat(LABEL) + SERVERS.map((server) => server.padEnd(COLUMN)).join('')
  const compared = SERVERS.map((name) => `${name} ${versions[name]}`).join(', ')
  const caption = `Messages (or connections) per second of a server over plain TCP: longer is better. ${ORIGINAL} is ` +
    '1.0×; each row has its own scale. In echo rows, each connection has one message in flight (sent and not yet ' +
    `answered), or 16. For 500 receivers, each server calls \`send()\` in a loop, not \`broadcast()\`. ${compared}; ` +
    `Node ${node.slice(1)}, ${cpu}, ${cores} cores, ${system}, ${date}. Repeat it in a checkout: ` +
    '`npm run bench:transport`'
  const lines = [header, ...rows].map((line) => line.trimEnd())
  return ['```text', ...lines, '```', '', wrapped(caption, 0)].join('\n')
}

function row (label, figures) {
  const rates = SERVERS.map((server) => figures[server].messagesPerSecond)
  const columns = rates.map((rate) => {
    const factor = rate / figures[ORIGINAL].messagesPerSecond
    return `${bar(rate / Math.max(...rates))} ${factor.toPrecision(2)}×`.padEnd(COLUMN)
  })
  return label.padEnd(LABEL) + columns.join('')
}

function missing (name) {
  throw new Failure(`benchmark/results/transport.json does not contain the case ${name}`)
}

/** Returns a bar of this fraction of the full length, rounded to half characters; at least one half. */
function bar (fraction) {
  const halves = Math.max(1, Math.round(fraction * BAR * 2))
  return '█'.repeat(halves >> 1) + '▌'.repeat(halves & 1)
}

/** Writes the chart of the committed results into README.md. */
function writeChart () {
  const run = JSON.parse(fs.readFileSync(RESULTS, 'utf8'))
  fillPart(README, 'chart', chart(run))
}

module.exports = { chart, writeChart }

if (require.main === module) main(() => writeChart())
