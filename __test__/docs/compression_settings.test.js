'use strict'

// The benchmark that fills the table of docs/permessage-deflate.md, with small numbers. Its figures mean nothing here.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { ROOT, run, temporaryFolder } = require('../package/process')

const SMALL = ['--quick', '--no-build', '--sessions', '2', '--kib', '8', '--connections', '20', '--messages', '3']

test('bench:settings: each variant has its memory, its processor time and its ratio', async () => {
  const folder = temporaryFolder()
  const choice = ['--only', '1k,memory', '--variants', 'none,window-15,window-9-level-1', '--out', folder]
  await run(process.execPath, [path.join(ROOT, 'benchmark/compression_settings.js'), ...SMALL, ...choice], {
    cwd: ROOT
  })

  const { cases, memory } = JSON.parse(fs.readFileSync(path.join(folder, 'settings.json'), 'utf8'))
  assert.deepEqual(Object.keys(memory.figures), ['none', 'window-15', 'window-9-level-1'])
  for (const bytes of Object.values(memory.figures)) assert.ok(Number.isFinite(bytes))
  const [{ name, figures }] = cases
  assert.deepEqual([cases.length, name, Object.keys(figures)], [1, '1k', ['window-15', 'window-9-level-1']])
  for (const { compress, inflate, ratio } of Object.values(figures)) {
    assert.ok(compress > 0 && inflate > 0 && ratio > 1, JSON.stringify(figures))
  }
  assert.ok(figures['window-15'].ratio > figures['window-9-level-1'].ratio, 'a smaller window compresses less')

  const page = fs.readFileSync(path.join(folder, 'settings.md'), 'utf8')
  const rows = page.split('\n').filter((line) => /^\| (15|9|–) \|/.test(line)).map((line) => line.split(' | ').length)
  assert.deepEqual(rows, [6, 6, 6])
})
