'use strict'

// Stores the results of runs in results.json and in the table of docs/platforms.md.

const fs = require('node:fs')
const path = require('node:path')

const { fillPart, table: tableOf } = require('../../scripts/markdown')
const { ROOT } = require('../package/process')
const { MACHINES } = require('./machines')

const RESULTS = path.join(__dirname, 'results.json')
const PAGE = path.join(ROOT, 'docs', 'platforms.md')
const COLUMNS = [
  'package', 'ran on', 'Node', 'protocol', 'connections', 'quick starts passed', 'tests passed', 'date', 'built with',
  'size', 'needs'
]

/** Replaces the rows of the systems that were tested, and keeps the others. */
function addResults (results) {
  const kept = fs.existsSync(RESULTS) ? JSON.parse(fs.readFileSync(RESULTS, 'utf8')) : []
  const all = MACHINES.flatMap(({ name }) => {
    const result = results.find((row) => row.name === name)
    if (result !== undefined) return { ...result, failures: result.failures.length }
    return kept.find((row) => row.name === name) ?? []
  })
  fs.writeFileSync(RESULTS, JSON.stringify(all, null, 2) + '\n')
  writeTable()
}

/** Writes the table from results.json. */
function writeTable () {
  fillPart(PAGE, 'table', table())
}

/** Returns the table as text. */
function table () {
  return tableOf(COLUMNS, JSON.parse(fs.readFileSync(RESULTS, 'utf8')).map(cellsOf))
}

function cellsOf ({ platform, system, date, build, found = {}, quickStarts, tests }) {
  const { version = '?', core = '?', server = '?', client = '?', tls = '?' } = found
  return [
    `\`${platform}\``,
    system,
    version,
    core,
    `server ${server}, client ${client}, client over TLS ${tls}`,
    `${quickStarts.passed} of ${quickStarts.all}`,
    testsOf(tests),
    date,
    `${build.builder}, for \`${build.target}\``,
    build.size === undefined ? '–' : `${(build.size / 1e6).toFixed(2)} MB`,
    build.floor
  ]
}

function testsOf ({ files, passed, failed, skipped }) {
  if (files === 0) return '–'
  return `${passed} of ${passed + failed} in ${files} files` + (skipped > 0 ? `, ${skipped} skipped` : '')
}

module.exports = { PAGE, addResults, table, writeTable }
