'use strict'

// Files required by path: of this package by the names in its `exports`, and of an original by the names of its files,
// which this package and the packages in npm/aliases provide.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { createRequire } = require('node:module')

const { ALIASES, FOLDER } = require('../../scripts/aliases')
const { ROOT, npm, temporaryFolder } = require('./process')

const manifest = require('../../package.json')

const ORIGINALS = ['faye-websocket', ...ALIASES.map(({ original }) => original)]

const folder = temporaryFolder()
// Each package is under its original's name, as package managers install it.
const places = new Map(ORIGINALS.map((name) => [name, path.join(folder, 'node_modules', name)]))
fs.mkdirSync(path.join(folder, 'node_modules'))
fs.symlinkSync(ROOT, places.get('faye-websocket'), 'junction')
fs.symlinkSync(ROOT, path.join(folder, 'node_modules', manifest.name), 'junction')
for (const { original } of ALIASES) {
  fs.cpSync(path.join(ROOT, FOLDER, original), places.get(original), { recursive: true })
}
const requireThere = createRequire(folder + path.sep)

for (const original of ORIGINALS) {
  const files = filesOf(path.join(ROOT, 'node_modules', original))

  test(`${original}: each file of the original can be required by its path, with and without .js`, () => {
    assert.ok(files.length > 4)
    for (const file of files) {
      const name = `${original}/${file}`
      assert.equal(requireThere(name), requireThere(name.replace(/\.js$/, '')), name)
      assert.ok(fs.existsSync(path.join(places.get(original), file)), `${name} as a file`)
    }
  })

  test(`${original}: each file exports the same type of value as the original's`, () => {
    for (const file of files) {
      const [ours, theirs] = [requireThere(`${original}/${file}`), require(`../../node_modules/${original}/${file}`)]
      assert.equal(typeof ours, typeof theirs, file)
      if (typeof ours !== 'object') continue
      const missing = Object.keys(theirs).filter((name) => typeof ours[name] !== typeof theirs[name])
      assert.deepEqual(missing, file === 'lib/common.js' ? CONSTANTS_OF_COMMON : [], file)
    }
  })

  test(`${original}: the main file and package.json are this package's`, () => {
    const { name, version } = requireThere(`${original}/package.json`)
    assert.equal(version, manifest.version)
    const isMain = original === 'faye-websocket'
    assert.equal(name, isMain ? manifest.name : `@${manifest.name}/${original}`)
    assert.equal(requireThere(original), requireThere(isMain ? manifest.name : `${manifest.name}/${original}`))
  })
}

// Window sizes, which our sessions get from the core.
const CONSTANTS_OF_COMMON = ['VALID_PARAMS', 'MIN_WINDOW_BITS', 'MAX_WINDOW_BITS', 'VALID_WINDOW_BITS']

for (const [name, directory] of [
  [manifest.name, '.'],
  ...ALIASES.map(({ original }) => [`@${manifest.name}/${original}`, `${FOLDER}/${original}`])
]) {
  test(`${name}: the tarball contains each file that package.json names`, async () => {
    const cwd = path.join(ROOT, directory)
    const { stdout } = await npm(['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd })
    const packed = new Set(Object.values(JSON.parse(stdout))[0].files.map((file) => file.path))
    const { main, types, browser = main, exports } = require(path.join(cwd, 'package.json'))
    const named = [main, types, browser, ...targetsOf(exports ?? {})].map((file) => path.posix.normalize(file))
    const missing = named.filter((file) => {
      if (!file.includes('*')) return !packed.has(file)
      const [before, after] = file.split('*')
      return ![...packed].some((name) => name.startsWith(before) && name.endsWith(after))
    })
    assert.deepEqual(missing, [])
  })
}

/** Returns the files of a target in `exports`. */
function targetsOf (target) {
  return typeof target === 'string' ? [target] : Object.values(target).flatMap(targetsOf)
}

/** Returns the JavaScript files that an original publishes for programs. */
function filesOf (root) {
  const walk = (prefix) => fs.readdirSync(path.join(root, prefix), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules') return []
    return entry.isDirectory() ? walk(`${prefix}${entry.name}/`) : [prefix + entry.name]
  })
  return walk('').filter((file) => /^(lib|vendor)\/.*\.js$|^index\.js$/.test(file))
}
