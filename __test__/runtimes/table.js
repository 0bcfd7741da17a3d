'use strict'

// Stores the results of the last run in results.json and in the table of docs/runtimes.md.

const fs = require('node:fs')
const path = require('node:path')

const { fillPart, table: tableOf, tableRow } = require('../../scripts/markdown')
const { ROOT } = require('../package/process')

const RESULTS = path.join(__dirname, 'results.json')
const PAGE = path.join(ROOT, 'docs', 'runtimes.md')
const COLUMNS = ['runtime', 'version', 'quick starts passed', 'protocol', 'server', 'client', 'client over TLS']

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {string} [absent] why it did not run; the other properties are then missing
 * @property {number} [passed] quick starts
 * @property {number} [all]
 * @property {{ version: string, core: string, server: string, client: string, tls: string }} [found] what the probe
 *   printed, if it passed
 *
 * @param {{ date: string, system: string, rows: Result[] }} results
 */
function saveResults (results) {
  fs.writeFileSync(RESULTS, JSON.stringify(results, null, 2) + '\n')
  writeTable()
}

/** Writes the table from results.json. */
function writeTable () {
  fillPart(PAGE, 'table', table())
}

/** Returns the table as text. */
function table () {
  const { date, system, rows } = JSON.parse(fs.readFileSync(RESULTS, 'utf8'))
  return `Run on ${date}, ${system}:\n\n${tableOf(COLUMNS, rows.map(cellsOf))}`
}

/** Returns the row of a result as text. @param {Result} result */
function rowOf (result) {
  return tableRow(cellsOf(result))
}

/** @param {Result} result */
function cellsOf ({ name, absent, passed, all, found }) {
  if (absent) return [name, '–', `not run: ${absent}`, '–', '–', '–', '–']
  const { version = '?', core = '?', server = '?', client = '?', tls = '?' } = found ?? {}
  return [name, version, `${passed} of ${all}`, core, server, client, tls]
}

module.exports = { PAGE, rowOf, saveResults, table, writeTable }
