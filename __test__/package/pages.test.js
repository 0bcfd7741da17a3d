'use strict'

// Links, commands and names in the pages of this checkout. package.test.js tests the pages of the installed package.

const test = require('node:test')
const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const { chart } = require('../../benchmark/chart')
const { home } = require('../../scripts/home')
const { withPart } = require('../../scripts/markdown')
const { userPages, deadLinks } = require('./pages')
const { ROOT } = require('./process')

const manifest = require('../../package.json')

const OTHERS = ['CONTRIBUTING.md', 'ARCHITECTURE.md', 'SECURITY.md', 'CHANGELOG.md', 'benchmark/README.md']
/** The most lines of the pages that people read whole. */
const MAX_LINES = { 'README.md': 200, 'ARCHITECTURE.md': 250 }

for (const page of [...userPages(), ...OTHERS]) {
  const text = fs.readFileSync(path.join(ROOT, page), 'utf8')

  test(`${page}: all linked files and headings exist`, () => {
    assert.deepEqual(deadLinks(ROOT, page), [])
  })

  test(`${page}: all named npm scripts exist`, () => {
    const named = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name)
    assert.deepEqual(named.filter((name) => !(name in manifest.scripts)), [])
  })

  test(`${page}: tarballs have the names of npm pack`, () => {
    const named = [...text.matchAll(/faye-websocket-rs-\d[\w.-]*\.tgz/g)].map(([name]) => name)
    assert.deepEqual(named.filter((name) => name !== `${manifest.name}-${manifest.version}.tgz`), [])
  })
}

test('README: links to every page in docs/', () => {
  const readme = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8')
  assert.deepEqual(userPages().filter((page) => page !== 'README.md' && !readme.includes(`](${page})`)), [])
})

for (const [page, most] of Object.entries(MAX_LINES)) {
  test(`${page}: at most ${most} lines`, () => {
    const lines = fs.readFileSync(path.join(ROOT, page), 'utf8').split('\n').length - 1
    assert.ok(lines <= most, `${page} has ${lines} lines`)
  })
}

test('README: the chart shows the committed results', () => {
  const readme = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8')
  assert.equal(readme, withPart(readme, 'chart', chart(require('../../benchmark/results/transport.json'))))
})

test('package.json: homepage and bugs are URLs of the repository', () => {
  assert.deepEqual(manifest.repository, { type: 'git', url: `git+${home()}.git` })
  assert.equal(manifest.homepage, `${home()}#readme`)
  assert.deepEqual(manifest.bugs, { url: `${home()}/issues` })
})

test('packages under npm/ and links in pages have the same repository', () => {
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
