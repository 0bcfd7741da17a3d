'use strict'

// Words that CONTRIBUTING.md does not allow: they hide who acts. Licences are other people's text.

const test = require('node:test')
const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')

const { ROOT } = require('../package/process')

// In parts, so that this file contains none of them.
const WORDS = ['no-body', 'some-body', 'who-ever', 'who-m'].map((word) => word.replace('-', ''))
const LICENCES = [':!LICENSE', ':!THIRD-PARTY-NOTICES.txt', ':!**/LICENSE', ':!*.svg', ':!package-lock.json']

test('code and pages name who acts', () => {
  const pattern = `\\b(${WORDS.join('|')})\\b`
  const search = ['grep', '-niE', pattern, '--', '.', ...LICENCES]
  const { status, stdout } = spawnSync('git', search, { cwd: ROOT, encoding: 'utf8' })
  assert.equal(stdout, '')
  assert.equal(status, 1, 'git grep has failed')
})
