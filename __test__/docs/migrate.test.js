'use strict'

// docs/migrate.md: its commands with npm, from a registry on loopback, and its program with the original and with this
// package. Other package managers are in __test__/managers.

const nodeTest = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { startRegistry } = require('../managers/registry')
const { fileBlock } = require('../package/pages')
const { ROOT, npm, run, temporaryFolder } = require('../package/process')
const { test } = require('../support/test')
const { projectFolder, runProgram } = require('./program')

const page = fs.readFileSync(path.join(ROOT, 'docs/migrate.md'), 'utf8')
const installation = fs.readFileSync(path.join(ROOT, 'docs/installation.md'), 'utf8')

const SECTIONS = [
  { original: 'faye-websocket', commands: 'migrate.sh', printed: /^(native|wasm)$/ },
  { original: 'websocket-driver', commands: 'migrate-driver.sh', printed: /^(native|wasm)$/ },
  {
    original: 'permessage-deflate', commands: 'migrate-deflate.sh', printed: /^@faye-websocket-rs\/permessage-deflate$/
  },
  { original: 'websocket', commands: 'migrate-websocket.sh', printed: /^(native|wasm)$/ }
]
/** The type packages that the commands name. */
const TYPES = [{ name: '@types/websocket', version: '1.0.10' }]

const folder = temporaryFolder()
let registry

nodeTest.before(async () => {
  const originals = SECTIONS.map(({ original }) => ({ name: original, version: versionOf(original) }))
  registry = await startRegistry(folder, [...originals, ...TYPES].map(({ name, version }) => {
    return project(`sources/${name}`, { name, version }, { 'index.js': 'module.exports = {}\n' })
  }))
})
nodeTest.after(() => registry.close())

for (const { original, commands, printed } of SECTIONS) {
  test(`From ${original}: the commands replace the original and show that, and the last one restores it`, async () => {
    const dependencies = { [original]: `^${versionOf(original)}`, '@types/websocket': '^1.0.10' }
    const cwd = project(`apps/${original}`, { name: 'app', private: true, dependencies })
    await npm(['install'], { cwd })
    const manifest = path.join(cwd, 'node_modules', original, 'package.json')
    const installed = () => JSON.parse(fs.readFileSync(manifest, 'utf8'))
    assert.deepEqual([installed().name, installed().version], [original, versionOf(original)])

    const lines = fileBlock(commands).trimEnd().split('\n')
    const proof = lines.at(-1)
    const before = await shell(proof, cwd)
    assert.doesNotMatch(before, printed)
    for (const line of lines.slice(0, -1)) {
      const { stdout } = await npm(line.split(' ').slice(1), { cwd })
      if (line.startsWith('npm ls')) assert.match(stdout, new RegExp(`${original}@${versionOf(original)}`))
    }
    assert.match(await shell(proof, cwd), printed)
    assert.match(installed().name, /faye-websocket-rs/)

    await npm(['install', goingBack(original)], { cwd })
    assert.deepEqual([installed().name, installed().version], [original, versionOf(original)])
    assert.equal(await shell(proof, cwd), before)
  }, { timeout: 120000 })
}

for (const [name, runtime, packages] of [
  ['the original', /^undefined$/, { 'faye-websocket': path.join(ROOT, 'node_modules/faye-websocket') }],
  ['this package', /^(native|wasm)$/, {}]
]) {
  test(`before-after.js runs with ${name} and prints the runtime`, async (t) => {
    const lines = await runProgram(t, projectFolder(packages), 'before-after.js', { printedPort: 8000 })
    assert.deepEqual(lines.slice(0, -1), ['message Hello', 'close 1000'])
    assert.match(lines.at(-1), /^runtime /)
    assert.match(lines.at(-1).slice('runtime '.length), runtime)
  })
}

/** Returns the argument of the command under "Go back", which the table of docs/installation.md also contains. */
function goingBack (original) {
  const [, section] = new RegExp(`^## From ${original}\\n([^]*?)^## `, 'm').exec(page) ?? assert.fail(original)
  const [, argument] = /^\*\*Go back\.\*\* `npm install (\S+)`/m.exec(section) ?? assert.fail(original)
  assert.ok(installation.includes(`\`${argument}\` |`) || installation.includes(`\`npm install ${argument}\` |`))
  return argument
}

function versionOf (original) {
  return require(`../../node_modules/${original}/package.json`).version
}

/** Returns the output of a command with `node -p`. */
async function shell (line, cwd) {
  const [, expression] = /^node -p "(.*)"$/.exec(line) ?? assert.fail(line)
  return (await run(process.execPath, ['-p', expression], { cwd })).stdout.trim()
}

/** Creates a folder with this package.json, in which npm uses only the registry on loopback. */
function project (name, manifest, files = {}) {
  const created = path.join(folder, name)
  fs.mkdirSync(created, { recursive: true })
  const settings = registry === undefined ? '' : `registry=${registry.url}\ncache=${path.join(folder, 'cache')}\n`
  const all = { 'package.json': JSON.stringify(manifest), '.npmrc': `${settings}audit=false\nfund=false\n`, ...files }
  for (const [file, text] of Object.entries(all)) fs.writeFileSync(path.join(created, file), text)
  return created
}
