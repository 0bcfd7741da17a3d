'use strict'

// Addons that do not load: the program uses WebAssembly after a warning, or gets an error that explains the solution.
// Each case runs a copy of the package in its own process. Deno has its own tests.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const esbuild = require('esbuild')

const { failureOf } = require('../../lib/addon/failure')
const { glibcVersion, platformName } = require('../../lib/addon/platform')
const { addonName } = require('../../scripts/platform')
const { ROOT, start, temporaryFolder } = require('../package/process')

const { version } = require('../../package.json')

const copies = temporaryFolder()
const NAME = platformName()
const ADDON = path.join(ROOT, addonName())
const INSTALL = 'Install faye-websocket-rs again on the platform that runs it, with its optional dependencies; ' +
  'in a checkout, run "npm run build".'
const INSTALL_BESIDE = `Run "npm install faye-websocket-rs-${NAME}@${version}" in the folder of the bundle`
const BROKEN = `The file is broken, or for another platform. ${INSTALL}`
const DISABLED = 'This process may not load addons. Start node'
const { FAYE_WEBSOCKET_RUNTIME, ...UNSET } = process.env
const NATIVE = { FAYE_WEBSOCKET_RUNTIME: 'native' }
const FORBIDDEN = 'FAYE_WEBSOCKET_RUNTIME is "native", which forbids WebAssembly.'
const NO_WASM = 'throw new Error("this runtime has no WebAssembly")'
const REPORT = `
  const { binding, runtime, runtimeReason } = require('./lib/choice')
  console.log(JSON.stringify({ runtime, runtimeReason, isWasm: binding.isStandIn }))`
const SOME_WASM = 'module.exports = { isStandIn: true }'
const VERSION = Number(process.versions.node.split('.')[0])
const PERMISSION = VERSION < 24 ? '--experimental-permission' : '--permission'
const IS_GLIBC = process.platform === 'linux' && glibcVersion() !== undefined

// The rows omit the common prefix of the first lines.
const FAILURES = [
  {
    what: 'the addon is not installed',
    code: 'NO_BINARY',
    says: `The addon for ${NAME} is not installed. ${INSTALL}`,
    causes: ['MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']
  },
  {
    what: 'the platform has no addon',
    preload: 'Object.defineProperty(process, "platform", { value: "freebsd" })',
    code: 'NO_BINARY',
    says: `There is no addon for freebsd-${process.arch}. Build it with Rust: run "npm run build" in a checkout.`,
    causes: ['MODULE_NOT_FOUND']
  },
  {
    what: 'addons are disabled',
    addon: fs.readFileSync(ADDON),
    flags: ['--no-addons'],
    code: 'ADDONS_DISABLED',
    says: `${DISABLED} without --no-addons.`,
    causes: ['ERR_DLOPEN_DISABLED', 'MODULE_NOT_FOUND']
  },
  {
    what: 'permissions do not allow addons',
    skip: VERSION < 20 && 'Node 18 has no permissions',
    addon: fs.readFileSync(ADDON),
    flags: [PERMISSION, '--allow-fs-read=*'],
    code: 'ADDONS_DISABLED',
    says: `${DISABLED} with --allow-addons.`,
    causes: ['ERR_DLOPEN_DISABLED', 'MODULE_NOT_FOUND']
  },
  {
    what: 'the glibc is too old',
    skip: !IS_GLIBC && 'this system has no glibc',
    addon: IS_GLIBC && needingGlibc('2.99'),
    code: 'GLIBC',
    says: `The addon for ${NAME} requires glibc 2.99, but this system has glibc ${glibcVersion()}. ` +
      'Use a newer system or container image.',
    causes: ['ERR_DLOPEN_FAILED', 'MODULE_NOT_FOUND']
  },
  {
    what: 'the file is broken',
    addon: 'half a file',
    code: 'BAD_BINARY',
    says: new RegExp(`^The addon for ${NAME} does not load: .+\\. ${BROKEN}$`),
    causes: ['ERR_DLOPEN_FAILED', 'MODULE_NOT_FOUND']
  },
  {
    what: 'the file is for another architecture',
    skip: process.platform !== 'linux' && 'the file is an ELF file only on Linux',
    addon: process.platform === 'linux' && ofOtherMachine(),
    code: 'BAD_BINARY',
    says: new RegExp(`^The addon for ${NAME} does not load: .+\\. ${BROKEN}$`),
    causes: ['ERR_DLOPEN_FAILED', 'MODULE_NOT_FOUND']
  }
]

