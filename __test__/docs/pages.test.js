'use strict'

// Each page of docs/ is about one task and begins with a program, except pages that are lists.

const test = require('node:test')
const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const { codeBlocks, userPages } = require('../package/pages')
const { ROOT } = require('../package/process')

/** Pages that readers look things up in. */
const LISTS = ['docs/index.md', 'docs/api.md', 'docs/differences.md', 'docs/errors.md', 'docs/platforms.md',
  'docs/runtimes.md']
/** Pages whose tests run every block. */
const RUN_AS_A_WHOLE = ['docs/bundlers.md', 'docs/installation.md']
/** Lines of a page above its program. */
const MAX_INTRODUCTION = 14

const tests = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '__test__/*.js'],
  { cwd: ROOT, encoding: 'utf8' })
  .trim().split('\n').map((file) => fs.readFileSync(path.join(ROOT, file), 'utf8')).join('\n')

for (const page of userPages().filter((page) => page !== 'README.md' && !LISTS.includes(page))) {
  test(`${page}: it begins with a program or a command`, () => {
    const [first] = codeBlocks().filter((block) => block.page === page)
    assert.ok(first, 'the page has no code block')
    assert.ok(first.file, 'the first code block has no name: <!-- file: … -->')
    const above = fs.readFileSync(path.join(ROOT, page), 'utf8').split('```')[0].split('\n').length - 1
    assert.ok(above <= MAX_INTRODUCTION, `${above} lines precede the code block; the limit is ${MAX_INTRODUCTION}`)
  })

  if (RUN_AS_A_WHOLE.includes(page)) continue

  test(`${page}: a test runs each of its programs by its name`, () => {
    const files = codeBlocks().filter((block) => block.page === page && block.file).map(({ file }) => file)
    assert.deepEqual(files.filter((file) => !tests.includes(`'${file}'`)), [])
  })
}
