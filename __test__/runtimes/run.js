'use strict'

// npm run test:runtimes: runs the quick starts with the packed package, in an empty folder without Rust on the PATH, in
// every runtime that npm has for this machine. Fills the table of docs/runtimes.md.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const { Failure, ensureDependencies, main } = require('../../scripts/support')
const { ROOT, npm, run, temporaryFolder } = require('../package/process')
const { addProbe, attemptAll, environment } = require('./attempt')
const { FOLDER, INSTALLERS, PACKAGES, node, rows } = require('./rows')
const { rowOf, saveResults, writeTable } = require('./table')

const MINUTES = 60000

const USAGE = `Usage: npm run test:runtimes -- [--check | --table] [filter ...]

  --check  does not write docs/runtimes.md
  --table  runs nothing: writes the table of docs/runtimes.md from the results of the last run
  filter   only the runtimes whose name contains one of the filters; docs/runtimes.md is not written`

main(async (args) => {
  const unknown = args.find((arg) => arg.startsWith('-') && arg !== '--check' && arg !== '--table')
  if (unknown) throw new Failure(`Unknown argument: ${unknown}\n${USAGE}`)
  if (args.includes('--table')) return writeTable()
  const filters = args.filter((arg) => !arg.startsWith('-'))
  ensureDependencies()
  await installRuntimes()
  const folders = await installPackage()
  const chosen = rows().filter(({ name }) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
  const results = []
  for (const row of chosen) {
    const result = await runRow(row, folders[row.hasNoAddon ? 'bare' : 'whole'])
    console.log(rowOf(recordOf(result)))
    for (const failure of result.failures) console.log(`\n${failure}\n`)
    results.push(result)
  }
  const failed = results.filter(({ failures }) => failures.length > 0).length
  if (filters.length === 0 && !args.includes('--check')) {
    saveResults({ date: today(), system: system(), rows: results.map(recordOf) })
  }
  console.log(`${results.length - failed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
})

/** Installs the newest version of each runtime, at most once a day. */
async function installRuntimes () {
  const stamp = path.join(FOLDER, 'installed.json')
  const wanted = JSON.stringify([PACKAGES, today()])
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return
  fs.mkdirSync(FOLDER, { recursive: true })
  const specs = Object.entries(PACKAGES).map(([name, spec]) => `${name}@${spec}`)
  await npm(['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', FOLDER, ...specs], {
    cwd: FOLDER, timeout: 10 * MINUTES
  })
  for (const installer of INSTALLERS) {
    // If a download fails, the row of the runtime shows it.
    await run(node(24), [installer], { cwd: path.dirname(installer), timeout: 2 * MINUTES }).catch(() => {})
  }
  fs.writeFileSync(stamp, wanted)
}

/** Creates two folders with the package under both of its names: one unchanged, and one without an addon. */
async function installPackage () {
  const folder = temporaryFolder()
  await npm(['pack', '--pack-destination', folder], { cwd: ROOT, timeout: 10 * MINUTES })
  const tarballs = fs.readdirSync(folder).map((name) => `file:${path.join(folder, name)}`)
  const make = async (name) => {
    const app = path.join(folder, name)
    fs.mkdirSync(app)
    // Without `type`, Deno loads .js files as ES modules.
    fs.writeFileSync(path.join(app, 'package.json'), JSON.stringify({ private: true, type: 'commonjs' }))
    const names = ['faye-websocket', 'faye-websocket-rs'].map((each) => `${each}@${tarballs[0]}`)
    await npm(['install', '--offline', '--no-audit', '--no-fund', ...names], { cwd: app })
    addProbe(app)
    return app
  }
  const [whole, bare] = [await make('whole'), await make('bare')]
  removeAddons(path.join(bare, 'node_modules'))
  return { whole, bare }
}

/** Removes the addons, which are at the top of packages. */
function removeAddons (folder) {
  for (const name of fs.readdirSync(folder).filter((name) => !name.startsWith('.'))) {
    for (const file of fs.readdirSync(path.join(folder, name))) {
      if (file.endsWith('.node')) fs.rmSync(path.join(folder, name, file))
    }
  }
}

/** Returns the number of passed quick starts and the result of the probe. */
async function runRow (row, folder) {
  if (row.absent) return { row, failures: [], passed: 0, names: [] }
  const place = { folder, command: row.command, env: { ...environment(), ...row.env } }
  return { row, ...await attemptAll(place, row) }
}

/** Returns a result in the form of results.json. */
function recordOf ({ row: { name, absent }, found, passed, names }) {
  return absent ? { name, absent } : { name, passed, all: names.length, found }
}

function system () {
  const { glibcVersionRuntime: glibc } = process.report.getReport().header
  return `${os.type()} ${os.arch()}${glibc ? ` with glibc ${glibc}` : ''}`
}

function today () {
  return new Date().toISOString().slice(0, 10)
}