for (const { what, skip = false, addon, flags, preload, code, says, causes } of FAILURES) {
  const assertSays = (line) => {
    const text = line.replace(/^faye-websocket-rs: /, '')
    if (typeof says === 'string') assert.equal(text, says)
    else assert.match(text, says)
  }

  test(`if ${what}, require throws ${code} with FAYE_WEBSOCKET_RUNTIME=native`, { skip }, async () => {
    const error = await thrownBy(copyOf({ addon, preload }), { flags, env: NATIVE })
    const [first, second, ...others] = error.message.split('\n')
    assertSays(first)
    assert.deepEqual([second, others], [FORBIDDEN, []])
    assert.equal(error.code, `ERR_FAYE_WEBSOCKET_${code}`)
    assert.deepEqual(error.causes, causes)
  })

  test(`if ${what} and WebAssembly does not load either, the error contains both reasons`, { skip }, async () => {
    const error = await thrownBy(copyOf({ addon, preload, wasm: NO_WASM }), { flags })
    const [first, second, ...others] = error.message.split('\n')
    assertSays(first)
    assert.deepEqual([second, others],
      ['WebAssembly is not available either: this runtime has no WebAssembly.', []])
    assert.equal(error.code, `ERR_FAYE_WEBSOCKET_${code}`)
    assert.deepEqual(error.causes, [...causes, undefined])
  })

  test(`if ${what}, WebAssembly replaces it and warns with the reason`, { skip }, async () => {
    const { runtime, runtimeReason, isWasm, stderr } = await choiceOf(copyOf({ addon, preload }), { flags })
    assert.deepEqual([runtime, isWasm], ['wasm', true])
    const [line] = stderr.split('\n').filter((line) => line.includes('[FAYE_WEBSOCKET_WASM]'))
    const warning = /Warning: faye-websocket-rs: WebAssembly runs the protocol\. (.*)$/.exec(line)[1]
    const silencer = ' FAYE_WEBSOCKET_RUNTIME=wasm selects WebAssembly without this warning.'
    assert.ok(warning.endsWith(silencer), warning)
    assertSays(warning.slice(0, -silencer.length))
    assert.ok(warning.startsWith(runtimeReason + '. '), runtimeReason)
  })
}

test('an addon that bundlers did not find counts as not installed', () => {
  // The errors of Node, of an executable of Bun, and of an ES module of ncc.
  const errors = [
    Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' }),
    new Error('Cannot require module ../../faye-websocket.linux-x64-gnu.node'),
    new ReferenceError('require is not defined')
  ]
  for (const error of errors) {
    const { code, reason } = failureOf({ name: NAME, isBundle: false, isPrebuilt: true, errors: [error] })
    assert.deepEqual([code, reason], ['ERR_FAYE_WEBSOCKET_NO_BINARY', `The addon for ${NAME} is not installed`])
  }
})

test('the addon of a checkout is preferred to the package of the platform', async () => {
  const packaged = { [`node_modules/faye-websocket-rs-${NAME}/index.js`]: 'exports.isPackaged = true' }
  const both = await choiceOf(copyOf({ addon: fs.readFileSync(ADDON), files: packaged }))
  assert.deepEqual([both.runtime, both.runtimeReason, both.stderr], ['native', `loaded ${addonName()}`, ''])
  const one = await choiceOf(copyOf({ files: packaged }))
  assert.deepEqual([one.runtime, one.runtimeReason, one.stderr],
    ['native', `loaded the package faye-websocket-rs-${NAME}`, ''])
})

test('the package of the platform replaces a file that does not load', async () => {
  const packaged = { [`node_modules/faye-websocket-rs-${NAME}/index.js`]: 'exports.isPackaged = true' }
  const { runtime, stderr } = await choiceOf(copyOf({ addon: 'half a file', files: packaged }))
  assert.deepEqual([runtime, stderr], ['native', ''])
})

test('FAYE_WEBSOCKET_RUNTIME=wasm selects WebAssembly without a warning, even if the addon loads', async () => {
  const folder = copyOf({ addon: fs.readFileSync(ADDON) })
  const { stderr, ...choice } = await choiceOf(folder, { env: { FAYE_WEBSOCKET_RUNTIME: 'wasm' } })
  assert.deepEqual(choice, { runtime: 'wasm', runtimeReason: 'FAYE_WEBSOCKET_RUNTIME is "wasm"', isWasm: true })
  assert.equal(stderr, '')
})

