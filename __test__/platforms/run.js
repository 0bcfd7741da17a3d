'use strict'

// npm run test:platforms: runs the quick starts and a part of the tests with the packed packages, in an empty folder,
// without Rust on the PATH, on systems that this machine is or can imitate. Fills the table of docs/platforms.md.

const fs = require('node:fs')
const path = require('node:path')

const { buildPlatform, buildQuickly, recordOf } = require('../../scripts/build_platforms')
const { packageFolder } = require('../../scripts/packages')
const { pack, packed } = require('../../scripts/packing')
const { PLATFORMS } = require('../../scripts/platform')
const { Failure, ensureDependencies, main } = require('../../scripts/support')
const { buildWasm } = require('../../scripts/wasm')
const { ROOT, start } = require('../package/process')
const { attemptAll, environment } = require('../runtimes/attempt')
const { MACHINES } = require('./machines')
const { installInto, stageTests } = require('./stage')
const { addResults, writeTable } = require('./table')

const FOLDER = path.join(ROOT, 'target', 'test-platforms')
const MINUTES = 60000
/** The time limit of a program. Under qemu, Node starts slowly. */
const SECONDS = 120
/** The maximum number of printed lines of a failure. */
const LINES = 12

const USAGE = `Usage: npm run test:platforms -- [--check] [--quick] [--packed <folder>] [name ...]
       npm run test:platforms -- --table

  --check   does not write docs/platforms.md
  --quick   builds the addons almost without optimisation, and runs only the quick starts
  --table   runs nothing: writes the table of docs/platforms.md from the stored results
  --packed  uses the tarballs in a folder, made by \`npm run release\`; implies --check
  name      a system: ${MACHINES.map(({ name }) => name).join(', ')} (default: all)

Builds addons that are not in npm/. \`npm run build:platforms\` builds them again.`

main(async (args) => {
  if (args.length === 1 && args[0] === '--table') return writeTable()
  const { names, isQuick, isCheck, folder } = parse(args)
  ensureDependencies()
  const machines = MACHINES.filter(({ name }) => names.length === 0 || names.includes(name))
  const tarballs = folder === undefined ? packFor(machines, isQuick) : packed(folder)
  const results = []
  for (const machine of machines) results.push(await tryOn(machine, tarballs, isQuick))
  if (!isCheck) addResults(results)
  const failures = results.flatMap(({ failures }) => failures)
  for (const failure of failures) console.error(`\n${failure}`)
  console.log(`${results.length} systems, ${failures.length} failures`)
  if (failures.length > 0) process.exitCode = 1
})

function parse (args) {
  const options = { names: [], isQuick: false, isCheck: false, folder: undefined }
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--check') options.isCheck = true
    else if (arg === '--quick') options.isQuick = true
    else if (arg === '--packed' && rest.length > 0) {
      options.folder = path.resolve(rest.shift())
      options.isCheck = true
    } else if (MACHINES.some(({ name }) => name === arg)) options.names.push(arg)
    else throw new Failure(`Unknown argument: ${arg}\n${USAGE}`)
  }
  return options
}

/** @param {import('./machines').Machine[]} machines */
function packFor (machines, quick) {
  const platforms = PLATFORMS.filter(({ name }) => machines.some(({ platform }) => platform === name))
  const reason = buildWasm()
  if (reason !== undefined) throw new Failure(`The main package has no WebAssembly: ${reason}`)
  const packages = platforms.map((platform) => {
    if (quick) return buildQuickly(platform)
    if (recordOf(platform) === undefined) buildPlatform(platform)
    return packageFolder(platform)
  })
  const folder = path.join(FOLDER, 'tarballs')
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  return pack(folder, packages)
}

async function tryOn (machine, tarballs, isQuick) {
  console.log(`\n==> ${machine.name}: ${machine.platform}, ${machine.system}`)
  const platform = PLATFORMS.find(({ name }) => name === machine.platform)
  const folder = path.join(FOLDER, machine.name)
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  const { outside, inside, command, env } = machine.prepare(folder)
  const within = (name) => ({
    folder: path.join(outside, name),
    inside: `${inside}/${name}`,
    command,
    env: { ...environment(), ...env },
    seconds: SECONDS
  })
  const app = within('app')
  await installInto(app.folder, platform, tarballs)
  const { found, failures, passed, names } = await attemptAll(app, { name: machine.name, core: 'native' })
  console.log(`${passed} of ${names.length} quick starts: ${JSON.stringify(found)}`)
  const suite = within('suite')
  const files = isQuick ? [] : stageTests(app.folder, suite.folder, platform)
  const tests = { files: files.length, passed: 0, failed: 0, skipped: 0 }
  for (const file of files) failures.push(...await runFile(suite, file, tests))
  return {
    name: machine.name,
    platform: machine.platform,
    system: machine.system,
    date: new Date().toISOString().slice(0, 10),
    build: recordOf(platform, { quick: isQuick }),
    found,
    quickStarts: { passed, all: names.length },
    tests,
    failures
  }
}

/** Runs a test file, adds to the counts, and returns its failures. */
async function runFile ({ folder, inside, command: [program, ...rest], env }, file, tests) {
  const { code, signal, stdout, stderr } = await start(program, [
    ...rest, '--test-reporter=tap', `${inside}/${file}`
  ], { cwd: folder, env, timeout: 5 * MINUTES }).finished
  const count = (word) => Number(new RegExp(`^# ${word} (\\d+)`, 'm').exec(stdout)?.[1] ?? 0)
  const [passed, failed, skipped] = ['pass', 'fail', 'skipped'].map(count)
  console.log(`${file}: ${passed} passed, ${failed} failed, ${skipped} skipped`)
  Object.assign(tests, {
    passed: tests.passed + passed, failed: tests.failed + failed, skipped: tests.skipped + skipped
  })
  if (code === 0 && passed > 0) return []
  const lines = [...stdout.split('\n').filter((line) => /^\s*(not ok|error:)/.test(line)), ...stderr.split('\n')]
  return [`${file} ended with ${signal ?? code}\n${lines.slice(0, LINES).join('\n')}`]
}
