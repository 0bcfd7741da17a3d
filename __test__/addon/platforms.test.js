'use strict'

// The platforms with an addon of their own are listed once, in scripts/platform.js. What cannot use that list agrees.

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

test('a platform is called what napi calls it', () => {
  for (const { name, os, cpu, libc } of PLATFORMS) {
    const abi = { glibc: 'gnu', musl: 'musl' }[libc] ?? (os === 'win32' ? 'msvc' : undefined)
    assert.equal(name, [os, cpu, abi].filter(Boolean).join('-'))
  }
})

test('the package of a platform has its file, its version and its limits', () => {
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

test('the workflow that publishes builds each platform, and docs/platforms.md has a row for it', () => {
  const built = [...read('.github/workflows/release.yml').matchAll(/\{ platform: (\S+), target: (\S+), /g)]
  assert.deepEqual(built.map(([, name, target]) => ({ name, target })),
    PLATFORMS.map(({ name, target }) => ({ name, target })))
  const rows = [...read('docs/platforms.md').matchAll(/^\| `faye-websocket-rs-(\S+)` \|/gm)]
  assert.deepEqual(rows.map(([, name]) => name), NAMES)
})

test('a bundle knows the version of the package', () => {
  assert.equal(VERSION, manifest.version)
})

// npm would not install it there, and WebAssembly runs anywhere.
test('the package itself installs on every platform', () => {
  for (const limit of ['os', 'cpu', 'libc']) assert.equal(manifest[limit], undefined)
})

test('this machine has the same name by the executable of Node and by its report', async () => {
  const script = `
    Object.defineProperty(process, 'execPath', { value: '/nowhere' })
    console.log(require('./lib/addon/platform').platformName())`
  const { stdout } = await run(process.execPath, ['-e', script], { cwd: ROOT })
  assert.equal(stdout.trim(), platformName())
  if (process.platform === 'linux') assert.equal(isMusl(), platformName().endsWith('-musl'))
})

test('where there is no addon for the platform, the file is that of a local build', () => {
  assert.equal(addonName('linux-riscv64-gnu'), 'faye-websocket.local.node')
  assert.equal(addonName('darwin-arm64'), 'faye-websocket.darwin-arm64.node')
})

test('as a git dependency the package is built, or says what that needs; a checkout is left alone', async () => {
  const prepare = (env) => run(process.execPath, ['scripts/prepare.js'], { cwd: ROOT, env })
  const { _PACOTE_NO_PREPARE_, ...env } = process.env
  assert.deepEqual(await prepare({ ...env, PATH: '/nowhere' }), { stdout: '', stderr: '' })
  await assert.rejects(prepare({ ...env, PATH: '/nowhere', _PACOTE_NO_PREPARE_: 'git+file:///repository' }),
    /installed from git, so npm builds its addon here\. The build has failed\.\ncargo was not found\.\nThe build/)
})

function read (file) {
  return fs.readFileSync(path.join(ROOT, file), 'utf8')
}
