'use strict'

// Reads the report of wstest and decides on the verdicts.

const fs = require('node:fs')
const path = require('node:path')

const VERDICTS = ['OK', 'INFORMATIONAL', 'NON-STRICT', 'UNIMPLEMENTED', 'FAILED']

// The second result of a case, about the end of the connection, has other words.
const CLOSE_VERDICTS = {
  OK: 'OK',
  INFORMATIONAL: 'INFORMATIONAL',
  'WRONG CODE': 'NON-STRICT',
  'FAILED BY CLIENT': 'NON-STRICT',
  UNCLEAN: 'FAILED',
  FAILED: 'FAILED'
}

/**
 * Returns the results of one role with details, one for each case that should have run.
 *
 * @param {string} directory of wstest's report
 * @param {string} agent
 * @param {string[]} expected ids of the cases
 */
function readReport (directory, agent, expected) {
  const index = readJson(path.join(directory, 'index.json'))[agent] ?? {}
  return expected.map(id => {
    if (!Object.hasOwn(index, id)) return { id, verdict: 'FAILED', details: ['was not run'] }

    const verdict = verdictOf(index[id])
    return { id, verdict, details: detailsOf(verdict, path.join(directory, index[id].reportfile)) }
  })
}

/** Returns the worse of a case's two results. An unknown word counts as a failure. */
function verdictOf ({ behavior, behaviorClose }) {
  const first = VERDICTS.includes(behavior) ? behavior : 'FAILED'
  const second = CLOSE_VERDICTS[behaviorClose] ?? 'FAILED'
  return VERDICTS.indexOf(first) > VERDICTS.indexOf(second) ? first : second
}

/**
 * @param {{ id: string, verdict: string }} result
 * @param {string[]} nonStrict cases in which NON-STRICT is accepted
 */
function isAcceptable ({ id, verdict }, nonStrict) {
  return verdict === 'OK' || verdict === 'INFORMATIONAL' || (verdict === 'NON-STRICT' && nonStrict.includes(id))
}

/** @returns {string[]} lines: a row per group, a column per verdict, and the sums */
function table (results) {
  const groups = [...new Set(results.map(result => groupOf(result.id)))]
  const row = (title, some) => VERDICTS.reduce((line, verdict) => {
    return line + String(some.filter(result => result.verdict === verdict).length).padStart(verdict.length + 2)
  }, title.padEnd(8))

  return [
    'group'.padEnd(8) + VERDICTS.map(verdict => `  ${verdict}`).join(''),
    ...groups.map(group => row(group, results.filter(result => groupOf(result.id) === group))),
    row('all', results)
  ]
}

function detailsOf (verdict, file) {
  if (verdict === 'OK') return []

  const report = readJson(file)
  if (verdict === 'INFORMATIONAL') return [`case:     ${plain(report.description)}`]

  const close = side => `${report[`${side}CloseCode`] ?? 'none'} ${report[`${side}CloseReason`] ?? ''}`.trim()
  return [
    `case:     ${plain(report.description)}`,
    `demand:   ${plain(report.expectation)}`,
    `result:   ${report.behavior}: ${plain(report.result)}`,
    `ending:   ${report.behaviorClose}: ${plain(report.resultClose)}`,
    `expected: ${short(report.expected)}`,
    `received: ${short(report.received)}`,
    `closing:  tested side ${close('remote')}, Autobahn ${close('local')}` +
      (report.wasClean ? '' : `, unclean: ${report.wasNotCleanReason}`)
  ]
}

function groupOf (id) {
  return id.split('.', 1)[0]
}

function plain (html) {
  return String(html).replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim()
}

function short (value) {
  const text = JSON.stringify(value)
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}

function readJson (file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'))
}

module.exports = { readReport, verdictOf, isAcceptable, table }
