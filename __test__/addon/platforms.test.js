'use strict'

// scripts/platform.js lists the platforms with an addon. All files that cannot use this list agree with it.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { isMusl, platformName } = require('../../lib/addon/platform')
const { VERSION } = require('../../lib/addon/version')
const { PLATFORMS, addonName } = require('../../scripts/platform')
const { ROOT, run } = require('../package/process')

const manifest = require('../../package.json')

const NAMES = PLATFORMS.map(({ name }) => name)

test('the loader requires the file of each platform, and then its package, by literal names', () => {
  const requires = [...read('lib/addon/index.js').matchAll(/case '(.+)':|require\('([^']+)'\)/g)]
  const expected = NAMES.flatMap((name) => [name, `../../faye-websocket.${name}.node`, `faye-websocket-rs-${name}`])
  assert.deepEqual(requires.map(([, name, required]) => name ?? required),
    ['./platform', ...expected, '../../faye-websocket.local.node'])
})

test('in a bundle, the loader looks for the package of each platform, by literal names', () => {
  const loads = [...read('lib/addon/bundled.js').matchAll(/case '(.+)': binding = load\('(.+)'\); break/g)]
  assert.deepEqual(loads.map(([, ...names]) => names), NAMES.map((name) => [name, `faye-websocket-rs-${name}`]))
})

test('platforms have the names of napi', () => {
  for (const { name, os, cpu, libc } of PLATFORMS) {
    const abi = { glibc: 'gnu', musl: 'musl' }[libc] ?? (os === 'win32' ? 'msvc' : undefined)
    assert.equal(name, [os, cpu, abi].filter(Boolean).join('-'))
  }
})

test('the package of a platform has the right file, version, os, cpu and libc', () => {
  for (const platform of PLATFORMS) {
    const { name: folder } = platform
    const { name, version, main, files, os, cpu, libc, scripts } = JSON.parse(read(`npm/${folder}/package.json`))
    const file = `faye-websocket.${folder}.node`
    assert.deepEqual({ name, version, main, os, cpu, libc, scripts }, {
      name: `faye-websocket-rs-${folder}`,
      version: manifest.version,
      main: file,
      os: [platform.os],
      cpu: [platform.cpu],
      libc: platform.libc && [platform.libc],
      scripts: undefined
    })
    assert.ok(files.includes(file), folder)
  }
})

test('the release workflow builds each platform, and docs/platforms.md has a row for it', () => {
  const built = [...read('.github/workflows/release.yml').matchAll(/\{ platform: (\S+), target: (\S+), /g)]
  assert.deepEqual(built.map(([, name, target]) => ({ name, target })),
    PLATFORMS.map(({ name, target }) => ({ name, target })))
  const rows = [...read('docs/platforms.md').matchAll(/^\| `faye-websocket-rs-(\S+)` \|/gm)]
  assert.deepEqual(rows.map(([, name]) => name), NAMES)
})

test('lib/addon/version.js contains the version of the package', () => {
  assert.equal(VERSION, manifest.version)
})

// With limits npm would not install it on other platforms, but WebAssembly runs everywhere.
test('the package itself installs on every platform', () => {
  for (const limit of ['os', 'cpu', 'libc']) assert.equal(manifest[limit], undefined)
})

test('the executable of Node and its report lead to the same platform name', async () => {
  const script = `
    Object.defineProperty(process, 'execPath', { value: '/nowhere' })
    console.log(require('./lib/addon/platform').platformName())`
  const { stdout } = await run(process.execPath, ['-e', script], { cwd: ROOT })
  assert.equal(stdout.trim(), platformName())
  if (process.platform === 'linux') assert.equal(isMusl(), platformName().endsWith('-musl'))
})

test('a platform without an addon uses the file of a local build', () => {
  assert.equal(addonName('linux-riscv64-gnu'), 'faye-websocket.local.node')
  assert.equal(addonName('darwin-arm64'), 'faye-websocket.darwin-arm64.node')
})

test('prepare builds a git dependency or reports a missing tool, and does nothing in a checkout', async () => {
  const prepare = (env) => run(process.execPath, ['scripts/prepare.js'], { cwd: ROOT, env })
  const { _PACOTE_NO_PREPARE_, ...env } = process.env
  assert.deepEqual(await prepare({ ...env, PATH: '/nowhere' }), { stdout: '', stderr: '' })
  await assert.rejects(prepare({ ...env, PATH: '/nowhere', _PACOTE_NO_PREPARE_: 'git+file:///repository' }),
    /installed from git, so npm builds its addon here\. The build has failed\.\ncargo was not found\.\nThe build/)
})

function read (file) {
  return fs.readFileSync(path.join(ROOT, file), 'utf8')
}
