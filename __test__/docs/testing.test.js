'use strict'

// The programs of docs/testing.md: tests that pass, and that fail when the code under test is wrong.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { fileBlock } = require('../package/pages')
const { start } = require('../package/process')
const { test } = require('../support/test')
const { projectFolder } = require('./program')

const hasMockTimers = parseInt(process.versions.node) >= 21 || /^v20\.(1[1-9]|[2-9]\d)/.test(process.version)

/** Runs a test file of the page. Replaces `original` in the code under test by `replacement`. */
async function runTests (name, [original, replacement] = ['', '']) {
  const folder = projectFolder()
  const code = fileBlock('shout.js')
  assert.ok(code.includes(original))
  fs.writeFileSync(path.join(folder, 'shout.js'), code.replace(original, replacement))
  fs.writeFileSync(path.join(folder, name), fileBlock(name))
  // A test file that a test runner starts reports to that runner.
  const { NODE_TEST_CONTEXT, ...env } = process.env
  const args = ['--test', '--test-reporter=tap', name]
  const { code: status, stdout } = await start(process.execPath, args, { cwd: folder, env, timeout: 30000 }).finished
  const results = [...stdout.matchAll(/^\s*(ok|not ok) \d+ - (.*)$/gm)].filter(([, , title]) => !title.endsWith(name))
  return { status, results: Object.fromEntries(results.map(([, result, title]) => [title, result])), stdout }
}

test('shout.test.js passes', async () => {
  const { status, results } = await runTests('shout.test.js')
  const expected = { 'the server answers in capitals': 'ok', 'the server accepts text only': 'ok' }
  assert.deepEqual({ status, results }, { status: 0, results: expected })
})

test('shout.test.js fails when the server answers something else', async () => {
  const { status, results } = await runTests('shout.test.js', ['toUpperCase', 'toLowerCase'])
  assert.deepEqual([status, Object.values(results)], [1, ['not ok', 'ok']])
})

test('shout.test.js fails with the reason when the handshake fails', async () => {
  const { status, stdout } = await runTests('shout.test.js', ['if (!WebSocket.isWebSocket(request)) return', 'return'])
  assert.equal(status, 1)
  assert.match(stdout, /error: 'The connection closed with 1006 '/)
})

const skip = !hasMockTimers && 'Node has no such mock timers'

test('time-limits.test.js passes, and fails if the server has no time limit for pongs', async () => {
  const [passing, failing] = [await runTests('time-limits.test.js'), await runTests('time-limits.test.js', [
    ', pingTimeout: 10', ''])]
  assert.deepEqual([passing.status, failing.status], [0, 1])
}, { skip })
