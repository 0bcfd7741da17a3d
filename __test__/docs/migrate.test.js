'use strict'

// docs/migrate.md, and npm's part of docs/installation.md: the commands and keys with npm, from registries on loopback,
// and the programs with the originals and with this package. Other package managers are in __test__/managers.

const nodeTest = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { ourFolders, startRegistry } = require('../managers/registry')
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

/** A package that requires originals, and is installed beside a program's own. */
const DEPENDENT = {
  name: 'sockjs', version: '0.3.24', dependencies: { 'faye-websocket': '^0.11.3', 'websocket-driver': '>=0.5.1' }
}
const OURS = { 'faye-websocket': 'faye-websocket-rs', 'websocket-driver': '@faye-websocket-rs/websocket-driver' }
const KEY = JSON.parse(fileBlock('migrate-key/package.json'))
const [REPLACE] = fileBlock('migrate.sh').split('\n').filter((line) => line.startsWith('npm install'))

const folder = temporaryFolder()
/** A registry with this package, and one without it. */
let registry, unpublished

nodeTest.before(async () => {
  const originals = SECTIONS.map(({ original }) => ({ name: original, version: versionOf(original) }))
  const sources = [...originals, ...TYPES, DEPENDENT].map((manifest) => {
    return project(`sources/${manifest.name}`, manifest, { 'index.js': 'module.exports = {}\n' })
  })
  const [first, second] = ['published', 'unpublished'].map((name) => path.dirname(project(`${name}/x`, {})))
  registry = await startRegistry(first, sources)
  unpublished = await startRegistry(second, sources, { isPublished: false })
})
nodeTest.after(() => {
  registry.close()
  unpublished.close()
})

