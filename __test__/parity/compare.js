'use strict'

const assert = require('node:assert/strict')

const { WebSocket, original, originalPath, subjectPath } = require('../support/subject')
const { inScope, test } = require('../support/test')
const { Transcript } = require('./transcript')

async function record ([implementation, path], script) {
  const log = new Transcript()
  try {
    await inScope((scope) => script(implementation, log, scope, path))
  } catch (error) {
    error.message += `\nafter:\n${log.finished().join('\n')}`
    throw error
  }
  return log.finished()
}

/**
 * Returns the functions that compare two packages.
 *
 * @param {[implementation: any, path: string]} original
 * @param {[implementation: any, path: string]} subject
 */
function between (original, subject) {
  /** `script(implementation, log, scope, path)` must record the same transcript with both packages. */
  function parity (name, script, options) {
    test(name, async () => {
      const [expected, actual] = [await record(original, script), await record(subject, script)]
      assert.notEqual(expected.length, 0, 'the script recorded nothing')
      if (process.env.SHOW_TRANSCRIPTS) console.log(`${name}\n  ${expected.join('\n  ')}`)
      assert.deepEqual(actual, expected)
    }, { timeout: 40000, ...options })
  }

  /** A row per case: `[name, value]`. One `script(implementation, log, scope, value)` records all rows. */
  function parityTable (name, rows, script) {
    for (const [row, ...values] of rows) {
      parity(`${name}: ${row}`, (implementation, log, scope) => script(implementation, log, scope, ...values))
    }
  }

  return { parity, parityTable }
}

module.exports = { between, record, ...between([original, originalPath], [WebSocket, subjectPath]) }