test('FAYE_WEBSOCKET_RUNTIME=wasm throws if WebAssembly does not load, even if the addon does', async () => {
  const folder = copyOf({ addon: fs.readFileSync(ADDON), wasm: NO_WASM })
  const { message, code } = await thrownBy(folder, { env: { FAYE_WEBSOCKET_RUNTIME: 'wasm' } })
  assert.equal(message, 'faye-websocket-rs: FAYE_WEBSOCKET_RUNTIME is "wasm", but WebAssembly does not load: ' +
    'this runtime has no WebAssembly.')
  assert.equal(code, 'ERR_FAYE_WEBSOCKET_NO_WASM')
})

test('FAYE_WEBSOCKET_RUNTIME with another value throws, and an empty value has no effect', async () => {
  const folder = copyOf({ addon: fs.readFileSync(ADDON) })
  const { message, code } = await thrownBy(folder, { env: { FAYE_WEBSOCKET_RUNTIME: 'Native' } })
  assert.equal(message,
    'faye-websocket-rs: FAYE_WEBSOCKET_RUNTIME is "Native". It may be "native", "wasm" or unset.')
  assert.equal(code, 'ERR_FAYE_WEBSOCKET_RUNTIME')
  const { runtime } = await choiceOf(folder, { env: { FAYE_WEBSOCKET_RUNTIME: '' } })
  assert.equal(runtime, 'native')
})

test('two copies of the package in a thread warn once, and workers that it starts do not', async () => {
  const copies = [copyOf({}), copyOf({})]
  const script = `
    const { Worker } = require('node:worker_threads')
    const load = ${JSON.stringify(copies)}.map((folder) => 'require(' + JSON.stringify(folder + '/lib/choice') + ')')
    eval(load.join())
    new Worker(load.join(), { eval: true })`
  const { stderr } = await start(process.execPath, ['-e', script], { env: UNSET }).finished
  assert.equal(stderr.match(/\[FAYE_WEBSOCKET_WASM\]/g)?.length, 1, stderr)
})

test('a worker of a thread that has not loaded the package warns', async () => {
  const script = `
    const { Worker } = require('node:worker_threads')
    new Worker(${JSON.stringify(copyOf({}) + '/lib/choice')})`
  const { stderr } = await start(process.execPath, ['-e', script], { env: UNSET }).finished
  assert.equal(stderr.match(/\[FAYE_WEBSOCKET_WASM\]/g)?.length, 1, stderr)
})

// esbuild requires this banner for all packages that require modules of Node.
const BANNER = `import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)`

for (const format of ['cjs', 'esm']) {
  const bundle = async (files) => {
    const folder = copyOf({ files })
    const outfile = path.join(folder, 'bundle', format === 'esm' ? 'index.mjs' : 'index.cjs')
    const { warnings } = await esbuild.build({
      stdin: { contents: REPORT, resolveDir: folder }, bundle: true, platform: 'node', format, outfile,
      banner: format === 'esm' ? { js: BANNER } : {}
    })
    assert.deepEqual(warnings, [])
    // The bundle contains all files that it needs.
    fs.rmSync(path.join(folder, 'lib'), { recursive: true })
    const { stdout, stderr } = await start(process.execPath, [outfile], { env: UNSET }).finished
    return { ...JSON.parse(stdout), stderr }
  }
  const packageOf = (version) => ({
    [`node_modules/faye-websocket-rs-${NAME}/index.js`]: 'exports.isPackaged = true',
    [`node_modules/faye-websocket-rs-${NAME}/package.json`]: JSON.stringify({ version })
  })

  test(`a bundle (${format}) needs no loader for addons, and uses the installed package of the platform`, async () => {
    const { runtime, runtimeReason, stderr } = await bundle(packageOf(version))
    assert.deepEqual([runtime, runtimeReason, stderr], ['native', `loaded the package faye-websocket-rs-${NAME}`, ''])
  })

  test(`a bundle (${format}) without that package runs WebAssembly, with a warning`, async () => {
    const { runtime, runtimeReason, isWasm, stderr } = await bundle({})
    assert.deepEqual([runtime, isWasm], ['wasm', true])
    assert.equal(runtimeReason,
      `The package faye-websocket-rs-${NAME} is in no node_modules folder beside or above the bundle`)
    assert.ok(stderr.includes(`bundle. ${INSTALL_BESIDE}. FAYE_WEBSOCKET_RUNTIME=wasm`), stderr)
  })

  test(`a bundle (${format}) does not use a package of another version`, async () => {
    const { runtime, runtimeReason, stderr } = await bundle(packageOf('0.0.1'))
    assert.equal(runtime, 'wasm')
    assert.equal(runtimeReason, `The package faye-websocket-rs-${NAME} beside or above the bundle has version 0.0.1, ` +
      `but the bundle contains faye-websocket-rs ${version}`)
    assert.ok(stderr.includes(`${version}. ${INSTALL_BESIDE}. FAYE_WEBSOCKET_RUNTIME=wasm`), stderr)
  })
}

