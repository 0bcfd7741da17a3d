'use strict'

// What the pages say of the checkout they are in. That of the installed package is in package.test.js.

const test = require('node:test')
const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const { chart, withChart } = require('../../benchmark/chart')
const { home } = require('../../scripts/home')
const { userPages, deadLinks } = require('./pages')
const { ROOT } = require('./process')

const manifest = require('../../package.json')

const OTHERS = ['CONTRIBUTING.md', 'ARCHITECTURE.md', 'SECURITY.md', 'CHANGELOG.md', 'benchmark/README.md']
const MAX_README_LINES = 200

for (const page of [...userPages(), ...OTHERS]) {
  const text = fs.readFileSync(path.join(ROOT, page), 'utf8')

  test(`${page}: links lead to files and headings that are there`, () => {
    assert.deepEqual(deadLinks(ROOT, page), [])
  })

  test(`${page}: the scripts of npm that it names are there`, () => {
    const named = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name)
    assert.deepEqual(named.filter((name) => !(name in manifest.scripts)), [])
  })

  test(`${page}: tarballs have the name that npm pack gives them`, () => {
    const named = [...text.matchAll(/faye-websocket-rs-\d[\w.-]*\.tgz/g)].map(([name]) => name)
    assert.deepEqual(named.filter((name) => name !== `${manifest.name}-${manifest.version}.tgz`), [])
  })
}

test('README: every page in docs/ is linked', () => {
  const readme = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8')
  assert.deepEqual(userPages().filter((page) => page !== 'README.md' && !readme.includes(`](${page})`)), [])
})

test(`README: it has at most ${MAX_README_LINES} lines, the rest is in docs/`, () => {
  const lines = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8').split('\n').length - 1
  assert.ok(lines <= MAX_README_LINES, `README.md has ${lines} lines`)
})

test('README: its chart is the one that the committed results make', () => {
  const readme = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8')
  assert.equal(readme, withChart(readme, chart(require('../../benchmark/results/transport.json'))))
})

test('package.json: its homepage and where to tell of bugs are those of its repository', () => {
  assert.deepEqual(manifest.repository, { type: 'git', url: `git+${home()}.git` })
  assert.equal(manifest.homepage, `${home()}#readme`)
  assert.deepEqual(manifest.bugs, { url: `${home()}/issues` })
})

test('packages under npm/ have the same repository, and links to it have the same owner', () => {
  const listed = execFileSync('git', ['ls-files', '*.md', 'npm/*package.json'], { cwd: ROOT, encoding: 'utf8' })
  for (const file of listed.trim().split('\n')) {
    const text = fs.readFileSync(path.join(ROOT, file), 'utf8')
    const ours = [...text.matchAll(/https:\/\/github\.com\/[\w.-]+\/faye-websocket-rs\b/g)].map(([url]) => url)
    assert.deepEqual(ours.filter((url) => url !== home()), [], file)
    if (!file.endsWith('.json')) continue
    const { repository, homepage, bugs } = JSON.parse(text)
    assert.deepEqual({ repository, homepage, bugs }, pick(manifest), file)
  }
})

function pick ({ repository, homepage, bugs }) {
  return { repository, homepage, bugs }
}
