'use strict'

// The tree of the dependents contains no original: the originals' names resolve to ours.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')
const { test } = require('node:test')

const { NAMES, ORIGINALS, PACKAGES, ROOT, load } = require('./load')
const { dependencies } = require('./package.json')

/** Only the originals depend on these. */
const THEIRS = ['http-parser-js', 'websocket-extensions']

/** Packages that require an original. */
const TESTED = [
  '@firebase/database', '@polkadot/x-ws', 'ddp', 'faye', 'live-server', 'sockjs', 'sockjs-client', 'tiny-lr',
  'tiny-lr-1', 'web3-providers-ws'
]

const packages = [...walk(PACKAGES)]

test('the tree contains no original under any name', () => {
  const originals = packages.filter(({ name }) => [...NAMES, ...THEIRS].includes(name))
  assert.deepEqual(originals.map(({ folder }) => folder), [])
})

test('the names of the originals resolve to this checkout', () => {
  for (const name of NAMES) assert.ok(isOurs(path.join(PACKAGES, name)), name)
})

const users = packages.flatMap(({ folder, manifest }) => {
  const all = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies }
  return NAMES.filter((name) => name in all).map((name) => ({ folder, name }))
})

test('all dependents are tested', () => {
  assert.deepEqual([...new Set(users.map(({ folder }) => path.relative(PACKAGES, folder)))].sort(), TESTED)
  assert.ok('webpack-dev-server' in dependencies)
})

for (const { folder, name } of users) {
  test(`${path.relative(PACKAGES, folder)} gets our package as ${name}`, () => {
    const file = createRequire(path.join(folder, 'package.json')).resolve(name)
    assert.ok(isOurs(file), file)
    assert.notEqual(file, ORIGINALS.get(name))
  })
}

test('no dependent loads a file of an original', () => {
  const folders = [...NAMES, ...THEIRS].map((name) => path.join(ROOT, 'node_modules', name) + path.sep)
  const originals = () => Object.keys(require.cache).filter((file) => folders.some((each) => file.startsWith(each)))
  // Other tests load originals for comparison.
  const before = originals()
  for (const name of [...TESTED, 'webpack-dev-server/lib/servers/SockJSServer']) load(name, 'ours')
  assert.deepEqual(originals(), before)
})

/** Returns whether a file is in the checkout and not in a node_modules. */
function isOurs (file) {
  const place = path.relative(ROOT, fs.realpathSync(file))
  return !place.startsWith('..') && !place.split(path.sep).includes('node_modules')
}

/** Yields all packages below a node_modules, except links, which lead to this checkout. */
function * walk (nodeModules) {
  for (const entry of fs.readdirSync(nodeModules, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue
    const folder = path.join(nodeModules, entry.name)
    if (entry.name.startsWith('@')) yield * walk(folder)
    else yield * contents(folder)
  }
}

function * contents (folder) {
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
  yield { folder, manifest, name: manifest.name }
  const inner = path.join(folder, 'node_modules')
  if (fs.existsSync(inner)) yield * walk(inner)
}