test('every entry of the package exports runtime and runtimeReason', () => {
  const faye = require('faye-websocket-rs')
  assert.match(faye.runtime, /^(native|wasm)$/)
  assert.match(faye.runtimeReason, /^loaded |^FAYE_WEBSOCKET_RUNTIME is "wasm"$/)
  for (const entry of [require('faye-websocket-rs/websocket-driver'), require('faye-websocket-rs/websocket')]) {
    assert.deepEqual([entry.runtime, entry.runtimeReason], [faye.runtime, faye.runtimeReason])
  }
})

/**
 * Copies the files that are loaded before the binding.
 *
 * @param {object} parts
 * @param {string | Buffer | false} [parts.addon] the content of the file
 * @param {string} [parts.wasm] the code that replaces WebAssembly
 * @param {string} [parts.preload] code that runs first
 * @param {Record<string, string>} [parts.files] other files
 */
function copyOf ({ addon, wasm = SOME_WASM, preload = '', files = {} }) {
  const folder = path.join(copies, String(fs.readdirSync(copies).length))
  const all = { ...files, 'lib/wasm/index.js': wasm, 'preload.js': preload }
  if (addon) all[addonName()] = addon
  for (const name of ['package.json', 'lib/choice.js', 'lib/scheduling.js', ...filesOf('lib/addon')]) {
    all[name] = fs.readFileSync(path.join(ROOT, name))
  }
  for (const [name, content] of Object.entries(all)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), content)
  }
  return folder
}

function filesOf (room) {
  return fs.readdirSync(path.join(ROOT, room)).map((name) => `${room}/${name}`)
}

async function choiceOf (folder, options) {
  const { stdout, stderr } = await load(folder, options, REPORT)
  return { ...JSON.parse(stdout), stderr }
}

async function thrownBy (folder, options) {
  const { stdout } = await load(folder, options, `
    try { require('./lib/choice') } catch ({ message, code, cause }) {
      console.log(JSON.stringify({ message, code, causes: cause?.errors?.map(({ code = null }) => code) }))
    }`)
  const failure = JSON.parse(stdout)
  failure.causes = failure.causes?.map((code) => code ?? undefined)
  return failure
}

async function load (folder, { flags = [], env = {} } = {}, script) {
  const file = path.join(folder, 'program.js')
  fs.writeFileSync(file, script)
  const args = [...flags, '-r', path.join(folder, 'preload.js'), file]
  const result = await start(process.execPath, args, { cwd: folder, env: { ...UNSET, ...env } }).finished
  assert.equal(result.code, 0, result.stderr)
  return result
}

/** Returns the addon with another newest version of glibc: replaces the name and its hash. */
function needingGlibc (version) {
  const addon = fs.readFileSync(ADDON)
  const names = addon.toString('latin1').match(/GLIBC_2\.\d\d(?=\0)/g)
  const newest = names.sort().pop()
  for (const [from, to] of [[newest, `GLIBC_${version}`], [elfHash(newest), elfHash(`GLIBC_${version}`)]]) {
    const at = addon.indexOf(from)
    assert.ok(at > 0, `the addon has no ${newest}`)
    addon.set(Buffer.from(to), at)
  }
  return addon
}

/** Returns the hash by which the dynamic linker compares names. */
function elfHash (name) {
  let hash = 0
  for (const byte of Buffer.from(name)) {
    hash = (hash << 4) + byte
    hash = (hash ^ ((hash >>> 24) & 0xf0)) & 0x0fffffff
  }
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(hash)
  return bytes
}

/** Returns the addon with another machine in its header. */
function ofOtherMachine () {
  const addon = fs.readFileSync(ADDON)
  const [AMD64, AARCH64] = [0x3e, 0xb7]
  addon[18] = addon[18] === AMD64 ? AARCH64 : AMD64
  return addon
}