for (const { original, commands, printed } of SECTIONS) {
  test(`From ${original}: its commands replace it and prove it, and that of "Go back" restores it`, async () => {
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

test('Steps: a key that is added first replaces the original of a dependent together with your own', async () => {
  const cwd = await appWithDependent('key-first')
  edit(cwd, KEY)
  await npmLine(REPLACE, cwd)
  assert.equal(nameFor('sockjs', 'faye-websocket', cwd), OURS['faye-websocket'])
  assert.doesNotMatch((await npm(['ls', 'faye-websocket'], { cwd })).stdout, /0\.11\.4|invalid/)
})

test('Prove it: npm ls prints invalid for a key that was added later, and npm update mends it', async () => {
  const cwd = await appWithDependent('key-later')
  await npmLine(REPLACE, cwd)
  edit(cwd, KEY)
  await npm(['install'], { cwd })
  assert.equal(nameFor('sockjs', 'faye-websocket', cwd), 'faye-websocket')
  await assert.rejects(npm(['ls', 'faye-websocket'], { cwd }), /invalid[^]*ELSPROBLEMS/)
  await npm(['update'], { cwd })
  assert.equal(nameFor('sockjs', 'faye-websocket', cwd), OURS['faye-websocket'])
  await npm(['ls', 'faye-websocket'], { cwd })
})

test('List the originals: npm ls prints (empty) and ends with 1 if there are none', async () => {
  const cwd = project('apps/none', { name: 'app', private: true })
  await assert.rejects(npmLine(fileBlock('migrate.sh').split('\n')[0], cwd), /ended with 1\n[^]*\(empty\)/)
})

for (const [kind, key] of [
  ['$', KEY.overrides['faye-websocket']],
  ['npm:', JSON.parse(fileBlock('npm/package.json')).overrides['faye-websocket']]
]) {
  test(`Go back: keys (${kind}) are removed first, then the original is installed, then npm updates`, async () => {
    const cwd = await appWithDependent(`back-${kind.replace(/\W/, '')}`)
    await npmLine(REPLACE, cwd)
    const { 'websocket-driver': driver } = JSON.parse(fileBlock('npm/package.json')).overrides
    edit(cwd, { overrides: { 'faye-websocket': key, 'websocket-driver': driver } })
    await npm(['update'], { cwd })
    for (const name of Object.keys(OURS)) assert.equal(nameFor('sockjs', name, cwd), OURS[name])

    const goBack = () => npm(['install', goingBack('faye-websocket')], { cwd })
    if (kind !== '$') await assert.rejects(goBack(), /EOVERRIDE/)
    edit(cwd, { overrides: undefined })
    await goBack()
    await npm(['update'], { cwd })
    for (const name of Object.keys(OURS)) assert.equal(nameFor('sockjs', name, cwd), name)
    await npm(['ls', 'faye-websocket', 'websocket-driver'], { cwd })
  })
}

test('Go back: the committed package.json and lock file restore the originals with npm ci', async () => {
  const cwd = await appWithDependent('restore')
  const files = ['package.json', 'package-lock.json'].map((file) => path.join(cwd, file))
  const committed = files.map((file) => fs.readFileSync(file))
  edit(cwd, KEY)
  await npmLine(REPLACE, cwd)
  files.forEach((file, index) => fs.writeFileSync(file, committed[index]))
  await npm(['ci'], { cwd })
  for (const name of Object.keys(OURS)) assert.equal(nameFor('sockjs', name, cwd), name)
})

test('installation.md, npm: $name is right for your own dependencies, before and after you replace them', async () => {
  const names = SECTIONS.map(({ original }) => original)
  const dependencies = Object.fromEntries(names.map((name) => [name, `^${versionOf(name)}`]))
  const cwd = project('apps/own', { name: 'app', private: true, dependencies: { ...dependencies, sockjs: '^0.3.0' } })
  await npm(['install'], { cwd })
  edit(cwd, JSON.parse(fileBlock('npm-own/package.json')))
  await npm(['install'], { cwd })
  for (const { commands } of SECTIONS) {
    await npmLine(fileBlock(commands).split('\n').find((line) => line.startsWith('npm install')), cwd)
  }
  for (const name of names) assert.match(manifestOf(path.join(cwd, 'node_modules', name)).name, /faye-websocket-rs/)
  for (const name of Object.keys(OURS)) assert.equal(nameFor('sockjs', name, cwd), OURS[name])

  edit(cwd, JSON.parse(fileBlock('npm/package.json')))
  await assert.rejects(npm(['install'], { cwd }), /EOVERRIDE/)
})

test('installation.md, from a tarball: this package, an alias and keys work without a registry of ours', async () => {
  const packages = path.dirname(project('checkout/faye-websocket-rs/x', {}))
  assert.deepEqual(fileBlock('pack.sh').trim().split(' ').slice(2).map((name) => path.join(ROOT, name)).sort(),
    ourFolders().map((name) => path.join(name)).sort())
  await npm(['pack', '--ignore-scripts', '--pack-destination', packages, ...ourFolders()], { cwd: folder })
  const registry = unpublished

  const direct = project('checkout/direct', { name: 'app', private: true }, {}, registry)
  await npmLine(fileBlock('tarball.sh').trim(), direct)
  assert.equal(manifestOf(path.join(direct, 'node_modules/faye-websocket')).name, 'faye-websocket-rs')

  const alias = project('checkout/alias', { name: 'app', private: true }, {}, registry)
  const [both] = fileBlock('tarball-alias.sh').replace('\\\n', '').split('\n')
  await assert.rejects(npm(['install', both.trim().split(/\s+/).at(-1)], { cwd: alias }), /E404/)
  await npmLine(both, alias)
  assert.match(await shell('node -p "require(\'websocket-driver\').runtime"', alias), /^(native|wasm)$/)
  await npm(['install', goingBack('websocket-driver')], { cwd: alias })
  await npm(['uninstall', 'faye-websocket-rs'], { cwd: alias })
  assert.deepEqual(Object.keys(manifestOf(alias).dependencies), ['websocket-driver'])

  const dependencies = { 'faye-websocket': '^0.11.4', sockjs: '^0.3.0' }
  const keys = project('checkout/keys', { name: 'app', private: true, dependencies }, {}, registry)
  await npm(['install'], { cwd: keys })
  const there = JSON.stringify(packages).slice(1, -1)
  const printed = fileBlock('tarball/package.json').replaceAll('/home/me/faye-websocket-rs', there)
  const { dependencies: own, overrides } = JSON.parse(printed)
  edit(keys, { dependencies: { ...dependencies, ...own }, overrides })
  await npm(['install'], { cwd: keys })
  for (const name of Object.keys(OURS)) assert.equal(nameFor('sockjs', name, keys), OURS[name])
}, { timeout: 120000 })

for (const [title, zlib, printed] of [
  ['nothing if this package has recognised permessage-deflate', undefined, /^$/],
  ['a line if permessage-deflate compresses in JavaScript', "require('zlib')", /^zlib of Node$/m]
]) {
  test(`uses-zlib.js: it prints ${title}`, async () => {
    const modules = projectFolder({ 'permessage-deflate': path.join(ROOT, 'node_modules/permessage-deflate') })
    fs.writeFileSync(path.join(modules, 'uses-zlib.js'), fileBlock('uses-zlib.js'))
    fs.writeFileSync(path.join(modules, 'server.js'), compressing(zlib))
    const result = await run(process.execPath, ['--require', './uses-zlib.js', 'server.js'], { cwd: modules })
    assert.equal(result.stdout.trim(), '5000 permessage-deflate')
    assert.match(result.stderr, printed)
  })
}

/** Returns a program whose client and server exchange a compressed message. */
function compressing (zlib) {
  const wrapped = ['createDeflateRaw', 'createInflateRaw'].map((name) => `${name}: (o) => ${zlib}.${name}(o)`)
  return `
    const WebSocket = require('faye-websocket')
    const deflate = require('permessage-deflate')
    const extensions = [${zlib ? `deflate.configure({ zlib: { ${wrapped} } })` : 'deflate'}]
    const server = require('http').createServer().listen(0, '127.0.0.1', () => {
      const ws = new WebSocket.Client('ws://127.0.0.1:' + server.address().port, [], { extensions })
      ws.on('open', () => ws.send('x'.repeat(5000)))
      ws.on('message', ({ data }) => {
        console.log(data.length, ws.headers['sec-websocket-extensions'])
        ws.close()
        server.close()
      })
    })
    server.on('upgrade', (request, socket, body) => {
      const ws = new WebSocket(request, socket, body, [], { extensions })
      ws.pipe(ws)
    })
  `
}

/** Creates a folder where the original is installed, for the program itself and for a dependent. */
async function appWithDependent (name) {
  const dependencies = { 'faye-websocket': '^0.11.4', sockjs: '^0.3.0' }
  const cwd = project(`apps/${name}`, { name: 'app', private: true, dependencies })
  await npm(['install'], { cwd })
  assert.equal(nameFor('sockjs', 'faye-websocket', cwd), 'faye-websocket')
  return cwd
}

/** Changes fields of the package.json in a folder. */
function edit (cwd, fields) {
  fs.writeFileSync(path.join(cwd, 'package.json'), JSON.stringify({ ...manifestOf(cwd), ...fields }))
}

function manifestOf (cwd) {
  return JSON.parse(fs.readFileSync(path.join(cwd, 'package.json'), 'utf8'))
}

/** Returns the name of the package that a dependent gets for `name`. */
function nameFor (dependent, name, cwd) {
  // Not with require.resolve(), which remembers where packages were.
  const nested = path.join(cwd, 'node_modules', dependent, 'node_modules', name)
  return manifestOf(fs.existsSync(nested) ? nested : path.join(cwd, 'node_modules', name)).name
}

function npmLine (line, cwd) {
  return npm(line.trim().split(/\s+/).slice(1), { cwd })
}

/** Returns the argument of the command in the table of "Go back", which docs/installation.md also contains. */
function goingBack (original) {
  const [, section] = /^## Go back\n([^]*)/m.exec(page) ?? assert.fail('Go back')
  const row = new RegExp(`^ *\\| ${original} \\| \`npm install (\\S+)\``, 'm')
  const [, argument] = row.exec(section) ?? assert.fail(original)
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

/** Creates a folder with this package.json, in which npm uses only a registry on loopback. */
function project (name, manifest, files = {}, from = registry) {
  const created = path.join(folder, name)
  fs.mkdirSync(created, { recursive: true })
  const cache = path.join(folder, from === unpublished ? 'cache-unpublished' : 'cache')
  const settings = from === undefined ? '' : `registry=${from.url}\ncache=${cache}\n`
  const all = { 'package.json': JSON.stringify(manifest), '.npmrc': `${settings}audit=false\nfund=false\n`, ...files }
  for (const [file, text] of Object.entries(all)) fs.writeFileSync(path.join(created, file), text)
  return created
}
